"""A Debian tree that plays a new VM: cloud-init and apt are real, systemctl only writes down what it was asked."""

import contextlib
import hashlib
import http.server
import pathlib
import shutil
import subprocess
import tempfile
import textwrap
import threading

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROOTFS = REPOSITORY / "hack" / "rootfs"

# Only the modules that the user-data uses: the others would look for disks, users and networks.
CLOUD_CFG = textwrap.dedent("""\
    datasource_list: [NoCloud, None]
    network: {config: disabled}
    cloud_init_modules: [bootcmd, write-files]
    cloud_config_modules: [runcmd]
    cloud_final_modules: [scripts-user]
    system_info: {distro: debian}
    """)
STAGES = (["init", "--local"], ["init"], ["modules", "--mode=config"], ["modules", "--mode=final"])


def make_tree(suite, directory):
    """A tree of that Debian with cloud-init and curl."""
    subprocess.run([ROOTFS, suite, directory, "cloud-init", "curl"], check=True)
    (directory / "etc/cloud/cloud.cfg").write_text(CLOUD_CFG)
    shutil.rmtree(directory / "etc/cloud/cloud.cfg.d")
    systemctl = directory / "usr/local/bin/systemctl"
    systemctl.write_text('#!/bin/sh\necho "$@" >>/systemctl.log\n')
    systemctl.chmod(0o755)
    (directory / "usr/sbin/apparmor_parser").symlink_to("/bin/true")  # as in an image that is not slim


class Machine:
    """A tree of its own: what is written in it does not reach the template."""

    def __init__(self, template, directory):
        self.directory = directory
        self.tree = directory / "tree"
        self.overlay(template)
        self.repository = self.path("repo")
        self.repository.mkdir()
        self.path("etc/apt/sources.list").write_text("deb [trusted=yes] file:/repo ./\n")
        shutil.rmtree(self.path("var/lib/apt/lists"))
        self.offer()

    def overlay(self, template):
        parts = {"upperdir": self.directory / "upper", "workdir": self.directory / "work"}
        for part in (self.tree, *parts.values()):
            part.mkdir(parents=True)
            part.chmod(0o755)
        options = ",".join(f"{name}={part}" for name, part in {"lowerdir": template, **parts}.items())
        mounted = subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.tree], capture_output=True)
        if mounted.returncode != 0:  # on a file system that is an overlay itself
            subprocess.run(["cp", "-aT", template, self.tree], check=True)

    def close(self):
        subprocess.run(["umount", self.tree], capture_output=True)
        shutil.rmtree(self.directory)

    def path(self, name):
        return self.tree / name

    def run(self, *words, offline=False):
        """What the program says on both streams, and its exit code."""
        enter = ["unshare", "--uts"] + (["--net"] if offline else [])
        done = subprocess.run([*enter, ROOTFS, "run", self.tree, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=300)
        return done.returncode, done.stdout

    def boot(self, user_data, instance="i-1"):
        """What cloud-init does at a boot. Its datasource is a seed in the tree."""
        seed = self.path("var/lib/cloud/seed/nocloud")
        seed.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.path("run/cloud-init"), ignore_errors=True)
        (seed / "meta-data").write_text(f"instance-id: {instance}\n")
        (seed / "user-data").write_text(user_data)
        for stage in STAGES:
            code, output = self.run("cloud-init", *stage, offline=True)
            assert code == 0, output

    def bootstrap(self, **options):
        return self.run("/usr/local/sbin/spacelet-bootstrap", **options)

    def asked(self):
        """What systemctl was asked, one a line."""
        log = self.path("systemctl.log")
        return log.read_text().splitlines() if log.exists() else []

    def installed(self, package):
        return self.run("dpkg-query", "-W", "-f", "${db:Status-Status}", package)[1].strip() == "installed"

    def offer(self, *packages):
        """These packages are what the apt source has from now on."""
        index = ""
        for package in packages:
            shutil.copy(package, self.repository)
            control = subprocess.run(["dpkg-deb", "--field", package], check=True, capture_output=True, text=True).stdout
            index += (f"{control}Filename: ./{package.name}\nSize: {package.stat().st_size}\n"
                      f"SHA256: {sha256(package)}\n\n")
        (self.repository / "Packages").write_text(index)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_package(directory, name, files, filler=0):
    """A .deb of these files (path -> text); `filler` bytes make it larger."""
    with tempfile.TemporaryDirectory(dir=directory) as root:
        root = pathlib.Path(root)
        root.chmod(0o755)
        (root / "DEBIAN").mkdir()
        (root / "DEBIAN/control").write_text(f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <a@b.c>\n"
                                             "Description: stands in for a real one\n")
        for path, text in {**files, f"usr/share/{name}/filler": "x" * filler}.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            target.chmod(0o755)
        deb = pathlib.Path(directory) / f"{name}_1.0_all.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Znone", root, deb], check=True, capture_output=True)
        return deb


class Server:
    """A web server that does with each request what `answer` says."""

    def __init__(self):
        self.answer = status(404)
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                with contextlib.suppress(BrokenPipeError):
                    outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_port}/{name}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def status(code):
    return lambda handler: handler.send_error(code)


def body(content, cut=None):
    """`cut`: the connection ends after so many bytes, although all were promised."""
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:cut])
        handler.close_connection = True
    return answer
