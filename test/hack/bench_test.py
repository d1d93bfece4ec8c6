"""hack/bench, as far as nothing is measured: what it lists, what its help says, what it refuses."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCHES = sorted(path.stem for path in (ROOT / "test" / "bench").glob("*.py") if not path.stem.endswith("_test"))


def bench(*words, env=None):
    return subprocess.run([ROOT / "hack/bench", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False, env=env)


class Bench(unittest.TestCase):
    def test_the_list_says_in_one_line_what_each_measures(self):
        answer = bench("--list")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        lines = answer.stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], BENCHES)
        for line in lines:
            self.assertRegex(line, r"^\S+ +\S.{20,110}\.$")

    def test_each_has_a_help_and_builds_nothing_for_it(self):
        for name in BENCHES:
            with self.subTest(name):
                answer = bench(name, "--help")
                self.assertEqual((answer.returncode, answer.stderr), (0, ""))
                self.assertIn(f"usage: hack/bench {name}", answer.stdout)
                self.assertIn("--runs", answer.stdout)
                self.assertNotIn("Build", answer.stdout)

    def test_its_own_help(self):
        for words in (("--help",), ("all", "--help")):
            answer = bench(*words)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""))
            self.assertIn("hack/bench --list", answer.stdout)

    def test_what_it_does_not_know_is_refused_before_anything_is_built(self):
        for words, code, says in (((), 2, "hack/bench --list"), (("--build",), 2, "--build DIR"),
                                  (("nothing",), 1, "no bench nothing"), (("nothing",), 1, "one of: all " + " ".join(BENCHES)),
                                  (("--nothing", "cold"), 1, "unknown argument --nothing")):
            with self.subTest(words):
                answer = bench(*words)
                self.assertEqual((answer.returncode, answer.stdout), (code, ""))
                self.assertIn(says, answer.stderr)

    def test_a_flag_that_a_bench_does_not_have_is_a_usage_error(self):
        for name in BENCHES:
            with self.subTest(name):
                answer = bench("--build", str(ROOT), name, "--nothing")
                self.assertEqual(answer.returncode, 2)
                self.assertIn("unrecognized arguments: --nothing", answer.stderr)

    def test_all_goes_on_after_one_that_cannot_run_and_ends_with_every_budget(self):
        with tempfile.TemporaryDirectory() as directory:
            stub = pathlib.Path(directory) / "python3"  # in the place of every bench
            stub.write_text(f"#!/bin/sh\ncase $1 in *{BENCHES[0]}.py) echo no engine; exit 77 ;; esac\n"
                            "echo '| a row | 1 |'; echo \"| budget of $1 $2 | 1 ms | 2 ms | missed |\"\n")
            stub.chmod(0o755)
            path = f"{directory}:{os.environ['PATH']}"
            answer = bench("--build", directory, "all", "--runs=9", env={**os.environ, "PATH": path})
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        before, found, budgets = answer.stdout.partition("\n## All budgets\n")
        self.assertTrue(found)
        for name in BENCHES:
            self.assertIn(f"\n## {name}\n", before)
        self.assertIn("no engine", before)
        self.assertEqual(budgets.splitlines()[3:], [f"| budget of test/bench/{name}.py --runs=9 | 1 ms | 2 ms | missed |"
                                                    for name in BENCHES[1:]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
