"""Images on a real daemon with a real registry: fetched, refused, cut, and chosen by policy."""
import io
import json
import os
import pty
import signal
import subprocess
import tarfile

from harness.engine import Registry
from harness.faults import Answer, Cut, FaultyRegistry, Slow
from harness.images import BOX, ImageCase, box
from harness.waiting import holds_for

MIB = 1 << 20


class Refused(ImageCase):
    """Whatever keeps a new image away, the old container runs on and the reason is said."""

    def setUp(self):
        super().setUp()
        self.faulty = FaultyRegistry(self.registry())
        self.addCleanup(self.faulty.close)
        self.host.converge(box(self.publish("box:1", "one")))
        self.before = (self.host.ids(), self.host.started())

    def refuse(self, answer):
        self.faulty.fault = lambda method, path: answer if "/manifests/" in path else None

    def until_refused_like(self, image, reason, says="", **fields):
        self.host.write(box(image, **fields))
        condition = self.until_refused(f"PullImage {image}: {reason}: ")
        self.assertIn(says, condition["message"])
        self.assertEqual((self.host.ids(), self.host.started()), self.before)

    def test_what_the_registry_says_is_told_apart(self):
        answers = {
            "RegistryUnauthorized": Answer(401, Www_Authenticate='Basic realm="e2e"'),
            "RegistryForbidden": Answer(403, b'{"errors":[{"code":"DENIED","message":"not for you"}]}'),
            "RegistryRateLimited": Answer(429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}'),
            "RegistryFailed": Answer(500),
        }
        for number, (reason, answer) in enumerate(answers.items()):
            with self.subTest(reason):
                self.refuse(answer)
                self.until_refused_like(f"{self.faulty.ADDRESS}/box:refused-{number}", reason)
                self.assertIn(reason, self.host.agent.command("events").stdout)

    def test_what_is_not_there_is_named(self):
        self.until_refused_like(f"{Registry.ADDRESS}/box:nope", "ImageNotFound", "check `image`")
        self.until_refused_like(f"{Registry.ADDRESS}/nope:1", "ImageNotFound")

    def test_a_digest_is_never_replaced_by_another_image(self):
        pin = "sha256:" + "a" * 64
        self.until_refused_like(f"{Registry.ADDRESS}/box:1@{pin}", "ImageNotFound", pin)

    def test_a_registry_that_cannot_be_reached_is_told_apart(self):
        self.until_refused_like("127.0.0.1:9/box:1", "RegistryUnreachable", "connection refused")
        self.until_refused_like("registry.invalid/box:1", "RegistryUnreachable", "registry.invalid")

    def test_an_image_of_another_platform_is_refused(self):
        self.until_refused_like(f"{Registry.ADDRESS}/box:1", "ImagePlatformMismatch", "linux/amd64", platform="linux/arm64")

    def test_a_registry_that_recovers_is_tried_again_and_a_change_does_not_wait(self):
        image = self.publish("box:2", "two").replace(Registry.ADDRESS, self.faulty.ADDRESS)
        self.refuse(Answer(503))
        self.until_refused_like(image, "RegistryFailed")
        self.faulty.fault = lambda method, path: None
        self.host.until_converged()
        self.assertEqual(self.note(), "two")
        self.refuse(Answer(429))
        self.host.write(box(image.replace(":2", ":3")))
        self.until_refused("RegistryRateLimited")
        self.host.change(box(image))


class Pulled(ImageCase):
    def setUp(self):
        super().setUp()
        self.faulty = FaultyRegistry(self.registry())
        self.addCleanup(self.faulty.close)

    def test_a_layer_that_is_cut_is_fetched_again_while_the_old_container_runs(self):
        self.host.converge(box(self.publish("box:1", "one")))
        started = self.host.started()
        large = self.publish("box:2", "two", size=8 * MIB).replace(Registry.ADDRESS, self.faulty.ADDRESS)
        cuts = []
        cut = Cut(3 * 10**5, lambda: cuts.append(self.host.started()))
        self.faulty.fault = lambda method, path: cut if "/blobs/" in path else None
        self.host.change(box(large))
        self.assertEqual((cuts, self.note()), ([started], "two"))

    def test_progress_is_seen_in_status_log_and_metrics(self):
        large = self.publish("box:3", "three", size=6 * MIB).replace(Registry.ADDRESS, self.faulty.ADDRESS)
        self.faulty.fault = lambda method, path: Slow(2 * MIB) if "/blobs/" in path else None
        self.host.start(box(large))
        self.host.until_condition("Progressing", "True", BOX, "Pulling", says="/6 MiB")
        self.assertIn("Pulling: " + large, self.host.agent.command("status").stdout)
        self.host.until_converged()
        log = [line for line in self.host.agent.log.read_text().splitlines() if "msg=pulling" in line]
        self.assertGreater(len(log), 3)
        self.assertLess(len(log), 20)
        self.assertGreater(self.host.agent.metric("spacelet_image_pull_bytes_total"), 6 * MIB)
        self.assertEqual(self.host.agent.metric("spacelet_image_pull_duration_seconds_count"), 1)
        self.assertGreater(self.host.agent.metric("spacelet_image_pull_duration_seconds_sum"), 2)

    def test_apply_shows_it_on_a_terminal(self):
        large = self.publish("box:4", "four", size=6 * MIB).replace(Registry.ADDRESS, self.faulty.ADDRESS)
        self.faulty.fault = lambda method, path: Slow(2 * MIB) if "/blobs/" in path else None
        self.host.write(box(large))
        flags = [f"--{name}={self.host.agent.flags[name]}" for name in ("docker-host", "lock-file", "state-dir")]
        ours, theirs = pty.openpty()
        apply = subprocess.Popen([os.environ["SPACELET"], "apply", "-f", str(self.host.config), "--timeout", "90s", *flags],
                                 stderr=theirs, stdout=subprocess.DEVNULL)
        os.close(theirs)
        shown = b"".join(iter(lambda: read_or_end(ours), b"")).decode()
        self.assertEqual(apply.wait(timeout=120), 0, shown)
        self.assertRegex(shown, r"Pulling: .*box:4: [0-9]+/[0-9]+ layers, [1-5]/6 MiB")

    def test_a_newer_document_ends_a_pull_at_once(self):
        quick = self.publish("box:5", "five")
        large = self.publish("box:6", "six", size=6 * MIB).replace(Registry.ADDRESS, self.faulty.ADDRESS)
        self.faulty.fault = lambda method, path: Slow(MIB // 16) if "/blobs/" in path else None
        self.host.start(box(large))
        self.host.until_condition("Progressing", "True", BOX, "Pulling", says="layers")
        self.host.change(box(quick))
        self.assertEqual(self.note(), "five")


class Policies(ImageCase):
    def test_each_policy_at_a_create(self):
        image = self.publish("box:1", "old")
        self.host.converge(box(image))
        self.publish_elsewhere("box:1", "new")
        for policy, note in (("Never", "old"), ("IfNotPresent", "old"), ("Always", "new")):
            with self.subTest(policy):
                self.host.change(box(image, imagePullPolicy=policy))
                self.box.remove()
                self.host.until_converged()
                self.assertEqual(self.note(), note)
        self.host.write(box(image.replace(":1", ":absent"), imagePullPolicy="Never"))
        self.host.until_condition("Synced", "False", BOX, "ImageNeverPulled")
        self.assertEqual(self.note(), "new")

    def test_a_digest_pin_is_that_image_whatever_its_tag_means(self):
        image = self.publish("box:1", "pinned")
        self.docker.post("/images/create", fromImage=image.rsplit(":", 1)[0], tag="1")
        pin = self.docker.get(f"/images/{image}/json")["RepoDigests"][0]
        self.registry().forget(image)
        self.publish("box:1", "moved")
        self.host.converge(box(pin))
        self.assertEqual(self.note(), "pinned")

    def test_a_local_image_of_another_platform_is_no_reason_for_anything(self):
        image = self.publish("box:1", "amd64")
        self.host.converge(box(image, platform="linux/amd64"))
        before = self.host.ids()
        path = self.host.directory / "image.tar"
        self.docker.save(image, path)
        self.docker.upload("/images/load", for_architecture(path, "arm64"))
        self.assertEqual(self.docker.get(f"/images/{image}/json")["Architecture"], "arm64")
        self.host.agent.signal(signal.SIGHUP)
        holds_for(2, "the container is kept", lambda: self.host.ids() == before)
        self.host.until_condition("Synced", "True", BOX)
        self.box.remove()
        self.host.until_converged()
        self.assertEqual(self.docker.get(f"/images/{image}/json")["Architecture"], "amd64")


def for_architecture(path, architecture):
    """The `docker save` archive of one image, as if it had been built for another machine."""
    with tarfile.open(path) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    manifest = json.loads(files["manifest.json"])
    config = {**json.loads(files.pop(manifest[0]["Config"])), "architecture": architecture}
    manifest[0]["Config"] = "other.json"
    files = {**files, "other.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    for other in ("repositories", "index.json", "oci-layout"):  # what engines read in place of manifest.json
        files.pop(other, None)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def read_or_end(terminal):
    """What was written; nothing once nobody has it open any more (EIO)."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
