"""How long a workload is down while it is replaced: from the old container's `die` to the new one's `start`.

Both times are the daemon's own, from its event stream. The agent's replacements and the bare calls on one kept-alive
connection take turns, with the same image and settings; the agent is held while the bare calls are made.
"""
import sys

from measure import Table, floor, main, take_turns
from measure.site import Site
from harness import document, engine
from harness.images import BOX, box

BARE, PREVIOUS, NEXT = "bare", "bare.previous", "bare.next"
AS_THE_AGENT = [floor.stop(BARE), floor.rename(BARE, PREVIOUS), floor.rename(NEXT, BARE), floor.start(BARE)]
RENAMED_BEFORE = [floor.rename(BARE, PREVIOUS), floor.rename(NEXT, BARE), floor.stop(PREVIOUS), floor.start(BARE)]


class Downtime:
    def __init__(self, site):
        self.site, self.revision = site, 0
        site.host.converge(self.document())
        self.like = site.docker.inspect(BOX)

    def document(self):
        self.revision += 1
        return box(document.GENERIC_IMAGE, env={"REVISION": str(self.revision)})

    def by_the_agent(self):
        host = self.site.host
        old = host.ids()[BOX]
        host.change(self.document())
        return self.site.events.downtime(old, host.ids()[BOX])

    def bare(self, swap):
        before = [floor.create(BARE, self.like), floor.start(BARE), floor.create(NEXT, self.like)]
        with self.site.agent_held():
            self.site.bare(*before)
            ids = self.site.host.ids()
            self.site.bare(*swap, floor.remove(PREVIOUS), floor.remove(BARE))
        return self.site.events.downtime(ids[BARE], ids[NEXT])


def run(options):
    with Site("downtime") as site:
        downtime = Downtime(site)
        rows = take_turns({
            "bare: rename, rename, stop, start": lambda: downtime.bare(RENAMED_BEFORE),
            "bare: stop, rename, rename, start": lambda: downtime.bare(AS_THE_AGENT),
            "spacelet": downtime.by_the_agent,
        }, options.runs)
        table = Table("milliseconds from `die` to `start`", rows, against="bare: rename, rename, stop, start")
        yield table
        yield table.at_most_times("downtime of a replaced container", "spacelet", 1.15)
        yield site.about()


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=15, obstacle=engine.obstacle))
