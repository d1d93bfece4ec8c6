"""Nothing to do: what `spacelet plan` costs, against `docker compose up -d` (v2) for the same pair of containers.

The pair runs, made by the tool that is then asked again; its image, environment and network are the same. Wall clock, CPU
and largest memory are wait4's, of the command with its children. Compose is Debian 13's, in a file tree of its own. The
floor of a command is a program with the same shared libraries that does nothing.
"""
import sys

from measure import Table, column, main, take_turns, tree
from measure.command import program
from measure.cost import cost_of
from measure.site import Site
from harness import engine
from rival import compose
from rival.spacelet import Spacelet

THEIRS, OURS = "docker compose up -d", "spacelet plan"
MEASURES = (  # what it is, the number of a Cost, the budget as a part of theirs, digits
    ("wall", "milliseconds", lambda cost: cost.wall, 1 / 8, 0),
    ("CPU", "milliseconds of CPU", lambda cost: cost.cpu, 1 / 8, 0),
    ("memory", "MiB at most", lambda cost: cost.rss, 1 / 3, 1),
)


def on_what_it_made(rival, ask):
    rival.begin()
    rival.make(1)
    cost = ask()
    rival.end()
    return cost


def run(options):
    debian = compose.tree("trixie")
    with Site("plan") as site:
        ours, theirs = Spacelet(site), compose.Compose(site, debian)
        costs = take_turns({
            THEIRS: lambda: on_what_it_made(theirs, theirs.again),
            OURS: lambda: on_what_it_made(ours, ours.plan),
            "spacelet apply": lambda: on_what_it_made(ours, ours.again),
            "the libraries alone": lambda: cost_of(program("linked")),
        }, options.runs)
        for name, what, number, part, digits in MEASURES:
            table = Table(what, column(costs, number), against=THEIRS, digits=digits)
            yield table
            yield table.at_most_times(f"no-op `plan`: {name}", OURS, part)
        yield f"docker compose {theirs.version}; {site.about()}"


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=15, obstacle=lambda: engine.obstacle() or tree.obstacle()))
