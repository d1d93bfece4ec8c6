#!/usr/bin/env python3
"""An agent with a web configuration, asked by Python's TLS, by curl, by its own command line and by a real Prometheus.

Standard library, and the programs openssl, curl, promtool and prometheus. No Docker daemon is needed.
"""

import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import sanitizer  # noqa: E402

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
DOCUMENT = textwrap.dedent("""\
    apiVersion: spacelet.dev/v1alpha1
    kind: GitspaceHost
    metadata: {name: web-test}
    spec:
      containers: [{name: box, image: "example.org/box:1.0"}]
    """)
PASSWORD = "pässword:canary-0123"
HASH = "$2y$04$abcdefghijklmnopqrstuuhc9KV.t8cWFYicrS409QN5x63YSsOhC"  # of PASSWORD
TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
USERS = f"basic_auth_users: {{ann: {HASH}}}\n"
CLIENTS = ("tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, "
           "client_auth_type: RequireAndVerifyClientCert}\n")


def until(what, condition, timeout=60):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {timeout} s: {what}")


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Certificates:
    """A CA, and what it vouches for; made once, as docs/web-config.md makes them."""

    def __init__(self, directory):
        self.directory = directory
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=test CA", "-keyout", directory / "ca.key", "-out", directory / "ca.crt")
        for name, san in [("server", "IP:127.0.0.1,DNS:localhost"), ("renewed", "IP:127.0.0.1"), ("client", "DNS:prometheus.example")]:
            self.issue(name, san)

    def issue(self, name, san):
        key, request, out = (self.directory / f"{name}.{end}" for end in ("key", "csr", "crt"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={san}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.directory / "ca.crt", "-CAkey", self.directory / "ca.key",
                "-CAcreateserial", "-days", "1", "-copy_extensions", "copy", "-out", out)
        key.chmod(0o600)


class WebTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = tempfile.TemporaryDirectory(prefix="web-ca")
        cls.addClassCleanup(made.cleanup)
        cls.certificates = Certificates(pathlib.Path(made.name))

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="web")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        for file in self.certificates.directory.iterdir():
            shutil.copy(file, self.directory)
        self.write("host.yaml", DOCUMENT)
        self.write("password", PASSWORD + "\n")
        self.log_path = self.directory / "log"

    def write(self, name, text):
        """A new file in the old one's place."""
        path = self.directory / name
        (self.directory / "next").write_text(text)
        (self.directory / "next").chmod(0o600)
        (self.directory / "next").rename(path)
        return path

    def use_certificate(self, name):
        for end in ("key", "crt"):
            shutil.copy(self.directory / f"{name}.{end}", self.directory / "next")
            (self.directory / "next").rename(self.directory / f"server.{end}")

    def start(self, web_config, *words):
        self.write("web.yml", web_config)
        with self.log_path.open("w") as log:
            self.agent = subprocess.Popen(
                [SPACELET, "agent", "--config", self.directory / "host.yaml", "--state-dir", self.directory / "state",
                 "--lock-file", self.directory / "lock", "--docker-host", f"unix://{self.directory}/none.sock",
                 "--listen-address", "127.0.0.1:0", "--web-config-file", self.directory / "web.yml", *words],
                stdout=log, stderr=log)
        self.addCleanup(self.stop)
        self.port = int(until("it listens", lambda: re.search(r'msg="HTTP is served".* port=(\d+)', self.log())).group(1))

    def stop(self):
        if self.agent.poll() is None:
            self.agent.kill()
        self.agent.wait()

    def log(self):
        return self.log_path.read_text()

    def context(self, client=None, version=None):
        context = ssl.create_default_context(cafile=self.directory / "ca.crt")
        if client:
            context.load_cert_chain(self.directory / f"{client}.crt", self.directory / f"{client}.key")
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def get(self, path, user="ann", password=PASSWORD, context=None, method="GET"):
        """(status, headers, body)"""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context or self.context())
        headers = {}
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def local(self, target):
        """What the agent's own socket answers, which knows neither TLS nor users."""
        answer = subprocess.run(["curl", "-sS", "--fail", "--unix-socket", self.directory / "spacelet.sock", f"http://agent{target}"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return answer.stdout

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.local("/metrics"), re.MULTILINE)
        return float(found.group(1)) if found else None

    def command(self, *words, **environment):
        return subprocess.run([SPACELET, *map(str, words)], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.directory), **environment})


class Access(WebTest):
    def test_who_has_the_password_is_served_over_tls_and_nobody_else_on_any_page(self):
        self.start(TLS + USERS + "http_server_config: {headers: {Strict-Transport-Security: max-age=600, X-Frame-Options: deny}}\n")
        status, headers, body = self.get("/livez")
        self.assertEqual((status, body), (200, "ok\n"))
        self.assertEqual(headers["Strict-Transport-Security"], "max-age=600")
        self.assertEqual(headers["X-Frame-Options"], "deny")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        for path in ["/", "/livez", "/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/events", "/none"]:
            for user, password in [(None, None), ("ann", "wrong"), ("ann", ""), ("bob", PASSWORD)]:
                status, headers, body = self.get(path, user, password)
                self.assertEqual(status, 401, (path, user))
                self.assertIn('Basic realm="spacelet"', headers["WWW-Authenticate"])
                self.assertEqual(headers["X-Frame-Options"], "deny")
        self.assertEqual(self.get("/metrics", method="HEAD")[0], 200)
        self.assertGreater(self.metric('spacelet_http_authentications_total{result="rejected"}'), 0)
        self.assertGreater(self.metric('spacelet_http_authentications_total{result="accepted"}'), 0)

    def test_plain_http_on_the_port_is_told_to_use_https(self):
        self.start(TLS)
        answer = subprocess.run(["curl", "-sS", "-i", f"http://127.0.0.1:{self.port}/livez"], capture_output=True, text=True, timeout=60)
        self.assertIn("400 Bad Request", answer.stdout)
        self.assertIn("this port speaks HTTPS", answer.stdout)
        self.assertEqual(self.failed_handshakes("plaintext"), 1)

    def failed_handshakes(self, reason):
        found = re.search(rf'^spacelet_http_handshake_failures_total{{reason="{reason}"}} (\d+)$', self.local("/metrics"), re.M)
        return int(found.group(1))

    def test_a_client_needs_a_certificate_where_one_is_wanted(self):
        self.start(CLIENTS)
        self.assertEqual(self.get("/livez", context=self.context("client"))[0], 200)
        with self.assertRaisesRegex(OSError, "certificate required"):
            self.get("/livez")

    def test_users_without_tls_are_served_and_warned_about(self):
        self.start(USERS)
        answer = subprocess.run(["curl", "-sS", "--fail", "-u", f"ann:{PASSWORD}", f"http://127.0.0.1:{self.port}/livez"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(answer.stdout, "ok\n", answer.stderr)
        self.assertIn("without TLS passwords cross the network in the clear", self.log())

    def test_no_credential_comes_out_anywhere(self):
        self.start(TLS + USERS, "--log-level", "debug")
        self.assertEqual(self.get("/metrics")[0], 200)
        self.assertEqual(self.get("/metrics", "ann", "wrong-canary")[0], 401)
        self.assertEqual(self.get("/metrics", "canary-user", "x")[0], 401)
        said = self.log() + self.local("/metrics") + self.local("/api/v1/status") + self.local("/api/v1/events")
        for secret in ["canary", HASH, base64.b64encode(f"ann:{PASSWORD}".encode()).decode()]:
            self.assertNotIn(secret, said)


class Change(WebTest):
    def successful(self):
        return self.metric("spacelet_web_config_last_reload_successful")

    def peer(self):
        with socket.create_connection(("127.0.0.1", self.port), 30) as plain, self.context().wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            return dict(pair[0] for pair in tls.getpeercert()["subject"])["commonName"]

    def test_a_renewed_certificate_is_shown_and_a_connection_of_before_goes_on(self):
        self.start(TLS)
        end = self.metric("spacelet_web_config_certificate_not_after_timestamp_seconds")
        self.assertGreater(end, time.time())
        with socket.create_connection(("127.0.0.1", self.port), 30) as plain, self.context().wrap_socket(plain, server_hostname="127.0.0.1") as before:
            before.sendall(b"GET /api/v1/events?follow=true HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.assertIn(b"200 OK", before.recv(65536))
            self.use_certificate("renewed")
            until("the new certificate is shown", lambda: self.peer() == "renewed")
            self.assertIn("WebConfigAccepted", self.local("/api/v1/events"))
            said = b""
            while b"WebConfigAccepted" not in said:
                said += before.recv(65536) or self.fail("the stream has ended")

    def test_a_mistake_keeps_what_is_in_force_and_is_told_in_log_event_and_metric(self):
        self.start(TLS + USERS)
        self.assertEqual(self.successful(), 1)
        for name, text, says in [("web.yml", TLS + "basic_auth_users: {ann: secret}\n", "web.yml:2:25: basic_auth_users.ann: is no bcrypt hash"),
                                 ("server.crt", "nonsense", "there is no PEM certificate"),
                                 ("server.key", (self.directory / "client.key").read_text(), "is not the key of the certificate")]:
            good = (self.directory / name).read_text()
            self.write(name, text)
            until(f"{name} is refused", lambda: self.successful() == 0)
            self.assertEqual(self.get("/livez")[0], 200)
            self.assertEqual(self.get("/livez", None)[0], 401)
            self.assertIn(says, self.log())
            self.assertIn(says, self.local("/api/v1/events"))
            self.write(name, good)
            until(f"{name} is good again", lambda: self.successful() == 1)

    def test_a_file_that_goes_away_lets_nobody_in(self):
        self.start(TLS + USERS)
        (self.directory / "web.yml").unlink()
        until("it is missed", lambda: self.successful() == 0)
        self.assertEqual(self.get("/livez", None)[0], 401)
        self.assertEqual(self.get("/livez")[0], 200)

    def test_another_password_ends_the_streams_of_before(self):
        self.start(TLS + USERS)
        with socket.create_connection(("127.0.0.1", self.port), 60) as plain, self.context().wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            token = base64.b64encode(f"ann:{PASSWORD}".encode())
            tls.sendall(b"GET /api/v1/events?follow=true HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic " + token + b"\r\n\r\n")
            self.assertIn(b"200 OK", tls.recv(65536))
            self.write("web.yml", TLS + USERS.replace("ann", "bob"))
            while tls.recv(65536):
                pass
        self.assertEqual(self.get("/livez")[0], 401)
        self.assertEqual(self.get("/livez", "bob")[0], 200)

    def test_an_agent_does_not_start_with_a_mistake_and_says_where_it_is(self):
        for name, text, says in [("web.yml", "tls_server_config: {cert: x}\nrate_limit: {}\n", "web.yml:2:13: rate_limit: is not supported here"),
                                 ("web.yml", TLS.replace("server.crt", "none.crt"), "none.crt: No such file")]:
            self.write(name, text)
            answer = self.command("agent", "--config", self.directory / "host.yaml", "--lock-file", self.directory / "lock",
                                  "--state-dir", self.directory / "state", "--web-config-file", self.directory / "web.yml")
            self.assertEqual(answer.returncode, 1, answer.stderr)
            self.assertIn(says, answer.stderr)

    def test_a_key_that_others_may_read_is_a_warning_and_strictly_an_error(self):
        (self.directory / "server.key").chmod(0o644)
        self.start(TLS)
        self.assertIn("server.key", self.log())
        self.agent.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.wait(30), 0)
        answer = self.command("agent", "--config", self.directory / "host.yaml", "--lock-file", self.directory / "lock", "--strict-permissions",
                              "--state-dir", self.directory / "state", "--web-config-file", self.directory / "web.yml")
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn("server.key", answer.stderr)


class Load(WebTest):
    def test_slow_and_silent_clients_hold_up_nobody_and_cost_little_memory(self):
        self.start(TLS)
        self.get("/livez")
        before = self.resident_kib()
        slow = []
        for _ in range(200):
            slow.append(socket.create_connection(("127.0.0.1", self.port), 30))
            slow[-1].sendall(b"\x16")
        self.assertEqual(self.get("/livez")[0], 200)
        for _ in range(64):  # as many as there is room for: hands are shaken, and then nothing
            plain = socket.create_connection(("127.0.0.1", self.port), 30)
            slow.append(self.context().wrap_socket(plain, server_hostname="127.0.0.1"))
        grown = self.resident_kib() - before
        self.assertEqual(self.get("/livez")[0], 200)
        print(f"64 TLS connections: {grown} KiB more resident memory", flush=True)
        sanitizer.assert_memory_less(self, grown << 10, 8 << 20)
        for client in slow:
            client.close()

    def resident_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.agent.pid}/status").read_text()).group(1))

    def test_passwords_are_checked_aside_and_too_many_are_told_to_come_back(self):
        dear = "$2y$12$abcdefghijklmnopqrstuu.FR18ZCDFBCoJzNr2I/p8lw/8VmpkKS"  # some 0.3 s each
        self.start(TLS + f"basic_auth_users: {{ann: {dear}}}\n")
        clients, answers = [], []
        for i in range(40):
            plain = socket.create_connection(("127.0.0.1", self.port), 60)
            clients.append(self.context().wrap_socket(plain, server_hostname="127.0.0.1"))
            token = base64.b64encode(f"ann:guess {i}".encode())
            clients[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic " + token + b"\r\n\r\n")
        self.assertEqual(self.local("/livez"), "ok\n")
        for client in clients:
            answers.append(client.recv(65536).decode())
            client.close()
        refused = [answer for answer in answers if "HTTP/1.1 503" in answer]
        self.assertTrue(refused)
        self.assertTrue(all("Retry-After: 1" in answer for answer in refused if "too many" in answer))
        self.assertTrue([answer for answer in answers if "HTTP/1.1 401" in answer])
        self.assertFalse([answer for answer in answers if "HTTP/1.1 200" in answer])


class CommandLine(WebTest):
    def test_it_asks_by_the_socket_of_the_host_without_password_and_from_elsewhere_with_one(self):
        self.start(TLS + USERS)
        path = self.directory / "spacelet.sock"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o660)
        here = self.command("status", "-o", "json", "--address", f"unix://{path}")
        self.assertEqual(json.loads(here.stdout)["kind"], "GitspaceHostStatus", here.stderr)
        url = f"https://127.0.0.1:{self.port}"
        there = self.command("status", "-o", "json", "--address", url, "--ca-file", self.directory / "ca.crt", "--user", "ann",
                             "--password-file", self.directory / "password")
        self.assertEqual(json.loads(there.stdout)["kind"], "GitspaceHostStatus", there.stderr)
        environment = self.command("events", SPACELET_ADDRESS=url, SPACELET_CA_FILE=str(self.directory / "ca.crt"), SPACELET_USER="ann",
                                   SPACELET_PASSWORD_FILE=str(self.directory / "password"))
        self.assertEqual(environment.returncode, 0, environment.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root: mounts of its own")
    def test_it_finds_the_socket_of_the_service_and_of_the_container_by_itself(self):
        self.write("web.yml", TLS + USERS)
        script = textwrap.dedent(f"""\
            set -e
            mount -t tmpfs -o mode=755 none /run
            mount -t tmpfs -o mode=755 none /var/lib
            mkdir $LOCKS
            {SPACELET} agent --config {self.directory}/host.yaml --state-dir {self.directory}/state --lock-file $LOCKS/spacelet.lock \\
              --docker-host unix://{self.directory}/none.sock --listen-address 127.0.0.1:0 --web-config-file {self.directory}/web.yml 2>{self.directory}/log &
            until [ -S $LOCKS/spacelet.sock ]; do sleep 0.05; done
            {SPACELET} status -o json || true
            setpriv --reuid=65534 --regid=65534 --clear-groups {SPACELET} events >&2 || echo "exit $?" >&2
            kill %1
            wait
            """)
        for locks in ("/run/spacelet", "/var/lib/spacelet"):
            answer = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", script], capture_output=True, text=True,
                                    timeout=120, env={"PATH": os.environ["PATH"], "LOCKS": locks})
            self.assertEqual(json.loads(answer.stdout)["kind"], "GitspaceHostStatus", answer.stderr)
            self.assertIn(f"{locks}/spacelet.sock is there as well, for root and the agent's group: try sudo", answer.stderr)
            self.assertIn("exit 69", answer.stderr)

    def test_it_says_what_is_missing(self):
        self.start(TLS + USERS)
        url, ca = f"https://127.0.0.1:{self.port}", ["--ca-file", self.directory / "ca.crt"]
        self.write("wrong", "guess\n")
        for words, code, says in [(["--address", url, *ca], 69, "wants a user and password: --user NAME --password-file FILE"),
                                  (["--address", url, *ca, "--user", "ann", "--password-file", self.directory / "wrong"], 69, "wants another user and password"),
                                  (["--address", url], 69, "is not believed"),
                                  (["--address", f"127.0.0.1:{self.port}"], 69, "this port speaks HTTPS"),
                                  (["--address", url, "--user", "ann"], 2, "--user and --password-file belong together"),
                                  (["--address", "gopher://x"], 2, "expected HOST:PORT, https://HOST:PORT or unix:///PATH"),
                                  (["--address", "unix:///nowhere.sock"], 69, "no agent answers at unix:///nowhere.sock")]:
            answer = self.command("status", *words)
            self.assertEqual(answer.returncode, code, (words, answer.stderr))
            self.assertIn(says, answer.stderr)

    def test_a_client_certificate_is_shown(self):
        self.start(CLIENTS)
        answer = self.command("status", "-o", "json", "--address", f"https://127.0.0.1:{self.port}", "--ca-file", self.directory / "ca.crt",
                              "--cert-file", self.directory / "client.crt", "--key-file", self.directory / "client.key")
        self.assertEqual(json.loads(answer.stdout)["kind"], "GitspaceHostStatus", answer.stderr)


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "Debian package prometheus is not installed")
class Prometheus(WebTest):
    def test_the_example_is_what_promtool_takes_and_the_agent_as_well(self):
        shutil.copy(REPOSITORY / "examples/web-config/web-config.yml", self.directory / "web.yml")
        for end in ("crt", "key"):
            shutil.copy(self.directory / f"server.{end}", self.directory / f"web.{end}")
        subprocess.run(["promtool", "check", "web-config", self.directory / "web.yml"], check=True, capture_output=True)
        self.start((self.directory / "web.yml").read_text())
        self.assertEqual(self.get("/livez", "prometheus", "change-me")[0], 200)

    def test_promtool_and_the_agent_agree_on_what_is_a_mistake(self):
        for text in ["tls_server_confg: {}\n", "tls_server_config: {cert_file: server.crt}\n", "basic_auth_users: {ann: secret}\n",
                     TLS.replace("server.key", "none.key"), TLS.replace("}", ", client_auth_type: Some}"),
                     TLS.replace("}", ", cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}"), "http_server_config: {headers: {Server: x}}\n",
                     TLS.replace("}", ", client_ca_file: ca.crt}")]:
            path = self.write("web.yml", text)
            self.assertNotEqual(subprocess.run(["promtool", "check", "web-config", path], capture_output=True).returncode, 0, text)
            answer = self.command("agent", "--config", self.directory / "host.yaml", "--lock-file", self.directory / "lock",
                                  "--state-dir", self.directory / "state", "--web-config-file", path)
            self.assertEqual(answer.returncode, 1, text)

    def test_a_real_prometheus_scrapes_with_tls_certificate_and_password(self):
        self.start(CLIENTS + USERS)
        self.write("prometheus.yml", textwrap.dedent(f"""\
            global: {{scrape_interval: 1s}}
            scrape_configs:
              - job_name: spacelet
                scheme: https
                tls_config: {{ca_file: ca.crt, cert_file: client.crt, key_file: client.key}}
                basic_auth: {{username: ann, password_file: password}}
                static_configs: [{{targets: ["127.0.0.1:{self.port}"]}}]
            """))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (self.directory / "prometheus.log").open("w") as log:
            prometheus = subprocess.Popen(["prometheus", f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/tsdb",
                                           f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        self.addCleanup(prometheus.wait)
        self.addCleanup(prometheus.kill)

        def target():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/targets", timeout=10) as answer:
                    targets = json.load(answer)["data"]["activeTargets"]
            except OSError:
                return None
            return targets[0] if targets and targets[0]["health"] != "unknown" else None

        found = until("it has scraped", target)
        self.assertEqual((found["health"], found["lastError"]), ("up", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
