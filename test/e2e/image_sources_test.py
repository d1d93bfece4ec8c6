"""Where images come from besides a registry for everybody, and what becomes of them: a private registry with a tag that
moves, archives, a disk that is full, and what is tidied away."""
import base64
import ctypes
import json
import os
import signal
import tempfile

from harness import document, sanitizer
from harness.case import EngineCase
from harness.engine import PrivateRegistry, Registry
from harness.host import Host
from harness.images import BOX, ImageCase, box
from harness.waiting import until

CLONE_NEWNS, MS_PRIVATE, MS_REC = 0x20000, 1 << 18, 1 << 14  # <sched.h>, <sys/mount.h>
MIB = 1 << 20


class Private(ImageCase):
    """A registry that asks for a password, and a tag of it that moves."""

    _private = None

    @classmethod
    def private(cls):
        if cls._private is None:
            cls._private = PrivateRegistry(cls.engine)
            cls.addClassCleanup(cls._private.close)
        return cls._private

    def secret(self, password):
        path = self.host.directory / "password"
        path.write_text(password)
        path.chmod(0o600)
        return {"imagePullSecret": {"username": PrivateRegistry.USER, "password": {"file": str(path)}}}

    def test_the_docker_config_is_used(self):
        image = self.publish("box:1", "one", self.private())
        auth = base64.b64encode(f"{PrivateRegistry.USER}:{PrivateRegistry.PASSWORD}".encode()).decode()
        self.host.agent.flags["docker-config"].write_text(json.dumps({"auths": {PrivateRegistry.ADDRESS: {"auth": auth}}}))
        self.host.converge(box(image))

    def test_a_wrong_password_is_said_and_the_right_one_is_used_as_soon_as_it_is_there(self):
        image = self.publish("box:2", "two", self.private())
        self.host.agent.flags["poll-interval"] = "1s"
        self.host.start(box(image))
        self.until_refused("RegistryUnauthorized")
        self.host.write(box(image, **self.secret("wrong")))
        self.until_refused("RegistryUnauthorized")
        self.secret(PrivateRegistry.PASSWORD)
        self.host.until_converged()
        self.assertNotIn(PrivateRegistry.PASSWORD, self.host.agent.log.read_text())

    def test_a_tag_that_moves_is_followed(self):
        image = self.publish("box:3", "before", self.private())
        wanted = box(image, autoUpdate={"interval": "5m"}, **self.secret(PrivateRegistry.PASSWORD))
        self.host.converge(wanted)
        before = self.box.id
        self.publish_elsewhere("box:3", "after", self.private())
        self.host.agent.signal(signal.SIGHUP)  # asks at once
        until("the new image runs", lambda: self.box.id != before and self.note() == "after")
        self.host.until_converged()
        calls = self.host.proxy.calls()
        self.assertTrue(any("/distribution/" in call for call in calls))
        self.host.proxy.forget()
        self.host.agent.signal(signal.SIGHUP)
        until("it was asked again", lambda: any("/distribution/" in call for call in self.host.proxy.calls()))
        self.host.until_converged()
        self.assertEqual(self.host.proxy.mutations(), [])

    def test_a_registry_that_does_not_answer_is_told_and_leaves_the_host_ready(self):
        image = self.publish("box:4", "four", self.private())
        self.docker.call("POST", "/images/create", query={"fromImage": image.rsplit(":", 1)[0], "tag": "4"},
                         headers={"X-Registry-Auth": base64.urlsafe_b64encode(
                             json.dumps(PrivateRegistry.CREDENTIAL).encode()).decode()})
        self.host.converge(box(image, autoUpdate={"interval": "5m"}))  # without a password
        self.host.until_condition("Synced", "True", BOX, says="AutoUpdateFailed: ")
        self.assertTrue(self.host.agent.ready())
        self.assertIn("RegistryUnauthorized", self.host.agent.command("events").stdout)


class FromArchive(ImageCase):
    AWAY = "127.0.0.1:9/box:1"

    def archive(self, reference, note, size=0):
        path = self.host.directory / "image.tar"
        self.docker.make_image(document.GENERIC_IMAGE, reference, note, size)
        self.docker.save(reference, path)
        self.docker.delete(f"/images/{reference}")
        return str(path)

    def test_a_host_without_its_registry_starts_from_its_archive(self):
        for policy in ("IfNotPresent", "Always"):
            with self.subTest(policy):
                archive = self.archive(self.AWAY, "archived")
                self.host.converge(box(self.AWAY, imageArchive=archive, imagePullPolicy=policy))
                self.assertEqual(self.note(), "archived")
                self.host.begin_again()
                self.registry().forget(self.AWAY)

    def test_a_large_archive_is_not_held_in_memory(self):
        archive = self.archive(self.AWAY, "large", 192 * MIB)
        self.host.converge(box(self.AWAY, imageArchive=archive))
        with open(f"/proc/{self.host.agent.process.pid}/status", encoding="utf-8") as status:
            peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
        sanitizer.assert_memory_less(self, peak, 64 * MIB)

    def test_an_archive_without_the_image_is_a_clear_error(self):
        archive = self.archive("127.0.0.1:9/other:1", "other")
        self.host.start(box(self.AWAY, imageArchive=archive))
        self.until_refused("ImageArchiveFailed: " + archive + " was loaded and holds no such image")

    def test_the_archive_does_not_overrule_the_registry(self):
        image = f"{Registry.ADDRESS}/box:only-in-the-archive"
        archive = self.archive(image, "archived")
        self.registry()
        self.host.start(box(image, imageArchive=archive))
        self.until_refused("ImageNotFound")
        self.assertEqual([call for call in self.host.proxy.calls() if "/images/load" in call], [])


class TidiedUp(ImageCase):
    def test_older_images_of_ours_go_and_nothing_else(self):
        first, second, third, unused = [self.publish(f"box:{tag}", f"box {tag}") for tag in (1, 2, 3, 9)]
        repository = unused.rsplit(":", 1)[0]
        self.docker.post("/images/create", fromImage=repository, tag="9")
        foreign = self.publish("foreign:1", "foreign")
        self.docker.post("/images/create", fromImage=foreign.rsplit(":", 1)[0], tag="1")
        self.host.converge(box(first))
        self.host.change(box(second))
        self.assertTrue(self.docker.has(first))
        self.host.change(box(third))
        until("the first image is gone", lambda: not self.docker.has(first))
        for reference in (second, third, unused, foreign, document.GENERIC_IMAGE):
            self.assertTrue(self.docker.has(reference), reference)
        removed = [call.partition("/images/")[2] for call in self.host.proxy.mutations()
                   if call.startswith("DELETE ") and "/images/" in call]
        self.assertEqual(removed, [first.replace(":", "%3A")])

    def test_what_somebody_elses_container_uses_stays_and_what_lost_its_tag_goes(self):
        image = self.publish("box:1", "one")
        self.host.converge(box(image, imagePullPolicy="Always"))
        ids = [self.docker.image_id(image)]
        self.docker.post("/containers/create", {"Image": image}, name="theirs")
        for note in ("two", "three", "four"):
            self.host.agent.hold()
            self.docker.make_image(document.GENERIC_IMAGE, image, note)
            self.docker.push(image)
            ids.append(self.docker.image_id(image))
            self.host.agent.release()
            self.host.agent.signal(signal.SIGHUP)
            until("the new image runs", lambda: self.box.inspect()["Image"] == ids[-1])
            until("it is settled", lambda: sorted(self.docker.ids()) == [BOX, "theirs"])
        self.assertEqual(len(set(ids)), 4)
        until("the second image is gone", lambda: not self.docker.has(ids[1]))
        self.assertEqual([self.docker.has(one) for one in ids], [True, False, True, True])


class FullDisk(EngineCase):
    """The data root lies on a small file system of its own."""

    @classmethod
    def setUpClass(cls):
        cls.mount()
        super().setUpClass()

    @classmethod
    def mount(cls):
        """In mounts of this process's own: nothing of it is left when it ends."""
        libc = ctypes.CDLL(None, use_errno=True)
        cls.place = tempfile.mkdtemp(prefix="spd-", dir="/var/tmp")
        cls.addClassCleanup(os.rmdir, cls.place)
        steps = (libc.unshare(CLONE_NEWNS), libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None),
                 libc.mount(b"tmpfs", cls.place.encode(), b"tmpfs", 0, b"size=96m"))
        assert steps == (0, 0, 0), os.strerror(ctypes.get_errno())
        cls.addClassCleanup(lambda: libc.umount2(cls.place.encode(), 2))
        before = os.environ.get("SPACELET_SANDBOX")
        os.environ["SPACELET_SANDBOX"] = cls.place
        cls.addClassCleanup(lambda: os.environ.pop("SPACELET_SANDBOX") if before is None
                            else os.environ.update(SPACELET_SANDBOX=before))

    def test_no_pull_is_begun_on_a_disk_that_it_would_fill(self):
        host = self.host = Host(self.engine)
        self.addCleanup(host.close)
        host.agent.flags["resync-interval"] = "1s"
        host.converge(box(document.GENERIC_IMAGE))
        before = host.ids(), host.started()
        ballast = self.engine.directory / "data" / "ballast"
        fill(ballast, 0.93)
        host.write(box("127.0.0.1:9/box:1"))
        condition = host.until_condition("Synced", "False", BOX, "DiskPressure", says="docker system df")
        self.assertIn(str(self.engine.directory / "data"), condition["message"])
        self.assertEqual((host.ids(), host.started()), before)
        self.assertFalse(any("/images/create" in call for call in host.proxy.calls()))
        ballast.unlink()
        host.until_condition("Synced", "False", BOX, "ImagePullBackOff", says="RegistryUnreachable")


def fill(path, share):
    """So that this share of its file system is in use."""
    fs = os.statvfs(path.parent)
    used, free = fs.f_blocks - fs.f_bfree, fs.f_bavail
    with open(path, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, int((used + free) * share - used) * fs.f_frsize)
