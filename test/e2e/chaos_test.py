"""An agent whose socket to a real dockerd is faulty, on a host that changes, ends where it should.

The faults are those of test/chaos, by seeds; `python3 test/e2e/run.py chaos_test` with SPACELET_SEED=N repeats them from
the N-th on. Who looks whether all is well does it past the faulty socket.
"""
import http.client
import json
import os
import pathlib
import random
import sys
import threading

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))

from faults import Faults  # noqa: E402
from harness import document  # noqa: E402
from harness.case import LONG, SEED, HostCase  # noqa: E402
from harness.docker import UnixConnection  # noqa: E402
from harness.host import DELEGATE, RUNNER  # noqa: E402
from harness.waiting import until  # noqa: E402
from proxy import Proxy  # noqa: E402

SCHEDULES = 30 if LONG else 3
CHANGES = 4  # of each
BAD_IMAGE = "drone/drone-runner-aws:crash"
STRANGER = "stranger"
COMPONENTS = {RUNNER: "runner", DELEGATE: "delegate"}


class Observer:
    """Follows the engine's events: at most one container of a workload runs, and once one ran that is good there always
    is one."""

    def __init__(self, docker_socket):
        self.violations = []
        self._containers = {}  # id -> component, good, running
        self._ran = set()  # components of which a good one ran
        self._lock = threading.Lock()
        self._connection = UnixConnection(docker_socket, None)
        self._connection.request("GET", "/v1.41/events?filters=" + '{"type":["container"]}'.replace('"', "%22"))
        self._response = self._connection.getresponse()
        threading.Thread(target=self._follow, daemon=True).start()

    def close(self):
        self._connection.sock.shutdown(2)

    def forgive(self, component):
        """A hand removes what there is."""
        with self._lock:
            self._ran.discard(component)

    def _follow(self):
        try:
            while line := self._response.readline():
                with self._lock:
                    self._see(json.loads(line))
        except (OSError, ValueError, http.client.HTTPException):
            pass  # closed

    def _see(self, event):
        attributes = event["Actor"]["Attributes"]
        component = attributes.get("dev.spacelet.component")
        if component is None:
            return
        one = {"component": component, "good": attributes["image"] != BAD_IMAGE, "running": False}
        one = self._containers.setdefault(event["Actor"]["ID"], one)
        if event["Action"] in ("start", "die"):
            one["running"] = event["Action"] == "start"
        if event["Action"] == "start" and one["good"]:
            self._ran.add(component)
        if event["Action"] == "destroy":
            del self._containers[event["Actor"]["ID"]]
        of_it = [other for other in self._containers.values() if other["component"] == component]
        if sum(other["running"] for other in of_it) > 1:
            self.violations.append(f"two of {component} run after {event}")
        if component in self._ran and not any(other["good"] for other in of_it):
            self.violations.append(f"nothing of {component} runs or can be started after {event}")


class Chaos(HostCase):
    def setUp(self):
        super().setUp()
        self.host.beside = {STRANGER}
        self.host.agent.flags["resync-interval"] = "2s"  # events get lost

    def begin(self, seed):
        self.host.begin_again()
        self.engine.load(os.environ["STANDIN_IMAGES"])  # the agent tidies away what was replaced twice
        self.draw = random.Random(f"{seed}/e2e")
        self.wanted = self.host.minimal
        self.host.docker.post("/networks/create", {"Name": STRANGER})
        self.stranger = self.host.docker.run(STRANGER, {"Image": document.GENERIC_IMAGE,
                                                        "HostConfig": {"NetworkMode": STRANGER}})
        self.faulty = Proxy(Faults(seed), self.host.proxy.path, self.host.directory / f"faulty-{seed}.sock")
        self.host.agent.flags["docker-host"] = f"unix://{self.faulty.path}"
        self.observer = Observer(self.host.docker.socket_path)

    def end(self):
        self.host.agent.kill()
        self.observer.close()
        self.faulty.close()

    def change(self):
        name = self.draw.choice([RUNNER, DELEGATE])
        workload = self.host.workload(name)
        do = self.draw.choice([self.new_image, self.new_environment, self.new_subnet, self.bad_image, self.no_document,
                               self.remove, workload.kill, workload.pause, workload.disconnect, self.kill_the_agent])
        self.faulty.note(f"change: {do.__name__} {name}")
        try:
            do(name) if getattr(do, "__self__", None) is self else do()
        except AssertionError as refusal:  # it is not there, or does not run
            self.faulty.note(str(refusal))

    # Of the document.
    def new_image(self, _):
        newer = document.NEWER_RUNNER_IMAGE
        image = document.RUNNER_IMAGE if self.wanted.spec["runner"]["image"] == newer else newer
        self.wanted = self.wanted.with_runner(image=image)
        self.host.write(self.wanted)

    def new_environment(self, _):
        self.wanted = self.wanted.with_delegate(env={"ROUND": str(self.draw.randrange(100))})
        self.host.write(self.wanted)

    def new_subnet(self, _):
        self.wanted = self.wanted.with_spec(network={"name": "harness", "subnet": f"10.{self.draw.randrange(90, 99)}.0.0/24"})
        self.host.write(self.wanted)

    def bad_image(self, _):
        self.host.write(self.wanted.with_runner(image=BAD_IMAGE))
        self.dwell()
        self.host.write(self.wanted)

    def no_document(self, _):
        self.host.spoil(b"spec: {runner: [\n")
        self.dwell()
        self.host.write(self.wanted)

    # Of the host.
    def remove(self, name):
        self.observer.forgive(COMPONENTS[name])
        self.host.workload(name).remove()

    def kill_the_agent(self, _):
        self.host.agent.kill()
        self.host.agent.start()

    def dwell(self):
        """So many requests later, or when the host has come to rest."""
        target = self.faulty.requests() + self.draw.choice((5, 30, 100))
        try:
            until("the next change", lambda: self.faulty.requests() >= target, patience=10)
        except AssertionError:
            pass

    def rest(self):
        resyncs = self.host.agent.metric("spacelet_resyncs_total")
        self.host.proxy.forget()
        until("two resyncs", lambda: self.host.agent.metric("spacelet_resyncs_total") >= resyncs + 2)
        self.assertEqual(self.host.proxy.mutations(), [])

    def go_through(self, seed):
        self.begin(seed)
        try:
            self.host.start(self.wanted)
            for _ in range(CHANGES):
                self.dwell()
                self.change()
            self.dwell()
            self.faulty.calm()
            self.faulty.end_streams()
            self.host.until_converged()
            self.rest()
            self.assertEqual(self.observer.violations, [])
            self.assertEqual((self.host.ids()[STRANGER], self.host.docker.inspect(STRANGER)["RestartCount"]),
                             (self.stranger, 0))
        except Exception:
            print(f"seed {seed}:", *self.faulty.log, sep="\n", flush=True)
            raise
        finally:
            self.end()

    def test_a_host_converges_when_the_faults_end(self):
        print(f"seeds {SEED} to {SEED + SCHEDULES - 1} (SPACELET_SEED={SEED})", flush=True)
        for seed in range(SEED, SEED + SCHEDULES):
            with self.subTest(seed=seed):
                self.go_through(seed)
