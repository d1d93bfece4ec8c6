#!/usr/bin/env python3
"""The manual pages that $SPACELET prints say all that its help and its schema say, and are well-formed."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}  # 2023-11-14


def run(*words, env=None):
    return subprocess.run([SPACELET, *words], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **(env or {})})


def page(name):
    return run("man", name, env=EPOCH).stdout


def plain(roff):
    """What a reader sees, roughly: without fonts, escapes and line breaks."""
    text = re.sub(r"\\f[BIR]", "", roff)
    for escape, character in ((r"\-", "-"), (r"\(aq", "'"), (r"\(ga", "`"), (r"\(ha", "^"), (r"\(ti", "~"),
                              (r"\(dq", '"'), (r"\&", ""), (r"\e", "\\")):
        text = text.replace(escape, character)
    return " ".join(text.split())


def commands():
    listed = run("--help").stdout.split("Subcommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+)", listed, re.MULTILINE)


def page_of(command):
    return f"spacelet-{command}.{8 if command == 'agent' else 1}"


class ManPages(unittest.TestCase):
    def test_there_is_one_for_the_program_the_document_and_each_command(self):
        expected = ["spacelet.1", "spacelet.yaml.5", *map(page_of, commands())]
        self.assertEqual(sorted(run("man").stdout.split()), sorted(expected))

    def test_every_flag_and_example_of_the_help_is_on_the_page(self):
        for command in commands():
            with self.subTest(command=command):
                help_text = run(command, "--help").stdout
                text = plain(page(page_of(command)))
                flags = set(re.findall(r"--[a-z][a-z-]+", help_text.split("\nExamples:")[0]))
                self.assertIn("--help", flags)
                self.assertEqual({flag for flag in flags if flag not in text}, set())
                for example in help_text.split("\nExamples:\n")[1:]:
                    for line in example.strip().splitlines():
                        self.assertIn(" ".join(line.split()), text)

    def test_the_exit_codes_of_the_help_are_on_the_page(self):
        for command in commands():
            found = re.search(r"^Exit code: (.*)$", run(command, "--help").stdout, re.MULTILINE)
            if found:
                with self.subTest(command=command):
                    self.assertIn(f".SH EXIT STATUS {found.group(1)}", plain(page(page_of(command))))

    def test_the_programs_page_names_every_command(self):
        text = plain(page("spacelet.1"))
        for command in commands():
            self.assertIn(f"spacelet-{command}({8 if command == 'agent' else 1})", text)

    def test_every_field_of_the_schema_is_on_the_documents_page_under_its_type(self):
        definitions = json.loads(run("schema").stdout)["definitions"]
        parts = {part.split("\n", 1)[0]: part for part in page("spacelet.yaml.5").split("\n.SS ")[1:]}
        self.assertGreater(len(parts), 10)
        terms = {name: set(re.findall(r"^\.TP\n\\fB(.*)\\fR$", part, re.MULTILINE)) for name, part in parts.items()}
        shared = {name: terms["workload"] for name in ("runner", "delegate", "container")}
        shared["containerFile"] = terms["secret"]
        for name, definition in definitions.items():
            fields = set(definition.get("properties", {}))
            if fields:
                with self.subTest(type=name):
                    self.assertEqual(fields - terms[name] - shared.get(name, set()), set())

    def test_the_same_source_date_gives_the_same_page(self):
        self.assertIn("2023-11-14", page("spacelet.1").splitlines()[0])
        self.assertEqual(page("spacelet.yaml.5"), page("spacelet.yaml.5"))

    def test_an_unknown_page_is_an_error_of_usage(self):
        answer = run("man", "nothing.7")
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))
        self.assertIn("nothing.7", answer.stderr)

    def test_the_command_that_prints_them_is_hidden(self):
        self.assertNotIn("man", commands())
        for shell in ("bash", "zsh", "fish"):
            self.assertNotRegex(run("completion", shell).stdout, r"\bman\b")

    def lint(self, *command):
        if not shutil.which(command[0]):
            self.skipTest(f"{command[0]} is not installed")
        with tempfile.TemporaryDirectory() as directory:
            for name in run("man").stdout.split():
                path = os.path.join(directory, name)
                with open(path, "w", encoding="utf-8") as out:
                    out.write(page(name))
                answer = subprocess.run([*command, path], capture_output=True, text=True, check=False,
                                        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANROFFSEQ": ""})
                complaints = answer.stderr + (answer.stdout if command[0] == "mandoc" else "")
                self.assertEqual((answer.returncode, complaints), (0, ""))

    def test_mandoc_finds_nothing_to_complain_about(self):
        self.lint("mandoc", "-Tlint", "-W", "style")

    def test_groff_finds_nothing_to_complain_about(self):
        self.lint("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z")


if __name__ == "__main__":
    unittest.main(verbosity=2)
