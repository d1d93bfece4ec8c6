"""What 3, 30 and 300 declared containers cost, and 500 of somebody else's.

Declared ones on the fake daemon, which takes no time of its own: what is measured is the agent. An agent for each number,
and all but the one whose turn it is are held. The foreign ones on a Docker engine: none, 500 that were created, and
none again, so that a machine that changes is seen.
"""
import dataclasses
import os
import sys
import time

from measure import Table, Verdict, column, main, take_turns
from measure.fake_host import FakeHost
from measure.process import Process
from harness import document, engine
from harness.host import Host
from harness.waiting import until

SIZES = (3, 30, 300)
FOREIGN = 500
IMAGE = "example/box:1"
COUNT, SUM = "spacelet_resync_time_seconds_count", "spacelet_resync_time_seconds_sum"
PATIENCE = 600


def spec(count):
    return {"containers": [{"name": f"box-{i}", "image": IMAGE, "rollout": {"minReadySeconds": 0}} for i in range(count)]}


@dataclasses.dataclass
class Resync:
    time: float  # milliseconds
    calls: float
    cpu: float  # milliseconds


class Declared:
    """An agent with so many containers."""

    def __init__(self, count):
        self.count = count
        self.host = FakeHost({"resync-interval": "1s"})
        self.host.daemon.publish(IMAGE)
        begin, wanted = time.monotonic(), spec(count)
        self.host.write(wanted)
        self.host.agent.start()
        self.host.wait(self.host.agent.ready, f"{count} containers", PATIENCE)
        self.convergence = time.monotonic() - begin
        self.cpu = self.host.process().cpu()
        self.convergence_calls = self.host.daemon.requests_made()
        self.host.hold()

    def after_next(self):
        """What is known once one more resync is over: its sums, calls, and the seconds of its thread on a processor."""
        before = self.host.sums(COUNT)[COUNT]
        until("a resync", lambda: self.host.sums(COUNT)[COUNT] > before, PATIENCE)
        return self.host.sums(COUNT, SUM), self.host.daemon.requests_made(), self.host.process().running()["resync"]

    def resync(self):
        self.host.release()
        before, calls_before, cpu_before = self.after_next()  # one that was held up
        after, calls, cpu = self.after_next()
        self.host.hold()
        count = after[COUNT] - before[COUNT]
        return Resync(1000 * (after[SUM] - before[SUM]) / count, (calls - calls_before) / count, 1000 * (cpu - cpu_before) / count)


def each(what, by_count):
    """That an object among 300 costs about what one among 30 does."""
    ratio = (by_count[300] / 300) / (by_count[30] / 30)
    return Verdict(f"{what}, an object among 300", "2 × one among 30", f"{ratio:.2f} ×", ratio <= 2)


def declared(options):
    agents = {f"{count} containers": Declared(count) for count in SIZES}
    try:
        resyncs = take_turns({name: agent.resync for name, agent in agents.items()}, options.runs)
        yield Table("milliseconds of a resync", column(resyncs, lambda one: one.time), digits=1)
        cpu = Table("milliseconds of it on a processor", column(resyncs, lambda one: one.cpu), digits=1)
        yield cpu
        calls = Table("calls of a resync", column(resyncs, lambda one: one.calls))
        yield calls
        yield "| once each | convergence, s | CPU, s | calls | calls each | RSS, MiB | anonymous, MiB | threads |\n|" + "---|" * 8
        for name, agent in agents.items():
            process = agent.host.process()
            yield (f"| {name} | {agent.convergence:.1f} | {agent.cpu:.2f} | {agent.convergence_calls} | {agent.convergence_calls / agent.count:.1f} "
                   f"| {process.resident():.1f} | {process.anonymous():.1f} | {process.threads()} |")
        yield ""
        yield each("processor of a resync", {agent.count: cpu.median(name) for name, agent in agents.items()})
        yield each("calls of a convergence", {agent.count: agent.convergence_calls for agent in agents.values()})
        for name, agent in agents.items():
            yield calls.at_most(f"calls of a resync, {name}", name, agent.count + 4, "")
    finally:
        for agent in agents.values():
            agent.host.close()


class Among:
    """One host, and what others have on it."""

    def __init__(self, host):
        self.host = host

    def sums(self):
        return self.host.agent.metric(COUNT), self.host.agent.metric(SUM)

    def resyncs(self, runs):
        """Milliseconds and calls of each."""
        times, calls = [], []
        for _ in range(runs):
            count, total = self.sums()
            self.host.proxy.forget()
            until("a resync", lambda c=count: self.sums()[0] > c)
            count_now, total_now = self.sums()
            times.append(1000 * (total_now - total) / (count_now - count))
            calls.append(len(self.host.proxy.calls()) / (count_now - count))
        return times, calls

    def add_foreign(self):
        for i in range(FOREIGN):
            self.host.docker.post("/containers/create", {"Image": document.GENERIC_IMAGE}, name=f"theirs-{i}")

    def remove_foreign(self):
        for name in self.host.docker.ids():
            if name.startswith("theirs-"):
                self.host.docker.delete(f"/containers/{name}", force=1, v=1)


def foreign(options):
    one = engine.Engine("growth")
    try:
        one.load(os.environ["STANDIN_IMAGES"])
        host = Host(one)
        host.agent.flags["resync-interval"] = "1s"
        host.converge()
        among, rows, calls = Among(host), {}, {}
        for name, change in (("none", lambda: None), (f"{FOREIGN} foreign", among.add_foreign),
                             ("none again", among.remove_foreign)):
            change()
            among.resyncs(1)
            rows[name], calls[name] = among.resyncs(options.runs)
            process = Process(host.agent.process.pid)
            yield f"{name}: RSS {process.resident():.1f} MiB, anonymous {process.anonymous():.1f} MiB"
        rows["none"] += rows.pop("none again")
        calls["none"] += calls.pop("none again")
        table = Table("milliseconds of a resync", rows, against="none", digits=1)
        yield table
        count = Table("calls of a resync", calls, against="none")
        yield count
        yield table.at_most_times(f"resync with {FOREIGN} foreign containers", f"{FOREIGN} foreign", 1.2)
        yield count.at_most_times(f"calls of one with {FOREIGN}", f"{FOREIGN} foreign", 1)
        host.close()
    finally:
        one.close()


def run(options):
    if not options.only_foreign:
        yield from declared(options)
    why = engine.obstacle()
    if why:
        yield why
    elif not options.only_declared:
        yield from foreign(options)


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=15, flags={
        "--only-declared": {"action": "store_true", "help": "no Docker engine"},
        "--only-foreign": {"action": "store_true", "help": "only what takes one"}}))
