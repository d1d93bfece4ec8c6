"""What others need for the same pair of containers: made, left alone, one of them changed, removed, and killed.

Each tool in turn begins on an empty host with the image there, and does all of it as its manual says, with its defaults.
From the start of the tool to the last `start` event; of the changed one the time from `die` to `start`; of the removed one
(`docker rm -f`) from `destroy` to `start`; of the killed one (its program ends by signal 9) from `die` to `start`.
"""
import dataclasses
import statistics
import sys
import time

from measure import Table, main, take_turns, tree
from measure.cost import Cost
from measure.site import Site
from measure.table import line
from harness import engine
from rival import ansible, bare, compose, spacelet, swarm
from rival.pair import FIRST, PAIR, SECOND, running

FLOOR = "the bare calls"


@dataclasses.dataclass(frozen=True)
class Round:
    """What one round of one tool took: milliseconds, or why it cannot."""
    made: float
    again_wall: float | str
    again_cpu: float | str
    changed: float
    removed: float | str
    killed: float


COLUMNS = {  # field of Round -> what it is
    "made": "made, ms",
    "changed": "downtime of a changed one, ms",
    "removed": "removed → running, ms",
    "killed": "killed → running, ms",
    "again_wall": "nothing to do, ms",
    "again_cpu": "nothing to do, ms of CPU",
}


class Course:
    """The same for every tool."""

    def __init__(self, site, rival):
        self.site, self.rival, self.events = site, rival, site.events

    def run(self):
        self.rival.begin()
        made = self.make()
        again = self.rival.again()
        wall, cpu = (again.wall, again.cpu) if isinstance(again, Cost) else (again, again)
        result = Round(made, wall, cpu, self.change(), self.remove(), self.kill())
        self.rival.end()
        return result

    def make(self):
        mark, begin = self.events.mark(), time.time() * 1e3
        self.rival.make(1)
        return max(self.events.time("start", name, mark) for name in PAIR) - begin

    def change(self):
        old = running(self.site.docker)[FIRST]
        self.rival.make(2)
        return self.events.downtime(old, running(self.site.docker)[FIRST])

    def remove(self):
        if not self.rival.watches:
            return "cannot: nobody watches"
        mark = self.events.mark()
        self.site.docker.delete(f"/containers/{running(self.site.docker)[FIRST]}", force=1)
        return self.events.time("start", FIRST, mark) - self.events.time("destroy", FIRST, mark)

    def kill(self):
        mark = self.events.mark()
        pid = self.site.docker.inspect(running(self.site.docker)[SECOND])["State"]["Pid"]
        self.site.engine.kill_process(pid)
        return self.events.time("start", SECOND, mark) - self.events.time("die", SECOND, mark)


def trees():
    return compose.tree("trixie"), compose.tree("bookworm"), ansible.tree()


def tools(site, v2_tree, v1_tree, ansible_tree):
    v2, v1 = compose.Compose(site, v2_tree), compose.Compose(site, v1_tree)
    playbook = ansible.Ansible(site, ansible_tree)
    return {
        FLOOR: bare.Bare(site),
        "spacelet agent": spacelet.SpaceletAgent(site),
        "spacelet apply": spacelet.Spacelet(site),
        f"docker compose {v2.version}": v2,
        f"docker-compose {v1.version}": v1,
        f"Ansible {playbook.version}": playbook,
        "Docker Swarm": swarm.Swarm(site),
    }


def values(rounds, field):
    """The numbers, or the one text."""
    found = [getattr(one, field) for one in rounds]
    return found[0] if isinstance(found[0], str) else found


def overview(results):
    """Medians: one tool a line."""
    lines = [line(["medians", *COLUMNS.values()]), "|---" * (len(COLUMNS) + 1) + "|"]
    for name, rounds in results.items():
        found = [values(rounds, field) for field in COLUMNS]
        lines.append(line([name] + [one if isinstance(one, str) else f"{statistics.median(one):.0f}" for one in found]))
    return "\n".join(lines) + "\n"


def run(options):
    made = trees()
    with Site("rivals") as site:
        results = take_turns({name: Course(site, one).run for name, one in tools(site, *made).items()}, options.runs)
        yield overview(results)
        for field, what in COLUMNS.items():
            rows = {name: values(rounds, field) for name, rounds in results.items()}
            yield Table(what, rows, against=None if isinstance(rows[FLOOR], str) else FLOOR)
        yield site.about()


if __name__ == "__main__":
    sys.exit(main(__doc__, run, obstacle=lambda: engine.obstacle() or tree.obstacle()))
