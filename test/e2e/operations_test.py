"""What docs/operations.md tells a person to do, done as it says."""
import shutil
import subprocess

from harness.case import HostCase
from harness.host import RUNNER


class Operations(HostCase):
    def setUp(self):
        super().setUp()
        self.directory = self.host.directory / "runner"
        self.database = self.directory / "database.sqlite3"

    def test_a_backup_of_the_runners_database_is_put_back(self):
        self.host.converge()
        backup = self.database.read_bytes()
        ids = self.host.ids()
        self.database.write_bytes(b"not what the runner wrote")
        self.host.write(self.host.minimal.with_spec(suspend=True))
        self.host.until_condition("Suspended", "True")

        self.host.runner.stop()
        for part in ("-wal", "-shm", "-journal"):
            self.database.with_name(self.database.name + part).unlink(missing_ok=True)
        self.database.write_bytes(backup)
        self.host.docker.post(f"/containers/{RUNNER}/start")

        self.host.change(self.host.minimal)
        self.assertEqual((self.host.ids(), self.database.read_bytes()), (ids, backup))

    def test_a_host_moves_to_another_machine_with_its_runners_database(self):
        self.host.converge()
        self.assertEqual(self.host.agent.stop(), 0)
        before = {path.relative_to(self.directory): path.read_bytes() for path in self.directory.rglob("*") if path.is_file()}
        down = self.host.agent.command("down", "-f", str(self.host.config), "--yes", flags=("docker-host", "lock-file"))
        self.assertEqual((down.returncode, self.host.ids()), (0, {}), down.stderr)

        # The other machine: the same files, nothing else.
        archive = self.host.directory / "host.tar.gz"
        subprocess.run(["tar", "-C", self.host.directory, "-czf", archive, "runner"], check=True)
        self.host.begin_again()
        shutil.rmtree(self.directory)
        subprocess.run(["tar", "-C", self.host.directory, "-xzpf", archive], check=True)
        self.host.start()
        self.host.until_converged()
        after = {path: (self.directory / path).read_bytes() for path in before}
        self.assertEqual(after, before)
        self.assertIn("database.sqlite3", {str(path) for path in before})
