#!/usr/bin/env python3
"""`spacelet secret` against stand-ins of the metadata servers (HTTP) and of the secret managers (HTTPS, with a CA of its own).

Standard library, and the program openssl for the certificates.
"""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
SECRET = "canary-secret-0123456789"


class StandIn:
    """Answers with (status, body) of what `answer` makes of the request; None: never."""

    def __init__(self, answer, certificate=None, ip="127.0.0.1"):
        self.over = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answered = answer(self)
                if answered is None:
                    outer.over.wait()
                    return
                self.send_response(answered[0])
                self.send_header("Metadata-Flavor", "Google")
                self.send_header("Content-Length", str(len(answered[1])))
                self.end_headers()
                self.wfile.write(answered[1].encode())

            do_POST = do_PUT = do_GET

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # a client that does not trust us
                pass

        self.server = Quiet((ip, 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            # Each handshake in the thread of its connection: one that hangs holds up nobody.
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.address = f"{ip}:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def gcp_metadata(request):
    if request.headers.get("Metadata-Flavor") != "Google":
        return 403, ""
    return {"/computeMetadata/v1/project/project-id": (200, "my-project"),
            "/computeMetadata/v1/instance/service-accounts/default/token":
                (200, json.dumps({"access_token": "canary-token", "expires_in": 3599})),
            "/computeMetadata/v1/instance/service-accounts/default/email": (200, "host@example.org")
            }.get(request.path, (404, ""))


def gcp_manager(request):
    if request.headers.get("Authorization") != "Bearer canary-token":
        return 401, "{}"
    if request.path != "/v1/projects/my-project/secrets/delegate-token/versions/latest:access":
        return 404, json.dumps({"error": {"message": "no such secret"}})
    return 200, json.dumps({"payload": {"data": base64.b64encode(SECRET.encode()).decode()}})


def aws_metadata(request):
    if (request.command, request.path) == ("PUT", "/latest/api/token"):
        return 200, "canary-session"
    if request.headers.get("X-aws-ec2-metadata-token") != "canary-session":
        return 401, ""
    role = "/latest/meta-data/iam/security-credentials/"
    return {"/latest/meta-data/placement/region": (200, "us-east-1"), role: (200, "my-role"),
            role + "my-role": (200, json.dumps({"Code": "Success", "AccessKeyId": "AKID", "SecretAccessKey": "canary-key",
                                                "Token": "canary-credentials"}))}.get(request.path, (404, ""))


def aws_manager(request):
    wanted = json.loads(request.content)
    if "Credential=AKID/" not in request.headers["Authorization"] or wanted != {"SecretId": "gitspaces/delegate"}:
        return 400, json.dumps({"__type": "AccessDeniedException", "Message": "not authorized"})
    return 200, json.dumps({"SecretString": json.dumps({"token": SECRET, "other": "x"})})


class SecretCommand(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="secret-command")
        cls.addClassCleanup(temporary.cleanup)
        cls.directory = pathlib.Path(temporary.name)
        cls.certificate = cls.make_certificate("here.pem", "IP:127.0.0.1")
        cls.elsewhere = cls.make_certificate("elsewhere.pem", "DNS:secretmanager.googleapis.com")

    @classmethod
    def make_certificate(cls, name, subject):
        """A certificate that signs itself, so that it is its own CA."""
        path = cls.directory / name
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=stand-in",
                        "-addext", f"subjectAltName={subject}", "-keyout", path.with_suffix(".key"), "-out", path],
                       check=True, capture_output=True)
        return path

    def start(self, answer, certificate=None):
        stand_in = StandIn(answer, certificate)
        self.addCleanup(stand_in.close)
        return stand_in.address

    def run_secret(self, *words, trusted=None, **environment):
        names = {"SSL_CERT_FILE": str(trusted or self.certificate), "PATH": os.environ["PATH"], **environment}
        answer = subprocess.run([SPACELET, "secret", *words], capture_output=True, text=True, env=names, timeout=60)
        self.assertNotIn("canary", answer.stderr)
        return answer

    def gcp(self, *words, metadata=gcp_metadata, manager=gcp_manager, certificate=None, trusted=None):
        return self.run_secret("gcp", *words, trusted=trusted, GCE_METADATA_HOST=self.start(metadata),
                               CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER="https://" +
                               self.start(manager, certificate or self.certificate) + "/")

    def aws(self, *words, metadata=aws_metadata, manager=aws_manager):
        return self.run_secret("aws", *words, AWS_EC2_METADATA_SERVICE_ENDPOINT="http://" + self.start(metadata),
                               AWS_ENDPOINT_URL_SECRETS_MANAGER="https://" + self.start(manager, self.certificate))

    def test_gcp_prints_the_secret_and_nothing_else(self):
        answer = self.gcp("delegate-token")
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, SECRET, ""))

    def test_aws_prints_the_secret_or_what_stands_under_a_key_of_it(self):
        whole = self.aws("gitspaces/delegate")
        self.assertEqual((whole.returncode, json.loads(whole.stdout)["token"], whole.stderr), (0, SECRET, ""))
        answer = self.aws("gitspaces/delegate", "--json-key", "token")
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, SECRET, ""))
        self.assertEqual(self.aws("gitspaces/delegate", "--json-key", "absent").returncode, 1)

    def test_a_document_that_names_it_gives_the_secret_to_its_container(self):
        socket_path = self.directory / "docker.sock"
        daemon = subprocess.Popen([os.environ["FAKE_DOCKERD"], "--socket", socket_path, "--seed-image", "example.org/box:1.0"],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        end = time.monotonic() + 30
        while not socket_path.exists():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        document = self.directory / "host.yaml"
        program = pathlib.Path(SPACELET).resolve()
        document.write_text("apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: a}\nspec:\n  containers:\n"
                            "    - name: box\n      image: example.org/box:1.0\n"
                            f"      env: {{TOKEN: {{command: [{program}, secret, gcp, delegate-token]}}}}\n")
        applied = subprocess.run(
            [SPACELET, "apply", "-f", document, "--docker-host", f"unix://{socket_path}", "--timeout", "60s",
             "--lock-file", self.directory / "lock", "--state-dir", self.directory / "state"], capture_output=True, text=True,
            env={**os.environ, "SSL_CERT_FILE": str(self.certificate), "GCE_METADATA_HOST": self.start(gcp_metadata),
                 "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": "https://" + self.start(gcp_manager, self.certificate)})
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assertNotIn(SECRET, applied.stdout + applied.stderr)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(socket_path))
            connection.sendall(b"GET /v1.41/containers/box/json HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        self.assertIn(f'"TOKEN={SECRET}"', answer)

    def test_what_is_missing_is_said_in_one_line(self):
        for answer, expected in [(self.gcp("another"), "no such secret or version: projects/my-project/secrets/another"),
                                 (self.gcp("delegate-token", metadata=lambda _: (404, "")), "this VM has no project id"),
                                 (self.aws("another"), "the role my-role may not read another"),
                                 (self.aws("another", metadata=lambda _: (403, "")), "switched off")]:
            with self.subTest(expected):
                self.assertEqual((answer.returncode, answer.stdout), (1, ""))
                self.assertIn(expected, answer.stderr)
                self.assertEqual(answer.stderr.count("\n"), 1)

    def test_a_server_that_no_ca_vouches_for_gets_no_token(self):
        seen = []
        answer = self.gcp("delegate-token", manager=lambda request: seen.append(request.path) or (200, "{}"),
                          trusted=self.elsewhere)
        self.assertEqual((answer.returncode, answer.stdout, seen), (1, "", []))
        self.assertIn("Secret Manager cannot be reached", answer.stderr)

    def test_a_certificate_of_another_name_is_none(self):
        seen = []
        answer = self.gcp("delegate-token", manager=lambda request: seen.append(request.path) or (200, "{}"),
                          certificate=self.elsewhere, trusted=self.elsewhere)
        self.assertEqual((answer.returncode, answer.stdout, seen), (1, "", []))

    def test_whatever_hangs_it_ends_within_the_ten_seconds_that_a_document_grants(self):
        with contextlib.ExitStack() as stack:
            silent = StandIn(lambda _: None)
            stack.callback(silent.close)
            metadata = {"GCE_METADATA_HOST": silent.address, "SSL_CERT_FILE": str(self.certificate)}
            begun = time.monotonic()
            answer = self.run_secret("gcp", "delegate-token", **metadata)
            self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn("is this a VM of Google Cloud", answer.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, for a network of its own")
    def test_so_it_does_when_names_do_not_resolve(self):
        """In a network of its own, with a metadata server at the second address of its name and a name server that says nothing."""
        script = textwrap.dedent(f"""\
            import importlib.util, os, socket, subprocess, sys
            specification = importlib.util.spec_from_file_location("module", {__file__!r})
            module = importlib.util.module_from_spec(specification)
            specification.loader.exec_module(module)
            silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            silent.bind(("127.0.0.1", 53))
            metadata = module.StandIn(module.gcp_metadata, ip="127.0.0.2")
            done = subprocess.run([{str(pathlib.Path(SPACELET).resolve())!r}, "secret", "gcp", "delegate-token"],
                                  env={{"GCE_METADATA_HOST": f"metadata.test:{{metadata.server.server_port}}"}})
            metadata.close()
            sys.exit(done.returncode)
            """)
        (self.directory / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:30\n")
        (self.directory / "hosts").write_text("127.0.0.1 localhost metadata.test\n127.0.0.2 metadata.test\n")
        (self.directory / "nsswitch.conf").write_text("hosts: files dns\n")
        enter = "ip link set lo up; " + "".join(f"mount --bind {self.directory}/{name} /etc/{name}; "
                                                for name in ("resolv.conf", "hosts", "nsswitch.conf"))
        begun = time.monotonic()
        answer = subprocess.run(["unshare", "--net", "--mount", "sh", "-euc", enter + 'exec python3 -c "$1"', "sh", script],
                                capture_output=True, text=True, timeout=120)
        took = time.monotonic() - begun
        self.assertEqual((answer.returncode, answer.stdout), (1, ""), answer.stderr)
        self.assertIn("Secret Manager cannot be reached", answer.stderr)
        self.assertIn("the name servers do not answer", answer.stderr)
        self.assertLess(took, 30)  # before the name server's time is over


if __name__ == "__main__":
    unittest.main()
