"""One table of the results on several engines, in Markdown: engines_table.py NAME=JUNIT.xml...

A row is a program of tests, a cell what passed of what ran. Below it stand the tests that failed or were skipped, with
the reason. Exit code 1: some failed, or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

GTEST = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (?:\w+/)?(\w+\.\w+)(?:/\w+)?.*\(\d+ ms\)$", re.MULTILINE)
GTEST_REASON = re.compile(r"Skipped\n(.*)\n+\[  SKIPPED \] (?:\w+/)?(\w+\.\w+)")
RAN = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
WRONG = re.compile(r"^(?:FAIL|ERROR): \w+ \(([\w.]+)\)", re.MULTILINE)
SKIPPED = re.compile(r"^\w+ \(([\w.]+)\)(?:\n.*)? \.\.\. skipped ['\"](.*)['\"]$", re.MULTILINE)


class Outcome:
    """Of one program on one engine: how many tests there were; name -> "" of those that failed, -> reason of skips."""

    def __init__(self, case):
        text = case.findtext("system-out") or ""
        name = case.get("name")
        parse = self._gtest if GTEST.search(text) else self._unittest
        self.total, self.failed, self.skipped = parse(text)
        went_wrong = case.find("failure") is not None or case.get("status") == "fail"
        if went_wrong and not self.failed:
            self.failed = {name: "did not end well: see its output"}
        elif self.total == 0:
            self.skipped = {name: (text.strip().splitlines() or ["no output"])[-1]}

    @staticmethod
    def _gtest(text):
        reasons = {name: reason for reason, name in GTEST_REASON.findall(text)}
        ended = GTEST.findall(text)
        return (len(ended), {name: "" for how, name in ended if how == "FAILED"},
                {name: reasons.get(name, "") for how, name in ended if how == "SKIPPED"})

    @staticmethod
    def _unittest(text):
        return sum(map(int, RAN.findall(text))), {name: "" for name in WRONG.findall(text)}, dict(SKIPPED.findall(text))

    def cell(self):
        if self.total == 0:
            return "failed" if self.failed else "skipped"
        counts = [f"{len(these)} {word}" for word, these in (("failed", self.failed), ("skipped", self.skipped)) if these]
        passed = self.total - len(self.failed) - len(self.skipped)
        return f"{passed} of {self.total}" + (f" ({', '.join(counts)})" if counts else "")


def read(path):
    """program -> Outcome."""
    return {case.get("name"): Outcome(case) for case in ElementTree.parse(path).getroot().findall("testcase")}


def row(cells):
    return "| " + " | ".join(cells) + " |"


def table(engines):
    """`engines`: name -> program -> Outcome."""
    programs = sorted({program for outcomes in engines.values() for program in outcomes})
    lines = [row(["", *engines]), row(["---"] * (len(engines) + 1))]
    for program in programs:
        lines.append(row([program, *(outcomes[program].cell() if program in outcomes else "–" for outcomes in engines.values())]))
    return lines


def remarks(engines):
    for engine, outcomes in engines.items():
        for outcome in outcomes.values():
            for word, tests in (("failed", outcome.failed), ("skipped", outcome.skipped)):
                for name, reason in tests.items():
                    yield f"{word}: {engine}: {name}" + (f": {reason}" if reason else "")


def main(words):
    engines = {name: read(path) for name, _, path in (word.rpartition("=") for word in words)}
    print("\n".join([*table(engines), "", *remarks(engines)]))
    outcomes = [outcome for by_program in engines.values() for outcome in by_program.values()]
    return 1 if not outcomes or any(outcome.failed for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
