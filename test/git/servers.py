"""Servers of git repositories: HTTPS with a token, and SSH with a key. Loopback only, each with its own keys."""
import base64
import getpass
import http.server
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading
import time


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, **options).stdout


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Https:
    """git http-backend behind TLS and basic auth."""

    def __init__(self, directory, root, address, token=None, redirect=None):
        self.root, self.token, self.redirect = root, token, redirect
        self.address, self.port = address, free_port(address)
        self.requests = []  # (path, Authorization or None)
        self.certificate, self.key = directory / "server.pem", directory / "server.key"
        if not self.certificate.exists():
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=git", "-addext", f"subjectAltName=IP:{address}", "-keyout", self.key, "-out", self.certificate)
        self.server = None
        self.start()

    def url(self, name):
        return f"https://{self.address}:{self.port}/{name}"

    def start(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        handler = type("Handler", (GitHandler,), {"owner": self})
        self.server = http.server.ThreadingHTTPServer((self.address, self.port), handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
        self.server = None


class GitHandler(http.server.BaseHTTPRequestHandler):
    owner = None
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def refused(self):
        owner, said = self.owner, self.headers.get("Authorization")
        owner.requests.append((self.path, said))
        if owner.redirect:
            return 302, ("Location", owner.redirect + self.path)
        if owner.token is not None:
            wanted = base64.b64encode(f"x-token-auth:{owner.token}".encode()).decode()
            if said != f"Basic {wanted}":
                return 401, ("WWW-Authenticate", 'Basic realm="git"')
        return None

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        refusal = self.refused()
        if refusal:
            status, header = refusal
            self.answer(status, [header], b"")
            return
        path, _, query = self.path.partition("?")
        environment = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.owner.root), "GIT_HTTP_EXPORT_ALL": "1",
                       "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
                       "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                       "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                       "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                       "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_ADDR": self.client_address[0]}
        answer = run("git", "http-backend", input=body, env=environment)
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = [tuple(line.decode().split(": ", 1)) for line in head.split(b"\r\n")]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        self.answer(status, [pair for pair in headers if pair[0] != "Status"], content)

    def answer(self, status, headers, content):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def find_sshd():
    return shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")


class Sshd:
    """An sshd of its own, which lets in one key; never a service."""

    def __init__(self, directory, address):
        self.address, self.port, self.directory = address, free_port(address), directory
        for name in ("host_key", "client_key", "stranger_key"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name)
        (directory / "authorized_keys").write_bytes((directory / "client_key.pub").read_bytes())
        host_key = " ".join((directory / "host_key.pub").read_text().split()[:2])
        other_key = " ".join((directory / "stranger_key.pub").read_text().split()[:2])
        self.known_hosts, self.wrong_hosts = directory / "known_hosts", directory / "wrong_hosts"
        self.known_hosts.write_text(f"[{address}]:{self.port} {host_key}\n")
        self.wrong_hosts.write_text(f"[{address}]:{self.port} {other_key}\n")
        config = directory / "sshd_config"
        config.write_text(f"ListenAddress {address}\nPort {self.port}\nHostKey {directory}/host_key\nPidFile none\nUsePAM no\n"
                          f"StrictModes no\nAuthorizedKeysFile {directory}/authorized_keys\nPasswordAuthentication no\n"
                          f"KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nBanner {directory}/banner\n")
        (directory / "banner").write_text("Authorised use only. Permission denied to everybody else.\n")
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd wants it as root
        self.log = (directory / "sshd.log").open("wb")
        self.process = subprocess.Popen([find_sshd(), "-D", "-e", "-f", config], stderr=self.log)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection((self.address, self.port), timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("sshd does not listen: " + (self.directory / "sshd.log").read_text())

    def url(self, path):
        return f"ssh://{getpass.getuser()}@{self.address}:{self.port}{path}"

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
