#!/usr/bin/env python3
"""The machine's clock is set while an agent is at work: a day back, ten years ahead, and back to what it was.

Only the agent's wall clock is set (libfaketime), the monotonic one goes on, as when somebody sets a clock; the daemon's
times are those of another clock then, too. Exits 77 where the programs are not built or libfaketime is not installed.
"""
import glob
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))
import host as hosts  # noqa: E402

IMAGE = "example/web:"
LIBRARY = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [""])[0]
STEPS = ("-1d", "+3650d", "+0", "-30d")


def spec(tag):
    return {"containers": [{"name": "web", "image": IMAGE + tag, "readinessProbe": {"dockerHealth": {}, "periodSeconds": 1},
                            "rollout": {"minReadySeconds": 1, "progressDeadline": "15s"}}]}


class Clock(unittest.TestCase):
    def setUp(self):
        self.host = host = hosts.Host()
        self.addCleanup(host.close)
        self.offset = pathlib.Path(host.directory.name) / "offset"
        self.set_clock("+0")
        host.agent.argv = ["env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={self.offset}", "FAKETIME_NO_CACHE=1",
                           "FAKETIME_DONT_FAKE_MONOTONIC=1", *host.agent.argv]
        for tag in ("1", "2"):
            host.daemon.publish(IMAGE + tag)

    def set_clock(self, offset):
        fresh = self.offset.with_suffix(".new")
        fresh.write_text(offset)
        fresh.rename(self.offset)

    def repair(self, wanted):
        before = self.host.daemon.containers()["web"]
        self.host.daemon.remove("web")
        self.host.wait(lambda: self.host.daemon.containers().get("web") not in (None, before) and self.host.runs(wanted),
                       "it is made again")

    def looks(self):
        return self.host.agent.metric("spacelet_resyncs_total")

    def test_whatever_the_clock_says_it_repairs_replaces_and_goes_on_looking(self):
        tags = ["2", "1"]
        self.host.converge(spec("1"))
        for step in STEPS:
            with self.subTest(step):
                self.set_clock(step)
                looks = self.looks()
                self.host.wait(lambda: self.looks() >= looks + 2, "the resync goes on")
                self.repair(spec(tags[1]))
                self.host.converge(spec(tags[0]))
                self.host.wait(lambda: self.host.agent.result("web") == "Succeeded", "the replacement has ended")
                tags.reverse()

    def begin_a_rollout(self, tag):
        """Of a successor whose health is not known yet."""
        self.set_clock("+0")
        self.host.converge(spec("1"))
        self.host.daemon.publish(IMAGE + tag, health="starting")
        self.host.write(spec(tag))
        self.host.wait(lambda: "web.previous" in self.host.daemon.containers() and self.host.agent.object("web"), "it is swapped")

    def test_a_successor_that_becomes_ready_is_kept_whatever_the_clock_says_meanwhile(self):
        for step, tag in (("-1d", "slow"), ("+3650d", "slower")):
            with self.subTest(step):
                self.begin_a_rollout(tag)
                self.set_clock(step)
                looks = self.looks()
                self.host.wait(lambda: self.looks() >= looks + 2, "the resync goes on")
                self.host.daemon.set_health("web", "healthy")
                self.host.wait(lambda: self.host.agent.result("web") == "Succeeded", "it has succeeded")

    def test_one_that_does_not_is_given_up_at_its_deadline_whatever_the_clock_says_meanwhile(self):
        for step, tag in (("-1d", "slow"), ("+3650d", "slower")):
            with self.subTest(step):
                self.begin_a_rollout(tag)
                self.set_clock(step)
                self.host.wait(lambda: self.host.agent.result("web") == "RolledBack", "it is rolled back")
                self.host.wait(lambda: self.host.runs(spec("1")), "the old one is back")


def main():
    argv = hosts.parse(__doc__)
    if not LIBRARY:
        print("skipped: libfaketime is not installed: apt-get install faketime")
        sys.exit(hosts.SKIPPED)
    unittest.main(argv=argv, verbosity=2)


if __name__ == "__main__":
    main()
