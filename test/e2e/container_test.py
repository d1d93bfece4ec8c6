"""The agent in a container, as manifests/compose.yaml runs the image of the Dockerfile: the same user, rights and mounts.

The image is put together from the program and its libraries, with the settings of the Dockerfile's last stage; that the
Dockerfile itself builds is for the long run (test/package).
"""
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile
import unittest

import yaml
from harness import document
from harness.case import HostCase
from harness.waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = "/usr/bin/spacelet"
IMAGE = "spacelet:e2e"
SETTINGS = ("USER", "ENTRYPOINT", "CMD", "HEALTHCHECK", "LABEL")


def last_stage():
    """The Dockerfile's instructions after its last FROM, one a line."""
    text = re.sub(r"\\\n(\s*#.*\n)*", " ", (ROOT / "Dockerfile").read_text().rsplit("\nFROM ", 1)[1])
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def settings():
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", "\n".join(last_stage()), re.M))
    fill = lambda line: re.sub(r"\$\{(\w+)\}", lambda name: arguments[name[1]], line)
    return [fill(line) for line in last_stage() if line.startswith(SETTINGS)]


def user():
    return next(line.split()[1] for line in last_stage() if line.startswith("USER"))


def root_file_system():
    """A tar of the program, the libraries that it is linked to, and the directories that it writes to."""
    uid, gid = map(int, user().split(":"))
    files = io.BytesIO()
    with tarfile.open(fileobj=files, mode="w", dereference=True) as tar:
        tar.add(os.environ["SPACELET"], PROGRAM)
        linked = subprocess.run(["ldd", os.environ["SPACELET"]], stdout=subprocess.PIPE, text=True, check=True).stdout
        for path in re.findall(r"(/\S+) \(0x", linked):
            tar.add(path, path)
        for path, owner, mode in (("/var/lib/spacelet", (uid, gid), 0o700), ("/tmp", (0, 0), 0o1777), ("/etc", (0, 0), 0o755)):
            entry = tarfile.TarInfo(path)
            entry.type, entry.mode, (entry.uid, entry.gid) = tarfile.DIRTYPE, mode, owner
            tar.addfile(entry)
    return files.getvalue()


class Container(HostCase):
    def setUp(self):
        super().setUp()
        host, directory = self.host, self.host.directory
        changes = "".join("&changes=" + line.replace("%", "%25").replace(" ", "%20").replace('"', "%22").replace("&", "%26")
                          for line in settings())
        host.docker.upload(f"/images/create?fromSrc=-&repo={IMAGE.replace(':', '&tag=')}{changes}", root_file_system())
        (directory / "etc").mkdir()
        host.config = host.agent.flags["config"] = directory / "etc" / "host.yaml"
        self.uid = int(user().split(":")[0])
        directory.chmod(0o755)
        for path in (directory / "runner", directory / "delegate-token"):
            os.chown(path, self.uid, -1)

    def compose(self):
        text = (ROOT / "manifests" / "compose.yaml").read_text()
        return yaml.safe_load(text)["services"]["spacelet"]

    def mounts(self, service):
        """Those of the manifest, with this host's places for what is elsewhere in a test."""
        directory, socket = self.host.directory, self.host.docker.socket_path
        here = {"/var/run/docker.sock": f"{socket}:/var/run/docker.sock", "/etc/spacelet": f"{directory}/etc:/etc/spacelet:ro",
                "/runner": f"{directory}/runner:{directory}/runner"}
        wanted = [here.get(one.split(":")[0], one) for one in service["volumes"]]
        secrets = [f"{directory}/{name}:{directory}/{name}:ro" for name in ("pool.yaml", "delegate-token")]
        return wanted + secrets

    def start(self, wanted):
        """What `docker compose up` does with the manifest, and somebody has put our labels on it."""
        self.addCleanup(self.stop)
        self.host.write(wanted)
        service = self.compose()
        group = os.stat(self.host.docker.socket_path).st_gid
        self.assertIn("DOCKER_GID", service["group_add"][0])
        return self.host.docker.run(service["container_name"], {
            "Image": IMAGE, "User": service["user"], "Labels": {"dev.spacelet.managed": "true", "dev.spacelet.component": "dropped-long-ago"},
            "Healthcheck": {"Interval": 10**9, "StartPeriod": 10**9},  # the image's, more often
            "HostConfig": {
                "GroupAdd": [str(group)], "NetworkMode": service["network_mode"], "Binds": self.mounts(service),
                "ReadonlyRootfs": service["read_only"], "Tmpfs": {path: "" for path in service["tmpfs"]},
                "CapDrop": service["cap_drop"], "SecurityOpt": service["security_opt"],
                "PidsLimit": service["pids_limit"], "RestartPolicy": {"Name": service["restart"]}}})

    def stop(self):
        if "spacelet" in self.host.docker.containers():
            self.host.docker.delete("/containers/spacelet", force=1)

    def agent_says(self, command):
        """A command of the program on this host, asking the agent in its container."""
        return subprocess.run([os.environ["SPACELET"], *command.split()], capture_output=True, text=True, check=False)

    def test_it_brings_up_the_pair_as_a_user_without_a_name_and_is_healthy(self):
        self.start(self.host.minimal)
        until("the pair is ready", lambda: self.agent_says("status").returncode == 0)
        names = self.host.docker.containers()
        self.assertEqual(sorted(names), ["docker-delegate", "spacelet", "vm-runner"])
        until("Docker's own check agrees",
              lambda: self.host.docker.inspect("spacelet")["State"]["Health"]["Status"] == "healthy")
        config = self.host.docker.inspect("spacelet")["Config"]
        self.assertEqual(config["User"], user())
        self.assertEqual(config["Labels"]["org.opencontainers.image.licenses"], "Apache-2.0")
        pool = next((self.host.directory / "runner" / ".spacelet").glob("pool-*.yaml"))
        self.assertEqual((pool.stat().st_uid, pool.stat().st_mode & 0o777), (self.uid, 0o600))

    def test_it_keeps_its_state_over_a_replacement_of_its_container_and_changes_nothing(self):
        self.start(self.host.minimal)
        until("the pair is ready", lambda: self.agent_says("status").returncode == 0)
        before = self.host.started()
        self.stop()
        self.start(self.host.minimal)
        until("the pair is ready again", lambda: self.agent_says("status").returncode == 0)
        after = self.host.started()
        self.assertEqual({**before, "spacelet": None}, {**after, "spacelet": None})

    def test_labels_on_its_own_container_make_it_no_workload_that_was_dropped(self):
        self.start(self.host.minimal)
        until("the pair is ready", lambda: self.agent_says("status").returncode == 0)
        status = json.loads(self.agent_says("status -o json").stdout)
        self.assertEqual(sorted(one["object"] for one in status["objects"]),
                         ["container/docker-delegate", "container/vm-runner", "network/harness"])

    def test_it_never_manages_its_own_container_whatever_the_document_says(self):
        wanted = document.Document({"network": {"name": "harness"}, "containers": [
            {"name": "spacelet", "image": document.GENERIC_IMAGE, "takeover": True},
            {"name": "other", "image": document.GENERIC_IMAGE, "rollout": {"minReadySeconds": 0}}]})
        container = self.start(wanted)
        says = until("the conflict is told", lambda: re.search(r"spacelet itself runs in[^\"]*", self.agent_says(
            "status -o json").stdout))
        self.assertIn("another name", says[0])
        until("the other workload runs", lambda: "other" in self.host.docker.containers())
        state = self.host.docker.inspect("spacelet")
        self.assertEqual((state["Id"], state["State"]["Running"], state["RestartCount"]), (container, True, 0))
        self.assertEqual(self.host.docker.ids()["spacelet"], container)


if __name__ == "__main__":
    unittest.main()
