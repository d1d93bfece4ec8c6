"""The agent is upgraded, the document stays: nothing is done to any container, in either direction.

The older agent comes out of a package that is built from the previous release (manifests/debian/previous-release), which
takes minutes: with --long only. PREVIOUS_SPACELET names a program to take instead.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import document
from harness.case import LONG, HostCase
from harness.host import TOKEN

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "previous"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def previous_release():
    """The commit: the newest tag before this one, else what the file says."""
    tag = subprocess.run(["git", "describe", "--tags", "--match", "v[0-9]*", "--abbrev=0", "HEAD^"], cwd=ROOT, text=True,
                         capture_output=True, check=False)
    named = tag.stdout.strip() or (ROOT / "manifests" / "debian" / "previous-release").read_text().split()[0]
    return run("git", "rev-parse", f"{named}^{{commit}}", cwd=ROOT)


def build_previous():
    """The program out of the package of the previous release; built once."""
    commit = previous_release()
    program = BUILT / commit / "usr" / "bin" / "spacelet"
    if not program.exists():
        with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="spacelet-previous-") as where:
            tree = pathlib.Path(where) / "tree"
            run("git", "clone", "-q", "--no-checkout", ROOT, tree)
            run("git", "checkout", "-q", commit, cwd=tree)
            run(tree / "hack" / "package", "--output", where)
            BUILT.mkdir(parents=True, exist_ok=True)
            run("dpkg-deb", "-x", next(pathlib.Path(where).glob("spacelet_*.deb")), BUILT / "new")
        shutil.rmtree(BUILT / commit, ignore_errors=True)
        (BUILT / "new").rename(BUILT / commit)
    return str(program)


def previous_program():
    return os.environ.get("PREVIOUS_SPACELET") or build_previous()


@unittest.skipUnless(LONG or "PREVIOUS_SPACELET" in os.environ, "builds the previous release, which takes minutes: hack/test --long")
class Upgrade(HostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.previous, cls.current = previous_program(), os.environ["SPACELET"]

    def setUp(self):
        super().setUp()
        self.addCleanup(os.environ.__setitem__, "SPACELET", self.current)
        (self.host.directory / "secret").write_text("another secret\n")
        # Of everything that goes into a container something.
        self.wanted = self.host.minimal.with_spec(containers=[{
            "name": "extra", "image": document.GENERIC_IMAGE, "args": ["/bin/sleep", "100000"],
            "env": {"PLAIN": "text", "SECRET": {"file": f"{self.host.directory}/secret"}},
            "files": [{"path": "/etc/extra.conf", "content": "a = 1\n", "mode": "0640"}],
            "resources": {"cpus": 0.5, "memory": "64m", "pids": 50}, "capDrop": ["NET_RAW"], "extraHosts": ["db:10.0.0.1"],
            "ulimits": {"nofile": {"soft": 1024, "hard": 2048}}, "sysctls": {"net.core.somaxconn": "512"}, "tmpfs": ["/scratch"],
            "labels": {"team": "platform"}, "ports": ["8080:80"], "init": True, "rollout": {"minReadySeconds": 0}}])

    def run_agent(self, program):
        os.environ["SPACELET"] = program
        self.host.agent.start()
        self.host.until_converged()

    def replaced(self, old, new):
        """Converged by `old`, then taken over by `new`: what `new` did to Docker, and what else it had to say."""
        self.host.write(self.wanted)
        self.run_agent(old)
        before = self.host.started()
        self.host.agent.stop()
        self.host.proxy.forget()
        self.run_agent(new)
        plan = self.host.agent.command("plan", "-f", str(self.host.config), flags=["docker-host"])
        self.assertEqual((plan.returncode, self.host.proxy.mutations()), (0, []), plan.stdout)
        self.assertEqual(self.host.started(), before)
        self.assertNotIn(TOKEN, plan.stdout)

    def test_an_upgrade_of_the_agent_touches_no_container(self):
        self.assertNotEqual(version_of(self.previous), version_of(self.current))
        self.replaced(self.previous, self.current)

    def test_nor_does_going_back_to_the_older_agent(self):
        self.replaced(self.current, self.previous)


def version_of(program):
    return run(program, "version")


if __name__ == "__main__":
    unittest.main()
