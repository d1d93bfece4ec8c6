"""Runs one module of end-to-end tests: run.py NAME [TEST...]. Exit code 77: no engine can run here."""
import importlib
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import engine  # noqa: E402
from harness.case import Result  # noqa: E402

SKIPPED = 77


def skip_deviations(suite):
    """What the engine is known to do otherwise, by name."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            skip_deviations(test)
        elif why := engine.deviation(test.id()):
            method = test.id().rpartition(".")[2]
            setattr(test, method, unittest.skip(why)(getattr(test, method)))


def main(name, *tests):
    why = engine.obstacle()
    program = os.environ.get("SPACELET", "")
    if not why and name != "harness_test" and not os.access(program, os.X_OK):
        why = f"skipped: SPACELET={program} is no program; build the target spacelet"
    if why:
        print(why)
        return SKIPPED
    module = importlib.import_module(name)
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(tests, module) if tests else loader.loadTestsFromModule(module)
    skip_deviations(suite)
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
    if result.skipped and len(result.skipped) == result.testsRun:
        print(f"skipped: {result.skipped[0][1]}")
        return SKIPPED
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
