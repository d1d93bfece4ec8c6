"""Install, upgrade, remove and purge in a clean Debian tree, where no systemd runs."""
import pathlib
import re
import unittest

import deb
import machine

KEPT = {"/etc/spacelet/host.yaml": "mine\n", "/etc/spacelet/delegate-token": "secret\n", "/runner/database.sqlite3": "vms\n"}
STATE = "/var/lib/spacelet/last-good.json"
LARGEST_EXPOSURE = 2.0


def suite():
    return "trixie" if "deb13" in deb.field("Version") else "bookworm"


def obstacle():
    if not deb.PATH.exists():
        return f"skipped: {deb.PATH} is not there: hack/package makes it"
    return machine.obstacle()


class Installed(unittest.TestCase):
    """apt installs it on a clean system, with what it needs from the mirror."""

    @classmethod
    def setUpClass(cls):
        cls.tree = machine.Tree(suite(), ["man-db"])
        cls.addClassCleanup(cls.tree.close)
        cls.tree.put(deb.PATH, "/var/tmp/spacelet.deb")
        cls.tree.run("apt-get", "update")
        cls.tree.run("apt-get", "install", "-y", "--no-install-recommends", "/var/tmp/spacelet.deb")

    def owner_and_mode(self, path):
        return self.tree.run("stat", "--format=%U:%G %a", path).stdout.strip()

    def test_its_directories_are_there_for_the_right_users(self):
        self.assertEqual(self.owner_and_mode("/etc/spacelet"), "root:root 755")
        self.assertEqual(self.owner_and_mode("/runner"), "root:root 700")

    def test_the_user_and_dockers_group_are_there(self):
        self.assertRegex(self.tree.run("getent", "passwd", "spacelet").stdout, r":/var/lib/spacelet:/usr/sbin/nologin$")
        self.tree.run("getent", "group", "docker")

    def test_dpkg_finds_every_file_as_it_was_packed(self):
        self.assertEqual(self.tree.run("dpkg", "--verify", "spacelet").stdout, "")

    def test_the_program_runs(self):
        self.assertIn(deb.field("Version").split("-")[0], self.tree.run("spacelet", "version").stdout)
        self.tree.run("spacelet", "validate", "-f", "/etc/spacelet/host.yaml.example")

    def test_the_manual_pages_are_found_and_readable(self):
        for page, words in (("spacelet", "as a document says"), ("spacelet-plan", "--docker-host"),
                            ("spacelet.yaml", "accountId"), ("spacelet-agent", "--listen-address")):
            with self.subTest(page=page):
                answer = self.tree.run("man", "--warnings", "-P", "cat", page)
                self.assertIn(words, re.sub(r"\s+", " ", answer.stdout))
                self.assertEqual(answer.stderr, "")
        self.assertIn("spacelet-agent (8)", self.tree.run("sh", "-c", "mandb -q && apropos spacelet").stdout)

    def test_bash_completes_from_where_it_looks(self):
        words = self.tree.run("bash", "-c", ". /usr/share/bash-completion/completions/spacelet; COMP_WORDS=(spacelet pl); "
                                            'COMP_CWORD=1; _spacelet; echo "${COMPREPLY[@]}"').stdout
        self.assertEqual(words, "plan\n")

    def test_the_service_starts_at_the_next_boot(self):
        self.assertEqual(self.tree.run("systemctl", "is-enabled", "spacelet").stdout, "enabled\n")

    def test_the_unit_is_verified(self):
        answer = self.tree.run("systemd-analyze", "verify", "spacelet.service", check=False)
        complaints = [line for line in (answer.stdout + answer.stderr).splitlines() if "spacelet" in line]
        self.assertEqual((answer.returncode, complaints), (0, []), answer.stderr)

    def test_the_units_exposure_is_low(self):
        answer = self.tree.run("systemd-analyze", "security", "--offline=true", "--no-pager",
                               "/usr/lib/systemd/system/spacelet.service")
        exposure = float(re.search(r"Overall exposure level for spacelet.service: ([0-9.]+)", answer.stdout).group(1))
        print(f"exposure {exposure}")
        self.assertLessEqual(exposure, LARGEST_EXPOSURE, answer.stdout)


class Life(unittest.TestCase):
    """The same system sees the package come, be upgraded, go, and be purged."""

    def setUp(self):
        self.tree = machine.Tree(suite(), sorted({*deb.dependencies(), "man-db", "systemd"}))
        self.addCleanup(self.tree.close)

    def dpkg(self, *words):
        return self.tree.run("dpkg", *words)

    def install(self, package):
        self.dpkg("--install", self.tree.put(package, f"/var/tmp/{package.name}"))

    def text(self, path):
        return (self.tree.path / path.lstrip("/")).read_text(encoding="utf-8")

    def write(self, path, text):
        file = self.tree.path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def exists(self, path):
        return (self.tree.path / path.lstrip("/")).exists()

    def kept(self):
        return {path: self.text(path) for path in KEPT}

    def test_upgrade_remove_and_purge_touch_what_they_should(self):
        directory = pathlib.Path(self.tree.directory)
        self.install(deb.with_version("0.0.9-1~deb12", directory))
        self.assertEqual(self.text("/etc/default/spacelet").count('SPACELET_FLAGS=""'), 1)
        for path, text in {**KEPT, STATE: "remembered\n", "/etc/default/spacelet": "SPACELET_FLAGS=--log-level=debug\n"}.items():
            self.write(path, text)
        self.tree.run("chown", "1234:1234", "/runner")
        self.tree.run("chmod", "750", "/runner")

        self.install(deb.PATH)
        self.assertEqual(self.tree.run("dpkg-query", "-W", "-f", "${Version}", "spacelet").stdout, deb.field("Version"))
        self.assertEqual(self.text(STATE), "remembered\n")
        self.assertEqual(self.text("/etc/default/spacelet"), "SPACELET_FLAGS=--log-level=debug\n")
        self.assertEqual(self.kept(), KEPT)
        self.assertEqual(self.tree.run("stat", "--format=%u:%g %a", "/runner").stdout, "1234:1234 750\n",
                         "a directory that was there before is the administrator's")

        self.dpkg("--remove", "spacelet")
        self.assertFalse(self.exists("/usr/bin/spacelet"))
        self.assertEqual(self.text(STATE), "remembered\n")
        self.assertEqual(self.text("/etc/default/spacelet"), "SPACELET_FLAGS=--log-level=debug\n")

        self.dpkg("--purge", "spacelet")
        for path in ("/var/lib/spacelet", "/run/spacelet", "/etc/default/spacelet", "/etc/spacelet/host.yaml.example",
                     "/etc/systemd/system/multi-user.target.wants/spacelet.service"):
            self.assertFalse(self.exists(path), path)
        self.assertEqual(self.kept(), KEPT, "the document, the token and the runner's data are not the package's")
        self.assertEqual(self.tree.run("dpkg-query", "-W", "-f", "${Status}", "spacelet", check=False).returncode, 1)

    def test_a_service_that_was_disabled_stays_so(self):
        directory = pathlib.Path(self.tree.directory)
        self.install(deb.with_version("0.0.9-1~deb12", directory))
        self.tree.run("systemctl", "disable", "spacelet")
        self.install(deb.PATH)
        self.assertEqual(self.tree.run("systemctl", "is-enabled", "spacelet", check=False).stdout, "disabled\n")

    def test_a_system_from_which_it_was_purged_takes_it_again(self):
        self.install(deb.PATH)
        self.dpkg("--purge", "spacelet")
        self.install(deb.PATH)
        self.assertEqual(self.tree.run("systemctl", "is-enabled", "spacelet").stdout, "enabled\n")
        self.assertTrue(self.exists("/etc/spacelet/host.yaml.example"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
