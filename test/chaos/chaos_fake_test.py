"""An agent behind a Docker socket on which things go wrong, on a host that changes all the time, ends where it should.

Each seed is a schedule: faults.py says what happens to which request, world.py what happens to the host. fake_dockerd
looks after every call whether what has to hold does (test/testing/invariants.h). When the faults end, the host has to
become what the document says, and then nothing is changed any more.

    python3 test/chaos/chaos_fake_test.py              # 50 schedules from SPACELET_SEED on; 1000 with SPACELET_LONG=1
    python3 test/chaos/chaos_fake_test.py --seed 7     # one, with a log of what is done to whom

Exits 77 where the programs are not built.
"""
import concurrent.futures
import os
import pathlib
import random
import re
import signal
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "crash"), str(HERE.parent / "e2e")]

import host as hosts  # noqa: E402
from faults import NONE, VERSIONS, Fault, Faults  # noqa: E402
from harness.proxy import mutates  # noqa: E402
from proxy import Proxy  # noqa: E402
from world import CANARY, World  # noqa: E402

LONG = os.environ.get("SPACELET_LONG", "") not in ("", "0")
AT_ONCE = 12  # hosts: they wait more than they work
# Seconds to converge: a daemon that is back ends all back-offs, else the longest runs out. It takes a few, and minutes
# where the machine has so much to do that a ping takes longer than its deadline.
ANNOUNCED, UNANNOUNCED = 300, 600
ROUNDS, ROUNDS_PER_EVENT = 60, 3  # looks that are enough then
AGAIN = "python3 test/chaos/chaos_fake_test.py --seed"


class Run:
    """One seed."""

    def __init__(self, seed, say=lambda line: None, faults=None):
        self.seed, self.faults, self.world = seed, faults or Faults(seed), World(seed)
        self.asked = False
        self.host = hosts.Host(behind=lambda socket, directory: self._proxy(socket, directory, say))
        self.proxy.note(f"seed {seed}: {self.faults}")

    def _proxy(self, socket, directory, say):
        self.proxy = Proxy(self.faults, socket, directory / "faulty.sock", say)
        return self.proxy.path

    def close(self):
        self.host.close()
        self.proxy.close()
        self.world.close()

    def __call__(self):
        """None, or what is wrong."""
        try:
            self.world.prepare(self.host)
            self.world.go_through_changes(self.host, self.proxy)
            self.converge()
            self.rest()
            self.check()
        except (AssertionError, OSError) as error:
            return self.report(error)
        finally:
            self.close()
        return None

    def converge(self):
        """The faults end, and half of the time nobody says so."""
        self.host.write(self.world.wanted())
        self.proxy.calm()
        announced = self.world.draw.random() < .8
        if announced:
            self.proxy.end_streams()
        rounds, events, began = self.rounds(), self.proxy.events(), time.monotonic()
        self.host.wait(self.is_done, "converged after the faults", ANNOUNCED if announced else UNANNOUNCED)
        rounds, events = self.rounds() - rounds, self.proxy.events() - events
        self.proxy.note(f"converged after {time.monotonic() - began:.1f} s, {rounds:.0f} looks and {events} events")
        assert rounds <= ROUNDS + ROUNDS_PER_EVENT * events, f"{rounds} looks until it converged, with {events} events"

    def is_done(self):
        self.world.watch(self.host)
        if not self.asked and self.is_network_given_up():
            self.asked = True
            self.proxy.note("SIGHUP: an error of the daemon was taken for its no to the network")
            self.host.agent.process.send_signal(signal.SIGHUP)
        return self.proxy.held_up() == 0 and self.world.is_true(self.host)

    def is_network_given_up(self):
        """After three errors in a row at the create of its successor, as docs/rollouts.md says: until a person asks for it again."""
        conditions = self.host.agent.object("harness", "network").get("conditions", [])
        return any(one["reason"] == "RolledBack" for one in conditions)

    def rounds(self):
        return self.host.agent.metric("spacelet_reconcile_total")

    def rest(self):
        """The stream of events ends once more, and two resyncs later nothing has been changed.

        But an image may go that nobody uses any more: that is not done in a hurry.
        """
        resyncs, calls = self.host.agent.metric("spacelet_resyncs_total"), len(self.proxy.calls)
        self.proxy.end_streams()
        self.host.wait(lambda: self.host.agent.metric("spacelet_resyncs_total") >= resyncs + 2, "two resyncs", ANNOUNCED)
        changes = [call for call in self.proxy.calls[calls:] if mutates(call)]
        tidied = {call for call in changes if re.match(r"DELETE /v[\d.]+/images/", call)}
        for call in tidied:
            changes.remove(call)  # once
        assert not changes, f"changed at rest: {changes}"

    def check(self):
        violations = self.host.daemon.violations()
        assert not violations, "\n".join(violations[:5])
        outputs = [self.host.agent.log.read_text(errors="replace")]
        outputs += [self.host.agent.get(path)[1].decode() for path in ("/metrics", "/api/v1/status", "/api/v1/events", "/")]
        assert not any(CANARY in output for output in outputs), "the delegate's token is in the log or in an answer"

    def report(self, error):
        log = "\n".join(self.proxy.log)
        return (f"seed {self.seed}: {error}\n{self.host.report()}\nviolations: {self.host.daemon.violations()}\n{log}\n"
                f"again: {AGAIN} {self.seed}")


class Flood(unittest.TestCase):
    """No faults, and too much of what is good."""

    EVENTS, EDITS = 10_000, 1000

    def setUp(self):
        self.one = Run(0)
        self.addCleanup(self.one.close)
        self.host, self.world, self.proxy = self.one.host, self.one.world, self.one.proxy
        self.proxy.calm()
        self.world.prepare(self.host)
        self.host.wait(self.one.is_done, "the first document converges")

    def test_ten_thousand_events_are_few_looks(self):
        seen, looks = self.host.agent.metric("spacelet_docker_events_total"), self.one.rounds()
        self.proxy.echo = self.EVENTS
        self.host.daemon.call("POST", "/containers/side/kill")
        self.host.wait(lambda: self.host.agent.metric("spacelet_docker_events_total") >= seen + self.EVENTS, "events arrive")
        self.proxy.echo = 1
        self.host.wait(self.one.is_done, "it runs again")
        seen = self.host.agent.metric("spacelet_docker_events_total") - seen
        self.assertLess(self.one.rounds() - looks, seen / 10)
        self.assertLessEqual(self.host.agent.metric("spacelet_workqueue_depth"), 4, "one for each object")

    def test_of_a_thousand_edits_the_last_one_is_in_force(self):
        for number in range(1, self.EDITS + 1):
            self.world.rounds["runner"] = number
            self.host.write(self.world.wanted())
            if number % 50 == 0:
                self.world.watch(self.host)
        self.host.wait(self.one.is_done, "the last of them is true")
        self.assertLess(self.host.agent.config()["generation"], self.EDITS / 10)


class Late(unittest.TestCase):
    """A daemon that hangs performs a call when whoever made it has long given it up and gone on."""

    class FirstRemoval:
        def of_request(self, kind, number):
            return Fault("late") if (kind, number) == ("DELETE /containers/*", 0) else NONE

        def __getattr__(self, _):
            return lambda *_: None  # nothing else goes wrong

        def version(self, _):
            return VERSIONS[0]

    def test_a_removal_that_comes_when_the_container_runs_again_takes_nothing_away(self):
        one = Run(0, faults=self.FirstRemoval())
        self.addCleanup(one.close)
        released = threading.Event()
        one.proxy.pause = lambda _: released.wait(hosts.DEADLINE)
        one.world.prepare(one.host)
        one.host.wait(one.is_done, "the first document converges")
        first = one.host.daemon.containers()["vm-runner"]["id"]
        one.world.tags["runner"] = "2"
        one.host.write(one.world.wanted())
        one.host.wait(lambda: any("late" in line for line in one.proxy.log), "the old one is about to be removed")
        one.world.tags["runner"] = "1"
        one.host.write(one.world.wanted())
        # Not is_done: that waits for the removal, which is held up until the runner is back.
        one.host.wait(lambda: one.world.is_true(one.host) and one.host.daemon.containers()["vm-runner"]["id"] == first, "it is back")
        released.set()
        one.host.wait(lambda: any(line.startswith("DELETE") and first in line for line in one.host.daemon.log()), "the call")
        one.host.wait(one.is_done, "all is well")
        one.check()
        self.assertEqual(one.host.daemon.containers()["vm-runner"]["id"], first)


class Chaos(unittest.TestCase):
    def test_a_host_converges_when_the_faults_end(self):
        if hosts.options.seed is not None:
            self.assertIsNone(Run(hosts.options.seed, print)())
            return
        first = hosts.options.first
        print(f"seeds {first} to {first + hosts.options.count - 1}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            runs = {seed: pool.submit(lambda seed=seed: Run(seed)()) for seed in range(first, first + hosts.options.count)}
            for seed, run in runs.items():
                with self.subTest(seed=seed):
                    if wrong := run.result():
                        print(wrong, flush=True)
                        self.fail(f"again: {AGAIN} {seed}")


def add_arguments(parser):
    parser.add_argument("--seed", type=int, help="one schedule, with a log")
    parser.add_argument("--first", type=int, default=int(os.environ.get("SPACELET_SEED", random.randrange(10**6))))
    parser.add_argument("--count", type=int, default=1000 if LONG else 50)


def main():
    program, *rest = hosts.parse(__doc__, add_arguments)
    only = ["Chaos"] if hosts.options.seed is not None else []
    unittest.main(argv=[program, *only, *rest], verbosity=2)


if __name__ == "__main__":
    main()
