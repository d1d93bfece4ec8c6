#!/usr/bin/env python3
"""One repository, many hosts, on the command line: overlays, --host-name, --host-fact, render. Standard library only."""

import datetime
import http.server
import json
import re
import shutil
import signal
import tarfile
import textwrap
import threading
import unittest

from cli_test import REPOSITORY, TOKEN, AgentCase, CliTest, DockerCase, run, until

FLEET = REPOSITORY / "examples/fleet"


def metadata_server(zone="us-west1-b"):
    """Google's metadata service, as far as the program asks it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answers = {"/computeMetadata/v1/instance/id": "42", "/computeMetadata/v1/instance/zone": f"projects/1/zones/{zone}"}
            body = answers.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, {"GCE_METADATA_HOST": f"127.0.0.1:{server.server_port}"}


class OverlayCase(CliTest):
    BASE = textwrap.dedent("""\
        apiVersion: spacelet.dev/v1alpha1
        kind: GitspaceHost
        overlays: ["hosts/${{host.name}}.yaml"]
        metadata:
          name: ${{host.name}}
        spec:
          runner:
            image: drone/drone-runner-aws:1.0.0-rc.310
            pool: {{file: pool.yaml}}
            labels:
              zone: {zone}
        """)
    POOL = "# canary\nversion: \"1\"\ninstances:\n  - {name: a, type: noop, spec: {hibernate: false}}\n"

    def fleet(self, zone="none", west="spec: {runner: {hostname: west-runner}}\n"):
        (self.directory / "hosts").mkdir(exist_ok=True)
        self.write(west, "hosts/west.yaml")
        self.write(self.POOL, "pool.yaml")
        return self.write(self.BASE.format(zone=zone))


class Render(OverlayCase):
    def test_it_says_of_each_value_where_it_comes_from(self):
        answer = run("render", "-f", self.fleet(), "--host-name", "west")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        for line in (r'name: west  # host.yaml:5 with \$\{host.name\} of --host-name', r"hostname: west-runner  # hosts/west.yaml:1",
                     r"image: .*rc\.310  # host.yaml:8", r"containerName: vm-runner  # runner profile", r"suspend: false  # default",
                     rf"file: {self.directory}/pool.yaml  # host.yaml:9"):
            self.assertRegex(answer.stdout, rf"(?m)^ *{line}$")
        again = run("render", "-f", self.write(answer.stdout, "rendered.yaml"))
        self.assertEqual(again.returncode, 0, again.stderr)
        without = [re.sub("  # .*", "", text) for text in (answer.stdout, again.stdout)]
        self.assertEqual(*without)

    def test_json_is_the_document(self):
        answer = run("render", "-f", self.fleet(), "--host-name", "west", "-o", "json")
        document = json.loads(answer.stdout)
        self.assertEqual(document["spec"]["runner"]["hostname"], "west-runner")
        self.assertNotIn("overlays", document)

    def test_facts_come_from_the_metadata_service_or_from_a_flag(self):
        server, env = metadata_server()
        self.addCleanup(server.server_close)
        path = self.fleet(zone="${host.zone}")
        asked = run("render", "-f", path, "--host-name", "west", env=env)
        self.assertIn("zone: us-west1-b  # host.yaml:11 with ${host.zone} of the metadata service\n", asked.stdout)
        given = run("render", "-f", path, "--host-name", "west", "--host-fact", "zone=rack-7", env=env)
        self.assertIn("zone: rack-7  # host.yaml:11 with ${host.zone} of --host-fact\n", given.stdout)
        server.shutdown()
        server.server_close()
        nobody = run("render", "-f", path, "--host-name", "west", env=env)
        self.assertEqual((nobody.returncode, nobody.stdout), (78, ""))
        self.assertIn("host.yaml:11:13: spec.runner.labels.zone: ${host.zone} is not known: no metadata server at", nobody.stderr)
        self.assertIn("--host-fact zone=", nobody.stderr)

    def test_secrets_are_hidden(self):
        path = self.fleet(west=f"spec: {{runner: {{env: {{S: {{value: {TOKEN}}}}}}}}}\n")
        for words in ([], ["-o", "json"]):
            answer = run("render", "-f", path, "--host-name", "west", *words)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertNotIn(TOKEN, answer.stdout + answer.stderr)
            self.assertIn("***", answer.stdout)

    def test_words_that_are_none_are_errors_of_usage(self):
        path = self.fleet()
        for words, said in ((["--host-name", "../west"], "DNS label"), (["--host-name", "West"], "DNS label"),
                            (["--host-fact", "colour=red"], "zone="), (["--host-fact", "zone=a/b"], "letters"),
                            (["--host-fact", "name=x"], "zone="), (["-o", "text"], "yaml or json")):
            answer = run("render", "-f", path, *words)
            self.assertEqual((answer.returncode, answer.stdout), (2, ""), words)
            self.assertIn(said, answer.stderr)


class Validate(OverlayCase):
    def test_each_host_of_the_example_is_valid(self):
        hosts = sorted(path.stem for path in (FLEET / "hosts").glob("*.yaml"))
        self.assertGreater(len(hosts), 1)
        for host in hosts:
            answer = run("validate", "-f", FLEET / "base.yaml", "--host-name", host)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""), host)

    def test_a_host_without_a_file_is_told(self):
        answer = run("validate", "-f", FLEET / "base.yaml", "--host-name", "nobody")
        self.assertEqual(answer.returncode, 1)
        self.assertIn(f"{FLEET}/base.yaml:9:5: overlays[0]: {FLEET}/hosts/nobody.yaml is not there", answer.stderr)

    def test_a_mistake_in_an_overlay_has_its_place(self):
        path = self.fleet(west="spec:\n  runner:\n    imagee: x\n")
        answer = run("validate", "-f", path, "--host-name", "west", "-o", "json")
        [diagnostic] = json.loads(answer.stdout)["diagnostics"]
        self.assertEqual((diagnostic["file"], diagnostic["line"], diagnostic["column"]), (f"{self.directory}/hosts/west.yaml", 3, 5))

    def test_there_is_nothing_beside_stdin(self):
        answer = run("validate", "-f", "-", "--host-name", "west", stdin=self.fleet().read_text())
        self.assertEqual(answer.returncode, 1)
        self.assertIn("<stdin>:3:12: overlays[0]: \"hosts/west.yaml\" cannot be read: there are no files beside", answer.stderr)


class CloudInit(OverlayCase):
    def test_it_carries_what_the_host_makes_of_the_files_and_leaves_its_facts_to_it(self):
        answer = run("cloud-init", "-f", self.fleet(), "--host-name", "west")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("hostname: west-runner\n", answer.stdout)
        self.assertIn("name: ${host.name}\n", answer.stdout)
        self.assertIn("file: pool.yaml\n", answer.stdout)
        self.assertNotIn("overlays", answer.stdout)
        self.assertIn("  - path: /etc/spacelet/pool.yaml\n", answer.stdout)
        self.assertIn("      # canary\n", answer.stdout)
        self.assertIn("the document with its overlays", answer.stderr)

    def test_it_takes_no_fact_from_this_machine(self):
        answer = run("cloud-init", "-f", self.fleet())
        self.assertEqual((answer.returncode, answer.stdout), (78, ""))
        self.assertIn("${host.name} is not known: --host-name says which host is meant", answer.stderr)


class Tools(OverlayCase):
    def test_a_support_bundle_has_every_file_without_secrets(self):
        path = self.fleet(west=f"spec: {{runner: {{env: {{S: {{value: {TOKEN}}}}}}}}}\n")
        answer = run("support-bundle", "-f", path, "--host-name", "west", "--docker-host", self.no_docker, "--lock-file",
                     self.directory / "lock", "--state-dir", self.directory / "state", "--output", self.directory / "b.tar.gz")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        with tarfile.open(self.directory / "b.tar.gz") as archive:
            files = {name.split("/", 1)[1]: archive.extractfile(name).read() for name in archive.getnames()}
        self.assertIn(b"value: \"***\"", files["beside/hosts/west.yaml"])
        self.assertEqual(files["host-facts.txt"], b"name=west\n")
        self.assertFalse([name for name, content in files.items() if TOKEN.encode() in content])

    def test_doctor_reads_the_overlays(self):
        path = self.fleet(west="spec: {runner: {imagee: x}}\n")
        answer = run("doctor", "-f", path, "--host-name", "west", "--docker-host", self.no_docker, "--lock-file", self.directory / "lock",
                     "--state-dir", self.directory / "state", "-o", "json", env={"HTTPS_PROXY": "http://127.0.0.1:1"})
        [document] = [check for check in json.loads(answer.stdout)["checks"] if check["name"] == "document"]
        self.assertEqual(document["result"], "fail")
        self.assertIn("hosts/west.yaml:1:17: spec.runner.imagee", document["message"] + document["fix"])


class WithDocker(DockerCase):
    def test_apply_explain_and_down_are_of_the_merged_document(self):
        base = self.write(textwrap.dedent("""\
            apiVersion: spacelet.dev/v1alpha1
            kind: GitspaceHost
            overlays: ["hosts/${host.name}.yaml"]
            metadata: {name: fleet}
            spec:
              containers:
                - {name: box, image: "example.org/box:1.0", env: {WHERE: "${host.zone}"}}
                - {name: other, image: "example.org/box:1.0"}
            """))
        (self.directory / "hosts").mkdir()
        self.write("spec:\n  containers:\n    - {name: other, $patch: delete}\n    - name: box\n      hostname: west-box\n", "hosts/west.yaml")
        which = ["-f", base, "--docker-host", self.docker, "--host-name", "west", "--host-fact", "zone=z1"]
        lock = ["--lock-file", self.directory / "lock"]
        applied = run("apply", *which, *lock, "--state-dir", self.directory / "state", "--timeout", "30s")
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assertNotIn("container/other", applied.stderr)
        explained = run("explain", "box", *which, "-o", "json")
        self.assertEqual(explained.returncode, 0, explained.stderr)
        fields = {field["field"]: field for field in json.loads(explained.stdout)["fields"]}
        self.assertEqual((fields["hostname"]["actual"], fields["hostname"]["source"]), ("west-box", f"{self.directory}/hosts/west.yaml:5"))
        self.assertEqual((fields["env.WHERE"]["actual"], fields["env.WHERE"]["source"]), ("z1", f"{base}:7"))
        self.assertEqual(run("plan", *which).returncode, 0)
        self.assertEqual(run("plan", *which, "--host-fact", "zone=z2").returncode, 1)
        down = run("down", *which, *lock, "--yes")
        self.assertEqual(down.returncode, 0, down.stderr)

    def test_a_plan_for_another_host_has_the_turn_of_that_host(self):
        def document(where):
            return self.write(textwrap.dedent(f"""\
                apiVersion: spacelet.dev/v1alpha1
                kind: GitspaceHost
                metadata: {{name: fleet}}
                spec:
                  containers:
                    - {{name: box, image: "example.org/box:1.0", env: {{WHERE: {where}}}, rollout: {{splay: 24h}}}}
                """))

        lock = ["--lock-file", self.directory / "lock", "--state-dir", self.directory / "state"]
        applied = run("apply", "-f", document("here"), "--docker-host", self.docker, *lock, "--timeout", "30s")
        self.assertEqual(applied.returncode, 0, applied.stderr)

        def turn(host):
            planned = run("plan", "-f", document("there"), "--docker-host", self.docker, "--host-name", host, "-o", "json")
            (waiting,) = json.loads(planned.stdout)["waiting"]
            self.assertEqual(waiting["reason"], "WaitingForSplay")
            return datetime.datetime.fromisoformat(waiting["endsAt"])

        east, west = turn("east"), turn("west")
        self.assertGreater(abs(east - west), datetime.timedelta(hours=1))


class Agent(AgentCase, OverlayCase):
    def config(self):
        text = self.get("/api/v1/status")[1]
        return json.loads(text)["config"] if text else {}

    def accepted(self):
        conditions = json.loads(self.get("/api/v1/status")[1] or "{}").get("conditions", [])
        return next((c for c in conditions if c["type"] == "ConfigAccepted"), {"status": "", "reason": "", "message": ""})

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(20), 0)

    def test_a_reboot_needs_neither_the_overlays_nor_the_metadata_service(self):
        server, env = metadata_server()
        self.fleet(zone="${host.zone}")
        self.start("--host-name", "west", env=env)
        until("it is accepted", lambda: self.accepted()["status"] == "True")
        before = self.config()
        self.end()
        server.shutdown()
        server.server_close()
        shutil.rmtree(self.directory / "hosts")
        self.start("--host-name", "west", env=env)
        until("it says what is missing", lambda: self.accepted()["status"] == "False")
        self.assertEqual(self.config()["revision"], before["revision"])
        self.assertEqual(self.config()["generation"], before["generation"])
        self.assertIn("hosts/west.yaml is not there", self.accepted()["message"])
        self.fleet(zone="${host.zone}")
        until("it waits for the fact", lambda: self.accepted()["reason"] == "HostFactUnavailable")
        self.assertIn("${host.zone} is not known", self.accepted()["message"])
        self.assertEqual(self.config()["generation"], before["generation"])

    def test_a_late_metadata_service_is_asked_again(self):
        server, env = metadata_server()
        port = server.server_port
        server.shutdown()
        server.server_close()
        self.fleet(zone="${host.zone}")
        self.start("--host-name", "west", env=env)
        until("it waits for the fact", lambda: self.accepted()["reason"] == "HostFactUnavailable")
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        late = http.server.ThreadingHTTPServer(("127.0.0.1", port), server.RequestHandlerClass)
        self.addCleanup(late.server_close)
        threading.Thread(target=late.serve_forever, daemon=True).start()
        until("it is accepted", lambda: self.accepted()["status"] == "True", timeout=60)

    def test_an_overlay_is_watched(self):
        self.fleet()
        self.start("--host-name", "west", "--poll-interval", "1h")
        until("it is accepted", lambda: self.accepted()["status"] == "True")
        self.write("spec: {suspend: true}\n", "hosts/next")
        (self.directory / "hosts/next").rename(self.directory / "hosts/west.yaml")
        until("the change is in force", lambda: '"Suspended","status":"True"' in self.get("/api/v1/status")[1].replace(" ", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
