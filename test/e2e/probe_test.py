"""What the agent asks containers, what follows from the answers, and what does not."""
import json
import time

from harness import document, sanitizer
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER
from harness.waiting import holds_for, until

QUICK = {"periodSeconds": 1, "failureThreshold": 2}
SERVE = ["/bin/httpd", "-f", "-p", "8080", "-h", "/etc"]
PAGE = {"httpGet": {"path": "/standin.conf", "port": 8080}}
OLD_RUNNER_IMAGE = "drone/drone-runner-aws:1.0.0-rc.203"
DELEGATE_REPOSITORY = "us-west1-docker.pkg.dev/gar-setup/docker/delegate"


class ProbeCase(HostCase):
    def with_containers(self, *containers):
        """A document of generic containers alone; each is a name and what its spec says besides."""
        return self.host.minimal.without("runner", "delegate").with_spec(
            containers=[{"name": name, "image": document.GENERIC_IMAGE, "stopGracePeriod": "1s",
                         "rollout": {"minReadySeconds": 0}, **spec} for name, spec in containers])

    def events(self, reason):
        lines = self.host.agent.ask("/api/v1/events")[1].splitlines()
        return [event for event in map(json.loads, lines) if event["reason"] == reason]

    def started(self, name):
        return self.host.docker.inspect(name)["State"]["StartedAt"]

    def until_restarted(self, name, before):
        until(f"{name} is started again", lambda: self.started(name) != before)

    def restarts(self, name):
        return self.host.agent.metric("spacelet_container_restarts_total", object=f"container/{name}")


class Readiness(ProbeCase):
    def assert_becomes_ready(self, spec, says):
        """It is not ready at first, with these words, and is then, without having been started again."""
        self.host.start(self.with_containers(("web", spec)))
        self.host.until_condition("Ready", "False", "web", "Starting", says=says)
        self.host.until_condition("Ready", "True", "web", "Running")
        self.assertEqual(self.restarts("web"), 0)

    def test_http(self):
        command = ["/bin/sh", "-c", "sleep 2; exec " + " ".join(SERVE)]
        self.assert_becomes_ready({"command": command, "readinessProbe": PAGE}, "Connection refused")

    def test_tcp(self):
        command = ["/bin/sh", "-c", "sleep 2; exec " + " ".join(SERVE)]
        probe = {"tcpSocket": {"port": 8080}}
        self.assert_becomes_ready({"command": command, "readinessProbe": probe}, "Connection refused")

    def test_exec(self):
        command = ["/bin/sh", "-c", "sleep 2; touch /tmp/ready; sleep 1000000"]
        probe = {"exec": {"command": ["/bin/ls", "/tmp/ready"]}}
        self.assert_becomes_ready({"command": command, "readinessProbe": probe}, "exit code 1")

    def test_the_images_own_health_check(self):
        command = ["/bin/sh", "-c", "sleep 2; touch /tmp/healthy; sleep 1000000"]
        spec = {"image": "spacelet-standin/generic:healthcheck", "command": command, "readinessProbe": {"dockerHealth": {}}}
        self.assert_becomes_ready(spec, "Docker health")

    def test_a_lost_readiness_is_reported_and_nothing_is_restarted(self):
        self.host.converge(self.with_containers(("web", {"command": SERVE, "readinessProbe": {**PAGE, **QUICK}})))
        started = self.host.started()
        self.host.workload("web").hang()
        self.host.until_condition("Ready", "False", "web", "ProbeFailed", says="no answer in time")
        holds_for(3, "it is left alone", lambda: self.host.started() == started)
        self.assertEqual(self.host.agent.ask("/readyz")[0], 503)

    def test_an_old_runner_without_healthz_is_ready(self):
        self.host.start(self.host.minimal.without("delegate").with_runner(image=OLD_RUNNER_IMAGE))
        self.host.until_condition("Ready", "True", RUNNER, "Running")
        with self.assertRaisesRegex(AssertionError, "404"):
            self.host.runner.get(3000, "/healthz")

    def test_a_warm_pool_takes_its_time_without_being_restarted(self):
        (self.host.directory / "runner" / "standin.conf").write_text("listen_delay = 5\n")
        self.host.start(self.host.minimal.without("delegate"))
        self.host.until_condition("Ready", "False", RUNNER, "Starting", says="Connection refused")
        self.host.until_converged()
        self.assertEqual(self.restarts(RUNNER), 0)
        self.assertEqual(self.host.runner.inspect()["RestartCount"], 0)


class Liveness(ProbeCase):
    def test_a_hung_container_is_restarted_and_its_id_stays(self):
        self.host.converge(self.with_containers(("web", {"command": SERVE, "livenessProbe": {**PAGE, **QUICK}})))
        before, ids = self.started("web"), self.host.ids()
        self.host.workload("web").hang()
        self.until_restarted("web", before)
        self.host.until_converged()
        self.assertEqual(self.host.ids(), ids)
        self.assertEqual(self.restarts("web"), 1)
        self.assertIn("standin", self.host.workload("web").get(8080, "/standin.conf"))
        [event] = self.events("RestartContainer")
        self.assertEqual(event["type"], "Warning")
        self.assertIn("liveness probe failed: GET :8080/standin.conf: no answer in time", event["message"])

    def test_a_command_that_fails_restarts_too(self):
        command = ["/bin/sh", "-c", "touch /tmp/alive; sleep 1000000"]
        probe = {"exec": {"command": ["/bin/ls", "/tmp/alive"]}, **QUICK}
        self.host.converge(self.with_containers(("web", {"command": command, "livenessProbe": probe})))
        before = self.started("web")
        self.host.workload("web").execute("/bin/rm", "/tmp/alive")
        self.until_restarted("web", before)
        self.host.until_converged()

    def test_a_hung_daemon_is_nobodys_failure(self):
        probe = {"exec": {"command": ["/bin/true"]}, **QUICK}
        self.host.converge(self.with_containers(("web", {"livenessProbe": probe, "readinessProbe": probe})))
        started = self.host.started()
        self.host.engine.freeze()
        try:
            holds_for(6, "the agent lives", lambda: self.host.agent.ask("/livez")[0] == 200)
        finally:
            self.host.engine.thaw()
        self.host.until_converged()
        self.assertEqual((self.host.started(), self.events("RestartContainer")), (started, []))

    def test_restarts_that_do_not_help_are_spaced(self):
        probe = {"tcpSocket": {"port": 9}, "periodSeconds": 1, "failureThreshold": 1}
        self.host.start(self.with_containers(("web", {"livenessProbe": probe})))
        self.host.until_condition("Synced", "False", "web", "CrashLoopBackOff", says="liveness probe failed")
        began, restarts = time.monotonic(), self.restarts("web")
        until("it is tried again", lambda: self.restarts("web") > restarts)
        self.assertGreater(time.monotonic() - began, 5)

    def test_a_slow_start_is_not_taken_for_dead(self):
        probes = {"livenessProbe": {"tcpSocket": {"port": 3000}, "periodSeconds": 1, "failureThreshold": 1},
                  "startupProbe": {"tcpSocket": {"port": 3000}, "periodSeconds": 1, "failureThreshold": 60}}
        runner = self.host.minimal.without("delegate").with_runner(image="drone/drone-runner-aws:slow", **probes)
        self.host.converge(runner)
        self.assertEqual((self.restarts(RUNNER), self.events("RestartContainer")), (0, []))

    def test_what_never_starts_up_is_restarted(self):
        probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 3}
        self.host.start(self.with_containers(("web", {"startupProbe": probe})))
        until("it runs", lambda: self.host.workload("web").running())
        self.until_restarted("web", self.started("web"))
        event = until("it is told", lambda: self.events("RestartContainer"))[0]  # once Docker has answered
        self.assertIn("startup probe failed: connect :8080", event["message"])

    def test_a_delegate_is_never_restarted_for_its_health(self):
        health = {"httpGet": {"path": "/api/health", "port": 3460}, **QUICK}
        self.host.converge(self.host.minimal.with_delegate(readinessProbe=health))
        started = self.host.started()
        self.host.delegate.steer(3460, connected=0)  # an outage of Harness
        self.host.until_condition("Ready", "False", DELEGATE, "ProbeFailed", says="500")
        holds_for(3, "it is left alone", lambda: self.host.started() == started)
        self.host.delegate.steer(3460, connected=1)
        self.host.until_converged()
        self.host.delegate.hang()
        self.host.until_condition("Ready", "False", DELEGATE, "ProbeFailed", says="no answer in time")
        holds_for(3, "it is left alone", lambda: self.host.started() == started)


class DelegateHealthCheck(ProbeCase):
    IMAGE = f"{DELEGATE_REPOSITORY}:healthcheck"

    def verdicts(self, container):
        """What Docker has said of its health so far."""
        filters = {"container": [container], "type": ["container"]}
        text = self.host.docker.call("GET", "/events", query={"since": 0, "until": f"{time.time():.9f}",
                                                              "filters": json.dumps(filters)}, decoded=False)
        actions = [json.loads(line)["Action"] for line in text.splitlines()]
        return [action for action in actions if action.startswith("health_status")]

    def test_a_slow_start_is_not_unhealthy(self):
        self.host.converge(self.host.minimal.with_delegate(image=self.IMAGE))
        until("Docker has made up its mind", lambda: self.verdicts(DELEGATE))
        self.assertEqual(self.verdicts(DELEGATE), ["health_status: healthy"])

    def test_without_the_agent_it_is(self):
        """Or the test above would prove nothing."""
        env = ["ACCOUNT_ID=a", "DELEGATE_TOKEN=t", "DELEGATE_NAME=by-hand", "MANAGER_HOST_AND_PORT=https://h"]
        self.host.docker.run("by-hand", {"Image": self.IMAGE, "Env": env})
        until("it was called unhealthy", lambda: "health_status: unhealthy" in self.verdicts("by-hand"))

    def test_an_image_without_one_stays_without(self):
        self.host.converge()
        self.assertNotIn("Health", self.host.delegate.inspect()["State"])


class Hostile(ProbeCase):
    def test_hung_probes_hold_up_no_repair(self):
        hung = {"command": SERVE, "readinessProbe": {**PAGE, "timeoutSeconds": 600, "periodSeconds": 1}}
        names = [f"hung-{i}" for i in range(6)]
        self.host.converge(self.with_containers(*((name, hung) for name in names), ("web", {})))
        for name in names:
            self.host.workload(name).hang()
        until("all who probe are hung", lambda: connections_to(8080) >= 4)
        self.host.workload("web").remove()
        until("web is made again", lambda: self.host.workload("web").running())
        self.host.until_condition("Ready", "True", "web")

    def test_endless_answers_cost_no_memory(self):
        lines = "X-Very: " + "a" * 1000
        serve = f"while true; do (echo 'HTTP/1.1 200 OK'; yes '{lines}') | nc -l -p 8080; done"
        probe = {"httpGet": {"port": 8080}, "periodSeconds": 1, "timeoutSeconds": 5}
        spec = {"command": ["/bin/sh", "-c", serve], "readinessProbe": probe}
        self.host.start(self.with_containers(("web", spec)))
        self.host.until_condition("Ready", "False", "web", says="its header is larger than 32768 bytes")
        before = self.host.agent.metric("process_resident_memory_bytes")
        peak = before

        def seen():
            nonlocal peak
            peak = max(peak, self.host.agent.metric("process_resident_memory_bytes"))
            return True

        holds_for(5, "it is asked again and again", seen)
        sanitizer.assert_memory_less(self, peak - before, 8 << 20)


class Drain(ProbeCase):
    def test_a_runner_is_replaced_when_its_pipelines_have_ended(self):
        self.host.converge()
        runner = self.host.runner.id
        self.host.runner.steer(3000, executions=2)
        self.host.write(self.host.minimal.with_runner(image=document.NEWER_RUNNER_IMAGE))
        self.host.until_condition("Synced", "False", RUNNER, "Draining", says="2 running tasks")
        self.host.runner.steer(3000, executions=1)
        self.host.until_condition("Synced", "False", RUNNER, "Draining", says="1 running tasks")
        self.assertEqual(self.host.runner.id, runner)
        self.host.runner.steer(3000, executions=0)
        self.host.until_converged()
        self.assertEqual(self.host.agent.metric("spacelet_unclean_runner_stops_total"), 0)

    def test_a_runner_that_answers_nothing_is_not_waited_for(self):
        self.host.converge()
        self.host.runner.hang()
        self.host.change(self.host.minimal.with_runner(image=document.NEWER_RUNNER_IMAGE, stopGracePeriod="1s"))

    def test_a_runner_killed_at_its_grace_counts_and_warns_of_orphaned_vms(self):
        self.host.converge(self.host.minimal.with_runner(stopGracePeriod="1s"))
        self.host.runner.steer(3000, stop_delay=60)
        self.host.change(self.host.minimal.with_runner(stopGracePeriod="1s", image=document.NEWER_RUNNER_IMAGE))
        self.assertEqual(self.host.agent.metric("spacelet_unclean_runner_stops_total"), 1)
        [event] = self.events("UncleanStop")
        self.assertIn("instances called vm-runner-", event["message"])


def connections_to(port):
    """How many are established from here (/proc/net/tcp: remote address in the third field, 01 is ESTABLISHED)."""
    with open("/proc/thread-self/net/tcp", encoding="utf-8") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)
