"""What others made is never touched."""
from harness import document
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER
from harness.images import BOX, box
from harness.waiting import holds_for, until


class Foreign(HostCase):
    def test_a_container_that_holds_our_name_is_left_alone_and_named(self):
        foreign = self.host.docker.run(DELEGATE, {"Image": document.GENERIC_IMAGE})
        before = self.host.delegate.inspect()
        self.host.start()
        self.host.until_condition("Synced", "False", DELEGATE, "Conflict", says=DELEGATE)
        self.host.until_condition("Ready", "False")
        until("the runner runs", self.host.runner.running)
        after = self.host.delegate.inspect()
        self.assertEqual((after["Id"], after["State"], after["Config"]), (foreign, before["State"], before["Config"]))

    def test_its_name_is_taken_as_soon_as_it_is_free(self):
        self.host.docker.run(DELEGATE, {"Image": document.GENERIC_IMAGE})
        self.host.start()
        self.host.until_condition("Synced", "False", DELEGATE, "Conflict")
        self.host.delegate.remove()
        self.host.until_converged()

    def test_a_foreign_container_is_not_even_disconnected(self):
        foreign = self.host.docker.run("gateway", {"Image": document.GENERIC_IMAGE})
        self.host.start()
        until("the runner runs", self.host.runner.running)
        self.host.until_condition("Ready", "True")
        self.assertEqual(self.host.workload("gateway").id, foreign)
        self.assertTrue(self.host.workload("gateway").running())

    def test_a_rival_manager_is_named(self):
        self.host.docker.tag(document.GENERIC_IMAGE, "harness/upgrader:1")
        self.host.docker.run("upgrader", {"Image": "harness/upgrader:1", "Env": [f"UPGRADER_WORKLOAD_NAME={DELEGATE}"]})
        self.host.agent.flags["resync-interval"] = "1s"
        self.host.start()
        until("it is counted", lambda: self.host.agent.metric("spacelet_rival_manager_detected", name="upgrader") == 1)
        self.assertTrue(self.host.workload("upgrader").running())

    def test_a_taken_port_is_named_and_taken_when_free(self):
        holder = {"Image": document.GENERIC_IMAGE, "ExposedPorts": {"3000/tcp": {}},
                  "HostConfig": {"PortBindings": {"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3000"}]}}}
        self.host.docker.run("port-holder", holder)
        self.host.start()
        self.host.until_condition("Synced", "False", RUNNER, "Conflict", says="port-holder")
        self.assertTrue(self.host.workload("port-holder").running())
        self.host.workload("port-holder").remove()
        self.host.until_converged()


class ForeignNetwork(HostCase):
    def test_a_network_made_by_hand_is_used_as_it_is(self):
        made = self.host.docker.post("/networks/create", {"Name": "harness", "Driver": "bridge"})["Id"]
        self.host.converge()
        network = self.host.docker.networks()["harness"][0]
        self.assertEqual((network["Id"], network["Labels"]), (made, {}))

    def test_it_outlives_what_used_it(self):
        made = self.host.docker.post("/networks/create", {"Name": "harness", "Driver": "bridge"})["Id"]
        self.host.converge()
        self.host.agent.stop()
        flags = ["docker-host", "lock-file"]
        down = self.host.agent.command("down", "-f", str(self.host.config), "--yes", flags=flags)
        self.assertEqual(down.returncode, 0, down.stderr)
        self.assertEqual(self.host.ids(), {})
        self.assertEqual(self.host.docker.networks()["harness"][0]["Id"], made)


class TugOfWar(HostCase):
    def test_a_stopped_agent_repairs_nothing_and_a_new_one_does(self):
        self.host.converge()
        ids = self.host.ids()
        self.host.agent.stop()
        self.host.runner.kill()
        until("it is dead", lambda: self.host.runner.state() == "exited")
        holds_for(2, "it stays dead", lambda: self.host.runner.state() == "exited")
        self.host.agent.start()
        self.host.until_converged()
        self.assertEqual(self.host.ids(), ids)

    def test_who_changes_a_limit_again_and_again_is_not_fought_for_ever(self):
        wanted, theirs = int(0.5e9), int(0.7e9)
        self.host.converge(box(document.GENERIC_IMAGE, resources={"cpus": 0.5}))
        one = self.host.workload(BOX)

        def cpus():
            return one.inspect()["HostConfig"]["NanoCpus"]

        for _ in range(6):
            one.update(NanoCpus=theirs)
            until("it is changed back", lambda: cpus() == wanted)
        one.update(NanoCpus=theirs)
        self.host.until_condition("Synced", "False", BOX, "Conflict", says="resources.cpus was changed back 6 times")
        holds_for(2, "it is left alone", lambda: cpus() == theirs)
        started = one.inspect()["State"]["StartedAt"]
        one.kill()
        until("it runs again", lambda: one.running() and one.inspect()["State"]["StartedAt"] != started)
        self.assertEqual(cpus(), theirs)
        one.remove()
        until("it is made again", one.running)
        self.assertEqual(cpus(), wanted)
