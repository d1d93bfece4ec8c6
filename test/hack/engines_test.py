"""hack/engines: what it says without root and without an engine, and the table it makes of results."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]

CONTRACT = """[----------] 4 tests from Daemons/DockerContract
[ RUN      ] Daemons/DockerContract.ANameIsGivenOnce/RealDaemon
[       OK ] Daemons/DockerContract.ANameIsGivenOnce/RealDaemon (12 ms)
[ RUN      ] Daemons/DockerContract.AStopIsFine/RealDaemon
test/contract/docker_contract_test.cc:1: Failure
[  FAILED  ] Daemons/DockerContract.AStopIsFine/RealDaemon, where GetParam() = RealDaemon (7 ms)
[ RUN      ] Daemons/DockerContract.AStartIsFine/RealDaemon
test/contract/docker_contract_test.cc:35: Skipped
podman-trixie: a 500, not a 409

[  SKIPPED ] Daemons/DockerContract.AStartIsFine/RealDaemon (0 ms)
[==========] 3 tests from 1 test suite ran. (19 ms total)
[  PASSED  ] 1 test.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] Daemons/DockerContract.AStartIsFine/RealDaemon
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Daemons/DockerContract.AStopIsFine/RealDaemon, where GetParam() = RealDaemon
"""
E2E = """test_a (drift_test.Drift.test_a) ... ok
test_b (drift_test.Drift.test_b)
What it is about. ... ok
test_c (drift_test.Drift.test_c) ... skipped 'podman-trixie: it cannot'

----------------------------------------------------------------------
Ran 3 tests in 1.0s

OK (skipped=1)
"""
E2E_FAILED = """test_a (drift_test.Drift.test_a) ... FAIL
test_b (drift_test.Drift.test_b) ... ok
FAIL: test_a (drift_test.Drift.test_a)
Ran 2 tests in 1.0s
FAILED (failures=1)
"""


def engines(*words):
    return subprocess.run([ROOT / "hack" / "engines", *words], capture_output=True, text=True, check=False, timeout=60)


def listed():
    return [line.split()[0] for line in engines("--list").stdout.splitlines()]


class Arguments(unittest.TestCase):
    def test_the_list_names_each_engine_and_what_it_is(self):
        answer = engines("--list")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        for line in answer.stdout.splitlines():
            self.assertRegex(line, r"^(docker|podman)-[a-z-]+ +\w.*\d")
        self.assertIn("docker-trixie", listed())

    def test_the_help_has_examples_of_engines_that_are_there(self):
        answer = engines("--help")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        named = set(re.findall(r"\b(?:docker|podman)-[a-z-]+\b", answer.stdout))
        self.assertTrue(named)
        self.assertLessEqual(named, set(listed()))

    def test_what_is_not_understood_is_refused_before_anything_is_made(self):
        for words, error, remedy in ((["--all"], "unknown argument --all", "--help"),
                                     (["docker-buster"], "there is no engine docker-buster", "--list"),
                                     (["docker-sid", "docker"], "there is no engine docker\n", "--list")):
            with self.subTest(words=words):
                answer = engines(*words)
                self.assertEqual((answer.returncode, answer.stdout), (2, ""))
                self.assertIn(error, answer.stderr)
                self.assertIn(remedy, answer.stderr)


class Table(unittest.TestCase):
    def table(self, **results):
        """engine -> program -> (status, output)."""
        words = []
        for engine, programs in results.items():
            cases = "".join(f'<testcase name="{name}" status="{status}"><system-out>{escape(output)}</system-out></testcase>'
                            for name, (status, output) in programs.items())
            path = self.directory / f"{engine}.xml"
            path.write_text(f"<testsuite>{cases}</testsuite>")
            words.append(f"{engine} (1.0)={path}")
        return subprocess.run([sys.executable, ROOT / "hack" / "engines_table.py", *words], capture_output=True, text=True,
                              check=False, timeout=60)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="engines")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def test_counts_by_program_and_names_what_failed_or_was_skipped(self):
        answer = self.table(a={"docker_contract_test": ("run", CONTRACT), "e2e_drift_test": ("run", E2E)},
                            b={"e2e_drift_test": ("fail", E2E_FAILED)})
        self.assertEqual(answer.returncode, 1)
        self.assertEqual(answer.stdout, """|  | a (1.0) | b (1.0) |
| --- | --- | --- |
| docker_contract_test | 1 of 3 (1 failed, 1 skipped) | – |
| e2e_drift_test | 2 of 3 (1 skipped) | 1 of 2 (1 failed) |

failed: a (1.0): DockerContract.AStopIsFine
skipped: a (1.0): DockerContract.AStartIsFine: podman-trixie: a 500, not a 409
skipped: a (1.0): drift_test.Drift.test_c: podman-trixie: it cannot
failed: b (1.0): drift_test.Drift.test_a
""")

    def test_skips_alone_are_no_failure(self):
        self.assertEqual(self.table(a={"e2e_drift_test": ("run", E2E)}).returncode, 0)

    def test_a_program_that_did_not_come_to_an_end_has_failed(self):
        answer = self.table(a={"e2e_drift_test": ("fail", "test_a (drift_test.Drift.test_a) ... ")})
        self.assertEqual(answer.returncode, 1)
        self.assertIn("failed: a (1.0): e2e_drift_test: did not end well", answer.stdout)

    def test_a_program_that_could_not_run_is_skipped_with_its_reason(self):
        answer = self.table(a={"e2e_drift_test": ("notrun", "no Docker engine here: needs root\n")})
        self.assertIn("| e2e_drift_test | skipped |", answer.stdout)
        self.assertIn("skipped: a (1.0): e2e_drift_test: no Docker engine here: needs root", answer.stdout)

    def test_nothing_at_all_is_a_failure(self):
        self.assertEqual(self.table(a={}).returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
