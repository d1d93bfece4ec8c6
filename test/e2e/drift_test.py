"""Whatever somebody does to the containers is undone; each test is a row of the drift table."""
from harness import document
from harness.case import HostCase
from harness.docker import Refused
from harness.host import DELEGATE, RUNNER
from harness.waiting import holds_for, until


class Drift(HostCase):
    def setUp(self):
        super().setUp()
        self.host.converge()
        self.ids, self.started = self.host.ids(), self.host.started()

    def repaired(self):
        self.host.until_repaired()
        until("the agent is ready", self.host.agent.ready)

    def assert_same_containers(self):
        self.assertEqual(self.host.ids(), self.ids)

    def assert_never_down(self):
        self.assert_same_containers()
        self.assertEqual(self.host.started(), self.started)

    def test_killed_is_started_again(self):
        self.host.runner.kill()
        self.repaired()
        self.assert_same_containers()

    def test_stopped_is_started_again(self):
        self.host.delegate.stop()
        self.repaired()
        self.assert_same_containers()

    def test_crashed_is_left_to_dockers_restart_policy(self):
        self.host.runner.crash()
        self.repaired()
        self.assert_same_containers()
        self.assertEqual(self.host.runner.inspect()["RestartCount"], 1)

    def test_removed_is_made_again(self):
        self.host.runner.remove()
        self.repaired()
        self.assertNotEqual(self.host.ids()[RUNNER], self.ids[RUNNER])
        self.assertEqual(self.host.ids()[DELEGATE], self.ids[DELEGATE])

    def test_one_that_docker_fails_to_remove_makes_room_and_is_removed_later(self):
        dead = self.ids[RUNNER]
        with self.host.engine.removal_fails(dead):
            with self.assertRaises(Refused):
                self.host.runner.remove()
            until("another runner runs", self.host.runner.running)
            self.host.until_condition("Ready", "True", RUNNER)
            self.host.until_condition("Synced", "True", RUNNER)
            self.host.until_condition("Synced", "False", f"{RUNNER}.dead-{dead[:12]}", says="still uses these files")
            self.assertEqual(self.host.agent.ask("/readyz")[0], 503)
        until("the dead one is gone", lambda: set(self.host.docker.containers()) == {RUNNER, DELEGATE})
        self.repaired()

    def test_both_removed_are_made_again(self):
        self.host.delegate.remove()
        self.host.runner.remove()
        self.repaired()

    def test_paused_is_unpaused(self):
        self.host.delegate.pause()
        self.repaired()
        self.assert_never_down()

    def test_renamed_gets_its_name_back(self):
        self.host.runner.rename("old-runner")
        self.repaired()
        self.assert_never_down()

    def test_a_changed_memory_limit_is_set_back_in_place(self):
        self.host.delegate.update(Memory=1 << 30, MemorySwap=1 << 30)
        until("2g again", lambda: self.host.delegate.inspect()["HostConfig"]["Memory"] == 2 << 30)
        self.repaired()
        self.assert_never_down()

    def test_a_changed_cpu_limit_is_set_back_in_place(self):
        self.host.delegate.update(NanoCpus=500_000_000)
        until("1 CPU again", lambda: self.host.delegate.inspect()["HostConfig"]["NanoCpus"] == 10**9)
        self.repaired()
        self.assert_never_down()

    def test_a_changed_restart_policy_is_set_back_in_place(self):
        def policy():
            return self.host.runner.inspect()["HostConfig"]["RestartPolicy"]["Name"]

        self.host.runner.update(RestartPolicy={"Name": "no"})
        until("unless-stopped again", lambda: policy() == "unless-stopped")
        self.repaired()
        self.assert_never_down()

    def test_a_limit_added_by_hand_is_reported_and_left(self):
        self.host.runner.update(Memory=1 << 30, MemorySwap=1 << 30)
        self.host.until_condition("Synced", "True", RUNNER, says="LimitNotRemovable")
        self.assert_never_down()

    def test_disconnected_is_connected_again_without_a_restart(self):
        self.host.runner.disconnect()
        self.repaired()
        self.assert_never_down()

    def test_a_removed_network_is_made_again_and_joined_without_a_restart(self):
        before = self.host.docker.networks()["harness"][0]["Id"]
        self.host.agent.hold()  # or it reconnects between two of our calls
        self.host.runner.disconnect()
        self.host.delegate.disconnect()
        self.host.docker.delete("/networks/harness")
        self.host.agent.release()
        self.repaired()
        self.assertNotEqual(self.host.docker.networks()["harness"][0]["Id"], before)
        self.assert_never_down()

    def test_stopped_members_of_a_removed_network_start_again(self):
        self.host.agent.hold()
        for workload in (self.host.runner, self.host.delegate):
            workload.kill()
        self.host.docker.delete("/networks/harness")
        self.host.agent.release()
        self.repaired()
        self.assert_same_containers()


class Aliases(HostCase):
    def test_a_lost_alias_comes_back_without_a_restart(self):
        self.host.converge(self.host.minimal.with_runner(networkAliases=["the-runner"]))
        started = self.host.started()
        self.host.agent.hold()
        self.host.runner.disconnect()
        self.host.docker.post("/networks/harness/connect", {"Container": RUNNER})
        self.host.agent.release()

        def aliases():
            return self.host.runner.inspect()["NetworkSettings"]["Networks"]["harness"]["Aliases"]

        until("the alias is back", lambda: "the-runner" in aliases())
        self.host.until_converged()
        self.assertEqual(self.host.started(), started)


class Changes(HostCase):
    """Drift whose cause is the document."""

    def test_a_limit_alone_is_changed_in_place(self):
        self.host.converge()
        started = self.host.started()
        self.host.change(self.host.minimal.with_delegate(resources={"cpus": 0.5, "memory": "3g"}))
        limits = self.host.delegate.inspect()["HostConfig"]
        self.assertEqual((limits["NanoCpus"], limits["Memory"]), (500_000_000, 3 << 30))
        self.assertEqual(self.host.started(), started)

    def test_a_limit_taken_out_replaces_the_container(self):
        self.host.converge()
        before = self.host.delegate.id
        self.host.change(self.host.minimal.with_delegate(resources={"memory": "2g"}))
        self.assertEqual(self.host.delegate.inspect()["HostConfig"]["NanoCpus"], 0)
        self.assertNotEqual(self.host.delegate.id, before)

    def test_a_limit_that_an_earlier_agent_set_in_place_is_taken_out_the_same_way(self):
        self.host.converge()
        before = self.host.runner.id
        self.host.change(self.host.minimal.with_runner(resources={"memory": "1g"}))
        self.assertEqual(self.host.runner.id, before)
        self.host.agent.kill()
        self.host.agent.start()
        self.host.until_converged()
        self.host.change(self.host.minimal)
        self.assertEqual(self.host.runner.inspect()["HostConfig"]["Memory"], 0)
        self.assertNotEqual(self.host.runner.id, before)

    def test_a_variable_replaces_the_container(self):
        self.host.converge()
        ids = self.host.ids()
        self.host.change(self.host.minimal.with_delegate(env={"LOGGING_LEVEL": "DEBUG"}))
        self.assertEqual(self.host.delegate.environment()["LOGGING_LEVEL"], "DEBUG")
        self.assertNotEqual(self.host.ids()[DELEGATE], ids[DELEGATE])
        self.assertEqual(self.host.ids()[RUNNER], ids[RUNNER])

    def test_a_changed_network_keeps_every_container(self):
        self.host.converge()
        ids = self.host.ids()
        network = {"name": "harness", "subnet": "10.99.0.0/24"}
        self.host.change(self.host.minimal.with_spec(network=network))
        self.assertTrue(self.host.runner.address().startswith("10.99.0."))
        self.assertEqual(self.host.ids(), ids)

    def test_a_dropped_workload_is_stopped_and_removed(self):
        self.host.converge()
        runner = self.host.runner.id
        self.host.change(self.host.minimal.without("delegate"))
        self.assertEqual(self.host.ids(), {RUNNER: runner})

    def test_a_dropped_workload_outlives_the_prune_delay_only(self):
        self.host.agent.flags["prune-delay"] = "10m"
        self.host.converge()
        ids = self.host.ids()
        self.host.write(self.host.minimal.without("delegate"))
        self.host.until_condition("Ready", "False", says=DELEGATE)
        self.assertEqual(self.host.ids(), ids)
        self.host.change(self.host.minimal)
        self.assertEqual(self.host.ids(), ids)

    def test_suspended_nothing_is_changed_but_everything_reported(self):
        self.host.converge()
        self.host.write(self.host.minimal.with_spec(suspend=True))
        self.host.until_condition("Suspended", "True")
        self.host.runner.kill()
        self.host.until_condition("Ready", "False", RUNNER)
        holds_for(2, "the runner stays as it is", lambda: self.host.runner.state() == "exited")
        self.host.change(self.host.minimal)

    def test_a_generic_container_may_complete(self):
        job = {"name": "job", "image": document.GENERIC_IMAGE, "command": ["/bin/true"], "restartPolicy": "no"}
        self.host.start(self.host.minimal.with_spec(containers=[job]))
        self.host.until_condition("Ready", "True", "job", "Completed")
        until("the agent is ready", self.host.agent.ready)
        self.assertEqual(self.host.workload("job").state(), "exited")
