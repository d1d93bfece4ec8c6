"""kill -9 of the agent after each call that changes something: the next agent ends in the same place."""
import os

from harness import document
from harness.agent import Ended
from harness.case import HostCase, sampled
from harness.images import BOX, box
from harness.waiting import until

EVERY = 4


def one(image=document.GENERIC_IMAGE, **fields):
    """With a hostname, which would be a part of its id."""
    return box(image, hostname=BOX, **fields)


class Points(HostCase):
    def settle_with_a_kill_after(self, number, change, settle):
        """`number` 0: nothing is killed. Returns how many mutating calls there were."""
        dying, killed = [], []

        def after_mutation(count, call):
            if count == number:
                dying.append(call)
                self.host.agent.kill()
                killed.append(call)

        def killed_or_converged():
            try:
                return killed or self.host.is_converged()
            except Ended:
                if not dying:
                    raise
                return killed  # by us, while it was asked

        self.host.proxy.forget()
        self.host.proxy.after_mutation = after_mutation
        change()
        if number:
            # A container that lost its network is connected again by its own worker or by the network's, or by both: there
            # may be one call less than last time.
            until(f"the agent is killed after call {number}", killed_or_converged)
        if killed:
            self.host.agent.start()
        settle()
        return len(self.host.proxy.mutations())

    def every_point(self, begin, change, settle=None, least=4):
        settle = settle or self.host.until_converged
        begin()
        points = self.settle_with_a_kill_after(0, change, settle)
        expected = self.host.essence()
        self.assertGreaterEqual(points, least)
        for number in sampled(range(1, points + 1), EVERY):
            with self.subTest(killed_after=number):
                begin()
                self.settle_with_a_kill_after(number, change, settle)
                self.assertEqual(self.host.essence(), expected)


class Pulled(Points):
    """The images are pulled on the way."""

    def begin(self):
        self.host.begin_again()
        self.registry().forget(*self.images)

    def setUp(self):
        super().setUp()
        runner, delegate, newer = self.images = [
            self.registry().publish(document.RUNNER_IMAGE, "runner:1"),
            self.registry().publish(document.DELEGATE_IMAGE, "delegate:1"),
            self.registry().publish(document.NEWER_RUNNER_IMAGE, "runner:2")]
        self.first = self.host.minimal.with_runner(image=runner).with_delegate(image=delegate)
        self.second = self.first.with_runner(image=newer)

    def test_in_a_cold_convergence(self):
        self.every_point(self.begin, lambda: self.host.start(self.first))

    def test_in_a_replacement(self):
        def begin():
            self.begin()
            self.host.converge(self.first)

        self.every_point(begin, lambda: self.host.write(self.second))


class InPlace(Points):
    """One workload whose images are there, and what a change of it does."""

    def begin_with(self, wanted):
        def begin():
            self.host.begin_again()
            self.host.converge(wanted)
            self.before = self.host.ids()

        return begin

    def until_back(self):
        def is_back():
            objects = {one["object"]: one for one in self.host.agent.status()["objects"]}
            assert objects[f"container/{BOX}"]["lastRollout"]["result"] == "RolledBack"
            return self.host.ids() == self.before and self.host.workload(BOX).running()

        until("the very container that ran before runs, and nothing else", is_back)

    def setUp(self):
        super().setUp()
        self.engine.load(os.environ["STANDIN_IMAGES"])  # the agent tidies away what was replaced twice

    def test_in_a_rollback(self):
        self.every_point(self.begin_with(one()),
                         lambda: self.host.write(one(command=["/not/there"])),
                         self.until_back, least=8)

    def test_in_a_start_first(self):
        rollout = {"strategy": "StartFirst", "minReadySeconds": 0}
        self.every_point(self.begin_with(one(rollout=rollout)),
                         lambda: self.host.write(one("spacelet-standin/generic:2", rollout=rollout)), least=6)

    def test_in_a_start_first_that_fails(self):
        rollout = {"strategy": "StartFirst", "minReadySeconds": 0}
        self.every_point(self.begin_with(one(rollout=rollout)),
                         lambda: self.host.write(one(rollout=rollout, command=["/not/there"])),
                         self.until_back, least=3)

    def test_in_a_replacement_of_the_network(self):
        wanted = one()
        changed = wanted.with_spec(network={"name": "harness", "subnet": "10.99.0.0/24"})

        def settle():
            self.host.until_converged()
            network = self.host.docker.networks()["harness"][0]
            self.assertEqual(network["IPAM"]["Config"][0]["Subnet"], "10.99.0.0/24")
            self.assertEqual((self.host.ids(), self.host.started()), (self.before, self.started))

        def begin():
            self.begin_with(wanted)()
            self.started = self.host.started()

        self.every_point(begin, lambda: self.host.write(changed), settle)
