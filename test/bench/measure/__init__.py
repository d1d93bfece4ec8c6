"""What the benches share: ways that take turns, a table of what came of it, and whether a budget is met.

A bench is a script beside this package. Its docstring begins with the line that `hack/bench --list` shows; it hands a
generator to `main`, which prints the tables and sentences that come out of it, and the verdicts after them:

    def run(options):
        with Site("cold") as site:  # measure.site: a Docker engine in a sandbox
            rows = take_turns({"floor": site.bare, "spacelet": site.agent}, options.runs)
            table = Table("milliseconds to the last `start`", rows, against="floor")
            yield table
            yield table.at_most_times("cold convergence", "spacelet", 1.15)

    if __name__ == "__main__":
        sys.exit(main(__doc__, run, runs=15, obstacle=engine.obstacle))

A way is a function that does something once and returns a number, or a value that `column` takes a number out of. To
import anything of this package makes the end-to-end tests' `harness` importable.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))

from measure.command import main, program  # noqa: E402,F401
from measure.table import Table, Verdict, column  # noqa: E402,F401
from measure.turns import take_turns  # noqa: E402,F401
