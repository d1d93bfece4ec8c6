"""Says which tests did not run and why, from ctest's JUnit file, and how it ended."""
import sys
import xml.etree.ElementTree as ElementTree

WORDS = ("skip", "no Docker engine")


def reason(case):
    output = case.findtext("system-out") or ""
    lines = [line.strip() for line in output.splitlines() if any(word.lower() in line.lower() for word in WORDS)]
    return lines[0] if lines else "no reason given"


def main(path):
    cases = ElementTree.parse(path).getroot().findall("testcase")
    skipped = [case for case in cases if case.find("skipped") is not None]
    failed = [case for case in cases if case.find("failure") is not None or case.get("status") == "fail"]
    for case in skipped:
        print(f"skipped: {case.get('name')}: {reason(case)}")
    print(f"ctest: {len(cases)} tests, {len(cases) - len(failed) - len(skipped)} passed, {len(failed)} failed, "
          f"{len(skipped)} skipped")


if __name__ == "__main__":
    main(sys.argv[1])
