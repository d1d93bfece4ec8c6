#!/usr/bin/env python3
"""A test that the documentation names exists; each fear in docs/rollouts.md and each scenario in docs/reliability.md names one.

A name is `module`, `module.Class` or `module.Class.test` of a Python test, or `program.Test` of a C++ one, in backticks;
a module or program ends in _test. Standard library only.
"""
import ast
import pathlib
import re
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
TEST = REPOSITORY / "test"
NAMED = re.compile(r"`([a-z0-9_]+_test(?:\.\w+)*)`")
PROGRAM = re.compile(r"spacelet_test\((\w+_test)")
METRIC = re.compile(r"\bspacelet_[a-z_]+")
SCENARIO = re.compile(r"^\| ([A-Z])(\d+) \|(.*)\|(.*)\|(.*)\|$", re.MULTILINE)
SCENARIOS = {"D": 19, "C": 15, "N": 8, "R": 12, "F": 12, "K": 11, "X": 7, "T": 3, "H": 9, "W": 9, "S": 5}
CASE = re.compile(r"^TEST(?:_F|_P)?\(\w+, *(\w+)\)", re.MULTILINE)


def python_names():
    """Those of test modules, their classes and the tests in these."""
    names = set()
    for path in TEST.rglob("*_test.py"):
        names.add(path.stem)
        for one in ast.parse(path.read_text()).body:
            if isinstance(one, ast.ClassDef):
                tests = [inner.name for inner in one.body if isinstance(inner, ast.FunctionDef)]
                names.add(f"{path.stem}.{one.name}")
                names.update(f"{path.stem}.{one.name}.{test}" for test in tests)
    return names


def cpp_names():
    """Those of test programs and of the tests in their directories."""
    names = set()
    for path in TEST.rglob("CMakeLists.txt"):
        cases = [case for source in path.parent.glob("*.cc") for case in CASE.findall(source.read_text())]
        for program in PROGRAM.findall(path.read_text()):
            names.add(program)
            names.update(f"{program}.{case}" for case in cases)
    return names


def documents():
    return [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


class Docs(unittest.TestCase):
    def test_every_test_that_is_named_exists(self):
        known = python_names() | cpp_names()
        missing = [f"{path.relative_to(REPOSITORY)}: {name}" for path in documents()
                   for name in NAMED.findall(path.read_text()) if name not in known]
        self.assertEqual(missing, [])

    def test_every_known_deviation_of_an_engine_is_of_a_test_and_has_a_reason(self):
        known = python_names() | cpp_names()
        lines = [line.split(None, 2) for line in (TEST / "engines.txt").read_text().splitlines() if not line.startswith("#")]
        self.assertEqual([line for line in lines if len(line) < 3 or line[1] not in known], [])
        self.assertEqual([line for line in lines if not re.fullmatch(r"(docker|podman)(-[a-z]+)*", line[0])], [])

    def test_every_fear_has_a_test(self):
        _, found, table = (REPOSITORY / "docs" / "rollouts.md").read_text().partition("## What happens when …\n")
        self.assertTrue(found)
        rows = [line for line in table.split("\n## ")[0].splitlines() if line.startswith("| ")][1:]
        self.assertGreaterEqual(len(rows), 10)
        self.assertEqual([row for row in rows if not NAMED.search(row)], [])

    def test_every_scenario_of_reliability_has_a_test_or_says_why_not(self):
        rows = SCENARIO.findall((REPOSITORY / "docs" / "reliability.md").read_text())
        self.assertEqual([(table, int(number)) for table, number, *_ in rows],
                         [(table, number + 1) for table, count in SCENARIOS.items() for number in range(count)])
        bare = [row for row in rows if not NAMED.search(row[3]) and not re.match(r" not covered: \w", row[4])]
        self.assertEqual(bare, [])
        self.assertEqual([row for row in rows if not row[2].strip() or not row[4].strip()], [])

    def test_every_metric_that_is_named_exists(self):
        # report_test holds that docs/metrics.md lists exactly what there is.
        known = set(METRIC.findall((REPOSITORY / "docs" / "metrics.md").read_text()))
        wrong = [f"{path.relative_to(REPOSITORY)}: {name}" for path in documents() for name in METRIC.findall(path.read_text())
                 if name not in known and re.sub("_(bucket|sum|count)$", "", name) not in known]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
