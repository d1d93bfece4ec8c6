#!/usr/bin/env python3
"""Includes point one way: the table below is the architecture.

Reads every .h and .cc under pkg/ and cmd/ (of the directory given, default: this repository) and prints each violation
as FILE:LINE: what is wrong. Standard library only; no compiler is asked.
"""

import pathlib
import re
import sys
import unittest

REPOSITORY = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)

EVERYTHING = ["pkg/"]
DOCKER_INTERFACE = ["pkg/docker/client.h", "pkg/docker/errors.h", "pkg/docker/recipe.h", "pkg/docker/reference.h",
                    "pkg/docker/types.h"]

# package -> what it may include besides itself, as prefixes of paths.
MAY_INCLUDE = {
    "pkg/base": [],
    "pkg/log": ["pkg/base/"],
    "pkg/lifecycle": ["pkg/base/", "pkg/log/"],
    "pkg/schedule": ["pkg/base/"],
    "pkg/api": ["pkg/base/"],
    "pkg/yaml": ["pkg/base/"],
    "pkg/http": ["pkg/base/", "pkg/log/"],
    "pkg/config": ["pkg/api/", "pkg/base/", "pkg/schedule/", "pkg/yaml/"],
    "pkg/pool": ["pkg/api/", "pkg/base/", "pkg/yaml/"],
    "pkg/secret": ["pkg/api/", "pkg/base/"],
    "pkg/webconfig": ["pkg/api/", "pkg/base/", "pkg/config/", "pkg/http/", "pkg/secret/", "pkg/yaml/"],
    "pkg/desired": ["pkg/api/", "pkg/base/", "pkg/pool/", "pkg/schedule/", "pkg/secret/", "pkg/docker/types.h"],
    "pkg/docker": ["pkg/api/", "pkg/base/"],
    "pkg/policy": ["pkg/api/", "pkg/base/", "pkg/config/", "pkg/yaml/", "pkg/docker/reference.h"],
    "pkg/importer": ["pkg/api/", "pkg/base/", "pkg/config/", "pkg/docker/recipe.h", "pkg/docker/types.h"],
    "pkg/plan": ["pkg/api/", "pkg/base/", "pkg/schedule/", "pkg/desired/desired.h", "pkg/docker/types.h"],
    "pkg/observe": ["pkg/api/", "pkg/base/", "pkg/desired/", "pkg/plan/", "pkg/secret/"] + DOCKER_INTERFACE,
    "pkg/execute": ["pkg/api/", "pkg/base/", "pkg/desired/", "pkg/plan/", "pkg/secret/"] + DOCKER_INTERFACE,
    "pkg/probe": ["pkg/api/", "pkg/base/", "pkg/http/"] + DOCKER_INTERFACE,
    "pkg/workqueue": ["pkg/base/"],
    "pkg/state": ["pkg/api/", "pkg/base/", "pkg/log/"],
    "pkg/report": ["pkg/api/", "pkg/base/", "pkg/desired/", "pkg/docker/types.h", "pkg/log/", "pkg/plan/"],
    "pkg/git": ["pkg/api/", "pkg/base/"],
    "pkg/source": ["pkg/api/", "pkg/base/", "pkg/config/", "pkg/git/", "pkg/lifecycle/", "pkg/log/", "pkg/state/"],
    "pkg/controller": EVERYTHING,
    "pkg/notify": ["pkg/api/", "pkg/base/", "pkg/http/", "pkg/log/", "pkg/report/", "pkg/workqueue/"],
    "pkg/httpserver": ["pkg/api/", "pkg/base/", "pkg/http/", "pkg/lifecycle/", "pkg/log/", "pkg/report/"],
    "pkg/cloud": ["pkg/base/", "pkg/http/"],
    "pkg/cloudinit": ["pkg/base/"],
    "pkg/doctor": ["pkg/base/", "pkg/docker/version.h", "pkg/http/"],
    "pkg/bundle": ["pkg/base/", "pkg/docker/tar.h", "pkg/secret/", "pkg/yaml/"],
    "pkg/app": EVERYTHING,
    "cmd/spacelet": EVERYTHING,
}

# What a package may include besides, but not in the headers that others program against: the transport is no part of the
# Docker interface.
MAY_INCLUDE_BEHIND_INTERFACE = {
    "pkg/docker": (["pkg/http/", "pkg/log/"], DOCKER_INTERFACE),
}

# EVERYTHING means everything but these.
MAY_NEVER_INCLUDE = {
    "pkg/controller": ["pkg/app/", "pkg/docker/engine.h", "pkg/docker/http_client.h", "pkg/httpserver/", "pkg/notify/"],
}

# Library (a regular expression on the include) -> where it may be seen: by .cc files, and by private headers, which are
# those that only .cc files of their own package include. (Nothing includes a header of the program in cmd.)
LIBRARIES = {
    r"yaml-cpp/": r"pkg/yaml/",
    r"re2/": r"pkg/config/",
    r"httplib\.h$": r"pkg/http/",
    r"spdlog/|fmt/": r"pkg/log/",
    r"prometheus/": r"pkg/(report|httpserver)/",
    r"nlohmann/": r"(pkg|cmd)/",
    r"CLI/": r"cmd/",
    r"openssl/": r"pkg/(base|http|httpserver)/",
    r"systemd/": r"pkg/lifecycle/",
    r"zlib\.h$": r"pkg/bundle/",
}

OURS = re.compile(r"(pkg|cmd)/")
ABSEIL = re.compile(r"absl/")
STANDARD = re.compile(r"[a-z_0-9]+$")  # <vector>
SYSTEM = re.compile(r"((sys|netinet|arpa|linux)/)?[a-z_0-9]+\.h$")  # <unistd.h>, <sys/stat.h>

INCLUDE = re.compile(r'\s*#\s*include\s+[<"]([^>"]+)[>"]')


def package_of(path):
    return "/".join(path.split("/")[:2])


def starts(path, prefixes):
    return any(path.startswith(prefix) for prefix in prefixes)


def check_ours(path, include):
    """What is wrong with an include of our own; None when nothing is."""
    package = package_of(path)
    if include.startswith("cmd/"):
        return None if package.startswith("cmd/") else f"{package} must not include {include}: only cmd may include cmd"
    if package not in MAY_INCLUDE:
        return f"{package} is not in the table of test/layering_test.py"
    allowed = [package + "/"] + MAY_INCLUDE[package]
    behind, interface = MAY_INCLUDE_BEHIND_INTERFACE.get(package, ([], []))
    if path not in interface:
        allowed += behind
    if starts(include, allowed) and not starts(include, MAY_NEVER_INCLUDE.get(package, [])):
        return None
    return f"{package} must not include {include}: it may include {', '.join(allowed)}"


def check_foreign(path, include):
    """What is wrong with an include of somebody else's; None when nothing is."""
    if ABSEIL.match(include) or STANDARD.match(include):
        return None
    for library, where in LIBRARIES.items():
        if re.match(library, include):
            return None if re.match(where, path) else f"{include} must not be included here, only in {where}"
    if SYSTEM.match(include):
        return None
    return f"{include} is neither ours nor standard, and not in the list of libraries of test/layering_test.py"


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match.group(1)


def check_privacy(files):
    """Headers in pkg that see a library although others than .cc files of their package include them."""
    users = {}
    for path, text in files.items():
        for _, include in includes(text):
            users.setdefault(include, []).append(path)
    for path, text in files.items():
        if not path.endswith(".h") or not path.startswith("pkg/"):
            continue
        for number, include in includes(text):
            if not any(re.match(library, include) for library in LIBRARIES):
                continue
            for user in users.get(path, []):
                if not user.endswith(".cc") or package_of(user) != package_of(path):
                    yield path, number, f"{include} in a header that {user} includes: libraries end at the .cc files"


def check(files):
    """The violations of {path: text} as (path, line, what is wrong)."""
    for path, text in files.items():
        if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield path, 1, "no #pragma once"
        for number, include in includes(text):
            wrong = check_ours(path, include) if OURS.match(include) else check_foreign(path, include)
            if wrong:
                yield path, number, wrong
    yield from check_privacy(files)


def sources():
    for top in ("pkg", "cmd"):
        yield from (p for p in sorted((REPOSITORY / top).rglob("*")) if p.suffix in (".h", ".cc"))


class Layering(unittest.TestCase):
    def test_every_include_of_the_repository_points_the_right_way(self):
        files = {file.relative_to(REPOSITORY).as_posix(): file.read_text() for file in sources()}
        self.assertTrue(files, f"no sources under {REPOSITORY}")
        violations = [f"{path}:{line}: {wrong}" for path, line, wrong in check(files)]
        self.assertFalse(violations, "\n" + "\n".join(violations))

    def test_the_table_has_no_circle(self):
        # Headers are what carries a dependency on; EVERYTHING stands at the end of the order.
        order = [package for package, allowed in MAY_INCLUDE.items() if allowed is not EVERYTHING]
        below = {p: {package_of(prefix) for prefix in MAY_INCLUDE[p] if not prefix.endswith(".h")} for p in order}

        def reach(package, seen):
            for next_package in below.get(package, ()):
                if next_package not in seen:
                    seen.add(next_package)
                    reach(next_package, seen)
            return seen

        for package in order:
            self.assertNotIn(package, reach(package, set()), package)

    def test_each_rule_finds_what_it_forbids(self):
        forbidden = [
            ("pkg/base/a.cc", '#include "pkg/log/log.h"'),
            ("pkg/plan/a.cc", '#include "pkg/docker/client.h"'),
            ("pkg/plan/a.h", '#include "pkg/desired/compile.h"'),
            ("pkg/docker/client.h", '#include "pkg/http/client.h"'),
            ("pkg/observe/a.cc", '#include "pkg/docker/http_client.h"'),
            ("pkg/controller/a.cc", '#include "pkg/httpserver/server.h"'),
            ("pkg/app/a.cc", '#include "cmd/spacelet/output.h"'),
            ("pkg/stranger/a.cc", '#include "pkg/base/clock.h"'),
            ("pkg/config/a.cc", "#include <yaml-cpp/parser.h>"),
            ("pkg/docker/a.cc", "#include <httplib.h>"),
            ("pkg/app/a.cc", "#  include <spdlog/logger.h>"),
            ("pkg/controller/a.cc", "#include <prometheus/counter.h>"),
            ("pkg/app/a.cc", "#include <CLI/CLI.hpp>"),
            ("pkg/plan/a.cc", "#include <openssl/evp.h>"),
            ("pkg/base/a.h", "#include <boost/optional.hpp>"),
            ("pkg/base/a.h", "// no guard"),
        ]
        for path, line in forbidden:
            guard = "" if "guard" in line else "#pragma once\n"
            self.assertEqual(len(list(check({path: guard + line + "\n"}))), 1, f"{path}: {line}")

    def test_a_library_in_a_header_is_found_when_the_header_is_not_private(self):
        header = {"pkg/report/json.h": "#pragma once\n#include <nlohmann/json.hpp>\n"}
        user = '#include "pkg/report/json.h"\n'
        self.assertEqual(list(check(header | {"pkg/report/a.cc": user})), [])
        self.assertEqual(len(list(check(header | {"pkg/report/a.h": "#pragma once\n" + user}))), 1)
        self.assertEqual(len(list(check(header | {"pkg/app/a.cc": user}))), 1)

    def test_what_is_allowed_is_not_found(self):
        allowed = [
            ("pkg/base/a.h", "#include <sys/stat.h>\n#include <vector>\n#include \"absl/time/time.h\""),
            ("pkg/docker/a.cc", '#include "pkg/http/client.h"\n#include <nlohmann/json.hpp>'),
            ("pkg/plan/a.h", '#include "pkg/docker/types.h"\n#include "pkg/plan/operation.h"'),
            ("pkg/app/a.cc", '#include "pkg/httpserver/server.h"'),
            ("cmd/spacelet/main.cc", '#include <CLI/CLI.hpp>\n#include "cmd/spacelet/output.h"\n#include "pkg/app/agent.h"'),
        ]
        for path, text in allowed:
            self.assertEqual(list(check({path: "#pragma once\n" + text + "\n"})), [], path)


if __name__ == "__main__":
    unittest.main()
