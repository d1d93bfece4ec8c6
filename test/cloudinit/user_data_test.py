#!/usr/bin/env python3
"""The user-data of `spacelet cloud-init`, read by the cloud-init of Debian 12 and 13, and what it starts there.

Needs root for hack/rootfs, which makes the trees; without, exit code 77 and the reason.
"""

import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest

from tree import ROOTFS, Machine, Server, body, make_package, make_tree, sha256, status

SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
POOL = 'version: "1"\ninstances:\n  - {name: a, type: noop, spec: {hibernate: false}} # ü\n'
HOST = textwrap.dedent("""\
    # a comment with "quotes", 'others' and a $variable
    apiVersion: spacelet.dev/v1alpha1
    kind: GitspaceHost
    metadata: {name: cloud-init-test}
    spec:
      runner:
        image: drone/drone-runner-aws:1.0.0-rc.310
        directory: /srv/runner
        pool: {file: /etc/spacelet/pool.yaml}
    """)
DONE = "var/lib/spacelet-bootstrap/done"


class UserData(unittest.TestCase):
    """Common to all: documents, packages, machines."""
    suite = "bookworm"
    directory = None

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="spacelet-cloudinit-", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.directory.chmod(0o755)
        cls.template = cls.directory / "template"
        make_tree(cls.suite, cls.template)
        cls.docker = make_package(cls.directory, "docker.io", {"usr/sbin/dockerd": "#!/bin/sh\n"})
        cls.deb = make_package(cls.directory, "spacelet", {"usr/bin/spacelet": "#!/bin/sh\n"}, filler=200000)

    def setUp(self):
        (self.directory / "host.yaml").write_text(HOST)
        (self.directory / "pool.yaml").write_text(POOL)
        self.machine = Machine(self.template, self.directory / "machine")
        self.addCleanup(self.machine.close)

    def make(self, *words, document="host.yaml"):
        made = subprocess.run([SPACELET, "cloud-init", "-f", self.directory / document, "--pool", self.directory / "pool.yaml", *words],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout

    def assert_mode(self, name, mode):
        found = self.machine.path(name).stat()
        self.assertEqual((oct(stat.S_IMODE(found.st_mode)), found.st_uid, found.st_gid), (oct(mode), 0, 0), name)

    def assert_finished(self):
        self.assertTrue(self.machine.path(DONE).exists())
        self.assertTrue(self.machine.installed("spacelet"))
        self.assertTrue(self.machine.path("usr/sbin/dockerd").exists())
        self.assertIn("enable spacelet.service", self.machine.asked())


class CloudInit:
    """What cloud-init makes of it."""

    def test_the_schema_of_cloud_init_has_nothing_against_it(self):
        (self.directory / "odd.yaml").write_text(HOST.replace("\n", "\r\n"))
        for words, document in [([], "host.yaml"), (["--package", "/mnt/a.deb"], "host.yaml"), ([], "odd.yaml"),
                                (["--package", "https://example.org/a.deb", "--package-sha256", "0" * 64], "host.yaml")]:
            with self.subTest(words=words, document=document):
                self.machine.path("user-data").write_text(self.make(*words, document=document))
                code, output = self.machine.run("cloud-init", "schema", "--config-file", "/user-data")
                self.assertEqual(code, 0, output)
                self.assertIn("Valid", output)
                self.assertNotIn("deprecated", output.lower())

    def test_every_file_is_there_byte_for_byte_and_closed_to_others(self):
        (self.directory / "odd.yaml").write_bytes(HOST.replace("\n", "\r\n").encode())
        for document in ("host.yaml", "odd.yaml"):
            with self.subTest(document):
                machine = self.machine
                machine.boot(self.make("--package", "/mnt/a.deb", document=document), instance=document)
                self.assertEqual(machine.path("etc/spacelet/host.yaml").read_bytes(), (self.directory / document).read_bytes())
                self.assertEqual(machine.path("etc/spacelet/pool.yaml").read_text(), POOL)
                self.assert_mode("etc/spacelet/host.yaml", 0o600)
                self.assert_mode("etc/spacelet/pool.yaml", 0o600)
                self.assert_mode("usr/local/sbin/spacelet-bootstrap", 0o755)
                self.assert_mode("etc/systemd/system/spacelet-bootstrap.service", 0o644)
                self.assertEqual(machine.asked()[-2:], ["daemon-reload",
                                                        "enable --now --no-block spacelet-bootstrap.service"])

    def test_the_script_does_the_same_without_cloud_init(self):
        (self.directory / "odd.yaml").write_bytes(HOST.replace("\n", "\r\n").encode())
        machine = self.machine
        for document in ("host.yaml", "odd.yaml"):
            machine.path("startup").write_text(self.make("--format", "script", document=document))
            code, output = machine.run("sh", "/startup")
            self.assertEqual((code, output), (0, ""))
            self.assertEqual(machine.path("etc/spacelet/host.yaml").read_bytes(), (self.directory / document).read_bytes())
        self.assertEqual(machine.path("etc/spacelet/pool.yaml").read_text(), POOL)
        self.assert_mode("etc/spacelet/host.yaml", 0o600)
        self.assert_mode("etc/spacelet/pool.yaml", 0o600)
        self.assert_mode("usr/local/sbin/spacelet-bootstrap", 0o755)
        self.assert_mode("etc/systemd/system/spacelet-bootstrap.service", 0o644)
        self.assertEqual(machine.asked()[-1], "enable --now --no-block spacelet-bootstrap.service")
        machine.path(DONE).parent.mkdir(parents=True)
        machine.path(DONE).touch()
        machine.path("etc/spacelet/host.yaml").write_text("edited")
        self.assertEqual(machine.run("sh", "/startup")[0], 0)
        self.assertEqual(machine.path("etc/spacelet/host.yaml").read_text(), "edited")

    def test_until_the_bootstrap_has_ended_a_boot_begins_anew_and_afterwards_it_touches_nothing(self):
        user_data, machine = self.make(), self.machine
        document = machine.path("etc/spacelet/host.yaml")
        machine.boot(user_data)
        document.write_text("")  # as a power cut leaves it
        machine.path("usr/local/sbin/spacelet-bootstrap").unlink()
        machine.boot(user_data)
        self.assertEqual(document.read_text(), HOST)
        self.assertTrue(machine.path("usr/local/sbin/spacelet-bootstrap").exists())
        self.assertEqual(machine.asked().count("daemon-reload"), 2)

        machine.path(DONE).parent.mkdir(parents=True)
        machine.path(DONE).touch()
        document.write_text("# edited on the host\n")
        machine.boot(user_data)
        machine.boot(user_data.replace("cloud-init-test", "changed"))
        self.assertEqual(document.read_text(), "# edited on the host\n")
        self.assertEqual(machine.asked().count("daemon-reload"), 2)


class OnDebian12(CloudInit, UserData):
    suite = "bookworm"


class OnDebian13(CloudInit, UserData):
    suite = "trixie"


class Bootstrap(UserData):
    """What spacelet-bootstrap.service does, one run after another, as systemd starts it again."""

    def from_server(self):
        server = Server()
        self.addCleanup(server.close)
        return server

    def boot(self, *words):
        self.machine.boot(self.make(*words))

    def test_docker_late_a_server_that_refuses_fails_and_breaks_off_and_at_last_serves(self):
        machine, content = self.machine, self.deb.read_bytes()
        server = self.from_server()
        self.boot("--package", server.url("spacelet.deb") + "#sha256=" + sha256(self.deb))
        self.assertEqual(machine.bootstrap()[0], 1)  # the apt source has no Docker yet
        self.assertEqual(server.requests, [])
        machine.offer(self.docker)
        for failure in (status(404), status(500), body(content, cut=100000), body(b"<html>"), body(content[:-1] + b"?")):
            server.answer = failure
            code, output = machine.bootstrap()
            self.assertEqual(code, 1, output)
            self.assertFalse(machine.installed("spacelet"))
            self.assertFalse(machine.path(DONE).exists())
        server.answer = body(content)
        code, output = machine.bootstrap()
        self.assertEqual(code, 0, output)
        self.assert_finished()
        self.assertEqual(list(machine.path(DONE).parent.iterdir()), [machine.path(DONE)])

        requests = len(server.requests)
        self.assertEqual(machine.bootstrap(offline=True)[0], 0)
        self.assertEqual(len(server.requests), requests)

    def test_a_server_that_is_not_there_is_one_more_failure(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and nobody listens
            self.boot("--package", f"http://127.0.0.1:{taken.getsockname()[1]}/a.deb#sha256={'0' * 64}")
            self.machine.offer(self.docker)
            code, output = self.machine.bootstrap()
        self.assertEqual(code, 1)
        self.assertIn("cannot download http://127.0.0.1:", output)

    def test_without_a_package_the_apt_sources_have_it_and_what_was_written_stays_closed_to_others(self):
        self.machine.offer(self.docker, self.deb)
        self.boot()
        code, output = self.machine.bootstrap(offline=True)
        self.assertEqual(code, 0, output)
        self.assert_finished()
        self.assert_mode("etc/spacelet/host.yaml", 0o600)
        self.assert_mode("etc/spacelet/pool.yaml", 0o600)
        self.assert_mode("srv/runner", 0o700)
        self.assertIn("start spacelet.service", self.machine.asked())

    def test_a_machine_that_has_docker_and_spacelet_needs_neither_network_nor_apt(self):
        machine = self.machine
        shutil.copy(self.docker, machine.path("docker.deb"))
        shutil.copy(self.deb, machine.path("spacelet.deb"))
        self.assertEqual(machine.run("dpkg", "--install", "/docker.deb", "/spacelet.deb")[0], 0)
        apt = machine.path("usr/local/bin/apt-get")
        apt.write_text("#!/bin/sh\ntouch /apt-was-asked\nexit 100\n")
        apt.chmod(0o755)
        self.boot("--package", "https://example.org/spacelet.deb")
        code, output = machine.bootstrap(offline=True)
        self.assertEqual(code, 0, output)
        self.assert_finished()
        self.assertFalse(machine.path("apt-was-asked").exists())

    def test_a_package_on_a_disk_that_comes_late_and_then_needs_no_network(self):
        self.machine.offer(self.docker)
        self.boot("--package", "/mnt/payload/spacelet.deb", "--package-sha256", sha256(self.deb))
        code, output = self.machine.bootstrap(offline=True)
        self.assertEqual(code, 1)
        self.assertIn("/mnt/payload/spacelet.deb is not there", output)
        self.machine.path("mnt/payload").mkdir()
        shutil.copy(self.deb, self.machine.path("mnt/payload/spacelet.deb"))
        code, output = self.machine.bootstrap(offline=True)
        self.assertEqual(code, 0, output)
        self.assert_finished()

    def test_another_package_than_the_digest_says_is_not_installed(self):
        self.machine.offer(self.docker)
        shutil.copy(self.deb, self.machine.path("mnt/spacelet.deb"))
        self.boot("--package", "/mnt/spacelet.deb", "--package-sha256", "0" * 64)
        code, output = self.machine.bootstrap()
        self.assertEqual(code, 1)
        self.assertIn(f"not {'0' * 64}", output)
        self.assertFalse(self.machine.installed("spacelet"))

    def test_after_a_power_cut_in_the_middle_it_goes_on(self):
        machine, server = self.machine, self.from_server()
        machine.offer(self.docker)
        self.boot("--package", server.url("spacelet.deb") + "#sha256=" + sha256(self.deb))
        shutil.copy(self.docker, machine.path("docker.deb"))
        self.assertEqual(machine.run("dpkg", "--unpack", "/docker.deb")[0], 0)
        torn = machine.path("var/lib/spacelet-bootstrap/spacelet.deb")
        torn.parent.mkdir()
        torn.write_bytes(self.deb.read_bytes()[:5000])
        server.answer = body(self.deb.read_bytes())
        code, output = machine.bootstrap()
        self.assertEqual(code, 0, output)
        self.assertTrue(machine.installed("docker.io"))
        self.assert_finished()


if __name__ == "__main__":
    check = subprocess.run([ROOTFS, "check"], capture_output=True, text=True)
    if check.returncode != 0:
        print(check.stdout.strip())
        sys.exit(77)
    unittest.main()
