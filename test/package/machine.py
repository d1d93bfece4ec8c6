"""A Debian tree, and the same as a machine of its own: booted by systemd in namespaces, without a network."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ROOTFS = ROOT / "hack" / "rootfs"
SKIPPED = 77
NAMESPACES = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup"]


def obstacle():
    """Why no tree can be made here, or nothing."""
    answer = subprocess.run([ROOTFS, "check"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == SKIPPED else ""


def wait_until(what, condition, timeout=60):
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.05)


class Tree:
    """A file tree of a Debian release; removed with close()."""

    def __init__(self, suite, packages=()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="spacelet-tree.", dir="/var/tmp"))
        self.path = self.directory / "tree"
        subprocess.run([ROOTFS, suite, self.path, *packages], check=True)

    def run(self, *words, check=True, **more):
        """Runs a command in the tree; no service starts by it."""
        answer = subprocess.run([ROOTFS, "run", self.path, *map(str, words)], capture_output=True, text=True, check=False,
                                **more)
        if check and answer.returncode != 0:
            raise AssertionError(f"{words}: {answer.returncode}\n{answer.stdout}{answer.stderr}")
        return answer

    def put(self, file, path):
        """Copies a file of this machine into the tree."""
        target = self.path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
        return path

    def close(self):
        subprocess.run(["rm", "-rf", "--one-file-system", self.directory], check=True)


class Cgroup:
    """One in each hierarchy that systemd uses, so that it does not take the machine's own for its own."""

    def __init__(self, name):
        unified = pathlib.Path("/sys/fs/cgroup")
        tops = [unified] if (unified / "cgroup.controllers").exists() else [unified / "unified", unified / "systemd"]
        self.directories = [top / name for top in tops if top.is_dir()]
        for directory in self.directories:
            directory.mkdir()

    def enter(self):
        for directory in self.directories:
            (directory / "cgroup.procs").write_text(str(os.getpid()))

    def close(self):
        for directory in self.directories:
            for path, _, _ in os.walk(directory, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)


class Machine:
    """A booted tree; close() is pulling its plug. The tree stays."""

    def __init__(self, tree):
        self.tree = tree
        self.cgroup = Cgroup(tree.directory.name)
        self.console = tree.directory / "console"
        with open(self.console, "w", encoding="utf-8") as console:
            # It ends with this process, however that ends.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", "unshare", *NAMESPACES, "--fork",
                                             "--kill-child", "--", HERE / "boot.sh", tree.path], stdin=subprocess.DEVNULL,
                                            stdout=console, stderr=console, preexec_fn=self.cgroup.enter)
        try:
            self.init = wait_until("the first process is systemd", self.find_init, 30)
            wait_until("the machine has booted", self.booted, 120)
        except BaseException:
            print(self.console.read_text(errors="replace")[-4000:])
            self.close()
            raise

    def find_init(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the machine ended with {self.process.returncode}")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if children and pathlib.Path(f"/proc/{children[0]}/comm").read_text().strip() == "systemd":
            return int(children[0])
        return None

    def booted(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def run(self, *words, check=True, timeout=120, stdin=None, env=None):
        entry = ["nsenter", "--target", str(self.init), "--all", "--", "env", "-i", "HOME=/root", "LC_ALL=C.UTF-8",
                 "TERM=dumb", "DEBIAN_FRONTEND=noninteractive",
                 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 *(f"{name}={value}" for name, value in (env or {}).items())]
        answer = subprocess.run([*entry, *map(str, words)], capture_output=True, text=True, check=False, timeout=timeout,
                                input=stdin)
        if check and answer.returncode != 0:
            raise AssertionError(f"{words}: {answer.returncode}\n{answer.stdout}{answer.stderr}")
        return answer

    def write(self, path, text, mode=0o644):
        """As an editor does that renames: at once."""
        self.run("sh", "-c", f"umask 077 && cat >{path}.new && chmod {mode:o} {path}.new && mv {path}.new {path}", stdin=text)

    def show(self, unit, *properties):
        lines = self.run("systemctl", "show", unit, *(f"--property={name}" for name in properties)).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def main_pid(self, unit):
        return int(self.show(unit, "MainPID")["MainPID"])

    def host_pid(self, pid):
        """This machine's number for a process of that one."""
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                found = re.search(r"^NSpid:\s+(\d+)\s+(\d+)$", status.read_text(), re.MULTILINE)
                if found and int(found.group(2)) == pid and self.same_namespace(found.group(1)):
                    return int(found.group(1))
        raise AssertionError(f"no process {pid}")

    def same_namespace(self, pid):
        return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{self.init}/ns/pid")

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}").stdout

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        with contextlib.suppress(AssertionError):
            wait_until("its processes are gone", self.empty, 20)
        self.cgroup.close()

    def empty(self):
        return all(not (path / "cgroup.procs").read_text() for directory in self.cgroup.directories
                   for path in (directory, *directory.rglob("*")) if (path / "cgroup.procs").exists())
