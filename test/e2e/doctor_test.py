"""What doctor says of a host that is broken in truth, and what a support bundle tells of it."""
import base64
import json
import os
import socket
import subprocess
import tarfile
import time

from harness import document
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER, TOKEN
from harness.waiting import until

NOBODY = 65534


class Doctor(HostCase):
    def doctor(self, *prefix):
        flags = self.host.agent.flags
        answer = subprocess.run([*prefix, os.environ["SPACELET"], "doctor", "-f", str(self.host.config), "-o", "json",
                                 "--docker-host", flags["docker-host"], "--state-dir", str(flags["state-dir"]),
                                 "--lock-file", str(flags["lock-file"])], capture_output=True, text=True, timeout=60, check=False)
        self.assertNotIn(TOKEN, answer.stdout + answer.stderr)
        checks = {check["name"]: check for check in json.loads(answer.stdout)["checks"]}
        self.assertEqual(answer.returncode, 1 if any(c["result"] == "fail" for c in checks.values()) else 0)
        return checks

    def expect(self, checks, name, result, *says):
        self.assertEqual(checks[name]["result"], result, checks[name])
        for text in says:
            self.assertIn(text, checks[name]["message"] + "\n" + checks[name]["fix"])

    def test_a_host_in_order(self):
        self.host.converge()
        checks = self.doctor()
        for name in ("document", "files", "secrets", "pool", "docker", "docker-socket", "docker-version", "runner-directory",
                     "rivals", "resources"):
            self.expect(checks, name, "pass")
        self.expect(checks, "agent", "pass", "runs and is ready")
        self.expect(checks, "ports", "pass", f"127.0.0.1:3000/tcp is held by our {RUNNER}")

    def test_a_port_that_a_foreign_process_has(self):
        self.host.write(self.host.minimal)
        with socket.socket() as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 3000))
            holder.listen()
            self.expect(self.doctor(), "ports", "fail", f"127.0.0.1:3000/tcp is taken by python3 (pid {os.getpid()})",
                        f"change `ports` of {RUNNER}")
        self.expect(self.doctor(), "ports", "pass", "is free")

    def test_a_port_that_a_foreign_container_has(self):
        self.host.write(self.host.minimal)
        self.host.docker.run("port-holder", {
            "Image": document.GENERIC_IMAGE, "ExposedPorts": {"3000/tcp": {}},
            "HostConfig": {"PortBindings": {"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3000"}]}}})
        self.expect(self.doctor(), "ports", "fail", "taken by container port-holder", "docker stop port-holder")

    def test_a_user_without_rights_is_told_of_the_group(self):
        self.host.write(self.host.minimal)
        self.host.directory.chmod(0o711)  # the socket in it can be seen
        socket_path = self.host.agent.flags["docker-host"].removeprefix("unix://")
        os.chmod(socket_path, 0o660)
        checks = self.doctor("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
        self.expect(checks, "docker", "fail", "permission denied")
        self.expect(checks, "docker-socket", "fail", "user nobody may not use", "root:root 0660", "usermod -aG root nobody")
        self.expect(checks, "secrets", "warn", "Permission denied", "sudo")

    def test_a_name_that_is_taken_and_a_rival_manager(self):
        self.host.write(self.host.minimal)
        self.host.docker.run(DELEGATE, {"Image": document.GENERIC_IMAGE})
        self.host.docker.tag(document.GENERIC_IMAGE, "harness/upgrader:1")
        self.host.docker.run("upgrader", {"Image": "harness/upgrader:1", "Env": [f"UPGRADER_WORKLOAD_NAME={DELEGATE}"]})
        self.expect(self.doctor(), "rivals", "fail", f"container {DELEGATE}", "takeover", "docker rm -f upgrader")

    def test_a_key_that_the_pool_names_and_that_is_not_there(self):
        pool = document.POOL.replace("type: noop", "type: google").replace(
            "spec: {}", "spec: {account: {project_id: p, json_path: /runner/sa.json}, image: i, zone: [a]}")
        self.host.write_pool(pool)
        self.host.write(self.host.minimal)
        self.expect(self.doctor(), "pool", "fail", "/runner/sa.json")
        (self.host.directory / "runner" / "sa.json").write_text("{}")
        self.expect(self.doctor(), "pool", "pass")

    def test_name_servers_that_do_not_answer_end_in_time(self):
        self.host.write(self.host.minimal)
        resolver = self.host.directory / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.53\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.53", 53))
            begin = time.monotonic()
            checks = self.doctor("unshare", "--mount", "sh", "-c", f'mount --bind {resolver} /etc/resolv.conf && exec "$@"', "sh")
            self.assertLess(time.monotonic() - begin, 15)
        self.expect(checks, "manager", "fail", "DNS: app.harness.io is not found: the name servers do not answer within 3s")
        self.expect(checks, "registries", "warn", "DNS: us-west1-docker.pkg.dev", "its images are here already")


class SupportBundle(HostCase):
    def test_it_tells_how_the_host_is_and_no_secret(self):
        literal = "literal-canary-5b0e17aa"
        # What a careless program writes into its log.
        script = "echo got $TOKEN; printf %s $TOKEN | /bin/busybox base64 -w 0; echo; echo token=other-canary; sleep 1000"
        talker = {"name": "talker", "image": document.GENERIC_IMAGE, "command": ["/bin/sh", "-c", script],
                  "env": {"API_KEY": literal, "SESAME": {"value": f"open-{literal}"}, "PLAIN": "hello",
                          "TOKEN": {"file": f"{self.host.directory}/delegate-token"}}}
        self.host.converge(self.host.minimal.with_spec(containers=[talker]))
        until("it has spoken", lambda: "other-canary" in str(self.host.docker.logs("talker")))
        path = self.host.directory / "bundle.tar.gz"
        flags = self.host.agent.flags
        answer = subprocess.run([os.environ["SPACELET"], "support-bundle", "-f", self.host.config, "--output", path,
                                 "--docker-host", flags["docker-host"], "--state-dir", flags["state-dir"],
                                 "--lock-file", flags["lock-file"]], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        with tarfile.open(path) as archive:
            files = {name.split("/", 1)[1]: archive.extractfile(name).read().decode() for name in archive.getnames()}
        for secret in (TOKEN, literal, "other-canary"):
            for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("=")):
                for name, text in {**files, "stdout": answer.stdout, "stderr": answer.stderr}.items():
                    self.assertNotIn(form, text, name)
        self.assertEqual(files["logs/talker.log"].split("\n")[:3], ["got ***", "***", "token=***"])
        self.assertEqual(json.loads(files["agent/status.json"])["kind"], "GitspaceHostStatus")
        self.assertIn("spacelet_build_info", files["agent/metrics.txt"])
        for name in (f"docker/containers/{RUNNER}.json", f"docker/containers/{DELEGATE}.json", "docker/networks/harness.json",
                     f"logs/{RUNNER}.log", "doctor.txt", "plan.json", "state/files.txt", "agent/events.jsonl"):
            self.assertIn(name, files)
        self.assertIn("PLAIN=hello", files["docker/containers/talker.json"])
