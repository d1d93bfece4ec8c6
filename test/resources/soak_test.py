#!/usr/bin/env python3
"""Many cycles of the agent on fake_dockerd, one right after the other: memory, file descriptors and threads stay as they are.

A cycle is one look at one object with what follows from it. The document is read again all the time, which looks at all of
them without waiting for the next resync; in between there are repairs, changes, scrapes and pages. 100 000 cycles are what
is promised, and what hack/test --long runs; by default it is a few thousand.
"""
import itertools
import os
import pathlib
import re
import signal
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "e2e")]
import host as hosts  # noqa: E402
from harness import sanitizer  # noqa: E402

IMAGE = "example/web:"
STILL = 10  # looks
BETWEEN = 200  # cycles from one disturbance to the next
PARTS = 4  # between which it is looked at
WARM_UP = 0.2  # of the cycles: caches, rings of events and the allocator fill
MIB = 1 << 20


def spec(tag):
    return {"containers": [{"name": name, "image": IMAGE + tag, "rollout": {"minReadySeconds": 0}} for name in ("one", "two", "three")]}


class Soak(unittest.TestCase):
    def setUp(self):
        self.host = hosts.Host()
        self.addCleanup(self.host.close)
        for tag in ("1", "2"):
            self.host.daemon.publish(IMAGE + tag)
        argv = self.host.agent.argv
        argv[argv.index("--log-level") + 1] = "error"

    def cycles(self):
        return int(self.host.agent.metric("spacelet_reconcile_total"))

    def sizes(self):
        """Resident anonymous memory, file descriptors, threads."""
        process = pathlib.Path(f"/proc/{self.host.agent.process.pid}")
        status = (process / "status").read_text()
        return (int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) * 1024, len(list((process / "fd").iterdir())),
                int(re.search(r"Threads:\s+(\d+)", status).group(1)))

    def settled(self):
        """Once nothing is under way: the same at several looks."""
        seen = []

        def still():
            seen.append(self.sizes())
            return len(seen) >= STILL and len({one[1:] for one in seen[-STILL:]}) == 1

        self.host.wait(still, "file descriptors and threads stay the same for a while")
        return seen[-1]

    def disturb(self, tags):
        self.host.daemon.call("POST", "/containers/one/kill")
        self.host.agent.get("/api/v1/status")
        self.host.agent.get("/")
        self.host.converge(spec(next(tags)))

    def until_cycle(self, count, tags):
        while self.cycles() < count:
            self.disturb(tags)
            until = self.cycles() + BETWEEN
            while self.cycles() < until:
                self.host.agent.process.send_signal(signal.SIGHUP)

    def test_nothing_grows(self):
        tags = itertools.cycle("12")
        self.host.converge(spec("2"))
        self.until_cycle(hosts.options.cycles * WARM_UP, tags)
        before, *others = self.settled()
        for part in range(1, PARTS + 1):
            self.until_cycle(hosts.options.cycles * (WARM_UP + (1 - WARM_UP) * part / PARTS), tags)
            now, *others_now = self.settled()
            print(f"{self.cycles()} cycles: RssAnon {before / MIB:.2f} -> {now / MIB:.2f} MiB, "
                  f"{others_now[0]} file descriptors, {others_now[1]} threads", flush=True)
            self.assertEqual(others_now, others)
            sanitizer.assert_memory_less(self, now - before, MIB)


def add_arguments(parser):
    parser.add_argument("--cycles", type=int, default=100_000 if os.environ.get("SPACELET_LONG") == "1" else 4_000)


def main():
    unittest.main(argv=hosts.parse(__doc__, add_arguments), verbosity=2)


if __name__ == "__main__":
    main()
