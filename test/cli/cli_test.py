#!/usr/bin/env python3
"""The command line of build/bin/spacelet (or $SPACELET): words, exit codes, streams, JSON. Standard library only."""

import base64
import fcntl
import http.server
import io
import itertools
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tarfile
import tempfile
import textwrap
import threading
import time
import unittest
import urllib.error
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
TOKEN = "cli-canary-0123456789"
DOCUMENT = textwrap.dedent("""\
    apiVersion: spacelet.dev/v1alpha1
    kind: GitspaceHost
    metadata: {{name: cli-test}}
    spec:
      containers:
        - name: box
          image: example.org/box:1.0
          env:
            PLAIN: hello
            SECRET: {{file: {directory}/token}}
    """)
COMMANDS = ["agent", "validate", "plan", "explain", "apply", "status", "events", "down", "import", "schema", "version", "completion",
            "cloud-init", "secret", "doctor", "init", "support-bundle", "render"]


def run(*words, stdin=None, env=None, timeout=60):
    return subprocess.run([SPACELET, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(env or {})})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, condition, timeout=20):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {timeout} s: {what}")


class CliTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="cli")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.no_docker = f"unix://{self.directory}/none.sock"
        (self.directory / "token").write_text(TOKEN)
        (self.directory / "token").chmod(0o600)

    def write(self, text, name="host.yaml"):
        path = self.directory / name
        path.write_text(text)
        return path

    def good(self):
        return self.write(DOCUMENT.format(directory=self.directory))

    def bad(self):
        return self.write(DOCUMENT.format(directory=self.directory).replace("image:", "imagee:"), "bad.yaml")


class Usage(CliTest):
    def test_no_command_prints_help_on_stderr_and_is_a_usage_error(self):
        answer = run()
        self.assertEqual(answer.returncode, 2)
        self.assertEqual(answer.stdout, "")
        self.assertIn("validate", answer.stderr)

    def test_help_lists_every_command(self):
        answer = run("--help")
        self.assertEqual(answer.returncode, 0)
        for command in COMMANDS:
            self.assertIn(command, answer.stdout)
        self.assertIn("\nUsage: spacelet [", answer.stdout)
        self.assertRegex(answer.stdout, r"\nExamples:\n(  (sudo )?spacelet [^\n]+\n)+\Z")

    def test_help_of_each_command_ends_with_examples(self):
        for command in COMMANDS:
            with self.subTest(command):
                answer = run(command, "--help")
                self.assertEqual((answer.returncode, answer.stderr), (0, ""))
                self.assertTrue(answer.stdout.rstrip().splitlines()[-1].startswith("  "), answer.stdout)
                self.assertIn("Examples:\n", answer.stdout)
                self.assertIn(f"spacelet {command}", answer.stdout.split("Examples:")[1])
                self.assertIn(f"Usage: spacelet {command} ", answer.stdout)
                self.assertTrue(answer.stdout.endswith("\n"))

    def test_unknown_words_get_a_suggestion(self):
        cases = [(["plam"], "unknown command plam (did you mean plan?)"),
                 (["zzzzzz"], "unknown command zzzzzz\n"),
                 (["agent", "--confg", "x"], "unknown flag --confg (did you mean --config?)"),
                 (["agent", "--config", "x", "--stat-dir", "y"], "(did you mean --state-dir?)"),
                 (["plan", "--filname=x"], "(did you mean --filename?)"),
                 (["version", "extra"], "unexpected argument extra"),
                 (["plan"], "--filename is required"),
                 (["version", "-o", "xml"], "text, json or yaml"),
                 (["apply", "-f", "x", "--timeout", "soon"], "duration"),
                 (["agent", "--config", "x", "--log-level", "loud"], "debug"),
                 (["completion", "tcsh"], "bash, zsh and fish"),
                 (["secret", "azure", "x"], "there is gcp and aws"),
                 (["secret", "gcp", "x", "--region", "y"], "for aws"),
                 (["secret", "aws", "x", "--project", "y"], "for gcp"),
                 (["secret", "gcp"], "NAME is required"),
                 (["init"], "CLOUD is required"),
                 (["init", "azure"], "expected gcp or aws, not azure"),
                 (["support-bundle", "--log-lines", "0"], "--log-lines"),
                 (["--verison"], "unknown flag --verison")]
        for words, expected in cases:
            with self.subTest(words):
                answer = run(*words)
                self.assertEqual(answer.returncode, 2, answer.stderr)
                self.assertEqual(answer.stdout, "")
                self.assertTrue(answer.stderr.startswith("spacelet: "), answer.stderr)
                self.assertIn(expected, answer.stderr)

    def test_hostile_words_reach_the_terminal_harmless(self):
        self.assertNotIn("\x1b", run("\x1b[31mplan").stderr)


class SchemaVersionCompletion(CliTest):
    def test_schema_is_json_schema_draft_07(self):
        answer = run("schema")
        self.assertEqual(answer.returncode, 0)
        self.assertIn("draft-07", json.loads(answer.stdout)["$schema"])

    def test_version_says_what_it_is(self):
        self.assertRegex(run("version").stdout, r"^spacelet \d+\.\d+\.\d+ \(")
        version = json.loads(run("version", "-o", "json").stdout)
        self.assertEqual(set(version), {"version", "revision", "compiler", "libraries"})
        for library in ("cpp-httplib", "yaml-cpp", "nlohmann-json", "prometheus-cpp", "openssl", "CLI11", "spdlog"):
            self.assertTrue(version["libraries"][library], library)
        self.assertIn("version: ", run("version", "-o", "yaml").stdout)

    def test_completion_knows_every_command(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                answer = run("completion", shell)
                self.assertEqual(answer.returncode, 0)
                for command in COMMANDS:
                    self.assertIn(command, answer.stdout)
                self.assertIn("filename", answer.stdout)

    def test_bash_completion_completes(self):
        script = run("completion", "bash").stdout + textwrap.dedent("""
            COMP_WORDS=(spacelet va); COMP_CWORD=1; _spacelet; echo "${COMPREPLY[@]}"
            COMP_WORDS=(spacelet plan --file); COMP_CWORD=2; _spacelet; echo "${COMPREPLY[@]}"
            COMP_WORDS=(spacelet plan -o j); COMP_CWORD=3; _spacelet; echo "${COMPREPLY[@]}"
            """)
        answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20)
        self.assertEqual(answer.stdout.split("\n")[:3], ["validate", "--filename", "json"], answer.stderr)


class Validate(CliTest):
    def test_a_valid_document(self):
        answer = run("validate", "-f", self.good())
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("valid", answer.stdout)

    def test_an_invalid_one_names_line_column_field_and_the_right_word(self):
        path = self.bad()
        answer = run("validate", "-f", path)
        self.assertEqual(answer.returncode, 1)
        self.assertIn("not valid", answer.stdout)
        self.assertRegex(answer.stderr, rf"{path}:7:\d+: spec\.containers\[0\].*did you mean image\?")

    def test_json_has_the_agreed_shape(self):
        answer = run("validate", "-f", self.bad(), "-o", "json")
        self.assertEqual((answer.returncode, answer.stderr), (1, ""))
        report = json.loads(answer.stdout)
        self.assertEqual(set(report), {"valid", "diagnostics"})
        self.assertIs(report["valid"], False)
        for diagnostic in report["diagnostics"]:
            self.assertEqual(set(diagnostic), {"file", "line", "column", "path", "severity", "message", "suggestion"})
            self.assertIn(diagnostic["severity"], ("error", "warning"))

    def test_stdin_is_a_document(self):
        text = self.good().read_text()
        self.assertEqual(run("validate", "-f", "-", stdin=text).returncode, 0)
        answer = run("validate", "-f", "-", stdin=text.replace("kind: GitspaceHost", "kind: Pod"))
        self.assertEqual(answer.returncode, 1)
        self.assertIn("<stdin>:2:", answer.stderr)

    def test_a_named_file_that_is_absent_is_a_warning_and_on_the_host_an_error(self):
        path = self.good()
        (self.directory / "token").unlink()
        elsewhere, host = run("validate", "-f", path), run("validate", "-f", path, "--host")
        self.assertEqual((elsewhere.returncode, host.returncode), (0, 1))
        for answer in (elsewhere, host):
            self.assertIn(f"{self.directory}/token is not there", answer.stderr)

    def test_a_secret_that_others_may_read_is_a_warning_and_strictly_an_error(self):
        path = self.good()
        (self.directory / "token").chmod(0o640)
        for words, code in ((["--host"], 0), (["--host", "--strict-permissions"], 1)):
            answer = run("validate", "-f", path, *words)
            self.assertEqual(answer.returncode, code)
            self.assertIn(f"chmod 600 {self.directory}/token", answer.stderr)
        self.assertNotIn("chmod", run("validate", "-f", path).stderr)
        self.assertEqual(run("validate", "-f", path, "--strict-permissions").returncode, 2)

    def test_an_absent_document_is_not_valid(self):
        answer = run("validate", "-f", self.directory / "none.yaml")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("none.yaml", answer.stderr)


class CloudInit(CliTest):
    HOST = textwrap.dedent("""\
        apiVersion: spacelet.dev/v1alpha1
        kind: GitspaceHost
        metadata: {{name: cli-test}}
        spec:
          runner:
            image: drone/drone-runner-aws:1.0.0-rc.310
            pool: {{file: {directory}/pool.yaml}}
          delegate:
            image: harness/delegate:99.01.1
            name: dd
            accountId: AbCdEfGhIjKlMnOpQrStUv
            token: {token}
        """)
    POOL = "# canary\nversion: \"1\"\ninstances:\n  - {name: a, type: noop, spec: {hibernate: false}}\n"

    def host(self, token="{file: /etc/spacelet/delegate-token}"):
        return self.write(self.HOST.format(directory=self.directory, token=token))

    def test_it_prints_user_data_and_says_what_is_in_it_and_what_is_not(self):
        self.write(self.POOL, "pool.yaml")
        answer = run("cloud-init", "-f", self.host(), "--package", "/mnt/spacelet.deb")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertTrue(answer.stdout.startswith("#cloud-config\n"))
        self.assertIn("      # canary\n", answer.stdout)
        for word in ("/etc/spacelet/host.yaml, ", "/pool.yaml, 85 bytes: the pool, from ", "/etc/spacelet/delegate-token, mode 0600",
                     "/mnt/spacelet.deb, the package of spacelet"):
            self.assertIn(word, answer.stderr)

    def test_it_prints_the_same_each_time(self):
        host = self.host()
        self.assertEqual(run("cloud-init", "-f", host).stdout, run("cloud-init", "-f", host).stdout)

    def test_the_pool_may_lie_elsewhere_here(self):
        pool = self.write(self.POOL, "another.yaml")
        answer = run("cloud-init", "-f", self.host(), "--pool", pool)
        self.assertIn(f"  - path: {self.directory}/pool.yaml\n", answer.stdout)
        self.assertIn("      # canary\n", answer.stdout)
        absent = run("cloud-init", "-f", self.host())
        self.assertEqual(absent.returncode, 0)
        self.assertIn("pool.yaml, the pool (it is not on this machine; --pool FILE brings it along)", absent.stderr)
        self.assertEqual(run("cloud-init", "-f", self.host(), "--pool", "/no/such/file").returncode, 1)

    def test_a_policy_is_brought_along_and_the_agent_started_with_it(self):
        head = "apiVersion: spacelet.dev/v1alpha1\nkind: HostPolicy\n"
        allows = (f'{head}spec:\n  images: {{repositories: ["*/*"]}} # canary\n  secrets: {{files: [/etc/spacelet/*]}}\n'
                  f"  runner: {{poolFiles: [{self.directory}/pool.yaml]}}\n")
        answer = run("cloud-init", "-f", self.host(), "--policy", self.write(allows, "policy.yaml"))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("  - path: /etc/spacelet/policy.yaml\n", answer.stdout)
        self.assertIn("# canary\n", answer.stdout)
        self.assertIn("--policy /etc/spacelet/policy.yaml $SPACELET_FLAGS\n", answer.stdout)
        self.assertNotIn("policy", run("cloud-init", "-f", self.host()).stdout)
        for text, words in ((head, "spec.delegate.token.file: policy "), (f"{head}spec: 1\n", "policy.yaml:3:7: spec: expected a map")):
            answer = run("cloud-init", "-f", self.host(), "--policy", self.write(text, "policy.yaml"))
            self.assertEqual((answer.returncode, answer.stdout), (1, ""))
            self.assertIn(words, answer.stderr)

    def test_a_secret_in_the_document_or_the_pool_is_refused_and_not_shown(self):
        cases = [("{value: canary-secret}", self.POOL, "spec.delegate.token.value"),
                 ("{file: /t}", 'instances: [{name: a, type: amazon, spec: {account: {access_key_secret: canary-secret}}}]',
                  "access_key_secret is a secret"),
                 ("{file: /t}", 'instances: [{name: a, type: noop, spec: {}}]\nnotes: "-----BEGIN RSA PRIVATE KEY-----"',
                  "notes")]
        for token, pool, expected in cases:
            with self.subTest(expected):
                self.write(pool, "pool.yaml")
                answer = run("cloud-init", "-f", self.host(token))
                self.assertEqual((answer.returncode, answer.stdout), (1, ""))
                self.assertIn(expected, answer.stderr)
                self.assertNotIn("canary-secret", answer.stderr)

    def test_a_variable_that_may_be_a_secret_is_a_warning(self):
        document = self.host().read_text().replace("    name: dd\n", "    name: dd\n    env: {PROXY_PASSWORD: canary, A: b}\n")
        answer = run("cloud-init", "-f", self.write(document))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("spacelet: warning: spec.delegate.env.PROXY_PASSWORD: if that is a secret,", answer.stderr)
        self.assertEqual(answer.stderr.count("warning: spec"), 1)
        self.assertNotIn("canary", answer.stderr)

    def test_a_pool_that_the_runner_would_not_take_is_refused(self):
        pool = self.write("instances: [{name: a, type: gcp, spec: {}}]", "pool.yaml")
        answer = run("cloud-init", "-f", self.host())
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertRegex(answer.stderr, rf"(?m)^spacelet: {pool}:1:\d+: instances\[0\].type: .*google.*\n\Z")

    def test_it_says_what_a_secret_of_the_cloud_needs(self):
        gcp = run("cloud-init", "-f", self.host("{command: [spacelet, secret, gcp, delegate-token]}"))
        self.assertIn("roles/secretmanager.secretAccessor on the secret", gcp.stderr)
        aws = run("cloud-init", "-f", self.host("{command: [spacelet, secret, aws, delegate-token]}"))
        self.assertIn("secretsmanager:GetSecretValue on the secret", aws.stderr)

    def test_what_the_cloud_does_not_take_is_refused_with_the_sizes(self):
        self.write(self.POOL + "# " + "x" * 16384 + "\n", "pool.yaml")
        answer = run("cloud-init", "-f", self.host(), "--cloud", "aws")
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn("--cloud none | gzip", answer.stderr)
        self.assertRegex(answer.stderr, r"the user-data has \d+ bytes, the cloud takes at most 16384 bytes")
        self.assertEqual(run("cloud-init", "-f", self.host(), "--cloud", "gcp").returncode, 0)
        self.assertIn("AWS takes at most 16384", run("cloud-init", "-f", self.host()).stderr)
        self.assertEqual(run("cloud-init", "-f", self.host(), "--cloud", "azure").returncode, 2)

    def test_a_package_that_is_neither_url_nor_path_is_refused(self):
        answer = run("cloud-init", "-f", self.host(), "--package", "spacelet.deb")
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn("absolute path", answer.stderr)
        unsure = run("cloud-init", "-f", self.host(), "--package", "https://example.org/a.deb")
        self.assertEqual(unsure.returncode, 0)
        self.assertIn("warning: whoever can replace the package", unsure.stderr)

    def test_an_invalid_document_is_78(self):
        answer = run("cloud-init", "-f", self.bad())
        self.assertEqual((answer.returncode, answer.stdout), (78, ""))


class Init(CliTest):
    """The starter documents are the examples, and valid as they are."""

    def test_it_prints_the_example_without_the_line_for_editors(self):
        for cloud in ("gcp", "aws"):
            with self.subTest(cloud):
                answer = run("init", cloud)
                self.assertEqual(answer.returncode, 0)
                example = (REPOSITORY / "examples" / f"{cloud}.yaml").read_text()
                self.assertEqual(answer.stdout, example.split("\n", 2)[2])
                marked = [str(number) for number, line in enumerate(answer.stdout.splitlines(), 1) if "# EDIT" in line]
                self.assertIn(f"(lines {', '.join(marked)})", answer.stderr)
                self.assertGreater(len(marked), 3)

    def test_what_it_prints_is_valid_and_names_only_files_that_are_to_be_put_beside_it(self):
        for cloud in ("gcp", "aws"):
            with self.subTest(cloud):
                answer = run("validate", "-f", "-", "-o", "json", stdin=run("init", cloud).stdout)
                self.assertEqual(answer.returncode, 0, answer.stdout)
                for diagnostic in json.loads(answer.stdout)["diagnostics"]:
                    self.assertRegex(diagnostic["message"], "^/etc/spacelet/.* is not there$")

    def test_the_policy_of_the_guide_to_git_allows_what_init_prints(self):
        _, found, policy = (REPOSITORY / "docs/gitops.md").read_text().partition("    # /etc/spacelet/policy.yaml")
        self.assertTrue(found)
        lines = itertools.takewhile(lambda line: line.startswith("    "), policy.split("\n")[1:])
        policy = self.write(textwrap.dedent("\n".join(lines)), "policy.yaml")
        for cloud in ("gcp", "aws"):
            with self.subTest(cloud):
                path = self.write(run("init", cloud).stdout)
                answer = run("validate", "-f", path, "--policy", policy)
                self.assertEqual(answer.returncode, 0, answer.stderr)
                self.write(path.read_text().replace("harness/delegate:", "rotten/delegate:"))
                self.assertIn("images.repositories", run("validate", "-f", path, "--policy", policy).stderr)

    def test_doctor_warns_of_marks_that_are_left(self):
        path = self.write(run("init", "gcp").stdout)
        check = Doctor.checks(run("doctor", "-f", path, "-o", "json", "--docker-host", self.no_docker))["document"]
        self.assertEqual(check["result"], "warn")
        self.assertRegex(check["message"], r"still to be edited: lines \d+, ")


class Doctor(CliTest):
    NAMES = ["document", "files", "secrets", "pool", "docker", "docker-socket", "docker-version", "docker-settings",
             "docker-boot", "agent", "git", "runner-directory", "ports", "rivals", "manager", "registries", "disk", "resources",
             "clock", "cloud-init", "metadata"]

    @staticmethod
    def checks(answer):
        return {check["name"]: check for check in json.loads(answer.stdout)["checks"]}

    def doctor(self, *words, env=None):
        return run("doctor", "--docker-host", self.no_docker, "--address", f"127.0.0.1:{free_port()}",
                   "--lock-file", self.directory / "lock", "--state-dir", self.directory, *words, env=env)

    def host(self, **delegate):
        """A document with a delegate and no images to be looked for."""
        fields = {"image": "127.0.0.1:1/delegate:1.0", "name": "dd", "accountId": "AbCdEfGhIjKlMnOpQrStUv",
                  "token": {"file": str(self.directory / "token")}, **delegate}
        return self.write("apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: cli-test}\n"
                          f"spec: {{delegate: {json.dumps(fields)}}}\n")

    def test_json_has_the_agreed_shape_and_every_check(self):
        answer = self.doctor("-f", self.good(), "-o", "json")
        self.assertEqual((answer.returncode, answer.stderr), (1, ""))
        checks = json.loads(answer.stdout)["checks"]
        self.assertEqual([check["name"] for check in checks], self.NAMES)
        for check in checks:
            self.assertEqual(list(check), ["name", "result", "message", "fix"])
            self.assertIn(check["result"], ("pass", "warn", "fail", "skip"))
            self.assertTrue(check["message"], check)

    def test_text_is_a_table_with_fixes_and_a_summary_in_plain_ascii(self):
        answer = self.doctor("-f", self.good())
        self.assertEqual(answer.returncode, 1)
        self.assertTrue(answer.stdout.isascii(), answer.stdout)
        lines = answer.stdout.splitlines()
        self.assertEqual(lines[0], f"ok   document          {self.directory}/host.yaml is valid")
        docker = lines.index(f"FAIL docker            there is no {self.directory}/none.sock: Docker "
                             f"{'does not run' if os.access('/usr/sbin/dockerd', os.X_OK) else 'is not installed'}")
        self.assertRegex(lines[docker + 1], r"^ {23}fix: (systemctl start docker|apt-get install docker.io)")
        self.assertRegex(lines[-1], r"^Not well: \d+ failed, .*\d+ passed, \d+ skipped\.$")
        self.assertNotIn(TOKEN, answer.stdout + answer.stderr)

    def test_an_invalid_or_absent_document_is_a_failed_check_and_the_others_go_on(self):
        for path, says in ((self.bad(), "bad.yaml:7:"), (self.directory / "none.yaml", "No such file")):
            with self.subTest(path):
                answer = self.doctor("-f", path, "-o", "json")
                self.assertEqual(answer.returncode, 1)
                checks = self.checks(answer)
                self.assertEqual(checks["document"]["result"], "fail")
                self.assertIn(says, checks["document"]["message"])
                self.assertEqual(checks["secrets"]["result"], "skip")
                self.assertEqual(checks["disk"]["result"], "pass")

    def test_a_secret_that_others_may_read_or_that_is_not_there_is_found(self):
        (self.directory / "token").chmod(0o644)
        self.assertEqual(self.checks(self.doctor("-f", self.good(), "-o", "json"))["secrets"]["result"], "warn")
        (self.directory / "token").unlink()
        check = self.checks(self.doctor("-f", self.good(), "-o", "json"))["secrets"]
        self.assertEqual(check["result"], "fail")
        self.assertIn(f"install -m 600 /dev/stdin {self.directory}/token", check["fix"])

    def test_a_socket_that_refuses_and_a_foreign_port_and_a_taken_agents_port_are_found(self):
        with socket.socket(socket.AF_UNIX) as dead, socket.socket() as taken:
            dead.bind(str(self.directory / "dead.sock"))  # nobody listens
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            path = self.write(DOCUMENT.format(directory=self.directory) + f"      ports: ['127.0.0.1:{port}:80']\n")
            answer = run("doctor", "-f", path, "-o", "json", "--docker-host", f"unix://{self.directory}/dead.sock",
                         "--address", f"127.0.0.1:{port}", "--lock-file", self.directory / "lock")
        checks = self.checks(answer)
        self.assertEqual(checks["docker"]["result"], "fail")
        self.assertIn("no Docker answers", checks["docker"]["message"])
        self.assertEqual(checks["ports"]["result"], "fail", checks["ports"])
        self.assertIn(f"127.0.0.1:{port}/tcp is taken by python3 (pid {os.getpid()})", checks["ports"]["message"])
        self.assertIn(f"python3 (pid {os.getpid()}) listens at 127.0.0.1:{port}", checks["agent"]["message"])

    def test_the_manager_is_asked_with_tls_that_is_verified(self):
        key, certificate = self.directory / "key.pem", self.directory / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        path = self.host(managerUrl=f"https://127.0.0.1:{server.server_address[1]}")
        direct = {"HTTPS_PROXY": "", "https_proxy": ""}
        trusted = self.checks(self.doctor("-f", path, "-o", "json", env={**direct, "SSL_CERT_FILE": str(certificate)}))
        self.assertEqual(trusted["manager"]["result"], "pass", trusted["manager"])
        self.assertIn("certificate valid", trusted["manager"]["message"])
        strange = self.checks(self.doctor("-f", path, "-o", "json", env={**direct, "SSL_CERT_FILE": "/dev/null"}))
        self.assertEqual(strange["manager"]["result"], "fail")
        self.assertRegex(strange["manager"]["message"], "^TLS: .*certificate .* is not believed: self.signed certificate")

    def test_without_a_way_out_it_comes_to_an_end_soon(self):
        begin = time.monotonic()
        path = self.host(managerUrl="https://127.0.0.1:1")
        checks = self.checks(self.doctor("-f", path, "-o", "json", env={"HTTPS_PROXY": "", "https_proxy": ""}))
        self.assertLess(time.monotonic() - begin, 15)
        self.assertEqual(checks["manager"]["result"], "fail")
        self.assertIn("TCP: no connection to 127.0.0.1:1", checks["manager"]["message"])
        self.assertEqual(checks["registries"]["result"], "fail")


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class SupportBundle(CliTest):
    """Without Docker and agent: what cannot be had is said, what is there is without secrets."""

    def bundle(self, *words):
        return run("support-bundle", "-f", self.good(), "--docker-host", self.no_docker, "--address", f"127.0.0.1:{free_port()}",
                   "--lock-file", self.directory / "lock", "--state-dir", self.directory / "state", *words)

    def test_it_is_for_its_owner_only_and_never_takes_the_place_of_another(self):
        path = self.directory / "bundle.tar.gz"
        first = self.bundle("--output", path)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertIn(f"{path} holds:\n", first.stdout)
        self.assertRegex(first.stdout, r"agent/status\.json +what the agent knows \(not there: .*connect")
        before = path.read_bytes()
        again = self.bundle("--output", path)
        self.assertEqual((again.returncode, path.read_bytes()), (1, before))
        self.assertIn("File exists", again.stderr)
        (self.directory / "link.tar.gz").symlink_to(self.directory / "elsewhere")
        self.assertEqual(self.bundle("--output", self.directory / "link.tar.gz").returncode, 1)
        self.assertFalse((self.directory / "elsewhere").exists())

    def test_it_can_be_sent_through_a_pipe(self):
        answer = subprocess.run([SPACELET, "support-bundle", "-f", self.good(), "--docker-host", self.no_docker,
                                 "--output", "-"], capture_output=True, timeout=60)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        with tarfile.open(fileobj=io.BytesIO(answer.stdout), mode="r:gz") as archive:
            names = {name.split("/", 1)[1] for name in archive.getnames()}
        self.assertLessEqual({"MANIFEST.txt", "versions.txt", "document.yaml", "diagnostics.txt", "doctor.json", "plan.txt",
                              "journal.txt", "state/files.txt"}, names)
        self.assertIn(b"The bundle holds:", answer.stderr)


class WithoutDocker(CliTest):
    def test_an_invalid_document_is_78_for_every_command_that_takes_one(self):
        for words in (["plan"], ["explain", "box"], ["apply"], ["down", "--yes"]):
            with self.subTest(words):
                answer = run(*words, "-f", self.bad(), "--docker-host", self.no_docker)
                self.assertEqual(answer.returncode, 78, answer.stderr)
                self.assertEqual(answer.stdout, "")
                self.assertIn("did you mean image?", answer.stderr)

    def test_no_daemon_is_69_and_says_which_was_asked(self):
        for words in (["plan"], ["explain", "box"], ["apply", "--lock-file", self.directory / "lock"],
                      ["down", "--yes", "--lock-file", self.directory / "lock"]):
            with self.subTest(words):
                answer = run(*words, "-f", self.good(), "--docker-host", self.no_docker)
                self.assertEqual(answer.returncode, 69, answer.stderr)
                self.assertIn("none.sock", answer.stderr)

    def test_docker_host_of_the_environment_counts_when_there_is_no_flag(self):
        answer = run("plan", "-f", self.good(), env={"DOCKER_HOST": self.no_docker})
        self.assertEqual(answer.returncode, 69)
        self.assertIn("none.sock", answer.stderr)

    def test_a_docker_host_that_is_no_address_is_named(self):
        answer = run("plan", "-f", self.good(), "--docker-host", "ftp://x")
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("--docker-host", answer.stderr)

    def test_down_wants_a_yes(self):
        answer = run("down", "-f", self.good(), "--docker-host", self.no_docker)
        self.assertEqual(answer.returncode, 2)
        self.assertIn("--yes", answer.stderr)

    def test_a_held_lock_is_75_with_the_pid_and_what_to_do(self):
        lock = self.directory / "lock"
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            held.write(f"{os.getpid()}\n")
            held.flush()
            for words in (["apply", "-f", self.good()], ["down", "--yes", "-f", self.good()],
                          ["agent", "--config", self.good(), "--state-dir", self.directory / "state"]):
                with self.subTest(words):
                    answer = run(*words, "--lock-file", lock, "--docker-host", self.no_docker)
                    self.assertEqual(answer.returncode, 75, answer.stderr)
                    self.assertIn(str(os.getpid()), answer.stderr)
                    self.assertIn("systemctl stop spacelet", answer.stderr)

    def test_no_agent_is_69_and_says_where_it_was_looked_for(self):
        address = f"127.0.0.1:{free_port()}"
        for command in ("status", "events"):
            answer = run(command, "--address", address)
            self.assertEqual(answer.returncode, 69, answer.stderr)
            self.assertEqual(answer.stdout, "")
            self.assertIn(address, answer.stderr)
            self.assertIn("--address", answer.stderr)


class AgentCase(CliTest):
    """Starts the daemon, without a Docker daemon, on host.yaml of the directory."""

    def start(self, *words, port=None, env=None):
        self.port = port or free_port()
        self.log = (self.directory / "log").open("w")
        self.addCleanup(self.log.close)
        self.process = subprocess.Popen(
            [SPACELET, "agent", "--config", self.directory / "host.yaml", "--state-dir", self.directory / "state",
             "--lock-file", self.directory / "lock", "--docker-host", self.no_docker,
             "--listen-address", f"127.0.0.1:{self.port}", *words], stdout=self.log, stderr=self.log,
            env={**os.environ, **(env or {})})
        self.addCleanup(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def command(self, name, *words):
        return run(name, "--address", f"127.0.0.1:{self.port}", *words)


class Agent(AgentCase):
    """It lives, says so, and stops."""

    def test_it_lives_without_docker_is_not_ready_and_stops_with_0(self):
        self.good()
        self.start("--log-level", "debug")
        until("it is alive", lambda: self.get("/livez")[0] == 200)
        status, missing = self.get("/readyz")
        self.assertEqual(status, 503)
        self.assertTrue(missing.strip())
        self.assertIn("spacelet_docker_up 0", self.get("/metrics")[1])
        view = json.loads(self.get("/api/v1/status")[1])
        self.assertEqual(view["kind"], "GitspaceHostStatus")
        self.assertEqual(self.command("status").returncode, 1)
        self.assertEqual(json.loads(self.command("status", "-o", "json").stdout)["kind"], "GitspaceHostStatus")
        for line in self.command("events", "-o", "json").stdout.splitlines():
            self.assertLessEqual({"time", "object", "type", "reason", "message", "count"}, set(json.loads(line)))
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(20), 0)
        self.assertNotIn(TOKEN, (self.directory / "log").read_text())

    def test_a_second_agent_is_refused_with_75(self):
        self.good()
        self.start()
        until("it is alive", lambda: self.get("/livez")[0] == 200)
        answer = run("agent", "--config", self.directory / "host.yaml", "--lock-file", self.directory / "lock",
                     "--state-dir", self.directory / "state")
        self.assertEqual(answer.returncode, 75)
        self.assertIn(str(self.process.pid), answer.stderr)

    def test_an_invalid_document_is_survived_and_said(self):
        self.write("nonsense: true\n")
        self.start("--poll-interval", "100ms")
        until("it says so", lambda: "ConfigAccepted" in self.get("/readyz")[1] or "nonsense" in self.get("/readyz")[1])
        self.good()
        until("the good one is taken", lambda: '"cli-test"' in self.get("/api/v1/status")[1])

    def test_a_port_that_stays_taken_ends_it_with_1_and_names_the_port(self):
        self.good()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.start(port=taken.getsockname()[1])
            self.assertEqual(self.process.wait(30), 1)
        self.assertIn(str(self.port), (self.directory / "log").read_text())

    def test_a_port_that_becomes_free_is_taken(self):
        self.good()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.start(port=taken.getsockname()[1])
            until("it has started", lambda: "agent starts" in (self.directory / "log").read_text())
        until("it is alive", lambda: self.get("/livez")[0] == 200)


@unittest.skipUnless(os.environ.get("FAKE_DOCKERD"), "FAKE_DOCKERD does not name the fake daemon")
class DockerCase(CliTest):
    """Has a fake daemon with the image example.org/box:1.0."""

    def setUp(self):
        super().setUp()
        path = self.directory / "docker.sock"
        self.docker = f"unix://{path}"
        daemon = subprocess.Popen([os.environ["FAKE_DOCKERD"], "--socket", path, "--seed-image", "example.org/box:1.0"],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        until("the fake daemon listens", path.exists)


class AgentWithDocker(DockerCase, AgentCase):
    def test_a_support_bundle_hides_the_secrets_of_the_document_in_force_when_the_new_one_is_broken(self):
        self.no_docker = self.docker
        inline = "inline-canary-9876543210"
        document = DOCUMENT.format(directory=self.directory).replace("PLAIN: hello", f"INLINE: {{value: {inline}}}")
        path = self.write(document)
        self.start()
        until("it is ready", lambda: self.get("/readyz")[0] == 200)
        self.write(document.replace("image:", "imagine:"))
        answer = run("support-bundle", "-f", path, "--docker-host", self.docker, "--address", f"127.0.0.1:{self.port}",
                     "--lock-file", self.directory / "lock", "--state-dir", self.directory / "state",
                     "--output", self.directory / "bundle.tar.gz")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        with tarfile.open(self.directory / "bundle.tar.gz") as archive:
            files = {name.split("/", 1)[1]: archive.extractfile(name).read() for name in archive.getnames()}
        self.assertIn(b"imagine", files["diagnostics.txt"])
        self.assertIn("INLINE=***", json.loads(files["docker/containers/box.json"])["Config"]["Env"])
        for name, content in files.items():
            self.assertNotIn(inline.encode(), content, name)


class WithDocker(DockerCase):
    """The one-shot commands against a fake daemon."""

    def command(self, name, *words):
        lock = ["--lock-file", self.directory / "lock"] if name in ("apply", "down") else []
        lock += ["--state-dir", self.directory / "state"] if name == "apply" else []
        answer = run(name, "-f", self.good(), "--docker-host", self.docker, *lock, *words)
        self.assertNotIn(TOKEN, answer.stdout + answer.stderr)
        return answer

    def test_plan_apply_plan_down_is_a_circle(self):
        before = self.command("plan", "-o", "json")
        self.assertEqual(before.returncode, 1, before.stderr)
        plan = json.loads(before.stdout)
        self.assertLessEqual({"inSync", "steps", "waiting", "conflicts"}, set(plan))
        self.assertIs(plan["inSync"], False)
        self.assertIn("CreateContainer", [step["operation"] for step in plan["steps"]])

        applied = self.command("apply", "--timeout", "30s", "-o", "json")
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assertEqual(json.loads(applied.stdout), {"converged": True, "missing": []})
        self.assertIn("container/box  StartContainer", applied.stderr)

        after = self.command("plan")
        self.assertEqual((after.returncode, after.stdout.startswith("In sync")), (0, True), after.stdout)

        down = self.command("down", "--yes")
        self.assertEqual(down.returncode, 0, down.stderr)
        self.assertEqual(json.loads(self.command("plan", "-o", "json").stdout), plan)

    def test_a_secret_that_others_may_read_is_said_and_strictly_not_read(self):
        (self.directory / "token").chmod(0o640)
        lenient, strict = self.command("plan"), self.command("plan", "--strict-permissions")
        self.assertIn(f"chmod 600 {self.directory}/token", lenient.stderr)
        self.assertIn("CreateContainer", lenient.stdout)
        self.assertNotIn("CreateContainer", strict.stdout)
        applied = self.command("apply", "--strict-permissions", "--timeout", "30s")
        self.assertEqual(applied.returncode, 1)
        self.assertIn("chmod 600", applied.stdout)

    def test_import_prints_a_valid_document_without_the_secret(self):
        nothing = self.import_()
        self.assertEqual((nothing.returncode, nothing.stdout), (1, ""))
        self.assertIn("nothing to import", nothing.stderr)
        self.assertEqual(self.command("apply", "--timeout", "30s").returncode, 0)
        own = self.import_("box")
        self.assertEqual((own.returncode, own.stdout), (1, ""))
        self.assertIn("container box is spacelet's own", own.stderr)
        self.assertIn("there is no container nobody", self.import_("nobody").stderr)

    def test_a_support_bundle_tells_much_and_no_secret(self):
        literal = "literal-canary-9876543210"
        document = DOCUMENT.format(directory=self.directory).replace(
            "PLAIN: hello", f"PLAIN: hello\n        API_KEY: {literal}\n        INLINE: {{value: inline-{literal}}}")
        path = self.write(document)
        self.assertEqual(run("apply", "-f", path, "--docker-host", self.docker, "--lock-file", self.directory / "lock",
                             "--state-dir", self.directory / "state", "--timeout", "30s").returncode, 0)
        answer = run("support-bundle", "-f", path, "--docker-host", self.docker, "--address", f"127.0.0.1:{free_port()}",
                     "--lock-file", self.directory / "lock", "--state-dir", self.directory / "state",
                     "--output", self.directory / "bundle.tar.gz")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        with tarfile.open(self.directory / "bundle.tar.gz") as archive:
            files = {name.split("/", 1)[1]: archive.extractfile(name).read() for name in archive.getnames()}
        for secret in (TOKEN, literal):
            for form in (secret.encode(), base64.b64encode(secret.encode())):
                for name, content in {**files, "stdout": answer.stdout.encode()}.items():
                    self.assertNotIn(form.rstrip(b"="), content, name)
        inspected = json.loads(files["docker/containers/box.json"])
        self.assertLessEqual({"PLAIN=hello", "SECRET=***", "API_KEY=***", "INLINE=***"}, set(inspected["Config"]["Env"]))
        self.assertIn(b"PLAIN: hello", files["document.yaml"])
        self.assertIn(b"in sync", files["plan.txt"])
        self.assertIn("API_KEY", answer.stdout)

    def test_doctor_knows_the_engine_and_what_is_on_it(self):
        checks = Doctor.checks(self.command("doctor", "-o", "json"))
        for name in ("document", "secrets", "docker", "docker-socket", "docker-version", "rivals"):
            self.assertEqual(checks[name]["result"], "pass", checks[name])

    def import_(self, *words):
        answer = run("import", "--docker-host", self.docker, *words)
        self.assertNotIn(TOKEN, answer.stdout + answer.stderr)
        return answer

    def test_explain_says_who_decides_and_hides_secrets(self):
        answer = self.command("explain", "container/box", "-o", "json")
        self.assertEqual(answer.returncode, 1, answer.stderr)
        fields = {field["field"]: field for field in json.loads(answer.stdout)["fields"]}
        self.assertEqual(set(fields["image"]), {"field", "desired", "source", "actual", "decision"})
        self.assertTrue(fields["image"]["source"].endswith("host.yaml:7"), fields["image"])
        self.assertEqual(fields["env.SECRET"]["desired"], "***")
        self.assertEqual(fields["restartPolicy"]["source"], "default")

    def test_explain_of_what_is_not_there_names_what_is(self):
        answer = self.command("explain", "nope")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("container/box", answer.stderr)


if __name__ == "__main__":
    unittest.main()
