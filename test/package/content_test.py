"""What is in the package, that lintian has nothing to say, and that it comes out the same every time."""
import gzip
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import deb

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = os.environ.get("SPACELET_BUILD", "build/test")
# Informational tags that stand: the service is systemd's, and the letters are machine code.
KNOWN_HINTS = {"package-supports-alternative-init-but-no-init.d-script", "spelling-error-in-binary"}


def obstacle():
    return "" if deb.PATH.exists() else f"skipped: {deb.PATH} is not there: hack/package --build-dir {BUILD} makes it"


def listing():
    """path -> (mode, owner)."""
    lines = subprocess.run(["dpkg-deb", "--contents", deb.PATH], capture_output=True, text=True, check=True).stdout
    rows = (line.split(None, 5) for line in lines.splitlines())
    return {row[5].removeprefix("."): (row[0], row[1]) for row in rows}


class Content(unittest.TestCase):
    def extract(self):
        directory = tempfile.TemporaryDirectory(prefix="spacelet-package")
        self.addCleanup(directory.cleanup)
        subprocess.run(["dpkg-deb", "--raw-extract", deb.PATH, directory.name], check=True)
        return pathlib.Path(directory.name)

    def test_everything_belongs_to_root_and_only_root_may_write_it(self):
        for path, (mode, owner) in listing().items():
            with self.subTest(path=path):
                self.assertEqual(owner, "root/root")
                expected = "drwxr-xr-x" if path.endswith("/") else "-rwxr-xr-x" if path == "/usr/bin/spacelet" else "-rw-r--r--"
                self.assertEqual(mode, expected)

    def test_it_has_the_program_the_unit_and_what_is_read_about_them(self):
        self.assertEqual({"/usr/bin/spacelet", "/usr/lib/systemd/system/spacelet.service",
                          "/usr/lib/sysusers.d/spacelet.conf", "/usr/lib/tmpfiles.d/spacelet.conf",
                          "/etc/default/spacelet", "/etc/spacelet/host.yaml.example",
                          "/etc/spacelet/policy.yaml.example", "/usr/share/doc/spacelet/policy.md",
                          "/usr/share/man/man1/spacelet.1.gz", "/usr/share/man/man1/spacelet-plan.1.gz",
                          "/usr/share/man/man5/spacelet.yaml.5.gz", "/usr/share/man/man8/spacelet-agent.8.gz",
                          "/usr/share/bash-completion/completions/spacelet", "/usr/share/zsh/vendor-completions/_spacelet",
                          "/usr/share/fish/vendor_completions.d/spacelet.fish", "/usr/share/doc/spacelet/copyright",
                          "/usr/share/doc/spacelet/changelog.Debian.gz", "/usr/share/doc/spacelet/install.md",
                          "/usr/share/doc/spacelet/runbook.md", "/usr/share/spacelet/prometheus/spacelet.rules.yaml",
                          "/usr/share/spacelet/prometheus/scrape.yaml", "/usr/share/spacelet/grafana/spacelet.json",
                          "/usr/share/doc/spacelet/examples/gcp.yaml"} - set(listing()), set())

    def test_what_is_in_etc_is_a_conffile(self):
        conffiles = (self.extract() / "DEBIAN" / "conffiles").read_text().split()
        self.assertEqual(sorted(conffiles), sorted(path for path in listing() if path.startswith("/etc/") and not path.endswith("/")))

    def test_it_needs_the_libraries_it_is_linked_to_and_recommends_docker(self):
        self.assertLessEqual({"libc6", "libssl3", "init-system-helpers", "systemd"},
                             {name.removesuffix("t64") for name in deb.dependencies()})
        self.assertEqual(deb.field("Recommends"), "docker.io | docker-ce, ca-certificates, git, openssh-client")

    def test_the_version_is_that_of_the_program_and_of_the_changelog_and_names_the_release(self):
        content = self.extract()
        version = deb.field("Version")
        self.assertRegex(version, r"^\d+\.\d+\.\d+-1~deb\d+$")
        said = subprocess.run([content / "usr/bin/spacelet", "version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said.split()[1], version.split("-")[0])
        changelog = gzip.decompress((content / "usr/share/doc/spacelet/changelog.Debian.gz").read_bytes()).decode()
        self.assertEqual(re.match(r"spacelet \((.*?)\) ", changelog).group(1), version)
        written = (ROOT / "manifests/debian/changelog").read_text()
        self.assertEqual(re.match(r"spacelet \((.*?)\) ", written).group(1), version.split("~")[0])

    def test_the_examples_are_valid_agree_and_their_schemas_are_there(self):
        content = self.extract()
        document, policy = (content / f"etc/spacelet/{name}.yaml.example" for name in ("host", "policy"))
        subprocess.run([content / "usr/bin/spacelet", "validate", "-f", document, "--policy", policy], capture_output=True,
                       check=True)
        for example in (document, policy):
            schema = re.search(r"\$schema=(\S+)", example.read_text()).group(1)
            self.assertTrue((content / schema.lstrip("/")).exists(), schema)

    def test_the_program_is_stripped_and_hardened(self):
        program = self.extract() / "usr/bin/spacelet"
        headers = subprocess.run(["readelf", "--wide", "--sections", "--segments", "--dynamic", program], capture_output=True,
                                 text=True, check=True).stdout
        self.assertNotIn(".symtab", headers)
        self.assertNotIn(".debug_info", headers)
        self.assertRegex(headers, r"FLAGS_1.*NOW.*PIE")
        self.assertIn("GNU_RELRO", headers)

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not installed")
    def test_lintian_finds_nothing_but_the_known_hints(self):
        answer = subprocess.run(["lintian", "--allow-root", "--display-experimental", "--pedantic", "--display-info", deb.PATH],
                                capture_output=True, text=True, check=False)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        tags = re.findall(r"^([A-Z]): spacelet: (\S+)", answer.stdout, re.MULTILINE)
        self.assertEqual([tag for tag in tags if tag[0] in "EW" or tag[1] not in KNOWN_HINTS], [], answer.stdout)


class Again(unittest.TestCase):
    def digest(self, package):
        return hashlib.sha256(pathlib.Path(package).read_bytes()).hexdigest()

    def test_packaging_twice_gives_the_same_bytes_under_any_umask_and_time_zone(self):
        with tempfile.TemporaryDirectory() as directory:
            again = subprocess.run(["bash", "-c", 'umask 077; exec "$@"', "again", ROOT / "hack/package", "--build-dir", BUILD,
                                    "--output", directory], capture_output=True, text=True, check=True,
                                   env={**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C"}).stdout.strip()
            self.assertEqual(self.digest(again), self.digest(deb.PATH))

    @unittest.skipUnless(os.environ.get("SPACELET_LONG") == "1", "two full builds: only with SPACELET_LONG=1")
    def test_a_build_in_another_directory_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
            packages = []
            for name in ("one", "another-with-a-longer-name"):
                source = pathlib.Path(directory) / name
                subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, source], check=True)
                packages.append(subprocess.run([source / "hack/package"], capture_output=True, text=True, check=True).stdout.strip())
            self.assertNotEqual(*packages)
            self.assertEqual(*map(self.digest, packages))


if __name__ == "__main__":
    unittest.main(verbosity=2)
