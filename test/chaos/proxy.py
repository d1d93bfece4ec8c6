"""A Docker socket between an agent and a daemon on which things go wrong, as faults.Faults says.

A connection carries one request; an answer never says that it is the last one, so whoever keeps a connection finds it
closed. Answers are taken whole from the daemon and then passed on, spoilt or not; only events are passed on as they come.
"""
import collections
import contextlib
import json
import os
import re
import select
import socket
import threading
import time

from faults import NONE, REFUSALS, VERSIONS, kind_of

GARBAGE = b"<html><body>It works!</body></html>"
ENDS_STREAMS = ("drop", "late", "stall", "refuse", "refuse late", "garble")  # the others do nothing to what has no end
DRIPS = 20  # pieces of an answer that drips


def numbers(version):
    return tuple(map(int, version.split(".")))


class Proxy:
    """`calm()` ends the faults. `log` has one line for each thing that was done to somebody."""

    def __init__(self, faults, target, path, say=lambda line: None):
        self.faults, self.target, self.path = faults, str(target), str(path)
        self.log, self.calls = [], []
        self.faulty = True
        self.echo = 1  # so many times each event is passed on
        self.pause = time.sleep  # for so many seconds, as a fault says
        self.version = faults.version(0)
        self._say, self._began = say, time.monotonic()
        self._lock = threading.Lock()
        self._counts = collections.Counter()
        self._streams = set()
        self._held_up = 0
        self._listener = None
        self.listen()

    # --- steering
    def listen(self):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def vanish(self):
        """As a daemon that is stopped: no socket, no streams. `listen` brings it back."""
        shut(self._listener)
        with contextlib.suppress(FileNotFoundError):  # its directory is gone
            os.unlink(self.path)
        self.end_streams()

    def end_streams(self):
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            end(stream)

    def calm(self):
        self.faulty = False
        self.note("-- calm from here on --")

    def close(self):
        self.faulty = False
        self.vanish()

    def note(self, text):
        line = f"{time.monotonic() - self._began:8.3f} {text}"
        self.log.append(line)
        self._say(line)

    def count(self, what):
        """How many of it there were before."""
        with self._lock:
            self._counts[what] += 1
            return self._counts[what] - 1

    def requests(self):
        return len(self.calls)

    def held_up(self):
        """How many requests have still to reach the daemon, late; many were given up long ago by who made them."""
        with self._lock:
            return self._held_up

    def events(self):
        with self._lock:
            return self._counts["event"]

    # --- connections
    def _accept(self, listener):
        while True:
            if self.faulty and (delay := self.faults.accept_delay(self.count("accept"))):
                time.sleep(delay)
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            head, body = read_request(client)
            if head:
                self._answer(client, head, body)
        except OSError:
            pass  # somebody hung up: that is what is practised here
        finally:
            shut(client)

    def _answer(self, client, head, body):
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        kind = kind_of(method, target)
        number = self.count(kind)
        fault = self.faults.of_request(kind, number) if self.faulty else NONE
        self.calls.append(f"{method} {target}")
        if fault is not NONE:
            self.note(f"{kind} #{number}: {fault}")
        if fault.name == "late":
            end(client)
        is_stream = kind == "GET /events"
        with self._held_up_by(fault):
            answer = self._ask(head, target, body) if fault.reaches and not is_stream else b""
        if is_stream and fault.name not in ENDS_STREAMS:
            return self._pass_events(client, head)
        return self._spoil(client, answer, fault)

    @contextlib.contextmanager
    def _held_up_by(self, fault):
        is_late = fault.name in ("late", "delay request")
        with self._lock:
            self._held_up += is_late
        try:
            if is_late:
                self.pause(fault.seconds)
            yield
        finally:
            with self._lock:
                self._held_up -= is_late

    def _connect(self):
        daemon = socket.socket(socket.AF_UNIX)
        try:
            daemon.connect(self.target)
        except OSError:
            daemon.close()
            raise
        return daemon

    def _ask(self, head, target, body):
        """The whole answer of the daemon, in the version that it is said to have."""
        asked = re.match(r"/v([\d.]+)/", target)
        if asked and numbers(asked[1]) > numbers(self.version):
            message = f"client version {asked[1]} is too new. Maximum supported API version is {self.version}"
            return refusal(400, message)
        with self._connect() as daemon:
            daemon.sendall(as_asked_of(head) + body)
            answer = read_all(daemon)
        return in_version(answer, self.version) if target.endswith("/_ping") else answer

    def _spoil(self, client, answer, fault):
        if fault.name in ("drop", "late"):
            return
        if fault.name in ("stall", "delay answer"):
            time.sleep(fault.seconds)
        if fault.name == "stall":
            return
        if fault.name in ("refuse", "refuse late"):
            answer = refusal(fault.status, REFUSALS[fault.status])
        elif fault.name == "garble":
            answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(GARBAGE) + GARBAGE
        elif fault.name == "cut chunked":
            answer = in_one_chunk(answer)
        answer = re.sub(rb"\r\nConnection: close", b"", answer, count=1, flags=re.IGNORECASE)
        if fault.name == "drip":
            return drip(client, answer, fault.seconds)
        client.sendall(answer[:max(1, int(len(answer) * fault.share))])

    # --- events
    def _pass_events(self, client, head):
        stream = self.count("stream")
        if self.faulty and (version := self.faults.version(stream)) != self.version:
            self.version = version
            self.note(f"stream #{stream}: the API is {version} now")
        with self._connect() as daemon:
            with self._lock:
                self._streams.add(client)
            try:
                daemon.sendall(as_asked_of(head))
                Stream(self, client, daemon, self.faults.events_until_cut(stream), stream).run()
            finally:
                with self._lock:
                    self._streams.discard(client)


class Stream:
    """Events on their way from the daemon to the client."""

    def __init__(self, proxy, client, daemon, left, number):
        self.proxy, self.client, self.daemon, self.left, self.number = proxy, client, daemon, left, number
        self.held = self.first = b""

    def run(self):
        buffer = b""
        while b"\r\n\r\n" not in buffer:
            buffer += self._more()
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        self.client.sendall(head + b"\r\n\r\n")
        lines = b""
        while not self._is_over():
            while (chunk := take_chunk(buffer)) is None:
                buffer += self._more()
            payload, buffer = chunk
            *whole, lines = (lines + payload).split(b"\n")
            for event in whole:
                self._pass(event + b"\n")
            if not payload:
                return

    def _more(self):
        ready, _, _ = select.select([self.daemon, self.client], [], [])
        data = self.daemon.recv(65536) if self.daemon in ready else b""
        if not data:
            raise ConnectionResetError  # one of the two has hung up
        return data

    def _is_over(self):
        if self.left is None or self.left > 0 or not self.proxy.faulty:
            return False
        self.proxy.note(f"stream #{self.number}: cut")
        if self.held:
            self.client.sendall(b"%x\r\n" % len(self.held) + self.held[:len(self.held) // 2])
        return True

    def _pass(self, event):
        proxy, number = self.proxy, self.proxy.count("event")
        fault = proxy.faults.of_event(number) if proxy.faulty else None
        if fault:
            proxy.note(f"event #{number}: {fault} {brief(event)}")
        if fault == "hold" and not self.held:
            self.held = event
            return
        out = {"drop": [], "repeat": [event, event], "replay": [event, self.first]}.get(fault, [event])
        self.first = self.first or event
        if self.left is not None:
            self.left -= 1
        for one in filter(None, [*out, self.held]):
            self.client.sendall(b"%x\r\n%s\r\n" % (len(one), one) * proxy.echo)
        self.held = b""


# --- HTTP
def read_request(client):
    """Head with its empty line, and body; empty when the client left."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            return b"", b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    chunked = re.search(rb"\r\ntransfer-encoding: *chunked", head, re.IGNORECASE)
    while (chunked and not body.endswith(b"0\r\n\r\n")) or (length and len(body) < int(length[1])):
        more = client.recv(65536)
        if not more:
            return b"", b""
        body += more
    return head + b"\r\n\r\n", body


def as_asked_of(head):
    """In the version that the daemon behind has, and closed after the answer."""
    head = re.sub(rb"\r\nConnection:[^\r]*", b"", head, flags=re.IGNORECASE)
    line, rest = head.split(b"\r\n", 1)
    return re.sub(rb" /v[\d.]+/", b" /v%s/" % VERSIONS[0].encode(), line) + b"\r\nConnection: close\r\n" + rest


def read_all(daemon):
    data = b""
    while more := daemon.recv(65536):
        data += more
    return data


def refusal(status, message):
    body = json.dumps({"message": message}).encode() + b"\n"
    return b"HTTP/1.1 %d Refused\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def in_one_chunk(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    head, sized = re.subn(rb"\r\nContent-Length:[^\r]*", b"\r\nTransfer-Encoding: chunked", head, flags=re.IGNORECASE)
    return head + b"\r\n\r\n" + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if sized and body else body)


def in_version(answer, version):
    return re.sub(rb"\r\nApi-Version:[^\r]*", b"\r\nApi-Version: " + version.encode(), answer, count=1, flags=re.IGNORECASE)


def drip(client, answer, seconds):
    size = max(1, len(answer) // DRIPS)
    for begin in range(0, len(answer), size):
        client.sendall(answer[begin:begin + size])
        time.sleep(seconds / DRIPS)


def take_chunk(buffer):
    """The payload of the first chunk and what follows it; None: not all of it is there."""
    line, found, rest = buffer.partition(b"\r\n")
    size = int(line, 16) if found else 0
    return (rest[:size], rest[size + 2:]) if found and len(rest) >= size + 2 else None


def brief(event):
    said = json.loads(event)
    return f"{said['Type']} {said['Action']} {said['Actor']['Attributes'].get('name', '')}"


def end(one):
    """Wakes who waits for it; it stays open for them."""
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def shut(one):
    end(one)
    one.close()
