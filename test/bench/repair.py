"""Repair: how long a workload is gone after `docker rm -f`, from the `destroy` event to the `start` event.

The floor is a program that removes a container, creates it again and starts it, with nothing between these calls. Both
times are the daemon's own; the agent is held while the floor is measured.
"""
import sys

from measure import Table, floor, main, take_turns
from measure.site import Site
from harness import document, engine
from harness.images import BOX, box

BARE = "bare"


class Repair:
    def __init__(self, site):
        self.site, self.host = site, site.host
        self.host.converge(box(document.GENERIC_IMAGE))
        self.like = site.docker.inspect(BOX)

    def gone(self, name, mark):
        return self.site.events.time("start", name, mark) - self.site.events.time("destroy", name, mark)

    def bare(self):
        make = [floor.create(BARE, self.like), floor.start(BARE)]
        with self.site.agent_held():
            self.site.bare(*make)
            mark = self.site.events.mark()
            self.site.bare(floor.remove(BARE), *make)
            gone = self.gone(BARE, mark)
            self.site.bare(floor.remove(BARE))
        return gone

    def by_the_agent(self):
        self.host.until_converged()
        mark = self.site.events.mark()
        self.site.docker.delete(f"/containers/{BOX}", force=1)
        gone = self.gone(BOX, mark)
        self.host.until_converged()
        return gone


def run(options):
    with Site("repair") as site:
        repair = Repair(site)
        rows = take_turns({"the floor: create, start": repair.bare, "spacelet": repair.by_the_agent}, options.runs)
        table = Table("milliseconds from `destroy` to `start`", rows, against="the floor: create, start")
        yield table
        yield table.at_most_above("`docker rm -f` → running again", "spacelet", 50)
        yield site.about()


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=15, obstacle=engine.obstacle))
