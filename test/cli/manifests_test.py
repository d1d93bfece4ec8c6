#!/usr/bin/env python3
"""What the repository ships of user-data is what `spacelet cloud-init` prints.

manifests/cloud-init/ holds its output for the examples, examples/terraform/ templates made of that output. With
SPACELET_UPDATE_GOLDEN=1 they are written anew.
"""

import base64
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
PACKAGE = "https://example.org/spacelet.deb"
DIGEST = "0" * 64
# file -> the words that make it
MANIFESTS = {
    "gcp.yaml": ["-f", "examples/gcp.yaml", "--pool", "examples/pool/gcp.yaml", "--cloud", "gcp"],
    "gcp-startup-script.sh": ["-f", "examples/gcp.yaml", "--pool", "examples/pool/gcp.yaml", "--cloud", "gcp", "--format", "script"],
    "aws.yaml": ["-f", "examples/aws.yaml", "--cloud", "aws"],
}
# What the templates are made of: a document whose pool is a file. The bytes of both are replaced.
DOCUMENT = """\
apiVersion: spacelet.dev/v1alpha1
kind: GitspaceHost
metadata: {name: marker}
spec:
  runner: {image: "drone/drone-runner-aws:1.0.0-rc.310", pool: {file: /etc/spacelet/pool.yaml}}
"""
POOL = "instances: [{name: marker, type: noop, spec: {}}]\n"
TEMPLATES = {"gcp/user-data.yaml.tftpl": "cloud-config", "gcp/startup-script.sh.tftpl": "script",
             "aws/user-data.yaml.tftpl": "cloud-config"}
END = "END-OF-FILE"


def cloud_init(*words):
    made = subprocess.run([SPACELET, "cloud-init", *words], cwd=REPOSITORY, capture_output=True, text=True)
    if made.returncode != 0:
        raise AssertionError(made.stderr)
    return made.stdout


def indented(text):
    return "".join(f"      {line}\n" if line else "\n" for line in text.splitlines())


def make_template(form, directory):
    (directory / "host.yaml").write_text(DOCUMENT)
    (directory / "pool.yaml").write_text(POOL)
    text = cloud_init("-f", directory / "host.yaml", "--pool", directory / "pool.yaml", "--format", form,
                      "--package", PACKAGE, "--package-sha256", DIGEST)
    text = text.replace("${", "$${").replace("%{", "%%{")
    for name, content in (("document", DOCUMENT), ("pool", POOL)):
        encoded = "${base64encode(%s)}" % name
        if form == "script":
            path = "/etc/spacelet/host.yaml" if name == "document" else "/etc/spacelet/pool.yaml"
            old = f"write {path} 0600 <<'{END}'\n{content}{END}\n"
            new = f"base64 -d <<'{END}' | write {path} 0600\n{encoded}\n{END}\n"
        else:
            old = "    content: |\n" + indented(content)
            new = f"    encoding: b64\n    content: {encoded}\n"
        assert text.count(old) == 1, (old, text)
        text = text.replace(old, new)
    assert text.count(PACKAGE) == 1 and text.count(DIGEST) == 1
    return text.replace(PACKAGE, "${package_url}").replace(DIGEST, "${package_sha256}")


def render(template, values):
    """As Terraform's templatefile, for what the templates use of it."""
    def one(match):
        word = match.group(1)
        coded = re.fullmatch(r"base64encode\((\w+)\)", word)
        return base64.b64encode(values[coded.group(1)].encode()).decode() if coded else values[word]
    text = re.sub(r"(?<!\$)\$\{([^}]*)\}", one, template)
    return text.replace("$${", "${").replace("%%{", "%{")


def meaning(user_data):
    """The user-data without how its files are spelt."""
    data = yaml.safe_load(user_data)
    for file in data["write_files"]:
        if file.pop("encoding", None) == "b64":
            file["content"] = base64.b64decode(file["content"]).decode()
    return data


class Manifests(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="manifests")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def expect(self, path, text):
        if os.environ.get("SPACELET_UPDATE_GOLDEN") == "1":
            path.write_text(text)
        self.assertEqual(path.read_text(), text, f"{path}: SPACELET_UPDATE_GOLDEN=1 writes it anew")

    def test_the_manifests_are_what_the_command_prints_for_the_examples(self):
        for name, words in MANIFESTS.items():
            with self.subTest(name):
                made = cloud_init(*words, "--package", PACKAGE, "--package-sha256", DIGEST)
                self.expect(REPOSITORY / "manifests/cloud-init" / name, made)

    def test_the_templates_are_made_of_what_the_command_prints(self):
        for name, form in TEMPLATES.items():
            with self.subTest(name):
                self.expect(REPOSITORY / "examples/terraform" / name, make_template(form, self.directory))

    def test_a_template_renders_to_what_the_command_would_print(self):
        values = {"document": DOCUMENT.replace("{name: marker}", "{name: another} # ${not} %{this}"), "pool": POOL.replace("marker", "another"), "package_url": "https://example.org/b.deb", "package_sha256": "a" * 64}
        (self.directory / "host.yaml").write_text(values["document"])
        (self.directory / "pool.yaml").write_text(values["pool"])
        made = cloud_init("-f", self.directory / "host.yaml", "--pool", self.directory / "pool.yaml",
                          "--package", values["package_url"], "--package-sha256", values["package_sha256"])
        for cloud in ("gcp", "aws"):
            template = (REPOSITORY / "examples/terraform" / cloud / "user-data.yaml.tftpl").read_text()
            self.assertEqual(meaning(render(template, values)), meaning(made))

    def test_no_manifest_holds_more_than_aws_takes(self):
        for name in ("manifests/cloud-init/aws.yaml", "examples/terraform/aws/user-data.yaml.tftpl"):
            self.assertLess((REPOSITORY / name).stat().st_size, 16384, name)


if __name__ == "__main__":
    unittest.main()
