"""One fake_dockerd, one agent and one document, in a directory and on addresses of their own."""
import argparse
import errno
import http.client
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

DEADLINE = 60  # seconds for one convergence; it takes a few
POLL = 0.1
AGENT_PORT = 9746
BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "test"
SKIPPED = 77  # what the test's program exits with
options = None  # of the command line: spacelet, fake_dockerd, and the test's own


def parse(description, add_arguments=lambda parser: None):
    """Sets `options`; what is left of the command line is unittest's. Exits where the programs are not built."""
    global options
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--spacelet", default=BUILD / "bin" / "spacelet")
    parser.add_argument("--fake-dockerd", default=BUILD / "test" / "fake_dockerd")
    add_arguments(parser)
    options, rest = parser.parse_known_args()
    for program in (options.spacelet, options.fake_dockerd):
        if not os.access(program, os.X_OK):
            print(f"skipped: {program} is not built")
            sys.exit(SKIPPED)
    return [sys.argv[0], *rest]


def until(what, condition, seconds=DEADLINE):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(POLL)
    raise AssertionError(f"not within {seconds} s: {what}")


def end(process):
    if process is not None and process.poll() is None:
        process.kill()
    if process is not None:
        process.wait()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def answer_of(connection, method, path, body=None):
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Daemon:
    """A fake_dockerd of its own. Requests to it are counted, those below /_fake/ are not."""

    def __init__(self, directory, addresses):
        self.socket = directory / "docker.sock"
        self.requests = directory / "requests.log"
        self.process = subprocess.Popen([options.fake_dockerd, "--socket", self.socket, "--log", self.requests,
                                         "--addresses", addresses])
        until("fake_dockerd listens", self.listens)

    def listens(self):
        try:
            return self.ask("requests") == 0
        except OSError:
            return False

    def call(self, method, path, body=None):
        """Docker's API, as somebody else than the agent."""
        status, answer = answer_of(UnixConnection(self.socket), method, path, body and json.dumps(body))
        if status >= 400:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return json.loads(answer) if answer else None

    def ask(self, what, method="GET", **parameters):
        return self.call(method, f"/_fake/{what}?{urllib.parse.urlencode(parameters)}")

    def publish(self, image, **profile):
        """Into the registry; `profile`: health, exits, start-error."""
        self.ask("publish", "POST", reference=image, **{"health": "healthy", **profile})

    def set_health(self, container, health):
        """What its health check says from now on."""
        self.ask("health", "POST", container=container, health=health)

    def allow(self, workload, running):
        self.ask("allow", "POST", workload=workload, running=running)

    def remove(self, container, failures=0):
        """As `docker rm -f` does it; so many tries fail, and leave a dead one behind."""
        self.ask("remove", "POST", container=container, failures=failures)

    def restart(self):
        """As `systemctl restart docker` does it."""
        self.ask("restart", "POST")

    def guard(self, stranger):
        """The container and the network of this name are nobody's of ours."""
        self.ask("guard", "POST", stranger=stranger)

    def state(self):
        """The model without what differs between two runs that end well."""
        state = self.ask("state")
        for thing in [*state["containers"].values(), *state["networks"]]:
            thing["labels"].pop("dev.spacelet.revision", None)
        return state

    def containers(self):
        """name -> id, started_at, addresses."""
        return self.ask("containers")

    def requests_made(self):
        return self.ask("requests")

    def violations(self):
        return self.ask("violations")

    def kill_peer_after(self, number):
        self.ask("kill-peer-after", "POST", n=number)

    def log(self):
        """Of the requests that were counted, one a line."""
        return self.requests.read_text().splitlines()

    def last_request(self):
        lines = self.log()
        killed = [i for i, line in enumerate(lines) if line.startswith("KILL")]
        return lines[killed[-1] - 1] if killed else ""


class Agent:
    def __init__(self, directory, docker_socket, address):
        self.address = address
        self.document = directory / "host.yaml"
        self.log = directory / "agent.log"
        self.state = directory / "state"
        self.argv = [options.spacelet, "agent", "--config", self.document, "--state-dir", self.state,
                     "--lock-file", directory / "lock", "--docker-host", f"unix://{docker_socket}",
                     "--listen-address", f"{address}:{AGENT_PORT}", "--resync-interval", "2s", "--prune-delay", "0s",
                     "--log-level", "debug"]
        self.process = None

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(word) for word in self.argv], stdout=log, stderr=log)

    def dead(self):
        return self.process.poll() is not None

    def get(self, path):
        try:
            return answer_of(http.client.HTTPConnection(self.address, AGENT_PORT, timeout=5), "GET", path)
        except (OSError, http.client.HTTPException):
            return 0, b""

    def ready(self):
        return self.get("/readyz")[0] == 200

    def config(self):
        """Of the status, {} while there is none."""
        status, body = self.get("/api/v1/status")
        return json.loads(body)["config"] if status == 200 else {}

    def metric(self, name):
        """The sum of its series, 0 while there are none."""
        lines = self.get("/metrics")[1].decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(name + r"[{ ]", line))

    def object(self, name, kind="container"):
        """Of the status, {} while there is none."""
        status, body = self.get("/api/v1/status")
        objects = json.loads(body)["objects"] if status == 200 else []
        return next((one for one in objects if one["object"] == f"{kind}/{name}"), {})

    def result(self, name):
        """Of the last rollout."""
        return self.object(name).get("lastRollout", {}).get("result")

    def is_draining(self, name):
        return any(one["reason"] == "Draining" for one in self.object(name).get("conditions", []))


class Addresses:
    """A network of 127/8 for each host at a time, far from what else listens on this machine."""

    def __init__(self):
        self.lock = threading.Lock()
        self.claim = socket.socket(socket.AF_UNIX)  # for as long as this process lives
        second = self.claimed()
        self.free = [f"127.{second}.{i}." for i in range(1, 250)]

    def claimed(self):
        """The second number: one that no other test here has: by a name that belongs to one network namespace, as 127/8 does."""
        for octet in random.sample(range(64, 250), 186):
            try:
                self.claim.bind(f"\0spacelet-test-127.{octet}")
                return octet
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        raise AssertionError("127.64 to 127.249 are all taken")

    def take(self):
        with self.lock:
            return self.free.pop()

    def give_back(self, network):
        with self.lock:
            self.free.append(network)


addresses = Addresses()


class Host:
    def __init__(self, behind=lambda socket, directory: socket):
        """`behind` puts something before the daemon's socket and says where it listens."""
        self.directory = tempfile.TemporaryDirectory(prefix="spcrash-", dir="/tmp")
        path = pathlib.Path(self.directory.name)
        self.network = addresses.take()
        self.daemon = Daemon(path, self.network)
        self.agent = Agent(path, behind(self.daemon.socket, path), self.network + "1")
        self.before = {}  # Daemon.containers() when the flow began
        self.closing = []  # called in the end

    def write(self, spec):
        """The document, renamed into its place."""
        text = json.dumps({"apiVersion": "spacelet.dev/v1alpha1", "kind": "GitspaceHost",
                           "metadata": {"name": "crash"}, "spec": spec}, indent=1)
        fresh = self.agent.document.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(self.agent.document)

    def converge(self, spec):
        self.write(spec)
        if self.agent.process is None:
            self.agent.start()
        self.wait(lambda: self.runs(spec) and self.agent.ready(), "the first document converges")

    def runs(self, spec, beside=()):
        """Each workload runs with its image, and there is nothing else but those `beside`."""
        containers = {name: one for name, one in self.daemon.state()["containers"].items() if name not in beside}
        wanted = {}
        for kind, name in (("runner", "vm-runner"), ("delegate", "docker-delegate")):
            if kind in spec:
                wanted[name] = spec[kind]["image"]
        for one in spec.get("containers", []):
            wanted[one["name"]] = one["image"]
        return ({name: one["image"] for name, one in containers.items()} == wanted
                and all(one["state"] == "running" for one in containers.values()))

    def wait(self, condition, what, seconds=DEADLINE):
        try:
            return until(what, condition, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.report()}") from None

    def report(self):
        log = "\n".join(self.agent.log.read_text(errors="replace").splitlines()[-60:])
        requests = "\n".join(self.daemon.requests.read_text().splitlines()[-20:])
        return (f"killed at: {self.daemon.last_request()}\n{requests}\n{self.agent.get('/readyz')}\n"
                f"{json.dumps(self.daemon.state(), indent=1)}\n{self.agent.get('/api/v1/status')[1].decode()}\n{log}")

    def close(self):
        for action in self.closing:
            action()
        end(self.agent.process)
        end(self.daemon.process)
        addresses.give_back(self.network)
        self.directory.cleanup()
