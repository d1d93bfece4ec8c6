"""kill -9 of the agent after each call that changes something: the next agent ends in the same place."""
from harness import document
from harness.case import HostCase, sampled
from harness.waiting import until

EVERY = 4


class Crash(HostCase):
    def begin(self):
        self.host.begin_again()
        self.registry().forget(*self.images)

    def converge_with_a_kill_after(self, number, change):
        """`number` 0: nothing is killed. Returns how many mutating calls there were."""
        killed = []

        def after_mutation(count, call):
            if count == number:
                self.host.agent.kill()
                killed.append(call)

        self.host.proxy.forget()
        self.host.proxy.after_mutation = after_mutation
        change()
        if number:
            until(f"the agent is killed after call {number}", lambda: killed)
            self.host.agent.start()
        self.host.until_converged()
        return len(self.host.proxy.mutations())

    def every_point(self, begin, change):
        begin()
        points = self.converge_with_a_kill_after(0, change)
        expected = self.host.essence()
        self.assertGreater(points, 3)
        for number in sampled(range(1, points + 1), EVERY):
            with self.subTest(killed_after=number):
                begin()
                self.converge_with_a_kill_after(number, change)
                self.assertEqual(self.host.essence(), expected)

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
