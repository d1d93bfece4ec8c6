"""kill -9 of the agent after its first, second, third … request to the daemon: the next agent ends in the same place.

The daemon is fake_dockerd: it performs the n-th request, kills whoever sent it, and does not answer. So every reply of
a flow is lost once, and every state between two calls is once the one that a new agent finds. After each call it looks
whether a workload has two containers that run, or none that could (test/testing/invariants.h). Several hosts run side
by side. Exits 77 where the programs are not built.
"""
import concurrent.futures
import itertools
import signal
import unittest

import flows
import host as hosts
from host import Host

AT_ONCE = 12  # hosts: they wait more than they work


class Crash(unittest.TestCase):
    def run_killed_at(self, flow, number):
        """The state in the end, and where the agent was killed if it was before all was done."""
        host = Host()
        try:
            flow.publish(host)
            flow.begin(host)
            host.before = host.daemon.containers()
            host.daemon.kill_peer_after(number)
            flow.change(host)
            host.wait(lambda: host.agent.dead() or flow.settled(host), f"killed at request {number}, or settled")
            host.daemon.kill_peer_after(0)
            killed = host.daemon.last_request()  # also one that came after the last look
            if killed:
                self.assertEqual(host.agent.process.wait(), -signal.SIGKILL, "the agent ended by itself")
                host.agent.start()
            host.wait(lambda: flow.settled(host), f"settled after a kill at request {number}")
            flow.check(self, host)
            self.assertEqual(host.daemon.violations(), [], f"killed at request {number}\n{host.report()}")
            return host.daemon.state(), killed
        finally:
            host.close()

    def runs(self, flow, numbers):
        """Of each number, what run_killed_at gives, until one is not killed any more."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            begun, numbers = [], iter(numbers)
            while True:
                begun += [(n, pool.submit(self.run_killed_at, flow, n)) for n in itertools.islice(numbers, AT_ONCE - len(begun))]
                number, run = begun.pop(0)
                state, request = run.result()
                if not request:
                    return
                yield number, state, request

    def every_request(self, flow):
        self.addCleanup(flow.close)
        expected, _ = self.run_killed_at(flow, 0)
        count = 0
        for number, state, request in self.runs(flow, itertools.count(max(hosts.options.first, flow.first), hosts.options.every)):
            count += 1
            with self.subTest(killed_at=number, request=request):
                self.assertEqual(state, expected)
        self.assertGreater(count * hosts.options.every, flow.least, "a flow has more requests than that")
        print(f"killed at {count} requests", flush=True)

    def test_a_cold_convergence(self):
        self.every_request(flows.ColdConvergence())

    def test_a_replacement(self):
        self.every_request(flows.Change({"runner": "1", "delegate": "1"}, {"runner": "2", "delegate": "1"}))

    def test_the_removal_of_an_image_that_is_no_longer_used(self):
        self.every_request(flows.ImageRemoval())

    def test_a_start_first(self):
        self.every_request(flows.StartFirst({"side": "1"}, {"side": "2"}))

    def test_a_start_first_that_docker_refuses(self):
        self.every_request(flows.Failure("side", "side", "refused", touched=False))

    def test_a_start_first_that_is_never_ready(self):
        self.every_request(flows.Failure("side", "side", "never-ready", touched=False, progressDeadline="2s"))

    def test_a_rollback_of_a_start_that_docker_refuses(self):
        self.every_request(flows.Failure("runner", "vm-runner", "refused"))

    def test_a_rollback_of_a_crash_loop(self):
        self.every_request(flows.Failure("runner", "vm-runner", "crashes"))

    def test_a_rollback_of_what_is_never_ready(self):
        self.every_request(flows.Failure("runner", "vm-runner", "never-ready", progressDeadline="2s"))

    def test_a_drain(self):
        self.every_request(flows.Drain())

    def test_a_takeover(self):
        self.every_request(flows.Takeover("1"))

    def test_a_takeover_that_fails(self):
        self.every_request(flows.FailedTakeover())

    def test_a_replacement_of_the_network(self):
        self.every_request(flows.NetworkReplacement())


class Invariants(unittest.TestCase):
    """The fake notices what the tests above rely on."""

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.daemon = self.host.daemon
        self.daemon.ask("publish", "POST", reference="box:1", pull=1)

    def run_container(self, name):
        self.daemon.call("POST", f"/containers/create?name={name}", {"Image": "box:1"})
        self.daemon.call("POST", f"/containers/{name}/start")

    def test_two_that_run_are_one_too_many(self):
        self.run_container("box")
        self.assertEqual(self.daemon.violations(), [])
        self.run_container("box.next")
        self.assertIn("box.next", self.daemon.violations()[0])

    def test_none_that_could_run_is_one_too_few(self):
        self.run_container("box")
        self.daemon.call("POST", "/containers/box/stop")
        self.assertEqual(self.daemon.violations(), [])
        self.daemon.call("DELETE", "/containers/box")
        self.assertIn("nothing of box runs", self.daemon.violations()[0])

    def test_what_a_hand_removes_is_nobodys_fault(self):
        self.run_container("box")
        self.daemon.remove("box")
        self.run_container("other")
        self.assertEqual(self.daemon.violations(), [])

    def test_a_stranger_that_changes_was_touched(self):
        self.run_container("stranger")
        self.daemon.call("POST", "/networks/create", {"Name": "stranger"})
        self.daemon.guard("stranger")
        self.run_container("box")
        self.assertEqual(self.daemon.violations(), [])
        self.daemon.call("DELETE", "/networks/stranger")
        self.assertIn("the stranger", self.daemon.violations()[0])
        self.daemon.call("POST", "/containers/stranger/stop")
        self.assertIn("container", self.daemon.violations()[-1])


def add_arguments(parser):
    parser.add_argument("--first", type=int, default=1, help="kill at this request first")
    parser.add_argument("--every", type=int, default=1, help="and then at every N-th after it")


def main():
    unittest.main(argv=hosts.parse(__doc__, add_arguments), verbosity=2)


if __name__ == "__main__":
    main()
