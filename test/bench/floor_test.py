"""The floor makes the calls that it is given, in their order, on one connection, and ends at the first that is refused."""
import argparse
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PATIENCE = 60  # seconds; a deadline, never a wait
IMAGE = "example.org/box:1"
options = None


def floor(socket_path, *calls):
    return subprocess.run([options.floor, socket_path], input="".join(call + "\n" for call in calls), capture_output=True,
                          text=True, timeout=PATIENCE, check=False)


class WithSocket(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="floor")
        self.addCleanup(temporary.cleanup)
        self.socket = pathlib.Path(temporary.name) / "docker.sock"


class OnTheFakeDaemon(WithSocket):
    def setUp(self):
        super().setUp()
        daemon = subprocess.Popen([options.fake_dockerd, "--socket", self.socket, "--seed-image", IMAGE])
        self.addCleanup(lambda: (daemon.kill(), daemon.wait()))
        deadline = time.monotonic() + PATIENCE
        while not self.socket.exists():
            self.assertLess(time.monotonic(), deadline, "fake_dockerd does not listen")
            time.sleep(0.02)

    def containers(self):
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(self.socket))
            one.sendall(b"GET /_fake/state HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: one.recv(65536), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2])["containers"]

    def make(self, *calls):
        """The statuses; one connection a call, since the fake daemon closes it after an answer."""
        done = [floor(self.socket, call) for call in calls]
        self.assertEqual([(one.returncode, one.stderr) for one in done], [(0, "")] * len(calls))
        return [int(one.stdout.split()[0]) for one in done]

    def test_a_container_is_made_replaced_and_removed(self):
        def create(name):
            return f"POST /v1.41/containers/create?name={name} " + json.dumps({"Image": IMAGE})

        box, after = "/v1.41/containers/box", "/v1.41/containers/box.next"
        self.assertEqual(self.make('POST /v1.41/networks/create {"Name": "floor"}', create("box"), f"POST {box}/start",
                                   create("box.next")), [201, 201, 204, 201])
        self.make(f"POST {box}/stop", f"POST {box}/rename?name=box.previous", f"POST {after}/rename?name=box", f"POST {box}/start")
        self.assertEqual({name: one["state"] for name, one in self.containers().items()},
                         {"box": "running", "box.previous": "exited"})
        self.make(f"DELETE {box}?force=1", f"DELETE {box}.previous?force=1")
        self.assertEqual(self.containers(), {})

    def test_it_ends_at_the_first_call_that_is_refused(self):
        done = floor(self.socket, "GET /v1.41/containers/nobody/json", "POST /v1.41/networks/create {}")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("GET /v1.41/containers/nobody/json: 404 ", done.stderr)

    def test_no_daemon(self):
        done = floor(self.socket.with_name("nobody.sock"), "GET /_ping")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody.sock: No such file or directory", done.stderr)


class OnTheWire(WithSocket):
    """Answers in every form that HTTP has for their end, each in two pieces."""

    ANSWERS = [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 204 No Content\r\n\r\n",
               b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n",
               b"HTTP/1.1 304 Not Modified\r\n\r\n"]

    def serve(self, listener, requests):
        connection, _ = listener.accept()  # once: a second connection would never be answered
        with connection:
            for answer in self.ANSWERS:
                requests.append(connection.recv(65536).decode())
                connection.sendall(answer[:20])
                connection.sendall(answer[20:])

    def test_all_calls_share_one_connection(self):
        requests = []
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.socket))
            listener.listen(1)
            server = threading.Thread(target=self.serve, args=(listener, requests))
            server.start()
            done = floor(self.socket, "GET /one", "POST /two", 'POST /three {"a": "b c"}', "GET /four")
            server.join(PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()], ["200", "204", "200", "304"])
        self.assertEqual([one.split(" HTTP")[0] for one in requests], ["GET /one", "POST /two", "POST /three", "GET /four"])
        self.assertTrue(requests[2].endswith('Content-Length: 12\r\n\r\n{"a": "b c"}'), requests[2])


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--fake-dockerd", required=True)
    options, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
