"""The agent with a policy, on fake_dockerd: a document that is not allowed changes nothing, and the condition says why.

Exits 77 where the programs are not built.
"""
import copy
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
import host as hosts  # noqa: E402
from host import Host  # noqa: E402

HEAD = "apiVersion: spacelet.dev/v1alpha1\nkind: HostPolicy\n"
OPEN = HEAD + 'spec: {images: {repositories: ["example/*"]}}\n'
PROVED_AT_ONCE = {"readinessProbe": {"dockerHealth": {}, "periodSeconds": 1}, "rollout": {"minReadySeconds": 0}}
SPEC = {
    "network": {"name": "harness"},
    "delegate": {"image": "example/delegate:1", "accountId": "AbCdEfGhIjKlMnOpQrStUv", "token": {"value": "c0ffee"},
                 **PROVED_AT_ONCE},
    "containers": [{"name": "side", "image": "example/side:1", **PROVED_AT_ONCE}],
}


def written(host, overlay):
    """The document with an overlay."""
    host.agent.document.with_name("overlay.yaml").write_text(overlay)
    document = json.loads(host.agent.document.read_text())
    host.agent.document.write_text(json.dumps({**document, "overlays": ["overlay.yaml"]}, indent=1))


def changed(change):
    spec = copy.deepcopy(SPEC)
    change(spec)
    return spec


class PolicyCase(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.directory = pathlib.Path(self.host.directory.name)
        self.policy = self.directory / "policy.yaml"
        self.write_policy(OPEN)
        self.host.agent.argv += ["--policy", self.policy]
        for image in ("example/delegate", "example/side", "evil/side"):
            for tag in ("1", "2"):
                self.host.daemon.publish(f"{image}:{tag}")

    def write_policy(self, text):
        fresh = self.policy.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o644)
        fresh.rename(self.policy)

    def condition(self, kind):
        status, body = self.host.agent.get("/api/v1/status")
        conditions = json.loads(body)["conditions"] if status == 200 else []
        return next((one for one in conditions if one["type"] == kind), {})

    def until_condition(self, kind, reason):
        return self.host.wait(lambda: self.condition(kind).get("reason") == reason and self.condition(kind),
                              f"{kind} is {reason}")

    def restart(self):
        self.host.agent.process.terminate()
        self.host.agent.process.wait()
        self.host.agent.start()


class Document(PolicyCase):
    def test_a_hijacked_document_changes_nothing_and_each_rule_is_named(self):
        marker = self.directory / "taken"
        attacks = {
            "containers.privileged": lambda spec: spec["containers"][0].update(privileged=True),
            "volumes.hostPaths": lambda spec: spec["containers"][0].update(volumes=["/:/host"]),
            "images.repositories": lambda spec: spec["containers"][0].update(image="evil/side:1"),
            "delegate.managerHosts": lambda spec: spec["delegate"].update(managerUrl="https://evil.example"),
            "exposure.variables": lambda spec: spec["delegate"].update(env={"INIT_SCRIPT": "evil"}),
            "secrets.commands": lambda spec: spec["containers"][0].update(
                env={"X": {"command": ["touch", str(marker)]}}),
        }
        self.host.converge(SPEC)
        before = self.host.daemon.containers()
        for rule, attack in attacks.items():
            self.host.write(changed(attack))
            self.host.wait(lambda: rule in self.condition("ConfigAccepted").get("message", ""), rule)
            condition = self.condition("ConfigAccepted")
            self.assertEqual((condition["status"], condition["reason"]), ("False", "PolicyViolation"))
            self.assertRegex(condition["message"], rf"host\.yaml:\d+:\d+: spec\.\S+: policy {self.policy}\S* {rule}: ")
        self.assertEqual(self.host.agent.get("/readyz")[0], 503)
        self.assertEqual(self.host.daemon.containers(), before)
        self.assertFalse(marker.exists(), "the command of a refused document ran")
        self.assertIn(b'spacelet_config_last_reload_successful 0', self.host.agent.get("/metrics")[1])
        self.host.converge(changed(lambda spec: spec["containers"][0].update(image="example/side:2")))

    def test_an_overlay_gets_no_further_than_the_document_and_neither_does_a_kept_one(self):
        said = r"overlay\.yaml:1:\d+: spec\.containers\[0\]\.privileged: policy \S+ containers\.privileged: is not allowed"
        privileged = "spec: {containers: [{name: side, image: example/side:1, privileged: true}]}\n"
        self.host.converge(SPEC)
        before = self.host.daemon.containers()
        written(self.host, privileged)
        self.assertRegex(self.until_condition("ConfigAccepted", "PolicyViolation")["message"], said)
        self.assertEqual(self.host.daemon.containers(), before)

        self.write_policy(OPEN.replace("spec: {", "spec: {containers: {privileged: true}, "))
        self.until_condition("ConfigAccepted", "Accepted")
        self.host.wait(self.host.agent.ready, "the overlay is in force")
        before = self.host.daemon.containers()
        self.write_policy(OPEN)
        self.host.agent.document.unlink()
        self.restart()
        self.until_condition("ConfigAccepted", "Unreadable")
        self.assertRegex(self.host.agent.get("/api/v1/events")[1].decode(), said)
        self.assertEqual(json.loads(self.host.agent.get("/api/v1/status")[1])["config"]["generation"], 0)
        self.assertEqual(self.host.daemon.containers(), before)

    def test_a_kept_document_that_is_allowed_no_more_is_not_put_in_force_and_what_runs_stays(self):
        self.host.converge(SPEC)
        before = self.host.daemon.containers()
        self.write_policy(HEAD)
        self.host.agent.document.unlink()
        self.restart()
        self.until_condition("ConfigAccepted", "Unreadable")
        self.assertIn(b"PolicyViolation", self.host.agent.get("/api/v1/events")[1])
        self.assertEqual(json.loads(self.host.agent.get("/api/v1/status")[1])["config"]["generation"], 0)
        self.host.write(SPEC)
        self.assertIn("images.repositories", self.until_condition("ConfigAccepted", "PolicyViolation")["message"])
        self.assertEqual(self.host.daemon.containers(), before)
        self.write_policy(OPEN)  # seen without a signal
        self.until_condition("ConfigAccepted", "Accepted")
        self.host.wait(self.host.agent.ready, "ready again")
        self.assertEqual(self.host.daemon.containers(), before)


class Reload(PolicyCase):
    def reload(self):
        self.host.agent.process.send_signal(signal.SIGHUP)

    def test_a_stricter_policy_is_told_and_leaves_what_runs_alone(self):
        self.host.converge(SPEC)
        before = self.host.daemon.containers()
        self.write_policy(HEAD)
        self.reload()
        self.until_condition("ConfigAccepted", "PolicyViolation")
        self.assertEqual(self.condition("PolicyAccepted")["status"], "True")
        self.assertEqual(self.host.daemon.containers(), before)
        self.write_policy(OPEN)
        self.reload()
        self.until_condition("ConfigAccepted", "Accepted")
        self.host.wait(self.host.agent.ready, "ready again")
        self.assertEqual(self.host.daemon.containers(), before)

    def test_a_policy_that_cannot_be_used_keeps_the_one_before(self):
        self.host.converge(SPEC)
        for text, mode, words in ((HEAD + "spec: {image: {}}\n", 0o644, "did you mean images?"),
                                  (HEAD + 'spec: {images: {repositories: ["*/*"]}}\n', 0o666, "chmod go-w")):
            self.policy.write_text(text)
            self.policy.chmod(mode)
            self.reload()
            self.host.wait(lambda: words in self.condition("PolicyAccepted").get("message", ""), words)
            self.assertEqual(self.condition("PolicyAccepted")["status"], "False")
            self.assertEqual(self.condition("ConfigAccepted")["status"], "True")
        self.host.write(changed(lambda spec: spec["containers"][0].update(image="evil/side:1")))
        self.until_condition("ConfigAccepted", "PolicyViolation")
        self.policy.chmod(0o644)
        self.until_condition("PolicyAccepted", "Accepted")
        self.host.wait(lambda: self.host.daemon.containers().get("side")
                       and self.host.daemon.state()["containers"]["side"]["image"] == "evil/side:1", "allowed now")


class Start(PolicyCase):
    def run_agent(self):
        argv = [str(word) for word in self.host.agent.argv]
        return subprocess.run(argv, capture_output=True, text=True, timeout=hosts.DEADLINE)

    def test_no_agent_starts_without_the_policy_that_it_was_told_to_have(self):
        self.host.write(SPEC)
        for text, mode, words in ((None, 0, "policy.yaml: No such file"), ("kind: HostPolicy\n", 0o644, ":1:1: apiVersion"),
                                  ("", 0o644, "policy.yaml"), (OPEN, 0o622, "chmod go-w")):
            self.policy.unlink(missing_ok=True)
            if text is not None:
                self.policy.write_text(text)
                self.policy.chmod(mode)
            ended = self.run_agent()
            self.assertEqual(ended.returncode, 1, ended.stderr)
            self.assertIn(words, ended.stderr)
        self.assertEqual(self.host.daemon.requests_made(), 0)


class Exposed(PolicyCase):
    def test_a_document_that_others_can_write_is_taken_with_a_warning(self):
        self.host.converge(SPEC)
        self.assertEqual(self.warnings(), [])
        self.host.agent.document.chmod(0o666)
        os.utime(self.host.agent.document)
        self.host.agent.process.send_signal(signal.SIGHUP)
        self.host.wait(self.warnings, "it is told")
        self.assertIn(f"{self.host.agent.document} can be written by others (mode 0666), who could decide what runs as root", self.warnings()[0])
        self.assertIn("chmod go-w", self.host.agent.log.read_text())

    def warnings(self):
        return [one for one in self.host.agent.config().get("warnings", []) if "can be written by others" in one]


class Commands(PolicyCase):
    def run_command(self, command, *words):
        return subprocess.run([hosts.options.spacelet, command, "-f", self.host.agent.document, *words], capture_output=True,
                              text=True, timeout=hosts.DEADLINE)

    def test_each_command_refuses_what_the_policy_forbids(self):
        docker = ["--docker-host", f"unix://{self.host.daemon.socket}"]
        lock = ["--state-dir", self.directory / "state", "--lock-file", self.directory / "lock"]
        self.host.write(changed(lambda spec: spec["containers"][0].update(privileged=True)))
        for command, code, words in (("validate", 1, []), ("plan", 78, docker), ("apply", 78, docker + lock)):
            ended = self.run_command(command, "--policy", self.policy, *words)
            self.assertEqual(ended.returncode, code, ended.stderr)
            self.assertRegex(ended.stderr, r"host\.yaml:\d+:\d+: .*containers\.privileged: is not allowed")
            ended = self.run_command(command, "--policy", self.directory / "absent", *words)
            self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertEqual(self.host.daemon.requests_made(), 0)
        self.host.write(SPEC)
        self.assertEqual(self.run_command("validate", "--policy", self.policy).returncode, 0)
        self.assertEqual(self.run_command("plan", "--policy", self.policy, *docker).returncode, 1)

    def test_each_command_looks_at_the_document_with_its_overlays(self):
        self.host.write(SPEC)
        written(self.host, "spec: {containers: [{name: side, privileged: true}]}\n")
        docker = ["--docker-host", f"unix://{self.host.daemon.socket}"]
        for command, words in (("validate", []), ("plan", docker), ("explain", ["container/side", *docker]), ("apply", docker)):
            ended = self.run_command(command, "--policy", self.policy, *words)
            self.assertEqual(ended.returncode, 1 if command == "validate" else 78, ended.stderr)
            self.assertRegex(ended.stderr, r"overlay\.yaml:1:\d+: .*containers\.privileged: is not allowed")
        self.assertEqual(self.host.daemon.requests_made(), 0)

    def test_the_schema_is_that_of_the_repository(self):
        printed = subprocess.run([hosts.options.spacelet, "schema", "--policy"], capture_output=True, text=True, check=True).stdout
        kept = pathlib.Path(__file__).resolve().parents[2] / "manifests/schema/hostpolicy.v1alpha1.json"
        self.assertEqual(printed, kept.read_text())


def main():
    unittest.main(argv=hosts.parse(__doc__), verbosity=2)


if __name__ == "__main__":
    main()
