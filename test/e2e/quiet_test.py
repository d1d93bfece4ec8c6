"""What the agent does when there is nothing to do, what it says, and what it never says."""
import re
import subprocess
import urllib.parse

from harness import document
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER, TOKEN
from harness.waiting import until

RESYNCS = 50


class Quiet(HostCase):
    def test_fifty_resyncs_without_change_make_no_mutating_call(self):
        self.host.agent.flags["resync-interval"] = "1s"
        self.host.converge(self.host.minimal.with_spec(containers=[{"name": "sidecar", "image": document.GENERIC_IMAGE}]))
        started, begin = self.host.started(), self.host.agent.metric("spacelet_resyncs_total")
        self.host.proxy.forget()
        until(f"{RESYNCS} resyncs", lambda: self.host.agent.metric("spacelet_resyncs_total") >= begin + RESYNCS)
        resyncs = self.host.agent.metric("spacelet_resyncs_total") - begin
        calls = self.host.proxy.calls()
        self.assertEqual(self.host.proxy.mutations(), [])
        self.assertEqual(self.host.started(), started)
        self.assertLessEqual(len(calls), (3 + 4) * (resyncs + 1), calls[-20:])  # workloads + 4; one may be under way

    def test_a_new_agent_on_a_converged_host_makes_no_mutating_call(self):
        self.host.converge()
        ids = self.host.ids()
        self.assertEqual(self.host.agent.stop(), 0)
        self.host.proxy.forget()
        self.host.agent.start()
        self.host.until_converged()
        self.assertEqual((self.host.proxy.mutations(), self.host.ids()), ([], ids))

    def test_nor_does_one_that_has_lost_its_state(self):
        self.host.converge()
        self.host.agent.stop()
        self.host.proxy.forget()
        self.host.agent.flags["state-dir"] = self.host.directory / "other-state"
        self.host.agent.start()
        self.host.until_converged()
        self.assertEqual(self.host.proxy.mutations(), [])

    def test_sigterm_leaves_the_containers_running(self):
        self.host.converge()
        started = self.host.started()
        self.assertEqual(self.host.agent.stop(), 0)
        self.assertEqual(self.host.started(), started)
        self.assertTrue(self.host.is_true())

    def test_a_second_agent_is_refused_and_the_first_is_named(self):
        self.host.converge()
        flags = [flag for flag in self.host.agent.flags if flag != "listen-address"]
        second = self.host.agent.command("agent", "--listen-address", "127.0.0.1:9747", flags=flags)
        self.assertEqual(second.returncode, 75, second.stderr)
        self.assertIn(str(self.host.agent.process.pid), second.stderr)
        self.assertTrue(self.host.agent.running())


class Said(HostCase):
    def test_the_metrics_are_what_prometheus_expects(self):
        self.host.converge()
        self.host.runner.kill()
        self.host.until_converged()
        text = self.host.agent.ask("/metrics")[1]
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        for series in ("spacelet_docker_up 1", f'spacelet_object_ready{{object="container/{RUNNER}"}} 1',
                       "spacelet_config_last_reload_successful 1", "process_resident_memory_bytes"):
            self.assertIn(series, text)
        self.assertGreaterEqual(self.host.agent.metric("spacelet_drift_detected_total", object=f"container/{RUNNER}"), 1)

    def test_the_status_names_what_runs(self):
        self.host.converge()
        objects = {one["object"]: one for one in self.host.agent.status()["objects"]}
        for name in (RUNNER, DELEGATE):
            self.assertEqual(objects[f"container/{name}"]["id"], self.host.ids()[name])
            self.assertEqual(objects[f"container/{name}"]["state"], "running")

    def test_a_crash_quotes_the_last_words_of_the_container(self):
        self.host.start(self.host.minimal.with_runner(image="drone/drone-runner-aws:crash"))
        self.host.until_condition("Ready", "False", RUNNER, says="unable to ping driver")

    def test_commands_for_people(self):
        self.host.converge()
        for words in (("status",), ("events",), ("status", "-o", "json")):
            with self.subTest(words):
                answer = self.host.agent.command(*words)
                self.assertEqual(answer.returncode, 0, answer.stderr)
                self.assertIn(RUNNER, answer.stdout)

    def test_other_host_names_are_refused(self):
        self.host.converge()
        answer = subprocess.run(["curl", "-s", "-H", "Host: evil.example", "-w", "%{http_code}", "-o", "/dev/null",
                                 "http://127.0.0.1:9746/metrics"], capture_output=True, text=True, check=True)
        self.assertEqual(answer.stdout, "421")


class Canary(HostCase):
    """Secrets are looked for in everything that comes out, at debug level."""

    PASSWORD = "canary-password-94b9a1"

    def forms(self):
        for secret in (TOKEN, self.PASSWORD, TOKEN.replace("canary", "rotated")):
            yield secret
            yield urllib.parse.quote(secret, safe="").replace("-", "%2D")

    def assert_clean(self, where, text):
        for form in self.forms():
            self.assertNotIn(form, text, where)

    def test_no_secret_comes_out_anywhere(self):
        host = self.host
        password = host.directory / "password"
        password.write_text(self.PASSWORD)
        password.chmod(0o600)
        host.converge(host.minimal.with_delegate(env={"PROXY_PASSWORD": {"file": str(password)}}))
        host.delegate.remove()
        host.until_converged()
        host.write_token(TOKEN.replace("canary", "rotated"))
        until("the token is rotated", lambda: host.delegate.environment()["DELEGATE_TOKEN"] != TOKEN)
        host.until_converged()
        # A create that Docker refuses comes back with the daemon's words.
        host.write(host.wanted.with_delegate(resources={"cpus": 1000}))
        host.until_condition("Ready", "False")
        self.look_everywhere()

    def look_everywhere(self):
        host = self.host
        for path in ("/api/v1/status", "/api/v1/events", "/metrics", "/readyz", "/livez", "/", "/page"):
            self.assert_clean(path, host.agent.ask(path)[1])
        commands = [("status",), ("events",), ("validate", "-f", str(host.config))]
        commands += [("plan", "-f", str(host.config), "-o", form) for form in ("text", "json", "yaml")]
        commands += [("explain", f"container/{DELEGATE}", "-f", str(host.config))]
        for words in commands:
            flags = ["docker-host"] if words[0] in ("plan", "explain") else []
            answer = host.agent.command(*words, flags=flags)
            self.assert_clean(words, answer.stdout + answer.stderr)
        self.assert_clean("argv", open(f"/proc/{host.agent.process.pid}/cmdline", encoding="utf-8").read())
        for one in host.docker.containers().values():
            self.assert_clean("labels", str(one["Labels"]))
        self.assertEqual(host.agent.stop(), 0)
        self.assert_clean("log", host.agent.log.read_text())
        for path in (host.directory / "state").rglob("*"):
            if path.is_file():
                self.assertEqual(path.stat().st_mode & 0o077, 0, f"{path} may be read by others")
                self.assert_clean(path, path.read_text(errors="replace"))

    def test_the_log_has_lines_at_debug_level(self):
        """Or the test above would prove nothing."""
        self.host.converge()
        self.assertRegex(self.host.agent.log.read_text(), re.compile("level=debug|lvl=debug|debug"))
        self.assertNotIn(document.POOL, self.host.agent.log.read_text())
