"""dockerd restarts in the middle of a rollout, a way back, a drain or a change of the network: the end is the same."""
from harness import document
from harness.case import HostCase, sampled
from harness.host import DELEGATE, RUNNER
from harness.images import BOX, box
from harness.waiting import until

# The old container is asked the same after it came back: it has to be ready, or nobody knows what was to blame.
READY_UNLESS_BAD = {"exec": {"command": ["/bin/sh", "-c", 'test -z "$BAD"']}, "periodSeconds": 1}
TOLD_TO_BE_READY = {"exec": {"command": ["/bin/sh", "-c", "test -e /ready"]}, "periodSeconds": 1}
SOON = {"minReadySeconds": 0, "progressDeadline": "5s"}


class DaemonRestarts(HostCase):
    def setUp(self):
        super().setUp()
        self.box, self.next = self.host.workload(BOX), self.host.workload(f"{BOX}.next")

    def restart_at(self, call):
        """When the daemon has performed the first mutating call of which this is true; its reply is lost."""
        done = []

        def after(_, made):
            if not done and call(made):
                done.append(made)
                self.engine.restart()

        self.host.proxy.after_mutation = after
        return done

    def result(self, name):
        objects = {one["object"]: one for one in self.host.agent.status()["objects"]}
        return objects[f"container/{name}"].get("lastRollout", {}).get("result")

    def until_alone(self, identity):
        until("the old one runs", lambda: self.box.id == identity and self.box.running())
        until("nothing is left over", lambda: list(self.host.ids()) == [BOX])

    def test_in_the_middle_of_a_start_first_both_come_back_and_the_new_one_is_awaited(self):
        strategy = {"strategy": "StartFirst", "minReadySeconds": 0}
        self.host.converge(box(document.GENERIC_IMAGE, rollout=strategy))
        old = self.box.id
        self.host.write(box("spacelet-standin/generic:2", rollout=strategy, readinessProbe=TOLD_TO_BE_READY))
        until("both run", self.next.running)
        new = self.next.id
        self.engine.restart()
        until("both run again", lambda: self.box.running() and self.next.running())
        self.assertEqual((self.box.id, self.next.id), (old, new))
        self.next.execute("touch", "/ready")
        self.host.until_converged()
        self.assertEqual(self.host.ids(), {BOX: new})

    def test_in_the_middle_of_a_start_first_that_fails_the_old_one_stays(self):
        fields = {"rollout": {"strategy": "StartFirst", **SOON}, "readinessProbe": READY_UNLESS_BAD}
        self.host.converge(box(document.GENERIC_IMAGE, **fields))
        old = self.box.id
        self.host.write(box(document.GENERIC_IMAGE, env={"BAD": "1"}, **fields))
        until("both run", self.next.running)
        self.engine.restart()
        until("it is given up", lambda: self.result(BOX) == "RolledBack")
        self.until_alone(old)

    def test_in_the_middle_of_the_way_back(self):
        """After its stop, its removal, the renaming and the start of the old one."""
        fields = {"rollout": SOON, "readinessProbe": READY_UNLESS_BAD}
        for number in sampled(range(1, 5), 2):
            with self.subTest(call=number):
                self.host.begin_again()
                self.host.converge(box(document.GENERIC_IMAGE, **fields))
                old, stops, calls = self.box.id, [], []

                def on_the_way_back(call, stops=stops, calls=calls, number=number):
                    stops += [call] if "/stop" in call else []
                    calls += [call] if len(stops) == 2 else []
                    return len(calls) == number

                restarted = self.restart_at(on_the_way_back)
                self.host.write(box(document.GENERIC_IMAGE, env={"BAD": "1"}, **fields))
                until("the daemon was restarted on the way back", lambda made=restarted: made)
                until("it is rolled back", lambda: self.result(BOX) == "RolledBack")
                self.until_alone(old)

    def test_in_the_middle_of_a_drain_it_is_gone_on_with(self):
        def of(**fields):
            return self.host.minimal.without("runner").with_delegate(**fields)

        self.host.converge(of(env={"STANDIN_TASKS": "2"}))
        old = self.host.delegate.id
        self.host.write(of(image=document.NEWER_DELEGATE_IMAGE))
        self.host.until_condition("Progressing", "True", DELEGATE, "Draining", says="2 running tasks")
        self.engine.restart()
        until("it runs again", self.host.delegate.running)
        self.host.until_condition("Progressing", "True", DELEGATE, "Draining", says="2 running tasks")
        self.assertEqual(self.host.delegate.id, old)
        self.host.delegate.steer(3460, tasks=0)
        self.host.until_converged()
        self.assertNotEqual(self.host.delegate.id, old)

    def test_in_the_middle_of_a_change_of_the_network_the_containers_stay(self):
        """After each of: disconnect twice, remove, create, connect twice."""
        changed = self.host.minimal.with_spec(network={"name": "harness", "subnet": "10.99.0.0/24"})
        for number in sampled(range(1, 7), 3):
            with self.subTest(call=number):
                self.host.begin_again()
                self.host.converge()
                ids, calls = self.host.ids(), []

                def of_the_network(call, calls=calls, number=number):
                    calls += [call] if "/networks" in call else []
                    return len(calls) == number

                restarted = self.restart_at(of_the_network)
                self.host.write(changed)
                until("the daemon was restarted", lambda made=restarted: made)
                self.host.until_converged()
                self.assertEqual(self.host.ids(), ids)
                network = self.host.docker.networks()["harness"][0]
                self.assertEqual(network["IPAM"]["Config"][0]["Subnet"], "10.99.0.0/24")
                self.assertEqual(sorted(ids), sorted([DELEGATE, RUNNER]))
