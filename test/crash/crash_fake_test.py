"""kill -9 of the agent after its first, second, third … request to the daemon: the next agent ends in the same place.

The daemon is fake_dockerd: it performs the n-th request, kills whoever sent it, and does not answer. So every reply of
a flow is lost once, and every state between two calls is once the one that a new agent finds. Exits 77 where the
programs are not built.
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

RUNNER, NEWER_RUNNER, NEWEST_RUNNER = "example/runner:1", "example/runner:2", "example/runner:3"
DELEGATE = "example/delegate:1"
POOL = """version: "1"
instances:
  - {name: crash, type: noop, platform: {os: linux, arch: amd64}, spec: {}}
"""
DEADLINE = 30  # seconds for one convergence; it takes less than one
POLL = 0.02
SKIPPED = 77
options = None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, condition):
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(POLL)
    raise AssertionError(f"not within {DEADLINE} s: {what}")


def end(process):
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Daemon:
    """A fake_dockerd of its own."""

    def __init__(self, directory):
        self.socket = directory / "docker.sock"
        self.requests = directory / "requests.log"
        self.process = subprocess.Popen([options.fake_dockerd, "--socket", self.socket, "--log", self.requests])
        until("fake_dockerd listens", self.socket.exists)
        for image in (RUNNER, NEWER_RUNNER, NEWEST_RUNNER, DELEGATE):
            self.ask("POST", "publish", reference=image, health="healthy")

    def ask(self, method, what, **parameters):
        connection = UnixConnection(self.socket)
        connection.request(method, f"/_fake/{what}?{urllib.parse.urlencode(parameters)}")
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise AssertionError(f"{what}: {answer.status} {body}")
        return json.loads(body)

    def state(self):
        """The model without what differs between two runs that end well."""
        state = self.ask("GET", "state")
        for thing in [*state["containers"].values(), *state["networks"]]:
            thing["labels"].pop("dev.spacelet.revision", None)
        return state

    def kill_peer_after(self, number):
        self.ask("POST", "kill-peer-after", n=number)

    def last_request(self):
        lines = self.requests.read_text().splitlines()
        killed = [i for i, line in enumerate(lines) if line.startswith("KILL")]
        return lines[killed[-1] - 1] if killed else ""


class Agent:
    def __init__(self, directory, daemon):
        self.port = free_port()
        self.document = directory / "host.yaml"
        self.log = directory / "agent.log"
        self.argv = [options.spacelet, "agent", "--config", self.document, "--state-dir", directory / "state",
                     "--lock-file", directory / "lock", "--docker-host", f"unix://{daemon.socket}",
                     "--listen-address", f"127.0.0.1:{self.port}", "--resync-interval", "1s", "--prune-delay", "0s",
                     "--log-level", "debug"]
        self.process = None

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(word) for word in self.argv], stdout=log, stderr=log)

    def dead(self):
        return self.process.poll() is not None

    def get(self, path):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, body
        except OSError:
            return 0, b""

    def ready(self):
        return self.get("/readyz")[0] == 200


class Host:
    """One daemon, one agent, one document, in a directory of their own."""

    def __init__(self, runner_directory, runner_port):
        self.directory = tempfile.TemporaryDirectory(prefix="spcrash-", dir="/tmp")
        path = pathlib.Path(self.directory.name)
        self.runner_directory, self.runner_port = runner_directory, runner_port
        self.outdated = None  # an image that has to go before all is done
        self.daemon = Daemon(path)
        self.agent = Agent(path, self.daemon)

    def write(self, runner_image):
        """The document, renamed into its place. Health is the fake's word: there is no process to ask."""
        probes = {"readinessProbe": {"dockerHealth": {}, "periodSeconds": 1}, "rollout": {"minReadySeconds": 0}}
        text = json.dumps({
            "apiVersion": "spacelet.dev/v1alpha1", "kind": "GitspaceHost", "metadata": {"name": "crash"},
            "spec": {
                "network": {"name": "harness"},
                "runner": {"image": runner_image, "directory": str(self.runner_directory),
                           "ports": [f"127.0.0.1:{self.runner_port}:3000"], **probes},
                "delegate": {"image": DELEGATE, "accountId": "AbCdEfGhIjKlMnOpQrStUv",
                             "token": {"value": "c0ffee"}, **probes}}}, indent=1)
        fresh = self.agent.document.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(self.agent.document)

    def converged(self, runner_image):
        state = self.daemon.state()
        containers = state["containers"]
        if self.outdated in state["images"]:
            return False
        runner = containers.get("vm-runner", {})
        return (runner.get("image") == runner_image and set(containers) == {"vm-runner", "docker-delegate"}
                and all(container["state"] == "running" for container in containers.values()) and self.agent.ready())

    def close(self):
        end(self.agent.process)
        end(self.daemon.process)
        self.directory.cleanup()


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The same for all runs, so that their documents and with them their spec hashes are.
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="spcrash-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.runner_port = free_port()

    def host(self):
        directory = self.shared / "runner"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        (directory / "pool.yaml").write_text(POOL)
        host = Host(directory, self.runner_port)
        self.addCleanup(host.close)
        return host

    def wait(self, host, image, what):
        try:
            return until(what, lambda: host.converged(image))
        except AssertionError as error:
            log = "\n".join(host.agent.log.read_text(errors="replace").splitlines()[-40:])
            raise AssertionError(f"{error}\nlast request: {host.daemon.last_request()}\n{host.agent.get('/readyz')}\n"
                                 f"{json.dumps(host.daemon.state(), indent=1)}\n{log}") from None

    def assert_no_orphan(self, state):
        for name in state["containers"]:
            self.assertFalse(name.endswith((".next", ".previous")), name)
        components = [container["labels"]["dev.spacelet.component"] for container in state["containers"].values()
                      if container["state"] == "running"]
        self.assertEqual(len(components), len(set(components)), f"two run of one workload: {components}")

    def run_killed_at(self, number, begin, change, image):
        """The state in the end, and whether the agent was killed at all before it converged."""
        host = self.host()
        try:
            begin(host)
            host.daemon.kill_peer_after(number)
            change(host)
            until(f"killed at request {number}, or converged", lambda: host.agent.dead() or host.converged(image))
            killed = host.agent.dead() and host.agent.process.returncode == -signal.SIGKILL
            self.assertEqual(host.agent.dead(), killed, "the agent ended by itself")
            host.daemon.kill_peer_after(0)
            if killed:
                host.agent.start()
            self.wait(host, image, f"converged after a kill at request {number}")
            return host.daemon.state(), killed, host.daemon.last_request()
        finally:
            host.close()

    def every_request(self, begin, change, image, first=1):
        expected, _, _ = self.run_killed_at(0, begin, change, image)
        self.assert_no_orphan(expected)
        number, killed = max(options.first, first), True
        while killed:
            state, killed, request = self.run_killed_at(number, begin, change, image)
            with self.subTest(killed_at=number, request=request):
                self.assert_no_orphan(state)
                self.assertEqual(state, expected)
            number += options.every
        self.assertGreater(number, 10, "a convergence has more requests than that")
        print(f"killed at {number - options.every} requests")

    def test_a_cold_convergence(self):
        def begin(host):
            host.write(RUNNER)

        self.every_request(begin, lambda host: host.agent.start(), RUNNER)

    def test_a_replacement(self):
        def begin(host):
            host.write(RUNNER)
            host.agent.start()
            self.wait(host, RUNNER, "the first document converges")

        self.every_request(begin, lambda host: host.write(NEWER_RUNNER), NEWER_RUNNER)

    def test_the_removal_of_an_image_that_is_no_longer_used(self):
        def begin(host):
            host.agent.start()
            for image in (RUNNER, NEWER_RUNNER):
                host.write(image)
                self.wait(host, image, f"{image} converges")
            host.outdated = RUNNER

        # It is what a replacement ends with; what comes before is in the test above.
        self.every_request(begin, lambda host: host.write(NEWEST_RUNNER), NEWEST_RUNNER, first=60)


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spacelet", required=True)
    parser.add_argument("--fake-dockerd", required=True)
    parser.add_argument("--first", type=int, default=1, help="kill at this request first")
    parser.add_argument("--every", type=int, default=1, help="and then at every N-th after it")
    options, rest = parser.parse_known_args()
    for program in (options.spacelet, options.fake_dockerd):
        if not os.access(program, os.X_OK):
            print(f"skipped: {program} is not built")
            sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
