"""Cold convergence: from the start of the program to the last `start`, with the images there and nothing else.

Runner and delegate with `dependsOn: []`, so that nothing is waited for. The floor is a program that makes a network and
creates and starts both containers, with their settings as Docker shows them; its time begins with its start, too. The
last `start` is the daemon's event.
"""
import shutil
import sys
import time

from measure import Table, floor, main, take_turns
from measure.site import Site
from harness import engine
from harness.host import DELEGATE, RUNNER

PAIR = (RUNNER, DELEGATE)
NETWORK = ("POST", "/networks/create", {"Name": "harness", "Driver": "bridge", "CheckDuplicate": True})


class Cold:
    def __init__(self, site):
        self.site, self.host = site, site.host
        self.document = self.host.minimal.with_delegate(dependsOn=[])
        self.host.converge(self.document)
        like = {name: site.docker.inspect(name) for name in PAIR}
        self.calls = [NETWORK] + [call for name in PAIR for call in (floor.create(name, like[name]), floor.start(name))]
        self.runner, self.kept = self.host.directory / "runner", self.host.directory / "kept"
        shutil.copytree(self.runner, self.kept)

    def until_started(self, make):
        """Milliseconds of the wall clock from now to the last `start`."""
        mark, begin = self.site.events.mark(), time.time() * 1e3
        make()
        return max(self.site.events.time("start", name, mark) for name in PAIR) - begin

    def bare(self):
        self.host.begin_again()
        shutil.copytree(self.kept, self.runner, dirs_exist_ok=True)  # the pool file that the runner is started with
        return self.until_started(lambda: self.site.bare(*self.calls))

    def by_the_agent(self):
        self.host.begin_again()
        self.host.write(self.document)
        return self.until_started(self.site.agent.start)

    def by_apply(self):
        self.host.begin_again()
        self.host.write(self.document)
        flags = ("state-dir", "docker-host", "docker-config", "lock-file")
        return self.until_started(lambda: self.site.command("apply", "-f", self.host.config, flags=flags))


def run(options):
    with Site("cold") as site:
        cold = Cold(site)
        rows = take_turns({"the floor": cold.bare, "spacelet agent": cold.by_the_agent, "spacelet apply": cold.by_apply},
                          options.runs)
        table = Table("milliseconds to the last `start`", rows, against="the floor")
        yield table
        yield table.at_most_times("cold convergence", "spacelet agent", 1.15)
        yield site.about()


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=15, obstacle=engine.obstacle))
