"""How long /livez takes while somebody attacks the port, and what memory that costs.

The attacks are those of the test of resources, each going on all the time that is measured, in processes of their own and
from an address of their own, and with the lowest priority. An agent on the fake daemon without TLS and one with, which is also
asked by its unix socket.
"""
import contextlib
import multiprocessing
import os
import pathlib
import socket
import ssl
import statistics
import subprocess
import sys
import time

from measure import Verdict, main
from measure.fake_host import AGENT_PORT, FakeHost

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "resources"))
from attack import Attacker, hello_of  # noqa: E402

BUDGET_MS, BUDGET_MIB = 100, 5
ASKED, PAUSE = 30, 0.02  # requests a run, seconds between them
REQUEST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
SPEC = {"containers": [{"name": "box", "image": "example/box:1", "rollout": {"minReadySeconds": 0}}]}
HEAD = "| milliseconds of /livez | min | median | p99 | max | RSS, MiB |\n|---|---|---|---|---|---|"


class Target:
    """An agent and the ways to ask it."""

    def __init__(self, tls):
        self.host = FakeHost()
        self.directory = pathlib.Path(self.host.directory.name)
        self.tls = self.make_tls() if tls else None
        self.host.daemon.publish("example/box:1")
        self.host.write(SPEC)
        self.host.agent.start()
        self.host.wait(lambda: self.ask(self.by_socket) is not None, "it answers")

    def make_tls(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=bench", "-keyout", self.directory / "key", "-out", self.directory / "crt"],
                       check=True, capture_output=True)
        (self.directory / "web.yml").write_text("tls_server_config: {cert_file: crt, key_file: key}\n")
        self.host.flag("web-config-file", self.directory / "web.yml")
        return insecure()

    def by_tcp(self):
        client = socket.create_connection((self.host.agent.address, AGENT_PORT), timeout=30)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as every HTTP client does
        return self.tls.wrap_socket(client) if self.tls else client

    def by_socket(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(30)
        client.connect(str(self.directory / "spacelet.sock"))
        return client

    def ask(self, way):
        """Milliseconds; None where it did not answer."""
        begin, answer = time.monotonic(), b""
        with contextlib.suppress(OSError), way() as client:
            client.sendall(REQUEST)
            while part := client.recv(4096):
                answer += part
        return 1000 * (time.monotonic() - begin) if b" 200 " in answer else None

    def attacker(self):
        return Attacker(self.host.agent.address, AGENT_PORT, self.host.network + "7")


def insecure():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def without_end(action, *arguments):
    os.nice(19)  # another machine in the field: its work is not this one's
    while True:
        action(*arguments)


@contextlib.contextmanager
def under(*attacks):
    """Each goes on in a process of its own."""
    processes = [multiprocessing.Process(target=action, args=arguments, daemon=True) for action, *arguments in attacks]
    for one in processes:
        one.start()
    try:
        yield
    finally:
        for one in processes:
            one.kill()
            one.join()


@contextlib.contextmanager
def hanging_on(attacker):
    clients = attacker.hang_on()
    yield
    for client in clients:
        client.close()


def measure(target, way, attack):
    with attack:
        time.sleep(0.3)  # it has begun
        times = []
        for _ in range(ASKED):
            times.append(target.ask(way))
            time.sleep(PAUSE)
        return times, target.host.process().resident()


def situations(plain, tls):
    """name -> (target, way, the attack anew)."""
    one = plain.attacker()
    flood = (without_end, tls.attacker().say_hello, hello_of(insecure()))
    return {
        "nobody else": (plain, plain.by_tcp, contextlib.nullcontext),
        "200 slow clients": (plain, plain.by_tcp, lambda: hanging_on(one)),
        "a header line of 200 MiB, again and again": (plain, plain.by_tcp, lambda: under((without_end, one.long_line))),
        "a million headers, again and again": (plain, plain.by_tcp, lambda: under((without_end, one.many_headers))),
        "TLS: nobody else": (tls, tls.by_tcp, contextlib.nullcontext),
        "TLS: a flood of handshakes": (tls, tls.by_tcp, lambda: under(flood, flood)),
        "by the socket: the same flood": (tls, tls.by_socket, lambda: under(flood, flood)),
    }


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def run(options):
    plain, tls = Target(False), Target(True)
    try:
        ways = situations(plain, tls)
        for target, way, _ in ways.values():
            measure(target, way, contextlib.nullcontext())
        before = {target: target.host.process().resident() for target in (plain, tls)}
        times, memory = {name: [] for name in ways}, {name: 0 for name in ways}
        for _ in range(options.runs):
            for name, (target, way, attack) in ways.items():
                seen, resident = measure(target, way, attack())
                times[name] += seen
                memory[name] = max(memory[name], resident - before[target])
        yield HEAD
        for name, seen in times.items():
            good = [one for one in seen if one is not None]
            yield (f"| {name} | {min(good):.1f} | {statistics.median(good):.1f} | {percentile(good, 0.99):.1f} | {max(good):.1f} "
                   f"| {memory[name]:+.1f} |")
        yield ""
        for name, seen in times.items():
            late = sum(one is None or one > BUDGET_MS for one in seen)
            yield Verdict(f"/livez, {name}", f"{BUDGET_MS} ms", f"{late} of {len(seen)} later or refused", late == 0)
        yield Verdict("memory of all that", f"{BUDGET_MIB} MiB", f"{max(memory.values()):+.1f} MiB", max(memory.values()) <= BUDGET_MIB)
    finally:
        for target in (plain, tls):
            target.host.close()


if __name__ == "__main__":
    sys.exit(main(__doc__, run))
