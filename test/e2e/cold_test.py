"""From nothing to a working host."""
import datetime
import json

from harness import document
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER, TOKEN
from harness.waiting import until


def time_of(text):
    return datetime.datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00")


class ColdStart(HostCase):
    def test_an_empty_host_converges(self):
        self.host.converge()
        status = self.host.agent.status()
        self.assertEqual(status["config"]["generation"], status["config"]["observedGeneration"])
        self.assertEqual({o["object"] for o in status["objects"]},
                         {"network/harness", f"container/{RUNNER}", f"container/{DELEGATE}"})

    def test_the_delegate_waits_for_the_runner_to_be_ready(self):
        (self.host.directory / "runner" / "standin.conf").write_text("listen_delay = 3\n")
        self.host.converge()
        started = {name: time_of(text) for name, text in self.host.started().items()}
        self.assertGreaterEqual((started[DELEGATE] - started[RUNNER]).total_seconds(), 3)

    def test_images_come_from_the_registry(self):
        registry = self.registry()
        runner = registry.publish(document.RUNNER_IMAGE, "drone/drone-runner-aws:1.0.0-rc.310")
        delegate = registry.publish(document.DELEGATE_IMAGE, "docker/delegate:26.09.87000")
        self.host.converge(self.host.minimal.with_runner(image=runner).with_delegate(image=delegate))
        self.assertEqual(self.host.runner.inspect()["Config"]["Image"], runner)

    def test_the_containers_are_what_the_guide_makes_by_hand(self):
        self.host.converge()
        runner, delegate = self.host.runner.inspect(), self.host.delegate.inspect()
        self.assertEqual(runner["Config"]["Hostname"], RUNNER)
        self.assertEqual(runner["HostConfig"]["PortBindings"], {"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3000"}]})
        self.assertEqual([(m["Source"], m["Destination"]) for m in runner["Mounts"]],
                         [(f"{self.host.directory}/runner", "/runner")])
        self.assertEqual(delegate["Config"]["Hostname"], DELEGATE)
        self.assertEqual((delegate["HostConfig"]["NanoCpus"], delegate["HostConfig"]["Memory"]), (10**9, 2 << 30))
        variables = self.host.delegate.environment()
        variables.pop("PATH")
        self.assertEqual(variables, {
            "DELEGATE_NAME": DELEGATE, "NEXT_GEN": "true", "DELEGATE_TYPE": "DOCKER", "ACCOUNT_ID": "AbCdEfGhIjKlMnOpQrStUv",
            "DELEGATE_TOKEN": TOKEN, "DELEGATE_TAGS": "e2e", "MANAGER_HOST_AND_PORT": "https://app.harness.io",
            "DEPLOY_MODE": "KUBERNETES_ONPREM", "RUNNER_URL": "http://vm-runner:3000/"})

    def test_the_runner_has_its_pool_and_keeps_its_database_on_the_host(self):
        self.host.converge()
        self.assertEqual(self.host.runner.get(3000, "/pool_owner?pool=standin", "POST"), '{"owner":true}')
        until("the database is there", (self.host.directory / "runner" / "database.sqlite3").exists)

    def test_generic_containers_join_in(self):
        extra = {"name": "sidecar", "image": document.GENERIC_IMAGE}
        self.host.converge(self.host.minimal.with_spec(containers=[extra]))


class Commands(HostCase):
    """One-shot: without a running agent."""

    def command(self, name, *words):
        flags = ["docker-host"] + (["lock-file"] if name in ("apply", "down") else [])
        flags += ["state-dir"] if name == "apply" else []
        return self.host.agent.command(name, "-f", str(self.host.config), *words, flags=flags)

    def test_a_plan_knows_that_the_runner_is_ready(self):
        self.host.converge()
        self.host.agent.stop()
        self.host.delegate.remove()
        plan = json.loads(self.command("plan", "-o", "json").stdout)
        self.assertEqual(plan["waiting"], [])
        self.assertIn("CreateContainer", [step["operation"] for step in plan["steps"]])

    def test_a_plan_knows_that_the_runner_is_not_ready(self):
        self.host.converge()
        self.host.agent.stop()
        self.host.delegate.remove()
        self.host.runner.get(3000, "/standin/set?healthz=500", method="POST")
        plan = json.loads(self.command("plan", "-o", "json").stdout)
        self.assertEqual([(w["object"], w["for"]) for w in plan["waiting"]],
                         [(f"container/{DELEGATE}", f"container/{RUNNER}")])

    def test_apply_converges_and_plan_agrees(self):
        self.host.write(self.host.minimal)
        before = self.command("plan", "-o", "json")
        self.assertEqual(before.returncode, 1, before.stderr)
        self.assertIn("CreateContainer", [step["operation"] for step in json.loads(before.stdout)["steps"]])
        applied = self.command("apply", "--timeout", "90s")
        self.assertEqual(applied.returncode, 0, applied.stderr)
        until("runner and delegate talk to each other", self.host.is_true)
        after = self.command("plan", "-o", "json")
        self.assertEqual((after.returncode, json.loads(after.stdout)["inSync"]), (0, True), after.stdout)

    def test_plan_changes_nothing(self):
        self.host.write(self.host.minimal)
        self.command("plan")
        self.assertEqual(self.host.proxy.mutations(), [])

    def test_down_removes_everything_owned_and_nothing_else(self):
        foreign = self.host.docker.run("somebody-elses", {"Image": document.GENERIC_IMAGE})
        self.host.write(self.host.minimal)
        self.assertEqual(self.command("apply", "--timeout", "90s").returncode, 0)
        down = self.command("down", "--yes")
        self.assertEqual(down.returncode, 0, down.stderr)
        self.assertEqual((self.host.ids(), self.host.docker.networks()), ({"somebody-elses": foreign}, {}))

    def test_an_absent_daemon_is_69(self):
        self.host.write(self.host.minimal)
        self.host.agent.flags["docker-host"] = f"unix://{self.host.directory}/no.sock"
        gone = self.command("plan")
        self.assertEqual(gone.returncode, 69, gone.stderr)
