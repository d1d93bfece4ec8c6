"""A Debian file tree (hack/rootfs) with programs of another release, or with what nobody wants on his machine."""
import atexit
import pathlib
import shutil
import subprocess
import tempfile

from measure.cost import cost_of
from harness.engine import ROOT

COMMAND = ROOT / "hack" / "rootfs"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}


def obstacle():
    """Why no tree can be made here, or an empty string."""
    return subprocess.run([COMMAND, "check"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


class Tree:
    """Debian `suite` with these packages, until this program ends.

    To be made before the Site: once this process is in the engine's network, nothing can be downloaded.
    """

    def __init__(self, suite, *packages):
        parent = tempfile.mkdtemp(prefix="spacelet-bench-", dir="/var/tmp")
        atexit.register(shutil.rmtree, parent)
        self.path = pathlib.Path(parent) / "tree"
        subprocess.run([COMMAND, suite, self.path, *packages], check=True)

    def write(self, path, text):
        (self.path / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (self.path / path.lstrip("/")).write_text(text)

    def cost_of(self, docker_socket, *command):
        """Of a command in it, which speaks to that Docker daemon."""
        return cost_of(*command, root=self.path, socket_path=docker_socket, env=ENVIRONMENT)

    def version(self, package):
        """Of the package, as the distribution counts it."""
        return subprocess.run(["dpkg-query", f"--admindir={self.path}/var/lib/dpkg", "-W", "-f", "${Version}", package],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
