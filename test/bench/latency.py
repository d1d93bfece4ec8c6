"""How soon the first call to Docker comes: after a start, and after a document was renamed into place.

A start is held against that of the floor, a small program that makes one call and nothing else; both are started by this
process. The document's change is seen by a socket in front of the fake daemon, while nothing else makes the agent call.
"""
import dataclasses
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from measure import Table, column, main, program, take_turns
from measure.fake_host import FakeHost
from measure.process import Process
from harness.proxy import Proxy

IMAGE = "example/box:1"
DEBOUNCE_MS = 200


@dataclasses.dataclass
class Start:
    """Milliseconds; the last two of the main thread, which starts the others."""

    time: float
    busy: float
    waited: float  # for a processor that others had


class Doorbell:
    """A Docker socket on which nobody answers: it says when somebody has begun to ask."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)

    def milliseconds(self, start):
        """From before `start` until the first bytes of a request."""
        begin = time.monotonic()
        process = start()
        client, _ = self.listener.accept()
        client.recv(1)
        took = 1000 * (time.monotonic() - begin)
        busy, waited = Process(process.pid).main_thread()
        process.kill()
        process.wait()
        client.close()
        self.forget()
        return Start(took, 1000 * busy, 1000 * waited)

    def forget(self):
        self.listener.setblocking(False)
        try:
            while True:
                self.listener.accept()[0].close()
        except BlockingIOError:
            self.listener.setblocking(True)


class Starts:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.bell = Doorbell(self.directory / "docker.sock")
        (self.directory / "host.yaml").write_text(
            'apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: bench}\n'
            f'spec: {{containers: [{{name: box, image: "{IMAGE}"}}]}}\n')

    def agent(self):
        shutil.rmtree(self.directory / "state", ignore_errors=True)
        return self.start(os.environ["SPACELET"], "agent", "--config", self.directory / "host.yaml", "--state-dir",
                          self.directory / "state", "--lock-file", self.directory / "lock", "--docker-host",
                          f"unix://{self.bell.path}", "--listen-address", "127.0.0.1:0", "--log-level", "error")

    def floor(self):
        process = self.start(program("floor"), self.bell.path, stdin=subprocess.PIPE)
        process.stdin.write(b"GET /_ping\n")
        process.stdin.close()
        return process

    @staticmethod
    def start(*words, stdin=subprocess.DEVNULL):
        return subprocess.Popen([str(word) for word in words], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ways(self):
        return {"floor": lambda: self.bell.milliseconds(self.floor), "spacelet": lambda: self.bell.milliseconds(self.agent)}


class Ringing(Proxy):
    """Passes everything on, and knows when the first call came since it was told to listen for it."""

    def __init__(self, path, target):
        self.rang, self.at = threading.Event(), 0
        super().__init__(path, target)

    def record(self, call):
        if not self.rang.is_set():
            self.at = time.monotonic()
            self.rang.set()
        return super().record(call)


class Changes:
    """An agent that has nothing to do, until its document says something else."""

    def __init__(self):
        self.revision = 0
        self.host = FakeHost({"resync-interval": "1h", "poll-interval": "1h"}, behind=self.behind)
        self.host.daemon.publish(IMAGE)
        self.change()
        self.host.agent.start()
        self.settle()

    def behind(self, daemon, directory):
        self.proxy = Ringing(directory / "seen.sock", str(daemon))
        return self.proxy.path

    def change(self):
        self.revision += 1
        self.host.write({"containers": [{"name": "box", "image": IMAGE, "env": {"REVISION": str(self.revision)},
                                         "rollout": {"minReadySeconds": 0}}]})

    def settle(self):
        """Ready with this revision, and no further call for a while."""
        def quiet():
            calls = len(self.proxy.calls())
            time.sleep(1)
            return self.host.agent.ready() and len(self.proxy.calls()) == calls

        self.host.wait(quiet, "nothing more is done")

    def milliseconds(self):
        self.proxy.rang.clear()
        begin = time.monotonic()
        self.change()
        if not self.proxy.rang.wait(60):
            raise AssertionError("no call")
        took = 1000 * (self.proxy.at - begin)
        self.settle()
        return took


def run(options):
    with tempfile.TemporaryDirectory(prefix="spbench") as directory:
        starts = take_turns(Starts(directory).ways(), options.runs)
    table = Table("milliseconds from the start to the first call", column(starts, lambda one: one.time), against="floor", digits=1)
    yield table
    yield Table("milliseconds of it on a processor", column(starts, lambda one: one.busy), digits=1)
    yield Table("milliseconds of it waiting for one that others had", column(starts, lambda one: one.waited), digits=1)
    alone = Table("milliseconds without that wait", column(starts, lambda one: one.time - one.waited), against="floor", digits=1)
    yield alone
    yield table.at_most("start → first API call", "spacelet", 50)
    yield alone.at_most("the same without waiting for a processor", "spacelet", 50)
    changes = Changes()
    try:
        table = Table("milliseconds from the rename to the first call", take_turns({"spacelet": changes.milliseconds}, options.runs),
                      digits=1)
        yield table
        yield f"{DEBOUNCE_MS} ms of it are the debounce.\n"
        yield table.at_most("document renamed into place → first API call", "spacelet", 300)
    finally:
        changes.host.close()


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=15))
