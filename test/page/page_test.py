#!/usr/bin/env python3
"""The status page in a real browser: runs status_page.js under Node. Exit code 77: something for that is missing.

What npm has to bring is named in package.json, pinned by package-lock.json, and kept in the build directory.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
NODE_MAJOR = 18


def node_major():
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return int(answer.stdout.strip().lstrip("v").split(".")[0] or 0)


def install(directory):
    """npm ci, once for each package-lock.json; what it says when it fails, else nothing."""
    lock = (HERE / "package-lock.json").read_bytes()
    mark = directory / "installed"
    digest = hashlib.sha256(lock).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return ""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, directory)
    answer = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=directory, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if answer.returncode == 0:
        mark.write_text(digest)
    return "" if answer.returncode == 0 else answer.stdout


def obstacle(directory):
    """Why the test cannot run here; empty when it can."""
    for program in ("node", "npm", "chromium"):
        if not shutil.which(program):
            return f"there is no {program} (Debian: apt-get install chromium nodejs npm)"
    if node_major() < NODE_MAJOR:
        return f"node is older than {NODE_MAJOR}"
    for variable in ("SPACELET", "FAKE_DOCKERD"):
        if not os.access(os.environ.get(variable, ""), os.X_OK):
            return f"{variable} names no program"
    if output := install(directory):
        return f"npm ci has failed: {' '.join(output.split())[-300:]}"
    return ""


def main(build, *patterns):
    directory = pathlib.Path(build).resolve()
    if why := obstacle(directory):
        print(f"skipped: {why}")
        return SKIPPED
    environment = {**os.environ, "NODE_PATH": str(directory / "node_modules"), "SHOTS": str(directory / "shots"),
                   "CHROMIUM": shutil.which("chromium")}
    names = [f"--test-name-pattern={pattern}" for pattern in patterns]
    return subprocess.run(["node", "--test", "--test-reporter=spec", *names, str(HERE / "status_page.js")], env=environment,
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["build/page"])))
