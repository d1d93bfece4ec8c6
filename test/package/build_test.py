"""Makes the package that the other modules test: from the program that is built already, or, with $SPACELET_RELEASE, on
that Debian release."""
import os
import pathlib
import shutil
import subprocess
import unittest

import deb
import machine

RELEASE = os.environ.get("SPACELET_RELEASE", "")
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def obstacle():
    for tool in ("dpkg-shlibdeps", "file"):
        if not shutil.which(tool):
            return f"skipped: no package can be built here: {tool} is not installed"
    return machine.obstacle() if RELEASE else ""


class Build(unittest.TestCase):
    def test_it_is_built_and_its_path_is_printed(self):
        how = ["--release", RELEASE] if RELEASE else ["--build-dir", os.environ["SPACELET_BUILD"]]
        answer = subprocess.run([ROOT / "hack/package", *how, "--output", deb.PATH.parent], capture_output=True, text=True,
                                check=False)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(pathlib.Path(answer.stdout.strip()), deb.PATH)
        self.assertTrue(deb.PATH.exists())
