"""The Dockerfile builds, from nothing but a Debian image: minutes, so with --long only.

The engine has no network. What apt asks for goes by a proxy: it listens in the engine's network and fetches outside.
"""
import http.server
import io
import json
import os
import pathlib
import socketserver
import subprocess
import tarfile
import tempfile
import threading
import unittest
import urllib.parse
import urllib.request

from harness.case import LONG, EngineCase
from harness.docker import UnixConnection

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = "debian:bookworm-slim"
IMAGE = "spacelet:built"
BUILD_SECONDS = 3600


class Fetcher(http.server.BaseHTTPRequestHandler):
    """A proxy's GET, answered by this process, which is outside."""

    def do_GET(self):
        try:
            with urllib.request.urlopen(urllib.request.Request(self.path, headers=self._wanted()), timeout=120) as answer:
                self._pass_on(answer.status, answer)
        except urllib.error.HTTPError as answer:
            self._pass_on(answer.code, answer)

    def _wanted(self):
        return {name: value for name, value in self.headers.items() if name in ("If-Modified-Since", "Range", "User-Agent")}

    def _pass_on(self, status, answer):
        body = answer.read()
        self.send_response(status)
        for name in ("Content-Type", "Last-Modified", "Content-Range"):
            if answer.headers.get(name):
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "engine"


class Outside(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("engine", 0)


def serve_outside(path):
    """A child that stays in this machine's network when the test goes over to the engine's."""
    child = os.fork()
    if child == 0:
        Outside(path, Fetcher).serve_forever()
    return child


class Forwarder(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """TCP in the engine's network, to the socket of the one outside."""
    daemon_threads = True
    allow_reuse_address = True


def forward_to(path):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            subprocess.run(["socat", f"FD:{self.request.fileno()}", f"UNIX-CONNECT:{path}"], check=False,
                           pass_fds=[self.request.fileno()])
    server = Forwarder(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def context():
    """What `docker build .` sends: the files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    ignored = (ROOT / ".dockerignore").read_text().split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in filter(None, listed.split("\0")):
            if name.split("/")[0] not in ignored:
                tar.add(ROOT / name, name)
    return out.getvalue()


@unittest.skipUnless(LONG, "builds the program in an image, which takes minutes: hack/test --long")
class Dockerfile(EngineCase):
    @classmethod
    def setUpClass(cls):
        where = tempfile.TemporaryDirectory(prefix="spacelet-image-", dir="/var/tmp")
        cls.addClassCleanup(where.cleanup)
        tree, proxy = pathlib.Path(where.name) / "tree", f"{where.name}/proxy.sock"
        subprocess.run([ROOT / "hack" / "rootfs", "bookworm", tree], check=True)
        child = serve_outside(proxy)
        cls.addClassCleanup(lambda: (os.kill(child, 9), os.waitpid(child, 0)))
        super().setUpClass()
        cls.forwarder = forward_to(proxy)
        cls.addClassCleanup(cls.forwarder.shutdown)
        with subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE) as tar:
            cls.engine.docker.upload(f"/images/create?fromSrc=-&repo={BASE.replace(':', '&tag=')}", tar.stdout.read())

    def build(self):
        address = f"http://127.0.0.1:{self.forwarder.server_address[1]}"
        arguments = urllib.parse.quote(json.dumps({"http_proxy": address, "REVISION": "abc123"}))
        connection = UnixConnection(self.engine.docker.socket_path, BUILD_SECONDS)
        connection.request("POST", f"/v1.41/build?t={IMAGE}&networkmode=host&buildargs={arguments}", context(),
                           {"Content-Type": "application/x-tar"})
        answer = connection.getresponse().read().decode()
        self.assertIn("Successfully built", answer, answer[-4000:])

    def output_of(self, *command, **more):
        docker = self.engine.docker
        container = docker.run("", {"Image": IMAGE, "Cmd": command, "HostConfig": {"NetworkMode": "none"}, **more})
        self.assertEqual(docker.post(f"/containers/{container}/wait")["StatusCode"], 0, docker.logs(container))
        return docker.logs(container)

    def test_it_builds_a_small_image_whose_program_runs(self):
        self.build()
        self.assertIn("abc123", self.output_of("version"))
        # git and ssh come as far as the network that is not there.
        tried = self.output_of("git ls-remote https://127.0.0.1:1/r; git ls-remote ssh://127.0.0.1:1/r; prlimit --version",
                               Entrypoint=["/bin/sh", "-c"])
        self.assertIn("Failed to connect to 127.0.0.1", tried)
        self.assertIn("ssh: connect to host 127.0.0.1", tried)
        image = self.engine.docker.get(f"/images/{IMAGE}/json")
        print(f"the image has {image['Size'] >> 20} MiB, of which Debian's {self.base_size() >> 20}", flush=True)
        self.assertLess(image["Size"] - self.base_size(), 64 << 20)
        self.assertRegex(image["Config"]["User"], r"^\d+:\d+$")
        self.assertEqual(image["Config"]["Labels"]["org.opencontainers.image.revision"], "abc123")

    def base_size(self):
        return self.engine.docker.get(f"/images/{BASE}/json")["Size"]


if __name__ == "__main__":
    unittest.main()
