"""A host: an engine with nothing on it, a directory for its files, and an agent that keeps a document true."""
import hashlib
import json
import pathlib
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from harness import document
from harness.agent import Agent
from harness.document import Document
from harness.proxy import Proxy
from harness.waiting import until

RUNNER, DELEGATE = "vm-runner", "docker-delegate"
TOKEN = "canary-token-0f8fad5b-d9cb-469f-a165-70867728950e"  # must appear in no output


class Workload:
    """One container by its name, and what befalls it. Looked up anew at every use."""

    def __init__(self, engine, name):
        self.engine, self.docker, self.name = engine, engine.docker, name

    def inspect(self):
        return self.docker.inspect(self.name)

    @property
    def id(self):
        return self.inspect()["Id"]

    def state(self):
        return self.inspect()["State"]["Status"]

    def running(self):
        return self.state() == "running"

    def address(self, network="harness"):
        return self.inspect()["NetworkSettings"]["Networks"][network]["IPAddress"]

    def get(self, port, path, method="GET"):
        request = urllib.request.Request(f"http://{self.address()}:{port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read()[:200]}") from error

    def environment(self):
        return dict(one.split("=", 1) for one in self.inspect()["Config"]["Env"])

    # What people and accidents do to it.
    def crash(self):
        """The program ends by itself, as under the OOM killer: Docker's restart policy applies."""
        self.engine.kill_process(self.inspect()["State"]["Pid"])

    def hang(self):
        """The program stops in its tracks: its ports accept, nobody answers."""
        self.engine.kill_process(self.inspect()["State"]["Pid"], "STOP")

    def execute(self, *command):
        made = self.docker.post(f"/containers/{self.name}/exec", {"Cmd": command, "AttachStdout": True})
        self.docker.post(f"/exec/{made['Id']}/start", {})

    def steer(self, port, **settings):
        """Of a stand-in, until it is started again."""
        self.get(port, "/standin/set?" + urllib.parse.urlencode(settings), "POST")

    def kill(self):
        self.docker.post(f"/containers/{self.name}/kill")

    def stop(self):
        self.docker.post(f"/containers/{self.name}/stop", t=20)

    def remove(self):
        self.docker.delete(f"/containers/{self.name}", force=1)

    def pause(self):
        self.docker.post(f"/containers/{self.name}/pause")

    def rename(self, name):
        self.docker.post(f"/containers/{self.name}/rename", name=name)

    def update(self, **resources):
        self.docker.post(f"/containers/{self.name}/update", resources)

    def disconnect(self, network="harness"):
        self.docker.post(f"/networks/{network}/disconnect", {"Container": self.name, "Force": True})


class Host:
    def __init__(self, engine):
        self.engine, self.docker = engine, engine.docker
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="spacelet-e2e-"))
        self.docker.clear()
        self.proxy = Proxy(self.directory / "docker.sock", self.docker.socket_path)
        (self.directory / "runner").mkdir(mode=0o700)
        self.config = self.directory / "host.yaml"
        self.write_pool(document.POOL)
        self.write_token(TOKEN)
        self.minimal = Document.minimal(self.directory)
        self.wanted = None
        self.beside = set()  # names of containers and networks that are somebody else's
        self.agent = Agent(self.directory, self.proxy.path, self.config)
        self.runner, self.delegate = self.workload(RUNNER), self.workload(DELEGATE)

    def workload(self, name):
        return Workload(self.engine, name)

    def begin_again(self):
        """A fresh machine with the same paths: nothing runs, nothing is remembered."""
        self.agent.kill()
        self.docker.clear()
        for name in ("state", "runner"):
            shutil.rmtree(self.directory / name, ignore_errors=True)
        (self.directory / "runner").mkdir(mode=0o700)
        self.proxy.after_mutation = lambda number, call: None
        self.proxy.forget()

    def close(self):
        self.agent.kill()
        self.docker.clear()
        self.proxy.close()
        shutil.rmtree(self.directory)

    # Files.
    def write_pool(self, text):
        replace(self.directory / "pool.yaml", text)

    def write_token(self, text):
        replace(self.directory / "delegate-token", text + "\n", mode=0o600)

    def write(self, wanted):
        """The document renamed into place."""
        self.wanted = wanted
        replace(self.config, wanted.text())

    def write_in_place(self, wanted):
        """As `cat >` does."""
        self.wanted = wanted
        self.config.write_text(wanted.text())

    def spoil(self, data):
        """Not a document, in place; the one in force stays the wanted one."""
        self.config.write_bytes(data)

    def converge(self, wanted=None):
        self.start(wanted)
        self.until_converged()
        return self

    # Steps.
    def start(self, wanted=None):
        self.write(wanted or self.minimal)
        self.agent.start()
        return self

    def change(self, wanted):
        self.write(wanted)
        self.until_converged()

    def until_accepted(self):
        until("the document is accepted", self.is_accepted)

    def until_converged(self):
        """The agent says so, and it is so."""
        self.until_accepted()
        until("what runs is what the document says", self.is_true)
        until("the agent is ready", lambda: assert_is(self.agent.ask("/readyz"), 200))

    def is_converged(self):
        """The same, as it is now; AssertionError says why not."""
        assert self.is_accepted() and self.is_true()
        return assert_is(self.agent.ask("/readyz"), 200)

    def until_repaired(self):
        until("what runs is what the document says", self.is_true)

    def until_condition(self, kind, status, name=None, reason=None, says=""):
        def holds():
            condition = self.agent.condition(kind, name)
            assert condition["status"] == status and reason in (None, condition["reason"]), condition
            assert says in condition["message"], condition
            return condition

        return until(f"{kind} of {name or 'the host'} is {status} {reason or ''}", holds)

    # How it is.
    def is_accepted(self):
        return hashlib.sha256(self.wanted.text().encode()).hexdigest() in self.agent.status()["config"]["revision"]

    def is_true(self):
        """Docker itself agrees with the document; AssertionError says where not."""
        containers, images = self.docker.containers(), self.wanted.images()
        assert sorted(set(containers) - self.beside) == sorted(images), f"containers: {sorted(containers)}"
        for name, image in images.items():
            self._assert_runs(containers[name], image)
        networks = self.docker.networks()
        ours = {name: len(several) for name, several in networks.items() if name not in self.beside}
        assert ours == {"harness": 1}, networks
        if RUNNER in images:
            assert self.runner.get(3000, "/healthz") == "OK"
        if DELEGATE in images and RUNNER in images:
            debug = json.loads(self.delegate.get(3460, "/api/debug"))
            assert debug["runnerReached"], debug
        return True

    def _assert_runs(self, summary, image):
        name = summary["Names"][0]
        assert summary["State"] == "running" and "Paused" not in summary["Status"], f"{name}: {summary['State']}"
        assert summary["ImageID"] == self.docker.image_id(image), f"{name} runs {summary['Image']}"
        attached = summary["NetworkSettings"]["Networks"] or {}  # Podman's list: null
        network = self.docker.networks()["harness"][0]["Id"]
        assert list(attached) == ["harness"], f"{name} is on {list(attached)}"
        assert attached["harness"]["NetworkID"] == network, f"{name} is on a network that is gone"

    def ids(self):
        return self.docker.ids()

    def started(self):
        """name -> when it was last started: the same means it was never down."""
        return {name: self.docker.inspect(name)["State"]["StartedAt"] for name in self.ids()}

    def essence(self):
        """What two hosts with the same document have in common, whatever happened on the way."""
        return {name: essence(self.docker.inspect(name)) for name in self.ids()}

    def report(self):
        """For a failed test: all there is to know."""
        parts = [f"== agent: {' '.join(self.agent.argv())}", "== agent's log (its end)", tail(self.agent.log, 120),
                 "== /api/v1/status", attempt(lambda: json.dumps(self.agent.status(), indent=1)),
                 "== calls to Docker (the last 40)", "\n".join(self.proxy.calls()[-40:]), "== containers"]
        for name, one in attempt_dict(self.docker.containers).items():
            parts.append(f"{one['Id'][:12]} {name} {one['Image']} {one['Status']}")
            parts.append(attempt(lambda n=name: json.dumps(brief(self.docker.inspect(n)))))
            parts.append(attempt(lambda n=name: self.docker.logs(n, 5)))
        parts += ["== networks", attempt(lambda: json.dumps(self.docker.networks())[:2000])]
        return "\n".join(map(str, parts)).replace(TOKEN, "***")


def replace(path, text, mode=0o644):
    """Written beside, then renamed into place."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.chmod(mode)
    beside.rename(path)


def assert_is(answer, status):
    assert answer[0] == status, f"{answer[0]}: {answer[1]}"
    return True


def brief(inspected):
    keep = {"State": inspected["State"], "RestartCount": inspected["RestartCount"]}
    networks = inspected["NetworkSettings"]["Networks"]
    return {**keep, "Networks": networks, "Labels": inspected["Config"]["Labels"], "Env": inspected["Config"]["Env"]}


def essence(inspected):
    network = inspected["NetworkSettings"]["Networks"]
    own = {inspected["Id"][:12]}
    return {
        "Config": {**inspected["Config"], "Env": sorted(inspected["Config"]["Env"])},  # Podman: in any order
        "HostConfig": inspected["HostConfig"],
        "Networks": {name: sorted(set(one["Aliases"] or []) - own) for name, one in network.items()},
        "Mounts": sorted(one["Source"] + ":" + one["Destination"] for one in inspected["Mounts"]),
        "Running": inspected["State"]["Running"],
    }


def tail(path, lines):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(none)"


def attempt(ask):
    try:
        return ask()
    except Exception as error:  # pylint: disable=broad-except  # a report never fails
        return f"({type(error).__name__}: {error})"


def attempt_dict(ask):
    answer = attempt(ask)
    return answer if isinstance(answer, dict) else {}
