"""TestCases with an engine for the module and a fresh host for each test."""
import os
import random
import unittest

from harness.engine import Engine, Registry
from harness.host import Host

LONG = os.environ.get("SPACELET_LONG", "") not in ("", "0")
SEED = int(os.environ.get("SPACELET_SEED", random.randrange(10**6)))


class EngineCase(unittest.TestCase):
    """All tests of a class share one engine; the stand-in images are loaded."""

    engine: Engine
    _registry = None

    @classmethod
    def setUpClass(cls):
        cls.engine = Engine(cls.__name__.lower())
        cls.addClassCleanup(cls.engine.close)
        cls.engine.load(os.environ["STANDIN_IMAGES"])

    @classmethod
    def registry(cls):
        """A registry in the engine's network, started at its first use."""
        if cls._registry is None:
            cls._registry = Registry(cls.engine)
            cls.addClassCleanup(cls._registry.close)
        return cls._registry


class HostCase(EngineCase):
    """`self.host`: nothing runs on it, its agent is not started yet."""

    def setUp(self):
        self.host = Host(self.engine)
        self.addCleanup(self.host.close)


class Result(unittest.TextTestResult):
    """Adds what the host looked like to what went wrong."""

    def addFailure(self, test, err):
        self._report(test)
        super().addFailure(test, err)

    def addError(self, test, err):
        self._report(test)
        super().addError(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._report(test)
        super().addSubTest(test, subtest, err)

    def _report(self, test):
        host = getattr(test, "host", None)
        if host is not None:
            self.stream.writeln("\n" + host.report())


def sampled(numbers, every):
    """All of them with --long; else every `every`-th, beginning where the printed seed says."""
    numbers = list(numbers)
    if LONG:
        return numbers
    first = SEED % every
    print(f"of {len(numbers)}: every {every}th from the {first}th (SPACELET_SEED={SEED}; all with --long)", flush=True)
    return numbers[first::every]
