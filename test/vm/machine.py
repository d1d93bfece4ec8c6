"""A virtual machine with Debian 12 and cloud-init, its disk made of nothing but packages: no image is downloaded.

Nobody logs in: it is seen from outside, by the agent's HTTP port and the serial console, and its disk after it was
switched off. `shell` is for what a person elsewhere would do to it (bring a secret, stop Docker).
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "e2e"))

from harness.waiting import until  # noqa: E402

SUITE = "bookworm"
PACKAGES = ["systemd-sysv", "libpam-systemd", "udev", "dbus", "kmod", "linux-image-cloud-amd64", "cloud-init", "netbase",
            "iproute2", "ifupdown", "isc-dhcp-client", "ca-certificates", "curl", "gpgv"]
TOOLS = ["qemu-system-x86_64", "mke2fs", "debugfs", "mkfs.vfat", "mcopy", "dpkg-scanpackages"]
PAYLOAD = "/opt/payload"
PORT = 9746
# A boot takes about a minute under emulation on two idle cores, and the first one installs Docker.
PATIENCE = 1800


def has_kvm():
    """/dev/kvm alone says little: without these flags it does not boot a stock kernel."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return os.access("/dev/kvm", os.R_OK | os.W_OK) and bool({"vmx", "svm"} & set(flags))


def obstacle():
    """Why no machine can be made here, or an empty string."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"skipped: {', '.join(missing)} not installed: hack/test --vm installs the packages of the group vm"
    check = subprocess.run([ROOT / "hack" / "rootfs", "check"], capture_output=True, text=True, check=False)
    return check.stdout.strip() if check.returncode else ""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_tree(tree, package, files):
    """Debian with cloud-init, and as payload what the cloud would fetch: the .deb, Docker and what both depend on, as
    an apt repository, and `files` by name."""
    run(ROOT / "hack" / "rootfs", SUITE, tree, *PACKAGES)
    payload = tree / PAYLOAD.lstrip("/")
    repository = payload / "apt"
    repository.mkdir(parents=True)
    shutil.copy(package, payload / "spacelet.deb")
    run(ROOT / "hack" / "rootfs", "run", tree, "apt-get", "install", "-y", "--no-install-recommends", "--download-only",
        "docker.io", "apparmor", f"{PAYLOAD}/spacelet.deb")
    for archive in (tree / "var/cache/apt/archives").glob("*.deb"):
        if not archive.name.startswith("spacelet_"):
            shutil.move(archive, repository)
    index = run("dpkg-scanpackages", "-m", ".", cwd=repository)
    (repository / "Packages").write_text(index)
    for name, path in files.items():
        shutil.copy(path, payload / name)
    shutil.rmtree(tree / "var/lib/apt/lists")
    (tree / "etc/apt/apt.conf.d/99host").unlink(missing_ok=True)
    (tree / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{PAYLOAD}/apt ./\n")
    (tree / "etc/fstab").write_text("/dev/vda / ext4 errors=remount-ro 0 1\n")
    (tree / "etc/cloud/cloud.cfg.d/99-vm.cfg").write_text(
        "datasource_list: [NoCloud]\napt: {preserve_sources_list: true}\n")
    unit = tree / "etc/systemd/system/shell.service"
    unit.write_text("[Service]\nExecStart=/bin/sh\nStandardInput=tty-force\nStandardOutput=tty\nStandardError=tty\n"
                    "TTYPath=/dev/ttyS1\nRestart=always\nKillSignal=SIGHUP\n")
    wants = tree / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / unit.name).symlink_to(f"../{unit.name}")


class Machine:
    """Off at first. `directory` holds its disk, its console's text and its sockets."""

    def __init__(self, directory, package, files, user_data):
        self.directory = pathlib.Path(directory)
        self.disk = self.directory / "disk.img"
        self.console = self.directory / "console.log"
        self._qemu = None
        self._shell = None
        tree = pathlib.Path(tempfile.mkdtemp(dir=self.directory)) / "tree"
        make_tree(tree, package, files)
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy(next((tree / "boot").glob(f"{name}-*")), self.directory / name)
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, self.disk, "4G")
        shutil.rmtree(tree.parent)
        self._make_seed(user_data)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def _make_seed(self, user_data):
        (self.directory / "user-data").write_text(user_data)
        (self.directory / "meta-data").write_text("instance-id: i-spacelet\nlocal-hostname: gitspaces\n")
        # A cloud's image has its locale; to compile one takes an emulated machine minutes, and failed once.
        (self.directory / "vendor-data").write_text("#cloud-config\nlocale: C.UTF-8\n")
        seed = self.directory / "seed.img"
        run("mkfs.vfat", "-C", "-n", "CIDATA", seed, "1024")
        run("mcopy", "-i", seed, *(self.directory / f"{kind}-data" for kind in ("user", "meta", "vendor")), "::")

    # ---- power

    def boot(self):
        accelerator = ["-enable-kvm", "-cpu", "host"] if has_kvm() else ["-accel", "tcg,thread=multi", "-cpu", "max"]
        at = self.directory
        self.console.write_text("")
        # SIGKILL is the plug pulled: what the guest has synced is in the file, and nothing else.
        with (at / "qemu.log").open("a") as log:
            self._qemu = self._start(accelerator, log)

    def _start(self, accelerator, log):
        at = self.directory
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "qemu-system-x86_64", "-machine", "q35", *accelerator, "-smp", "2",
             "-global", "ICH9-LPC.disable_s3=0", "-m", "1536", "-display", "none", "-no-reboot", "-kernel", at / "vmlinuz", "-initrd", at / "initrd.img",
             "-append", "root=/dev/vda console=ttyS0 net.ifnames=0 ds=nocloud",
             "-drive", f"file={self.disk},format=raw,if=virtio,cache=writeback",
             "-drive", f"file={at}/seed.img,format=raw,if=virtio,readonly=on",
             "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:{PORT}",
             "-device", "virtio-net-pci,netdev=net", "-serial", f"file:{self.console}",
             "-serial", f"unix:{at}/shell.sock,server=on,wait=off", "-monitor", f"unix:{at}/monitor.sock,server=on,wait=off"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def _monitor(self, command):
        """What QEMU says to it."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.directory / "monitor.sock"))
            monitor.sendall(f"{command}\n".encode())
            said = b""
            while said.count(b"(qemu)") < 2:  # a prompt before it, and one when it was taken
                said += monitor.recv(4096)
        return said.decode()

    def shut_down(self):
        """As the cloud's console does it: the power button."""
        self._monitor("system_powerdown")
        until("the machine is off", lambda: self._qemu.poll() is not None, PATIENCE)
        self._off()

    def sleep(self, seconds):
        """Suspended to memory for so long, as a cloud does it to a machine that is not needed."""
        self.shell("(sleep 1; echo mem > /sys/power/state) < /dev/null > /dev/null 2>&1 &")
        until("the machine sleeps", lambda: "suspended" in self._monitor("info status"), PATIENCE)
        time.sleep(seconds)
        self._monitor("system_wakeup")
        until("the machine is awake", lambda: "running" in self._monitor("info status"), PATIENCE)

    def pull_the_plug(self):
        self._qemu.kill()
        self._qemu.wait()
        self._off()

    def _off(self):
        self._qemu = None
        if self._shell is not None:
            self._shell.close()
        self._shell = None

    def close(self):
        if self._qemu is not None:
            self.pull_the_plug()

    # ---- from outside

    def get(self, path):
        """(status, text); LookupError while nobody answers, AssertionError when the machine is off."""
        assert self._qemu is not None and self._qemu.poll() is None, f"the machine is off\n{self.last_words()}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def status(self):
        return json.loads(self.get("/api/v1/status")[1])

    def until_ready(self):
        def ready():
            code, text = self.get("/readyz")
            assert code == 200, text
            return True
        until("the pair is ready", ready, PATIENCE)

    def last_words(self):
        return self.console.read_text(errors="replace")[-3000:]

    # ---- inside

    def shell(self, command):
        """What root's shell on the second serial line prints for `command`."""
        if self._shell is None:
            self._shell = socket.socket(socket.AF_UNIX)
            self._shell.connect(str(self.directory / "shell.sock"))
            self._shell.settimeout(PATIENCE)
        mark = f"end-of-{os.urandom(6).hex()}"
        # The marks are put together by the shell, so that the line's echo is not taken for its answer.
        say = f"echo {mark[:6]}''{mark[6:]}"
        self._shell.sendall(f"stty -echo; {say}; ({command}) 2>&1; {say} $?\n".encode())
        text = b""
        while not re.search(mark.encode() + rb" \d+\r?\n", text):
            piece = self._shell.recv(4096)
            assert piece, f"the machine is off\n{self.last_words()}"
            text += piece
        _, said, code = text.decode(errors="replace").rsplit(mark, 2)
        assert code.split()[0] == "0", f"{command}: exit code {code.split()[0]}\n{said}"
        return said

    # ---- while it is off

    def read(self, path):
        return run("debugfs", "-R", f"cat {path}", self.disk)
