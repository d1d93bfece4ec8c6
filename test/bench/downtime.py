"""How long a workload is down while it is replaced: from the old container's `die` to the new one's `start`.

Both times are the daemon's own, from its event stream. The agent's replacements and the bare calls on one kept-alive
connection take turns, with the same image and settings; the agent is held while the bare calls are made.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import document, engine  # noqa: E402
from harness.docker import UnixConnection  # noqa: E402
from harness.host import Host  # noqa: E402
from harness.images import BOX, box  # noqa: E402
from harness.waiting import until  # noqa: E402

BARE = "bare"
BUDGET = 1.15


class Events:
    """The daemon's events of containers, as they come."""

    def __init__(self, socket_path):
        self.seen = []
        connection = UnixConnection(socket_path, None)
        connection.request("GET", "/v1.41/events?filters=" + '{"type":["container"]}')
        self.answer = connection.getresponse()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.answer:
            self.seen.append(json.loads(line))

    def time(self, action, container):
        """Milliseconds, of the only such event."""
        def find():
            return [one for one in self.seen if one["Action"] == action and one["Actor"]["ID"] == container]

        return until(f"{action} of {container}", find)[-1]["timeNano"] / 1e6

    def downtime(self, old, new):
        return self.time("start", new) - self.time("die", old)


class Calls:
    """One connection that is kept alive, and nothing between two calls."""

    def __init__(self, socket_path):
        self.connection = UnixConnection(socket_path, 60)

    def call(self, method, path, body=None):
        self.connection.request(method, "/v1.41" + path, body and json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None

    def make(self, name, like):
        """A container with the settings of that one."""
        body = {**like["Config"], "HostConfig": like["HostConfig"], "Labels": {}}
        return self.call("POST", f"/containers/create?name={name}", body)["Id"]


def swap_as_the_agent(calls, old, new):
    calls.call("POST", f"/containers/{old}/stop")
    calls.call("POST", f"/containers/{old}/rename?name={BARE}.previous")
    calls.call("POST", f"/containers/{new}/rename?name={BARE}")
    calls.call("POST", f"/containers/{new}/start")


def swap_renamed_before(calls, old, new):
    calls.call("POST", f"/containers/{old}/rename?name={BARE}.previous")
    calls.call("POST", f"/containers/{new}/rename?name={BARE}")
    calls.call("POST", f"/containers/{old}/stop")
    calls.call("POST", f"/containers/{new}/start")


class Bench:
    def __init__(self):
        self.engine = engine.Engine("downtime")
        self.engine.load(os.environ["STANDIN_IMAGES"])
        self.host = Host(self.engine)
        self.events = Events(self.engine.docker.socket_path)
        self.calls = Calls(self.engine.docker.socket_path)
        self.revision = 0
        self.host.agent.flags["docker-host"] = f"unix://{self.engine.docker.socket_path}"  # no proxy between
        self.host.converge(self.document())
        self.like = self.host.docker.inspect(BOX)

    def document(self):
        self.revision += 1
        return box(document.GENERIC_IMAGE, env={"REVISION": str(self.revision)})

    def by_the_agent(self):
        old = self.host.ids()[BOX]
        self.host.change(self.document())
        return self.events.downtime(old, self.host.ids()[BOX])

    def bare(self, swap):
        self.host.agent.hold()
        try:
            old = self.calls.make(BARE, self.like)
            self.calls.call("POST", f"/containers/{old}/start")
            new = self.calls.make(f"{BARE}.next", self.like)
            swap(self.calls, old, new)
            down = self.events.downtime(old, new)
            for one in (old, new):
                self.calls.call("DELETE", f"/containers/{one}?force=1")
            return down
        finally:
            self.host.agent.release()

    def close(self):
        self.host.close()
        self.engine.close()


ROWS = {
    "spacelet": Bench.by_the_agent,
    "bare: stop, rename, rename, start": lambda bench: bench.bare(swap_as_the_agent),
    "bare: rename, rename, stop, start": lambda bench: bench.bare(swap_renamed_before),
}


def table(measured):
    lowest = min(statistics.median(times) for name, times in measured.items() if name != "spacelet")
    lines = ["| milliseconds from `die` to `start` | min | median | max | to the best bare |", "|---|---|---|---|---|"]
    for name, times in measured.items():
        median = statistics.median(times)
        lines.append(f"| {name} | {min(times):.0f} | {median:.0f} | {max(times):.0f} | {median / lowest:.2f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="hack/bench downtime", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="of each kind (15, at least 7)")
    runs = max(7, parser.parse_args().runs)
    why = engine.obstacle()
    if why:
        print(why)
        return 77
    bench = Bench()
    try:
        measured = {name: [] for name in ROWS}
        for _ in range(runs):
            for name, run in ROWS.items():
                measured[name].append(run(bench))
        print(table(measured))
        print(f"{runs} runs each, taking turns; {os.cpu_count()} cores, Docker {bench.engine.docker.get('/version')['Version']}; "
              f"the budget is {BUDGET}")
    finally:
        bench.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
