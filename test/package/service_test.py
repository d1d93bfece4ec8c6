"""The installed service under a real systemd, in a booted tree with a fake Docker: what the unit's sandbox and its user
allow the agent, and what its package does to it while it runs."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import textwrap
import unittest

import deb
import machine
from install_test import suite
from machine import wait_until

FAKE_DOCKERD = os.environ.get("FAKE_DOCKERD", "")
DOCKER_UNIT = textwrap.dedent("""\
    [Service]
    Environment=LD_LIBRARY_PATH=/usr/local/lib/fake
    ExecStart=/usr/local/bin/fake_dockerd --socket /run/docker.sock --seed-image example.org/box:1.0 --seed-image example.org/box:2.0 --seed-image drone/drone-runner-aws:1.0.0-rc.310
    Group=docker
    UMask=0007
    """)
# As docker.socket of Debian's and Docker's packages; this Docker takes longer to start than a ping of the agent's waits.
DOCKER_SOCKET = textwrap.dedent("""\
    [Socket]
    ListenStream=/run/docker.sock
    SocketMode=0660
    SocketGroup=docker
    """)
SLOW = "[Service]\nExecStartPre=sleep 5\n"
BOX = textwrap.dedent("""\
    apiVersion: spacelet.dev/v1alpha1
    kind: GitspaceHost
    metadata: {name: package-test}
    spec:
      containers:
        - name: box
          image: example.org/box:%s
          env:
            FILE: {file: /etc/spacelet/secret}
            COMMAND: {command: [sh, -c, 'test -w "$HOME" && echo of-a-command']}
    """)
# What a person keeps in /etc/spacelet for a token that only root may read.
CREDENTIAL = textwrap.dedent("""\
    apiVersion: spacelet.dev/v1alpha1
    kind: GitspaceHost
    metadata: {name: package-test}
    spec:
      containers:
        - name: box
          image: example.org/box:1.0
          env:
            TOKEN: {file: /run/credentials/spacelet.service/delegate-token}
    """)
RUNNER = textwrap.dedent("""\
    apiVersion: spacelet.dev/v1alpha1
    kind: GitspaceHost
    metadata: {name: package-test}
    spec:
      runner:
        image: drone/drone-runner-aws:1.0.0-rc.310
        pool: {file: /etc/spacelet/pool.yaml}
    """)
FROM_GIT = textwrap.dedent("""\
    apiVersion: spacelet.dev/v1alpha1
    kind: GitspaceHost
    metadata: {name: package-test}
    spec:
      containers:
        - {name: box, image: "example.org/box:%s"}
    """)
POOL = textwrap.dedent("""\
    version: "1"
    instances:
      - name: package-test
        type: amazon
        pool: 0
        limit: 10
        platform: {os: linux, arch: amd64}
        spec:
          account: {region: us-east-1}
          ami: ami-0123456789abcdef0
          size: t3.xlarge
          vpc: vpc-0123456789abcdef0
          network: {security_groups: [sg-0123456789abcdef0], private_ip: true}
          zone_details: [{availability_zone: us-east-1a, subnet_id: subnet-0123456789abcdef0}]
          user: ubuntu
          root_directory: /
    """)
UNIT = "spacelet.service"
READING = ("Ping", "Info", "List", "Inspect", "Events")
DOCUMENT = "/etc/spacelet/host.yaml"


def obstacle():
    if not deb.PATH.exists():
        return f"skipped: {deb.PATH} is not there: hack/package makes it"
    if not os.access(FAKE_DOCKERD, os.X_OK):
        return f"skipped: FAKE_DOCKERD={FAKE_DOCKERD} is no program; build the target fake_dockerd"
    return machine.obstacle()


class Connection(http.client.HTTPConnection):
    """To the fake daemon's socket, as this side sees it."""

    def __init__(self, path):
        super().__init__("docker")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class ServiceTest(unittest.TestCase):
    """A booted machine with Docker and a package; each test brings its own document."""

    def setUp(self):
        self.tree = machine.Tree(suite(), sorted({*deb.dependencies(), "dbus", "git", "man-db", "openssh-client", "systemd", "systemd-sysv"}))
        self.addCleanup(self.tree.close)
        self.put_fake_dockerd()
        self.machine = machine.Machine(self.tree)
        self.addCleanup(self.close)
        self.complete = False

    def put_fake_dockerd(self):
        """With its libraries, which another release of Debian does not have; the C library is in every one."""
        self.tree.put(FAKE_DOCKERD, "/usr/local/bin/fake_dockerd")
        listed = subprocess.run(["ldd", FAKE_DOCKERD], capture_output=True, text=True, check=True).stdout
        for name, path in re.findall(r"(\S+) => (/\S+)", listed):
            if not re.match(r"lib(c|m|dl|rt|pthread|resolv)\.so", name):
                self.tree.put(path, f"/usr/local/lib/fake/{name}")

    def close(self):
        if not self.complete:
            print(self.machine.run("journalctl", "--no-pager", "--lines=60", check=False).stdout)
        self.machine.close()

    def install(self, package=deb.PATH):
        self.machine.run("dpkg", "--install", self.tree.put(package, f"/var/tmp/{package.name}"))

    def start_docker(self):
        self.machine.run("groupadd", "--system", "--force", "docker")  # as the packages of Docker do
        self.machine.write("/etc/systemd/system/docker.service", DOCKER_UNIT)
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "start", "docker")

    def docker(self, path, method="GET"):
        connection = Connection(f"/proc/{self.machine.init}/root/run/docker.sock")
        connection.request(method, path)
        return json.loads(connection.getresponse().read())

    def containers(self):
        """name -> (id, when it was started)."""
        return {c["Names"][0].lstrip("/"): (c["Id"], self.docker(f"/containers/{c['Id']}/json")["State"]["StartedAt"])
                for c in self.docker("/containers/json?all=1")}

    def metrics(self):
        return subprocess.run(["nsenter", "--target", str(self.machine.init), "--net", "--", "curl", "--silent", "--fail",
                               "http://127.0.0.1:9746/metrics"], capture_output=True, text=True, check=True, timeout=60).stdout

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)$", self.metrics(), re.MULTILINE).group(1))

    def operations(self):
        """What the agent that runs has asked Docker for."""
        return set(re.findall(r'^spacelet_docker_requests_total\{.*operation="(\w+)".*\} [1-9]', self.metrics(), re.MULTILINE))

    def environment(self, name):
        return dict(entry.split("=", 1) for entry in self.docker(f"/containers/{name}/json")["Config"]["Env"])

    def status(self):
        answer = self.machine.run("spacelet", "status", "-o", "json", check=False)
        return json.loads(answer.stdout) if answer.stdout else {}

    def ready(self):
        return self.machine.run("spacelet", "status", check=False).returncode == 0

    def active(self):
        return self.machine.show(UNIT, "ActiveState")["ActiveState"] == "active"

    def write_box(self, tag="1.0"):
        self.machine.write("/etc/spacelet/secret", "of-a-file\n", 0o600)
        self.machine.write(DOCUMENT, BOX % tag)

    def with_box(self):
        self.start_docker()
        self.install()
        self.write_box()
        wait_until("the host is ready", self.ready)


class FromInstallationToPurge(ServiceTest):
    def test_the_whole_life(self):
        self.install()
        shown = self.machine.show(UNIT, "ActiveState", "StatusText", "UnitFileState", "NRestarts")
        self.assertEqual(shown, {"ActiveState": "active", "StatusText": f"watching {DOCUMENT}", "UnitFileState": "enabled",
                                 "NRestarts": "0"}, "ready for systemd without a document, and without Docker")
        self.assertFalse(self.ready())

        self.write_box()
        self.start_docker()  # comes late
        wait_until("the host is ready", self.ready)
        self.assertEqual((self.environment("box")["FILE"], self.environment("box")["COMMAND"]), ("of-a-file", "of-a-command"),
                         "a secret that only root may read, and one of a command")
        generation = self.status()["config"]["generation"]
        self.write_box("2.0")
        wait_until("the changed document is taken", lambda: self.status()["config"]["generation"] > generation)
        wait_until("the host is ready again", lambda: self.ready() and "box" in self.containers()
                   and self.docker("/containers/box/json")["Config"]["Image"] == "example.org/box:2.0")
        wait_until("the old container is gone", lambda: list(self.containers()) == ["box"])
        self.upgrade_and_remove()
        self.complete = True

    def upgrade_and_remove(self):
        containers, pid = self.containers(), self.machine.main_pid(UNIT)
        generation = self.status()["config"]["generation"]
        self.install(deb.with_version("9.9.9-1~deb12", self.tree.directory))
        self.assertNotEqual(self.machine.main_pid(UNIT), pid, "an upgrade restarts the agent")
        wait_until("the host is ready after the upgrade", self.ready)
        self.assertEqual(self.containers(), containers)
        self.assertIn("InspectContainer", self.operations())
        self.assertEqual({name for name in self.operations() if not name.startswith(READING)}, set(),
                         "the new agent has changed nothing")
        self.assertEqual(self.status()["config"]["generation"], generation, "the state was kept")

        self.machine.run("systemctl", "stop", UNIT)
        self.install(deb.with_version("9.9.10-1~deb12", self.tree.directory))
        self.assertFalse(self.active(), "an agent that somebody has stopped stays so")
        self.machine.run("systemctl", "start", UNIT)

        self.machine.run("dpkg", "--remove", "spacelet")
        self.assertFalse(self.active())
        self.assertEqual(self.containers(), containers)
        self.machine.run("test", "-e", "/var/lib/spacelet/digest-key.json")
        self.machine.run("dpkg", "--purge", "spacelet")
        self.assertEqual(self.containers(), containers)
        for path in ("/var/lib/spacelet", "/run/spacelet"):
            self.machine.run("test", "!", "-e", path)
        for path in (DOCUMENT, "/etc/spacelet/secret", "/runner"):
            self.machine.run("test", "-e", path)


class Sandbox(ServiceTest):
    def test_what_the_unit_lets_the_agent_do(self):
        self.start_docker()
        self.install()
        for step in (self.a_credential_without_its_file_is_a_missing_secret, self.a_credential_is_read,
                     self.an_encrypted_credential_is_read, self.a_command_and_the_agent_share_the_lock_in_both_orders,
                     self.what_is_in_run_outlives_a_restart, self.a_reload_reads_the_document, self.the_pool_is_written_into_roots_directory,
                     self.a_signed_document_is_read_from_git):
            with self.subTest(step.__name__):
                step()
        self.complete = True

    def a_credential_without_its_file_is_a_missing_secret(self):
        self.machine.write(DOCUMENT, CREDENTIAL)
        wait_until("the secret is missed", lambda: "SecretUnavailable" in json.dumps(self.status()))
        said = self.machine.run("spacelet", "status", check=False).stdout
        self.assertRegex(said, r"SecretUnavailable: .*delegate-token.*empty")
        self.assertEqual(self.containers(), {})

    def a_credential_is_read(self):
        self.machine.write("/etc/spacelet/delegate-token", "of-a-credential\n", 0o600)
        self.machine.run("systemctl", "restart", UNIT)
        wait_until("the host is ready", self.ready)
        self.assertEqual(self.environment("box")["TOKEN"], "of-a-credential")

    def an_encrypted_credential_is_read(self):
        drop_in = f"/etc/systemd/system/{UNIT}.d"
        self.machine.run("mkdir", "-p", drop_in)
        self.machine.run("systemd-creds", "encrypt", "--name=delegate-token", "-", "/etc/spacelet/delegate-token.cred",
                         stdin="encrypted-at-rest\n")
        self.machine.write(f"{drop_in}/token.conf", "[Service]\nLoadCredential=\nSetCredential=\n"
                           "LoadCredentialEncrypted=delegate-token:/etc/spacelet/delegate-token.cred\n")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", UNIT)
        wait_until("the new token is in the container", lambda: self.ready()
                   and self.environment("box")["TOKEN"] == "encrypted-at-rest")
        self.machine.run("rm", f"{drop_in}/token.conf")
        self.machine.run("systemctl", "daemon-reload")

    def a_command_and_the_agent_share_the_lock_in_both_orders(self):
        self.write_box()
        wait_until("the document is in force", lambda: self.ready() and "FILE" in self.environment("box"))
        apply = ["spacelet", "apply", "-f", DOCUMENT, "--timeout", "60s"]
        refused = self.machine.run(*apply, check=False)
        self.assertEqual(refused.returncode, 75, refused.stderr)
        self.assertIn(f"process {self.machine.main_pid(UNIT)}", refused.stderr)
        for way in ("the directory is the agent's", "the lock is new", "the directory is new"):
            with self.subTest(way):
                self.machine.run("systemctl", "stop", UNIT)
                if way != "the directory is the agent's":
                    self.machine.run("rm", "-rf", "/run/spacelet" + ("" if "directory" in way else "/spacelet.lock"))
                applied = self.machine.run(*apply, check=False)
                self.assertEqual(applied.returncode, 0, applied.stderr)
                self.machine.run("systemctl", "start", UNIT)
                wait_until("the host is ready", self.ready)

    def what_is_in_run_outlives_a_restart(self):
        self.machine.run("sh", "-c", "echo of-this-boot >/run/spacelet/note")
        self.machine.run("systemctl", "stop", UNIT)
        self.machine.run("systemctl", "start", UNIT)
        self.assertEqual(self.machine.run("cat", "/run/spacelet/note").stdout, "of-this-boot\n")

    def a_reload_reads_the_document(self):
        pid = self.machine.main_pid(UNIT)
        self.machine.run("systemctl", "reload", UNIT)
        wait_until("the agent has heard of it", lambda: "SIGHUP" in self.machine.journal(UNIT))
        self.assertEqual(self.machine.main_pid(UNIT), pid)

    def the_pool_is_written_into_roots_directory(self):
        self.machine.write("/etc/spacelet/pool.yaml", POOL, 0o600)
        self.machine.write(DOCUMENT, RUNNER)
        listed = wait_until("the pool is written", lambda: self.machine.run(
            "find", "/runner/.spacelet", "-name", "pool-*.yaml", check=False).stdout)
        self.assertRegex(listed, r"/runner/\.spacelet/pool-[0-9a-f]+\.yaml")
        self.assertEqual(self.machine.run("stat", "--format=%U %a", listed.strip()).stdout, "root 600\n")
        wait_until("the runner is made", lambda: "vm-runner" in self.containers())
        self.assertEqual(self.machine.run("stat", "--format=%U %a", "/runner").stdout, "root 700\n")

    def a_signed_document_is_read_from_git(self):
        self.machine.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/signer")
        self.machine.run("sh", "-c", 'echo "fleet $(cat /root/signer.pub)" >/etc/spacelet/allowed-signers')
        self.machine.run("git", "init", "--quiet", "--initial-branch=main", "/srv/fleet")
        flags = "--config git+file:///srv/fleet//host.yaml --git-allowed-signers /etc/spacelet/allowed-signers --git-interval 1s"
        self.machine.write("/etc/default/spacelet", f'SPACELET_FLAGS="{flags}"\n')
        commit = self.commit(FROM_GIT % "1.0")
        self.machine.run("systemctl", "restart", UNIT)
        wait_until("the first commit is in force", lambda: self.runs_from_git(commit, "example.org/box:1.0"))
        commit = self.commit(FROM_GIT % "2.0")
        wait_until("and the next", lambda: self.runs_from_git(commit, "example.org/box:2.0"))

    def commit(self, document):
        """Signed, into the branch that the agent follows; its id."""
        self.machine.write("/srv/fleet/host.yaml", document)
        git = ["git", "-C", "/srv/fleet", "-c", "user.name=fleet", "-c", "user.email=fleet@example.org", "-c", "gpg.format=ssh",
               "-c", "user.signingKey=/root/signer"]
        self.machine.run(*git, "add", "host.yaml")
        self.machine.run(*git, "commit", "--quiet", "-S", "-m", "a change")
        return self.machine.run(*git, "rev-parse", "HEAD").stdout.strip()

    def runs_from_git(self, commit, image):
        return (self.ready() and self.status()["config"]["commit"] == commit
                and self.docker("/containers/box/json")["Config"]["Image"] == image)


class Watchdog(ServiceTest):
    def test_an_agent_that_hangs_is_started_again(self):
        self.with_box()
        containers = self.containers()
        self.machine.run("mkdir", "-p", f"/etc/systemd/system/{UNIT}.d")
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", "[Service]\nWatchdogSec=3s\n")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", UNIT)
        wait_until("the host is ready", self.ready)
        pid = self.machine.main_pid(UNIT)
        os.kill(self.machine.host_pid(pid), signal.SIGSTOP)
        wait_until("systemd has started another", lambda: self.machine.show(UNIT, "NRestarts")["NRestarts"] == "1")
        wait_until("the host is ready again", lambda: self.active() and self.ready())
        self.assertNotEqual(self.machine.main_pid(UNIT), pid)
        self.assertIn("Watchdog timeout", self.machine.journal(UNIT))
        self.assertEqual(self.containers(), containers)
        self.complete = True


class SocketActivation(ServiceTest):
    def test_a_docker_that_somebody_stops_again_and_again_is_started_once_a_minute_at_most(self):
        self.with_box()
        self.machine.run("systemctl", "stop", "docker")
        self.machine.write("/etc/systemd/system/docker.socket", DOCKER_SOCKET)
        self.machine.run("mkdir", "/etc/systemd/system/docker.service.d")
        self.machine.write("/etc/systemd/system/docker.service.d/slow.conf", SLOW)
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "start", "docker.socket", "docker.service")
        wait_until("the agent listens", lambda: self.metric("spacelet_docker_event_stream_reconnects_total") == 1)
        wait_until("the host is ready", self.ready)
        before = len(self.docker_starts())
        for stop in (1, 2):
            self.machine.run("systemctl", "stop", "docker.service")
            wait_until("Docker was started by the agent", lambda: len(self.docker_starts()) == before + stop, 180)
            wait_until("the agent listens again", lambda: self.metric("spacelet_docker_event_stream_reconnects_total") > stop)
            wait_until("the host is ready", self.ready)
        first, second = self.docker_starts()[before:]
        self.assertGreater(second - first, 59)
        self.complete = True

    def docker_starts(self):
        """Seconds since the boot."""
        log = self.machine.run("journalctl", "--no-pager", "--output=short-monotonic", "--unit=docker.service").stdout
        return [float(seconds) for seconds in re.findall(r"\[ *(\d+\.\d+)\][^\n]*Starting docker.service", log)]


if __name__ == "__main__":
    unittest.main(verbosity=2)
