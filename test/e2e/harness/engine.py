"""A sandboxed engine (hack/engine; SPACELET_ENGINE names another than the machine's) and a registry in its network."""
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

from harness.docker import Docker, Refused
from harness.waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMMAND = str(ROOT / "hack" / "engine")
CLONE_NEWNET = 0x40000000  # <sched.h>

REGISTRY_CONFIG = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {directory}/data}}, delete: {{enabled: true}}}}
http: {{addr: {address}}}
"""
REGISTRY_AUTH = "auth: {{htpasswd: {{realm: e2e, path: {directory}/htpasswd}}}}\n"


def obstacle():
    """Why no engine can run here, or an empty string."""
    return subprocess.run([COMMAND, "check"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def deviation(test):
    """Why the engine of SPACELET_ENGINE is known to fail `module.Class.test` (test/engines.txt), or an empty string."""
    engine = os.environ.get("SPACELET_ENGINE", "")
    for line in (ROOT / "test" / "engines.txt").read_text().splitlines():
        names, name, reason = (line.split(None, 2) + ["", "", ""])[:3]
        if names and engine.startswith(names) and f"{test}.".startswith(f"{name}."):
            return f"{engine}: {reason}"
    return ""


class Engine:
    """Lives until `close` or the end of this process, whatever ends it: it watches the pipe to us."""

    def __init__(self, name):
        self.name = f"{name}-{os.getpid()}"
        subprocess.run([COMMAND, "sweep"], check=True)
        reading, self._alive = os.pipe()
        subprocess.run([COMMAND, "up", self.name, "--until-eof"], stdin=reading, stdout=subprocess.DEVNULL, check=True)
        os.close(reading)
        self.directory = pathlib.Path(self._ask("host").removeprefix("unix://")).parent
        self.docker = Docker(str(self.directory / "docker.sock"))
        self._enter_network()

    def _ask(self, *words):
        command, *rest = words
        return subprocess.run([COMMAND, command, self.name, *rest], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True, check=True).stdout.strip()

    def _enter_network(self):
        """This process, its threads and its children are where the containers' addresses are from here on."""
        init = (self.directory / "init.pid").read_text().strip()
        with open(f"/proc/{init}/ns/net", encoding="utf-8") as namespace:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def load(self, archive):
        self._ask("load", str(archive))

    def restart(self):
        """As `systemctl restart docker` does: the containers are stopped with it."""
        self.stop_daemon()
        self.start_daemon()

    def stop_daemon(self):
        self._ask("daemon", "stop")

    def start_daemon(self):
        self._ask("daemon", "start")

    def freeze(self):
        os.kill(int(self._ask("daemon", "pid")), signal.SIGSTOP)

    def thaw(self):
        os.kill(int(self._ask("daemon", "pid")), signal.SIGCONT)

    def kill_process(self, pid, signal_name="KILL"):
        """kill -9 of a container's process. Docker's pids are those of the sandbox: other processes here have them too."""
        init = (self.directory / "init.pid").read_text().strip()
        subprocess.run(["nsenter", "--target", init, "--pid", "--", "kill", f"-{signal_name}", str(pid)], check=True)

    @contextlib.contextmanager
    def removal_fails(self, container_id):
        """Docker cannot remove that container's directory: whoever tries leaves it behind dead."""
        stays = self.directory / "data" / "containers" / container_id / "stays"
        stays.touch()
        subprocess.run(["chattr", "+i", str(stays)], check=True)
        try:
            yield
        finally:
            subprocess.run(["chattr", "-i", str(stays)], check=True)

    def close(self):
        self._ask("down")
        os.close(self._alive)


class Registry:
    """Debian's docker-registry on 127.0.0.1:5000 of the engine's network, for everybody."""

    ADDRESS = "127.0.0.1:5000"
    PASSWORDS = ""  # lines of an htpasswd file
    CREDENTIAL = {}  # of who may push

    def __init__(self, engine):
        self.docker = engine.docker
        self.directory = tempfile.mkdtemp(prefix="spacelet-registry-")
        config = pathlib.Path(self.directory) / "config.yml"
        (config.parent / "htpasswd").write_text(self.PASSWORDS)
        text = REGISTRY_CONFIG + (REGISTRY_AUTH if self.PASSWORDS else "")
        config.write_text(text.format(directory=self.directory, address=self.ADDRESS))
        self.process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until("the registry answers", self._answers)

    def _answers(self):
        try:
            return urllib.request.urlopen(f"http://{self.ADDRESS}/v2/", timeout=2)
        except urllib.error.HTTPError as error:
            return error.code == 401

    def publish(self, image, name):
        """Pushes a loaded image as ADDRESS/name and forgets it locally; returns the new reference."""
        reference = f"{self.ADDRESS}/{name}"
        self.docker.tag(image, reference)
        self.docker.push(reference, self.CREDENTIAL)
        self.docker.delete(f"/images/{reference}")
        return reference

    def forget(self, *references):
        """The engine has to pull them again."""
        for reference in references:
            try:
                self.docker.delete(f"/images/{reference}", force=1)
            except Refused as error:
                if error.status != 404:
                    raise

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory)


class PrivateRegistry(Registry):
    """One that knows whom it lets in."""

    ADDRESS = "127.0.0.1:5002"
    USER, PASSWORD = "robot", "sesame-open"
    PASSWORDS = "robot:$2b$04$mnr4LRvcIfuOHUOKb..v8.3v7o8YL5p6/u/xLuhodkFwhTa4Rx02u\n"
    CREDENTIAL = {"username": USER, "password": PASSWORD}
