"""The package under test ($SPACELET_PACKAGE), and others made from it."""
import os
import pathlib
import re
import subprocess

PATH = pathlib.Path(os.environ.get("SPACELET_PACKAGE", "build/test/package/none.deb"))


def field(name, package=None):
    return subprocess.run(["dpkg-deb", "--field", package or PATH, name], capture_output=True, text=True,
                          check=True).stdout.strip()


def dependencies(package=None):
    """The names that it needs; of alternatives the first."""
    return [re.match(r"\s*([a-z0-9.+-]+)", wanted).group(1) for wanted in field("Depends", package).split(",")]


def with_version(version, directory):
    """The same package under another version."""
    content, out = directory / f"content-{version}", directory / f"spacelet_{version}.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", PATH, content], check=True)
    control = content / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", content, out], check=True, capture_output=True)
    return out
