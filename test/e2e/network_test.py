"""A change of the network: its members keep their ids and are never down, and what Docker refuses brings the old
network back."""
import signal

from harness.case import HostCase
from harness.host import DELEGATE, RUNNER
from harness.waiting import holds_for, until

OLD, NEW, FREE = "10.201.0.0/24", "10.202.0.0/24", "10.203.0.0/24"


class NetworkCase(HostCase):
    def document(self, **network):
        return self.host.minimal.with_spec(network={"name": "harness", **network})

    def setUp(self):
        super().setUp()
        self.host.converge(self.document(subnet=OLD))
        self.ids, self.started = self.host.ids(), self.host.started()

    def subnet(self):
        networks = self.host.docker.networks()
        assert len(networks["harness"]) == 1, networks
        return networks["harness"][0]["IPAM"]["Config"][0]["Subnet"]

    def assert_members_on(self, subnet):
        """Both are on the one network there is, are the same containers, and were never down."""
        def attached():
            assert self.subnet() == subnet, self.subnet()
            network = self.host.docker.networks()["harness"][0]["Id"]
            members = self.host.docker.get(f"/networks/{network}")["Containers"]
            assert sorted(one["Name"] for one in members.values()) == sorted([RUNNER, DELEGATE]), members
            return True

        until(f"both are on {subnet}", attached)
        self.assertEqual(self.host.ids(), self.ids)
        self.assertEqual(self.host.started(), self.started)


class Replaced(NetworkCase):
    def test_by_new_settings_under_its_members(self):
        self.host.change(self.document(subnet=NEW, options={"com.docker.network.driver.mtu": "1400"}))
        self.assert_members_on(NEW)
        self.assertTrue(self.host.runner.address().startswith("10.202.0."))

    def test_while_the_agent_dies_after_each_call(self):
        wanted = [OLD, NEW]
        for call in range(1, 7):  # two off, remove, create, two on
            with self.subTest(call=call):
                wanted.reverse()
                self.host.proxy.forget()
                self.host.proxy.after_mutation = lambda number, one, call=call: (
                    self.host.agent.kill() if number == call else None)
                self.host.write(self.document(subnet=wanted[0]))
                until("the agent is dead", lambda: not self.host.agent.running())
                self.host.proxy.after_mutation = lambda number, one: None
                self.host.agent.start()
                self.host.until_converged()
                self.assert_members_on(wanted[0])


class Refused(NetworkCase):
    def setUp(self):
        super().setUp()
        self.others = self.host.docker.post("/networks/create", {
            "Name": "others", "CheckDuplicate": True, "IPAM": {"Config": [{"Subnet": NEW}]}})["Id"]
        self.addCleanup(self.give_back)

    def give_back(self):
        if self.others:
            self.host.docker.delete(f"/networks/{self.others}")
        self.others = None

    def assert_given_up(self, says):
        self.host.until_condition("Synced", "False", "harness", "RolledBack", says=says)
        self.assert_members_on(OLD)
        status, text = self.host.agent.ask("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("network/harness: Synced=False, RolledBack", text)
        self.assertIn(says, text)

    def test_the_old_network_comes_back_with_the_reason_and_what_to_do(self):
        self.host.write(self.document(subnet=NEW))
        self.assert_given_up("Pool overlaps with other one on this address space")
        self.host.until_condition("Synced", "False", "harness", "RolledBack", says="choose another spec.network.subnet")
        until("the delegate reaches the runner", lambda: "true" in self.host.delegate.get(3460, "/api/debug"))
        self.host.write(self.document(subnet=FREE))
        until("the agent is ready", self.host.agent.ready)
        self.assert_members_on(FREE)

    def test_so_it_does_for_a_bad_option(self):
        self.host.write(self.document(subnet=FREE, options={"com.docker.network.bridge.name": "x" * 40}))
        self.assert_given_up("CreateNetwork harness: ")

    def test_it_is_not_tried_again_also_not_by_the_next_agent(self):
        self.host.write(self.document(subnet=NEW))
        self.assert_given_up("Pool overlaps")
        self.host.proxy.forget()
        self.host.agent.kill()
        self.host.agent.start()
        self.host.until_condition("Synced", "False", "harness", "RolledBack")
        holds_for(3, "nothing is tried", lambda: self.host.proxy.mutations() == [])

    def test_a_person_may_have_it_tried_again(self):
        self.host.write(self.document(subnet=NEW))
        self.assert_given_up("Pool overlaps")
        self.give_back()
        self.host.agent.signal(signal.SIGHUP)
        self.host.until_converged()
        self.assert_members_on(NEW)

    def test_a_revert_is_converged_at_once(self):
        self.host.write(self.document(subnet=NEW))
        self.assert_given_up("Pool overlaps")
        self.host.write(self.document(subnet=OLD))
        until("the agent is ready", self.host.agent.ready)
        self.assert_members_on(OLD)

    def test_it_comes_back_wherever_the_agent_dies(self):
        for call in range(1, 8):  # two off, remove, refused, create, two on
            with self.subTest(call=call):
                self.host.proxy.forget()
                self.host.proxy.after_mutation = lambda number, one, call=call: (
                    self.host.agent.kill() if number == call else None)
                self.host.write(self.document(subnet=NEW))
                until("the agent is dead", lambda: not self.host.agent.running())
                self.host.proxy.after_mutation = lambda number, one: None
                self.host.agent.start()
                self.assert_given_up("Pool overlaps")
                self.host.write(self.document(subnet=OLD))
                until("the agent is ready", self.host.agent.ready)

    def test_the_daemon_restarts_meanwhile(self):
        self.host.proxy.forget()
        self.host.proxy.after_mutation = lambda number, one: (
            self.host.agent.kill() if number == 3 else None)
        self.host.write(self.document(subnet=NEW))
        until("the agent is dead", lambda: not self.host.agent.running())
        self.host.proxy.after_mutation = lambda number, one: None
        self.engine.restart()
        self.host.agent.start()
        self.host.until_condition("Synced", "False", "harness", "RolledBack", says="Pool overlaps")
        self.assertEqual(self.host.ids(), self.ids)
        self.started = self.host.started()
        self.assert_members_on(OLD)
