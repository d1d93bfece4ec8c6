"""What 3, 30 and 300 declared containers cost, and 500 of somebody else's.

Declared ones on the fake daemon first, which takes no time of its own: what is measured is the agent. An agent for each
number, and all but the one whose turn it is are held. Then on a Docker engine, one number after the other, against a
program that creates and starts as many. The foreign ones on a Docker engine: none, 500 that were created, and none
again, so that a machine that changes is seen.
"""
import dataclasses
import statistics
import sys
import time

from measure import Table, Verdict, column, floor, main, take_turns
from measure.fake_host import FakeHost
from measure.process import Process
from measure.site import Site
from harness import document, engine
from harness.document import Document
from harness.waiting import until

SIZES = (3, 30, 300)
FOREIGN = 500
IMAGE = "example/box:1"
COUNT, SUM = "spacelet_resync_time_seconds_count", "spacelet_resync_time_seconds_sum"
PATIENCE = 600


def spec(count, image=IMAGE):
    return {"containers": [{"name": f"box-{i}", "image": image, "rollout": {"minReadySeconds": 0}} for i in range(count)]}


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


def of_the_agent(agent):
    """How many resyncs there were, and their seconds."""
    return agent.metric(COUNT), agent.metric(SUM)


class OnAnEngine:
    """So many containers on a Docker engine, whose own time grows as well: so there is a floor for each number."""

    NETWORK = ("POST", "/networks/create", {"Name": "harness", "Driver": "bridge"})

    def __init__(self, site):
        self.site, self.agent = site, site.agent
        self.agent.flags["resync-interval"] = "5s"

    def converge(self, count):
        """Seconds; the agent lives on."""
        self.site.host.begin_again()
        self.site.host.write(Document({"network": {"name": "harness"}, **spec(count, document.GENERIC_IMAGE)}))
        begin = time.monotonic()
        self.agent.start()

        def is_ready():
            time.sleep(count / 300)  # to be asked costs the agent something
            return self.agent.ask("/readyz")[0] == 200

        until(f"{count} containers", is_ready, PATIENCE)
        return time.monotonic() - begin

    def resync(self):
        """Milliseconds of one."""
        count, total = of_the_agent(self.agent)
        until("a resync", lambda: of_the_agent(self.agent)[0] > count, PATIENCE)
        count_now, total_now = of_the_agent(self.agent)
        return 1000 * (total_now - total) / (count_now - count)

    def warm_up(self):
        """The first container of an engine takes longer than any other."""
        self.converge(1)

    def bare(self, count, like):
        """Seconds of a program that creates and starts as many, one after the other; the agent makes several at once."""
        self.site.host.begin_again()
        pairs = [call for i in range(count) for call in (floor.create(f"bare-{i}", like), floor.start(f"bare-{i}"))]
        return sum(self.site.bare(self.NETWORK, *pairs)) / 1000


def declared_on_an_engine(site, options):
    one = OnAnEngine(site)
    one.warm_up()
    yield "| once each, on a Docker engine | bare, s | agent, s | to bare | of it CPU, s | RSS, MiB | anonymous, MiB | a resync, ms |\n|" + "---|" * 8
    for count in SIZES:
        seconds, process = one.converge(count), Process(site.agent.process.pid)
        cpu, resync = process.cpu(), statistics.median(one.resync() for _ in range(options.runs))
        resident, anonymous = process.resident(), process.anonymous()
        bare = one.bare(count, site.docker.inspect("box-0"))
        yield (f"| {count} containers | {bare:.1f} | {seconds:.1f} | {seconds / bare:.2f} | {cpu:.2f} | {resident:.1f} "
               f"| {anonymous:.1f} | {resync:.0f} |")
    yield ""


class Among:
    """The minimal document's host, and what others have on it. Its agent is behind the proxy, which counts its calls."""

    def __init__(self, site):
        self.host = site.host
        self.host.begin_again()
        self.host.agent.flags.update({"docker-host": f"unix://{self.host.proxy.path}", "resync-interval": "1s"})
        self.host.converge()

    def resyncs(self, runs):
        """Milliseconds and calls of each."""
        times, calls = [], []
        for _ in range(runs):
            count, total = of_the_agent(self.host.agent)
            self.host.proxy.forget()
            until("a resync", lambda c=count: of_the_agent(self.host.agent)[0] > c)
            count_now, total_now = of_the_agent(self.host.agent)
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


def foreign(site, options):
    among, rows, calls = Among(site), {}, {}
    for name, change in (("none", lambda: None), (f"{FOREIGN} foreign", among.add_foreign),
                         ("none again", among.remove_foreign)):
        change()
        among.resyncs(1)
        rows[name], calls[name] = among.resyncs(options.runs)
        process = Process(site.agent.process.pid)
        yield f"{name}: RSS {process.resident():.1f} MiB, anonymous {process.anonymous():.1f} MiB"
    rows["none"] += rows.pop("none again")
    calls["none"] += calls.pop("none again")
    table = Table("milliseconds of a resync", rows, against="none", digits=1)
    yield table
    count = Table("calls of a resync", calls, against="none")
    yield count
    yield table.at_most_times(f"resync with {FOREIGN} foreign containers", f"{FOREIGN} foreign", 1.2)
    yield count.at_most_times(f"calls of one with {FOREIGN}", f"{FOREIGN} foreign", 1)


ON_AN_ENGINE = {"engine": declared_on_an_engine, "foreign": foreign}


def run(options):
    if options.only in (None, "declared"):
        yield from declared(options)
    wanted = [part for name, part in ON_AN_ENGINE.items() if options.only in (None, name)]
    why = engine.obstacle() if wanted else ""
    if why:
        yield why
    elif wanted:
        with Site("growth") as site:
            for part in wanted:
                yield from part(site, options)
            yield site.about()


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=15, flags={
        "--only": {"choices": ["declared", *ON_AN_ENGINE], "help": "that part; declared takes no Docker engine"}}))
