"""The harness itself: what the other modules rely on, without the agent."""
import unittest

from harness import document
from harness.case import EngineCase
from harness.docker import Docker, Refused
from harness.document import Document, to_yaml
from harness.host import DELEGATE, RUNNER, Host
from harness.proxy import mutates
from harness.waiting import TimedOut, until


class Documents(unittest.TestCase):
    def test_a_change_leaves_the_original_alone(self):
        minimal = Document.minimal("/d")
        changed = minimal.with_delegate(tags=["other"]).without("runner")
        self.assertIn("runner", minimal.spec)
        self.assertEqual(minimal.spec["delegate"]["tags"], ["e2e"])
        self.assertEqual(changed.images(), {DELEGATE: document.DELEGATE_IMAGE})

    def test_is_written_as_yaml(self):
        self.assertEqual(to_yaml({"a": {"b": [1, "x"], "c": {}}, "d": True}), 'a:\n  b: [1, "x"]\n  c: {}\nd: true\n')


class Calls(unittest.TestCase):
    def test_what_changes_a_daemon_is_told_from_what_does_not(self):
        for call in ("POST /v1.41/containers/create", "DELETE /v1.41/networks/x", "PUT /v1.41/containers/x/archive",
                     "POST /v1.41/images/create?fromImage=x"):
            self.assertTrue(mutates(call), call)
        for call in ("GET /v1.41/containers/json", "HEAD /_ping", "POST /v1.41/containers/x/exec", "POST /v1.41/auth",
                     "POST /v1.41/containers/x/wait?condition=removed"):
            self.assertFalse(mutates(call), call)


class Sandbox(EngineCase):
    def setUp(self):
        self.host = Host(self.engine)
        self.addCleanup(self.host.close)
        self.docker = Docker(str(self.host.proxy.path))  # as the agent sees it

    def run_by_hand(self):
        """The three commands of the guide."""
        directory = self.host.directory
        self.docker.post("/networks/create", {"Name": "harness", "CheckDuplicate": True})
        networking = {"HostConfig": {"NetworkMode": "harness", "Binds": [f"{directory}/runner:/runner"]}}
        (directory / "runner" / "pool.yaml").write_text(document.POOL)
        self.docker.run(RUNNER, {"Image": document.RUNNER_IMAGE, "Cmd": ["delegate", "--pool", "/runner/pool.yaml"],
                                 "Hostname": RUNNER, **networking})
        variables = ["ACCOUNT_ID=a", "DELEGATE_TOKEN=t", "DELEGATE_NAME=d", "MANAGER_HOST_AND_PORT=https://m",
                     "RUNNER_URL=http://vm-runner:3000/"]
        self.docker.run(DELEGATE, {"Image": document.DELEGATE_IMAGE, "Env": variables,
                                   "HostConfig": {"NetworkMode": "harness"}})
        self.host.wanted = self.host.minimal
        until("runner and delegate talk to each other", self.host.is_true)

    def test_a_host_made_by_hand_is_true(self):
        self.run_by_hand()
        self.assertEqual(self.host.delegate.environment()["DELEGATE_NAME"], "d")

    def test_what_is_not_so_is_seen(self):
        self.run_by_hand()
        for name, harm in {"paused": self.host.runner.pause, "stopped": self.host.delegate.kill,
                           "detached": self.host.runner.disconnect, "gone": self.host.runner.remove}.items():
            with self.subTest(name):
                harm()
                with self.assertRaises((AssertionError, OSError)):
                    self.host.is_true()

    def test_a_crash_is_no_stop(self):
        self.run_by_hand()
        self.host.runner.crash()
        until("it is seen", lambda: self.host.runner.state() == "exited")

    def test_calls_are_counted_on_shared_connections_and_streams_pass(self):
        self.run_by_hand()
        self.assertEqual(len(self.host.proxy.mutations()), 5)
        self.host.proxy.forget()
        self.docker.ids()
        self.assertEqual((len(self.host.proxy.calls()), self.host.proxy.mutations()), (1, []))

    def test_a_client_can_lose_the_reply_of_a_call_that_was_made(self):
        seen = []
        self.host.proxy.after_mutation = lambda number, call: seen.append((number, self.engine.docker.networks().keys()))
        self.docker.post("/networks/create", {"Name": "lost"})
        self.assertEqual(seen, [(1, {"lost": 0}.keys())])

    def test_a_frozen_daemon_answers_when_it_thaws(self):
        self.engine.freeze()
        try:
            with self.assertRaises(TimeoutError):
                self.docker.call("GET", "/version", timeout=0.5)
        finally:
            self.engine.thaw()
        self.assertIn("ApiVersion", self.docker.get("/version"))

    def test_a_restarted_daemon_still_has_its_containers(self):
        self.run_by_hand()
        before = self.host.ids()
        self.engine.restart()
        self.assertEqual(self.host.ids(), before)

    def test_a_registry_gives_back_what_was_published(self):
        registry = self.registry()
        reference = registry.publish(document.GENERIC_IMAGE, "generic:1")
        with self.assertRaises(Refused):
            self.docker.image_id(reference)
        repository, tag = reference.rsplit(":", 1)
        self.docker.post("/images/create", fromImage=repository, tag=tag)
        self.assertEqual(self.docker.image_id(reference), self.docker.image_id(document.GENERIC_IMAGE))

    def test_time_runs_out_with_the_last_answer(self):
        with self.assertRaisesRegex(TimedOut, "pigs fly.*last: 0"):
            until("pigs fly", lambda: 0, patience=0)

    def test_a_report_never_fails(self):
        self.run_by_hand()
        self.assertIn("docker-delegate", self.host.report())

    def test_the_tests_are_in_the_engines_network(self):
        with open("/proc/self/net/dev", encoding="utf-8") as devices:
            self.assertIn("docker0:", devices.read())
