"""A host that was set up by hand, and the document that `import` makes of it."""
import os
import re
import shutil
import subprocess
import unittest

from harness import document
from harness.case import HostCase
from harness.host import TOKEN

ACCOUNT = "AbCdEfGhIjKlMnOpQrStUv"


class Import(HostCase):
    def setUp(self):
        super().setUp()
        directory = self.host.directory
        (directory / "runner" / "pool.yaml").write_text(document.POOL)
        self.host.docker.post("/networks/create", {"Name": "harness", "CheckDuplicate": True})
        # What the guide's two commands send, with names, which the guide leaves to Docker.
        self.host.docker.run("silly_runner", {
            "Image": document.RUNNER_IMAGE, "Hostname": "vm-runner", "Cmd": ["delegate", "--pool", "/runner/pool.yaml"],
            "ExposedPorts": {"3000/tcp": {}},
            "HostConfig": {"Binds": [f"{directory}/runner:/runner"], "NetworkMode": "harness",
                           "PortBindings": {"3000/tcp": [{"HostIp": "", "HostPort": "3000"}]}}})
        variables = {"DELEGATE_NAME": "docker-delegate", "DEPLOY_MODE": "KUBERNETES_ONPREM", "NEXT_GEN": "true",
                     "DELEGATE_TYPE": "DOCKER", "ACCOUNT_ID": ACCOUNT, "DELEGATE_TOKEN": TOKEN, "DELEGATE_TAGS": "a,b",
                     "RUNNER_URL": "http://vm-runner:3000/", "MANAGER_HOST_AND_PORT": "https://app.harness.io"}
        self.host.docker.run("silly_delegate", {
            "Image": document.DELEGATE_IMAGE, "Env": [f"{k}={v}" for k, v in variables.items()],
            "HostConfig": {"NetworkMode": "harness", "NanoCpus": 10**9, "Memory": 2 << 30}})

    def command(self, *words):
        return self.host.agent.command(*words, flags=["docker-host"])

    def imported(self, *words):
        answer = self.command("import", "--name", "by-hand", *words)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertNotIn(TOKEN, answer.stdout + answer.stderr)
        return answer.stdout

    def test_it_touches_nothing(self):
        before = self.host.started()
        self.imported()
        self.assertEqual(self.host.started(), before)
        self.assertEqual(self.host.proxy.mutations(), [])

    def test_its_document_is_what_runs(self):
        text = self.imported()
        self.assertEqual([line for line in text.splitlines() if not line.lstrip().startswith("#")], [
            "apiVersion: spacelet.dev/v1alpha1", "kind: GitspaceHost", "metadata:", "  name: by-hand", "spec:",
            "  runner:", f"    image: {document.RUNNER_IMAGE}", "    containerName: silly_runner",
            "    ports:", '      - "0.0.0.0:3000:3000"',
            f"    directory: {self.host.directory}/runner", "    pool:", f"      file: {self.host.directory}/runner/pool.yaml",
            "  delegate:", f"    image: {document.DELEGATE_IMAGE}", "    containerName: silly_delegate",
            "    resources:", "      cpus: 1", "      memory: 2g",
            f"    accountId: {ACCOUNT}", "    token:", "      file: /etc/spacelet/delegate-token",
            "    tags:", "      - a", "      - b"])

    def test_without_takeover_a_plan_names_the_conflicts(self):
        self.host.config.write_text(self.with_local_token(self.imported()))
        plan = self.command("plan", "-f", str(self.host.config))
        self.assertEqual(plan.returncode, 1, plan.stderr)
        self.assertIn("silly_runner", plan.stdout)
        self.assertNotIn("CreateContainer", plan.stdout)

    def test_with_takeover_nothing_changes_but_the_owner_and_what_spacelet_does_differently(self):
        """The differences are those that the README lists, and the golden test of the guide's commands."""
        self.host.config.write_text(self.with_local_token(self.imported("--takeover")))
        plan = self.command("plan", "-f", str(self.host.config))
        self.assertEqual(plan.returncode, 1, plan.stderr)
        changes = [re.sub(r"[0-9a-f]{12,}", "…", line.strip()) for line in plan.stdout.splitlines() if line[:4] == "    "]
        self.assertEqual(changes, [
            "ownership: started by hand -> spacelet",
            "args: delegate --pool /runner/pool.yaml -> delegate --pool /runner/.spacelet/pool-….yaml",
            "env.DRONE_DATABASE_DATASOURCE: none -> /runner/database.sqlite3", "stopGracePeriod: none -> 5m",
            "ownership: started by hand -> spacelet", "hostname: … -> docker-delegate", "stopGracePeriod: none -> 10m",
        ], plan.stdout)

    def with_local_token(self, text):
        return text.replace("/etc/spacelet/delegate-token", f"{self.host.directory}/delegate-token")

    @unittest.skipUnless(shutil.which("docker"), "there is no docker command")
    def test_the_comment_saves_the_token_without_showing_it(self):
        token = self.host.directory / "saved" / "delegate-token"
        line = re.search(r"# (docker inspect .*)", self.imported()).group(1)
        line = line.replace("sudo ", "").replace("/etc/spacelet/delegate-token", str(token))
        env = {**os.environ, "DOCKER_HOST": f"unix://{self.host.docker.socket_path}", "DOCKER_API_VERSION": "1.41"}
        answer = subprocess.run(["sh", "-c", line], env=env, capture_output=True, text=True, check=True)
        self.assertNotIn(TOKEN, answer.stdout + answer.stderr)
        self.assertEqual((token.read_text().strip(), token.stat().st_mode & 0o777), (TOKEN, 0o600))
