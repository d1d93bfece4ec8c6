#!/usr/bin/env python3
"""An agent that is short of what a host gives a process: file descriptors, threads, room on the disk, somebody who reads its log.

It is started by what takes that away (prlimit, a small file system, a pipe that nobody reads), and works on fake_dockerd.
Exits 77 where the programs are not built; what needs root is skipped without.
"""
import concurrent.futures
import fcntl
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "e2e")]
import host as hosts  # noqa: E402
from attack import Attacker  # noqa: E402
from harness import sanitizer  # noqa: E402

IMAGE = "example/web:"
AT_ONCE = 4
ROOT = os.geteuid() == 0
NOBODY = 54321  # a user without a process
MIB = 1 << 20


def spec(tag):
    return {"containers": [{"name": "web", "image": IMAGE + tag, "rollout": {"minReadySeconds": 0}}]}


class Host(hosts.Host):
    def __init__(self, *before, **popen):
        """`before`: the command that the agent's own is put behind."""
        super().__init__()
        self.agent.argv = [*before, *self.agent.argv]
        self.popen = popen
        for tag in ("1", "2"):
            self.daemon.publish(IMAGE + tag)

    def start(self):
        with self.agent.log.open("ab") as log:
            self.agent.process = subprocess.Popen([str(word) for word in self.agent.argv],
                                                  **{"stdout": log, "stderr": log, **self.popen})

    def converge(self, wanted):
        self.write(wanted)
        if self.agent.process is None:
            self.start()
        self.wait(lambda: self.runs(wanted) and self.agent.ready(), "the document converges")

    def repair(self, wanted):
        """What somebody kills comes back."""
        before = self.daemon.containers()["web"]
        self.daemon.call("POST", "/containers/web/kill")
        self.wait(lambda: self.runs(wanted) and self.daemon.containers()["web"] != before, "it is started again")

    def memory(self, field):
        """Bytes, as proc(5) counts them."""
        status = pathlib.Path(f"/proc/{self.agent.process.pid}/status").read_text()
        return int(status.split(field + ":")[1].split()[0]) * 1024

    def condition(self, kind):
        status, body = self.agent.get("/api/v1/status")
        conditions = json.loads(body)["conditions"] if status == 200 else []
        return next((one for one in conditions if one["type"] == kind), {})


class Resources(unittest.TestCase):
    def host(self, *before, **popen):
        host = Host(*before, **popen)
        self.addCleanup(host.close)
        return host

    def test_with_sixteen_file_descriptors_it_converges_repairs_and_answers(self):
        host = self.host("prlimit", "--nofile=16:16", "--")
        host.converge(spec("1"))
        host.repair(spec("1"))
        clients = [socket.create_connection((host.agent.address, hosts.AGENT_PORT)) for _ in range(20)]
        host.repair(spec("1"))
        host.converge(spec("2"))
        for client in clients:
            client.close()
        host.wait(lambda: host.agent.get("/livez")[0] == 200, "it answers")

    NO_MORE = b"no more threads can be had (TasksMax of the unit, ulimit -u)"

    @unittest.skipUnless(ROOT, "gives the agent another user: needs root")
    def test_without_threads_it_says_so_and_ends_and_is_never_cut_off(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            ends = list(pool.map(self.with_threads, range(1, 25)))
        self.assertEqual((ends[0], ends[-1]), ("not ready", "ready"))

    def with_threads(self, count):
        user = NOBODY + count  # so that the others are not counted
        host = Host("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "prlimit", f"--nproc={count}:{count}", "--")
        try:
            host.write(spec("1"))
            subprocess.run(["chown", "-R", f"{user}:{user}", host.directory.name], check=True)
            host.start()
            host.wait(lambda: host.agent.dead() or host.agent.ready() or self.NO_MORE in host.agent.get("/readyz")[1],
                      f"with {count} threads it is ready, or says why not, or ends")
            if host.agent.ready():
                return "ready"
            self.assertIn(self.NO_MORE, host.agent.log.read_bytes(), host.report())
            self.assertIn(host.agent.process.poll(), (None, 1))
            return "not ready"
        finally:
            host.close()

    @unittest.skipUnless(ROOT, "mounts a file system: needs root")
    def test_a_full_or_read_only_state_directory_is_told_and_what_was_not_written_is_written_once_it_can_be(self):
        ballast = "head -c 1M /dev/zero >$0/ballast 2>/dev/null"
        for what, fill, free in (("full", ballast, lambda state: (state / "ballast").unlink()),
                                 ("read-only", "mount -o remount,ro $0", None)):
            with self.subTest(what):
                host = self.host()
                state = pathlib.Path(host.directory.name) / "state"
                state.mkdir()
                mount = f'mount -t tmpfs -o size=16k,mode=700 none "$0"; {fill}; exec "$@"'
                host.agent.argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, state, *host.agent.argv]
                host.converge(spec("1"))
                host.wait(lambda: host.condition("StatePersisted").get("status") == "False", "it says that nothing is kept")
                self.assertIn("is lost with this process", host.condition("StatePersisted")["message"])
                host.converge(spec("2"))
                host.repair(spec("2"))
                seen = pathlib.Path(f"/proc/{host.agent.process.pid}/root{state}")
                if free is None:
                    subprocess.run(["nsenter", "--target", str(host.agent.process.pid), "--mount", "mount", "-o", "remount,rw", state],
                                   check=True)
                else:
                    free(seen)
                host.wait(lambda: host.condition("StatePersisted").get("status") == "True", "all is kept")
                self.assertIn(IMAGE + "2", (seen / "last-good.json").read_text())

    @unittest.skipIf(sanitizer.THERE, "a sanitizer ends the process by itself")
    def test_without_memory_it_says_so_and_ends_and_the_next_one_goes_on(self):
        host = self.host()
        host.converge(spec("1"))
        process = host.agent.process
        subprocess.run(["prlimit", f"--pid={process.pid}", f"--data={host.memory('VmData')}"], check=True)
        large = spec("2")
        large["containers"][0]["env"] = {f"FILLS_{i}": "x" * 1000 for i in range(900)}  # more than is free anywhere in it
        host.write(large)
        self.assertEqual(process.wait(timeout=hosts.DEADLINE), 1)
        self.assertIn(b"spacelet: out of memory", host.agent.log.read_bytes())
        host.start()
        host.wait(lambda: host.runs(large) and host.agent.ready(), "the next one takes it up")

    @unittest.skipUnless(ROOT, "makes a user namespace with limits of its own: needs root")
    def test_without_inotify_the_poll_finds_what_changes(self):
        for limit in ("instances", "watches"):
            with self.subTest(limit):
                none_left = f'echo 0 >/proc/sys/user/max_inotify_{limit}; exec "$@"'
                host = self.host("unshare", "--user", "--map-root-user", "sh", "-c", none_left, "sh")
                host.converge(spec("1"))
                host.converge(spec("2"))

    def test_of_an_inotify_queue_that_ran_over_nothing_is_missed(self):
        host = self.host()
        host.agent.argv += ["--poll-interval", "24h"]
        host.converge(spec("1"))
        host.agent.process.send_signal(signal.SIGSTOP)
        busy = host.agent.document.with_name("busy")
        for _ in range(int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text())):
            busy.touch()
            busy.unlink()
        host.write(spec("2"))
        host.agent.process.send_signal(signal.SIGCONT)
        host.wait(lambda: host.runs(spec("2")), "the document is taken whose event had no room")

    @unittest.skipUnless(ROOT, "mounts: needs root")
    def test_a_mount_that_is_exchanged_under_the_document_is_found(self):
        host = self.host()
        directory = pathlib.Path(host.directory.name) / "mounted"
        directory.mkdir()
        host.agent.document = directory / "host.yaml"
        host.agent.argv = [directory / "host.yaml" if word == pathlib.Path(host.directory.name) / "host.yaml" else word
                           for word in host.agent.argv]
        host.agent.argv = ["unshare", "--mount", "--propagation", "private", *host.agent.argv]
        host.converge(spec("1"))
        other = pathlib.Path(host.directory.name) / "other"
        other.mkdir()
        host.agent.document = other / "host.yaml"
        host.write(spec("2"))
        subprocess.run(["nsenter", "--target", str(host.agent.process.pid), "--mount", "mount", "--bind", other, directory],
                       check=True)
        host.wait(lambda: host.runs(spec("2")), "the other file is taken")

    def test_nobody_reads_its_log_and_it_goes_on(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        host = self.host(stdout=write, stderr=write)
        host.converge(spec("1"))
        os.close(write)
        for _ in range(5):
            host.repair(spec("1"))
            host.converge(spec("2"))
            host.converge(spec("1"))
        self.assertEqual(host.agent.get("/livez")[0], 200)
        host.agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(host.agent.process.wait(timeout=60), 0)


class Attack(unittest.TestCase):
    """The port, beaten: it answers others meanwhile, and does not grow."""

    GROWTH = 5 * MIB  # SPEC 11's figure for all of these at once

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.host.converge(spec("1"))
        for _ in range(50):  # what any use makes it keep
            self.host.agent.get("/metrics")
        self.before = self.memory()
        self.attacker = Attacker(self.host.agent.address, hosts.AGENT_PORT)

    def memory(self):
        return self.host.memory("VmRSS")

    def well(self):
        self.host.wait(lambda: self.host.agent.get("/livez")[0] == 200, "it answers")  # how soon: hack/bench livez
        self.host.repair(spec("1"))
        sanitizer.assert_memory_less(self, self.memory() - self.before, self.GROWTH)

    def well_among(self, clients):
        self.well()
        for client in clients:
            client.close()

    def test_two_hundred_who_hang_on(self):
        self.well_among(self.attacker.hang_on())

    def test_a_header_line_of_200_mib(self):
        self.attacker.long_line()
        self.well()

    def test_a_million_headers(self):
        self.attacker.many_headers()
        self.well()

    def test_many_who_read_nothing(self):
        self.well_among(self.attacker.read_nothing())

    def test_a_thousand_scrapes_at_once_are_answered(self):
        clients = self.attacker.scrape(1000)
        self.well()
        for client in clients:
            with client, client.makefile("rb") as answer:
                self.assertEqual(answer.readline(), b"HTTP/1.1 200 OK\r\n")
                self.assertIn(b"spacelet_build_info", answer.read())

    def test_all_at_once(self):
        floods = [threading.Thread(target=self.attacker.many_headers, args=(100_000,)) for _ in range(20)]
        floods += [threading.Thread(target=self.attacker.garbage) for _ in range(10)]
        slow = self.attacker.hang_on()
        for one in floods:
            one.start()
        self.well_among(slow)
        for one in floods:
            one.join()
        self.well()


def main():
    unittest.main(argv=hosts.parse(__doc__), verbosity=2)


if __name__ == "__main__":
    main()
