"""A bench as a program: its flags, its output, its exit code."""
import argparse
import os
import pathlib
import signal
import sys

from measure.table import Table, Verdict

LEAST_RUNS = 7
SKIPPED = 77


def program(name):
    """A program of the build that is measured (test/NAME), which `hack/bench` has made."""
    path = pathlib.Path(os.environ["SPACELET_BUILD"]) / "test" / name
    if not os.access(path, os.X_OK):
        raise SystemExit(f"{path} is not built: cmake --build BUILD --target bench_programs")
    return path


def parse(doc, runs, flags):
    name = pathlib.Path(sys.argv[0]).stem
    parser = argparse.ArgumentParser(prog=f"hack/bench {name}", description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs, help=f"of each way ({runs}, at least {LEAST_RUNS})")
    for flag, settings in (flags or {}).items():
        parser.add_argument(flag, **settings)
    options = parser.parse_args()
    options.runs = max(LEAST_RUNS, options.runs)
    return options


def main(doc, run, runs=LEAST_RUNS, obstacle=lambda: "", flags=None):
    """Prints what `run(options)` yields: tables, verdicts, sentences. 77 and the reason where it cannot run.

    `flags`: name -> the keywords of ArgumentParser.add_argument.
    """
    options = parse(doc, runs, flags)
    why = obstacle()
    if why:
        print(why)
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was made for the bench is removed
    verdicts = []
    for one in run(options):
        if isinstance(one, Verdict):
            verdicts.append(one)
        else:
            print(f"{one}\n" if isinstance(one, Table) else one, flush=True)
    print(f"{options.runs} runs each, taking turns; {os.cpu_count()} cores.\n")
    if verdicts:
        print("\n".join([Verdict.HEAD, *map(str, verdicts)]), flush=True)
    return 0
