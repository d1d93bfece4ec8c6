"""`takeover: true`: a host that was set up by hand, as the guide says, becomes spacelet's without a gap."""
import os

from harness import document
from harness.case import HostCase, sampled
from harness.host import DELEGATE, RUNNER, TOKEN
from harness.waiting import holds_for, until

ACCOUNT = "AbCdEfGhIjKlMnOpQrStUv"
DATABASE = "database.sqlite3"  # the runner's own default, below "/"
EVERY = 5


class Takeover(HostCase):
    def setUp(self):
        super().setUp()
        self.engine.load(os.environ["STANDIN_IMAGES"])
        self.taken = self.host.minimal.with_runner(takeover=True).with_delegate(takeover=True)
        self.set_up_by_hand()

    def set_up_by_hand(self, runner_binds=(), **runner):
        """What the guide's commands send; Docker chooses the names. `runner`: more of its settings."""
        pool = self.host.directory / "runner" / "pool.yaml"
        pool.write_text(document.POOL)
        self.host.docker.post("/networks/create", {"Name": "harness", "CheckDuplicate": True})
        self.runner = self.host.docker.run(None, {
            "Image": document.RUNNER_IMAGE, "Hostname": "vm-runner", "Cmd": ["delegate", "--pool", "/runner/pool.yaml"],
            "ExposedPorts": {"3000/tcp": {}}, **runner,
            "HostConfig": {"Binds": [f"{self.host.directory}/runner:/runner", *runner_binds], "NetworkMode": "harness",
                           "RestartPolicy": {"Name": "always"},
                           "PortBindings": {"3000/tcp": [{"HostIp": "", "HostPort": "3000"}]}}})
        variables = {"DELEGATE_NAME": DELEGATE, "DEPLOY_MODE": "KUBERNETES_ONPREM", "NEXT_GEN": "true",
                     "DELEGATE_TYPE": "DOCKER", "ACCOUNT_ID": ACCOUNT, "DELEGATE_TOKEN": TOKEN, "DELEGATE_TAGS": "e2e",
                     "RUNNER_URL": "http://vm-runner:3000/", "MANAGER_HOST_AND_PORT": "https://app.harness.io"}
        self.delegate = self.host.docker.run(None, {
            "Image": document.DELEGATE_IMAGE, "Env": [f"{k}={v}" for k, v in variables.items()],
            "HostConfig": {"NetworkMode": "harness", "NanoCpus": 10**9, "Memory": 2 << 30}})
        by_hand = self.host.workload(self.runner)
        until("the hand-started runner serves", lambda: by_hand.get(3000, "/healthz") == "OK")

    def started_at(self, container):
        return self.host.docker.inspect(container)["State"]["StartedAt"]

    def assert_ours(self):
        for workload in (self.host.runner, self.host.delegate):
            self.assertEqual(workload.inspect()["Config"]["Labels"]["dev.spacelet.managed"], "true")

    def test_the_hand_started_pair_is_replaced_runner_first(self):
        self.host.converge(self.taken)
        self.assert_ours()
        stops = [call for call in self.host.proxy.mutations() if "/stop?" in call]
        self.assertEqual([self.runner in stops[0], self.delegate in stops[1], len(stops)], [True, True, 2], stops)
        self.assertEqual(self.host.agent.metric("spacelet_rollouts_total", object=f"container/{RUNNER}",
                                                result="Succeeded"), 1)
        self.host.until_condition("Synced", "True", RUNNER)

    def test_the_runners_database_comes_along_from_its_layer(self):
        self.host.docker.write_file(self.runner, DATABASE, b"all the virtual machines")
        self.host.converge(self.taken)
        kept = self.host.directory / "runner" / DATABASE
        self.assertEqual(kept.read_bytes(), b"all the virtual machines")

    def test_the_runners_database_comes_along_from_a_volume_and_no_volume_is_removed(self):
        self.host.begin_again()
        self.set_up_by_hand(runner_binds=["runner-data:/data"], Volumes={"/scratch": {}},
                            Env=[f"DRONE_DATABASE_DATASOURCE=/data/{DATABASE}"])
        volumes = {one["Name"] for one in self.host.docker.get("/volumes")["Volumes"]}
        self.addCleanup(lambda: [self.host.docker.delete(f"/volumes/{name}") for name in volumes])
        self.assertEqual(len(volumes), 2)
        content = self.host.docker.read_file(self.runner, f"/data/{DATABASE}")
        self.assertTrue(content)
        self.host.converge(self.taken)
        self.assert_ours()
        self.assertEqual((self.host.directory / "runner" / DATABASE).read_bytes(), content)
        self.assertEqual({one["Name"] for one in self.host.docker.get("/volumes")["Volumes"]}, volumes)

    def test_apply_takes_over_and_plan_finds_nothing_left(self):
        self.host.write(self.taken)

        def command(*words, flags=("docker-host",)):
            return self.host.agent.command(*words, "-f", str(self.host.config), flags=flags)

        planned = command("plan")
        self.assertEqual((planned.returncode, planned.stdout.count("ownership: started by hand -> spacelet")), (1, 2))
        applied = command("apply", "--timeout", "90s", flags=("docker-host", "lock-file", "state-dir"))
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assert_ours()
        self.assertEqual(command("plan").returncode, 0)

    def test_a_second_agent_does_nothing(self):
        self.host.converge(self.taken)
        ids = self.host.ids()
        self.host.agent.kill()
        self.host.proxy.forget()
        self.host.agent.start()
        self.host.until_converged()
        self.assertEqual((self.host.ids(), self.host.proxy.mutations()), (ids, []))

    def test_one_that_fails_gives_the_hand_started_one_back(self):
        bad = self.taken.with_runner(image="drone/drone-runner-aws:crash",
                                     rollout={"minReadySeconds": 0, "progressDeadline": "4s"})
        before = self.started_at(self.delegate)
        self.host.start(bad)
        self.host.until_condition("Synced", "False", RUNNER, "RolledBack")
        back = self.host.runner.inspect()
        self.assertEqual((back["Id"], back["State"]["Running"]), (self.runner, True))
        self.host.until_condition("Synced", "False", DELEGATE, "WaitingForDependency")
        self.assertEqual(self.started_at(self.delegate), before)
        self.assertEqual(sorted(self.host.ids().values()), sorted([self.runner, self.delegate]))
        self.host.change(self.taken)
        self.assert_ours()

    def test_what_cannot_be_pulled_touches_nothing(self):
        before = [self.started_at(one) for one in (self.runner, self.delegate)]
        self.host.start(self.taken.with_runner(image="127.0.0.1:9/nothing:1"))
        self.host.until_condition("Synced", "False", RUNNER, says="127.0.0.1:9")
        holds_for(2, "both run on", lambda: [self.started_at(one) for one in (self.runner, self.delegate)] == before)

    def test_without_it_nothing_is_touched(self):
        before = [self.started_at(one) for one in (self.runner, self.delegate)]
        self.host.start()
        self.host.until_condition("Synced", "False", RUNNER, "Conflict")
        holds_for(2, "nothing is done", lambda: self.host.proxy.mutations() == [])
        self.assertEqual([self.started_at(one) for one in (self.runner, self.delegate)], before)

    def test_two_that_do_the_same_work_are_left_alone_and_named(self):
        other = self.host.docker.run("second-runner", {
            "Image": document.RUNNER_IMAGE, "Hostname": "vm-runner", "Cmd": ["delegate", "--pool", "/runner/pool.yaml"],
            "HostConfig": {"NetworkMode": "harness", "Binds": [f"{self.host.directory}/runner:/runner"]}})
        self.host.start(self.taken)
        self.host.until_condition("Synced", "False", RUNNER, "Conflict", says="takeover replaces one container")
        self.assertEqual({self.runner, other} <= set(self.host.ids().values()), True)
        self.host.workload("second-runner").remove()
        self.host.until_converged()

    def test_killed_after_any_call_the_next_agent_ends_in_the_same_place(self):
        self.host.converge(self.taken)
        expected, points = self.host.essence(), len(self.host.proxy.mutations())
        self.assertGreater(points, 10)
        for number in sampled(range(1, points + 1), EVERY):
            with self.subTest(killed_after=number):
                self.host.begin_again()
                self.set_up_by_hand()
                killed = []

                def after_mutation(count, call, number=number, killed=killed):
                    if count == number:
                        self.host.agent.kill()
                        killed.append(call)

                self.host.proxy.after_mutation = after_mutation
                self.host.start(self.taken)
                until(f"the agent is killed after call {number}", lambda killed=killed: killed)
                self.host.agent.start()
                self.host.until_converged()
                self.assertEqual(self.host.essence(), expected)
