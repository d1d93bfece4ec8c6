"""hack/quickstart on a daemon that is not its own: it refuses before it changes anything.

The daemon is fake_dockerd. Each refusal comes before the build, so no test takes long. Exits 77, saying why, where the
script would not come so far.
"""
import argparse
import fcntl
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCK = "/run/lock/spacelet-quickstart"
RUNNER_IMAGE = "drone/drone-runner-aws:1.0.0-rc.310"
OTHER_IMAGE = "example.org/box:1"
SKIPPED = 77
PATIENCE = 60  # seconds; a deadline, never a wait
options = None


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def quickstart(*words):
    return subprocess.run([ROOT / "hack/quickstart", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE)


class Refusals(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="quickstart")
        self.addCleanup(temporary.cleanup)
        self.socket = pathlib.Path(temporary.name) / "docker.sock"
        self.url = f"unix://{self.socket}"

    def start_daemon(self, *images):
        seeds = [word for image in images for word in ("--seed-image", image)]
        daemon = subprocess.Popen([options.fake_dockerd, "--socket", self.socket, *seeds])
        self.addCleanup(lambda: (daemon.kill(), daemon.wait()))
        deadline = time.monotonic() + PATIENCE
        while not self.socket.exists():
            self.assertLess(time.monotonic(), deadline, "fake_dockerd does not listen")
            time.sleep(0.02)

    def ask(self, method, path, body=None):
        connection = UnixConnection(self.socket)
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        self.assertLess(answer.status, 300, text)
        return text

    def create(self, name, **labels):
        self.ask("POST", f"/containers/create?name={name}", {"Image": OTHER_IMAGE, "Labels": labels})

    def assert_refused(self, message):
        before = self.ask("GET", "/_fake/state")
        answer = quickstart("--docker-host", self.url, "--really", "--once")
        self.assertEqual(answer.returncode, 1, answer.stdout + answer.stderr)
        self.assertIn(f"error: {self.url} {message}", answer.stderr)
        self.assertIn("what to do: ", answer.stderr)
        self.assertNotIn("== Build", answer.stdout)
        self.assertEqual(self.ask("GET", "/_fake/state"), before)

    def test_a_container_of_the_runners_name(self):
        self.start_daemon(OTHER_IMAGE)
        self.create("vm-runner")
        self.assert_refused("has containers/vm-runner, which is not the quickstart's")

    def test_a_delegate_that_spacelet_keeps_for_a_real_document(self):
        self.start_daemon(OTHER_IMAGE)
        self.create("docker-delegate", **{"dev.spacelet.managed": "true", "dev.spacelet.component": "delegate",
                                          "dev.spacelet.host": "gitspaces-us-west1"})
        self.assert_refused("has containers/docker-delegate, which is not the quickstart's")

    def test_any_container_that_spacelet_keeps_for_another_document(self):
        self.start_daemon(OTHER_IMAGE)
        self.create("gateway", **{"dev.spacelet.managed": "true", "dev.spacelet.component": "gateway",
                                  "dev.spacelet.host": "gitspaces-us-west1"})
        self.assert_refused("has containers that spacelet keeps for another document")

    def test_a_network_of_that_name(self):
        self.start_daemon()
        self.ask("POST", "/networks/create", {"Name": "harness", "Driver": "bridge"})
        self.assert_refused("has networks/harness, which is not the quickstart's")

    def test_a_real_image_whose_name_a_stand_in_would_take(self):
        self.start_daemon(RUNNER_IMAGE)
        self.assert_refused(f"has the real image {RUNNER_IMAGE}")

    def test_no_daemon_at_the_socket(self):
        answer = quickstart("--docker-host", self.url, "--really")
        self.assertEqual(answer.returncode, 1)
        self.assertIn(f"error: {self.url} does not answer", answer.stderr)

    def test_a_daemon_that_is_not_its_own_needs_really(self):
        answer = quickstart("--docker-host", self.url)
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn(f"add --really if you mean {self.url}", answer.stderr)


def obstacle():
    if not os.access(options.fake_dockerd, os.X_OK):
        return f"{options.fake_dockerd} is not built"
    if os.geteuid() != 0:
        return "needs root, as the quickstart does"
    missing = subprocess.run(["bash", "-c", ". hack/lib.sh; missing_packages build engine"], cwd=ROOT,
                             capture_output=True, text=True, check=True).stdout.split()
    if missing:
        return f"the quickstart would install {' '.join(missing)}"
    with open(LOCK, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "a quickstart is running"
    return None


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fake-dockerd", required=True)
    options, rest = parser.parse_known_args()
    why = obstacle()
    if why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
