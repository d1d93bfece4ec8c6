#!/usr/bin/env python3
"""The Terraform examples, read and evaluated by HCL's own parser (Debian's golang packages, in a tree of hack/rootfs).

Takes some minutes and 400 MB for the compiler: only with SPACELET_LONG=1, and as root. Otherwise exit code 77 and the reason.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples/terraform"
ROOTFS = REPOSITORY / "hack/rootfs"
SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
PACKAGES = ["golang-go", "golang-github-hashicorp-hcl-v2-dev"]
# As harness/terraform-gcp-harness-gitspaces writes it.
POOL = {"timestamp": "2026-01-01T00:00:00Z", "version": "1", "instances": [
    {"name": "a-us-west1", "type": "google", "pool": 0, "limit": 1000, "platform": {"os": "linux", "arch": "amd64"},
     "spec": {"tags": ["gitspace"], "account": {"project_id": "p", "no_service_account": True, "json_path": "sa.json"},
              "image": "image-1", "subnetwork": "subnet-1", "network": "network-1", "private_ip": True, "disk": {"size": 100, "type": "pd-balanced"}}}]}


class Terraform(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="spacelet-terraform-", dir="/var/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        tree = cls.directory / "tree"
        subprocess.run([ROOTFS, "bookworm", tree, *PACKAGES], check=True)
        work = tree / "work"
        shutil.copytree(EXAMPLES, work)
        shutil.copy(REPOSITORY / "test/terraform/evaluate.go", work)
        cls.values = {"document": (REPOSITORY / "examples/gcp.yaml").read_text() + "# ${not} %{this}\n", "pool": yaml.safe_dump(POOL),
                      "package_url": "https://example.org/a.deb", "package_sha256": "a" * 64}
        cls.values["pool"] = cls.values["pool"].replace("sa.json", "/runner/sa.json")
        (work / "values.json").write_text(json.dumps(cls.values))
        (work / "pool.json").write_text(json.dumps(POOL))
        names = sorted(str(path.relative_to(work)) for path in work.rglob("*.tf*"))
        subprocess.run([ROOTFS, "run", tree, "sh", "-c", "cd /work && GO111MODULE=off GOPATH=/usr/share/gocode HOME=/tmp "
                        "go run evaluate.go \"$@\" >answer.json", "sh", *names], check=True)
        cls.answer = json.loads((work / "answer.json").read_text())

    def cloud_init(self, *words):
        (self.directory / "host.yaml").write_text(self.values["document"])
        (self.directory / "pool.yaml").write_text(self.values["pool"])
        made = subprocess.run([SPACELET, "cloud-init", "-f", self.directory / "host.yaml", "--pool", self.directory / "pool.yaml",
                               "--package", self.values["package_url"], "--package-sha256", self.values["package_sha256"], *words],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout

    def test_every_file_is_read_and_formatted(self):
        self.assertEqual(self.answer["problems"], None)
        self.assertEqual(len(self.answer["templates"]), 3)

    def test_the_templates_render_to_what_the_command_prints(self):
        def meaning(text):
            sys.path.insert(0, str(REPOSITORY / "test/cli"))
            import manifests_test
            return manifests_test.meaning(text)
        for name in ("gcp/user-data.yaml.tftpl", "aws/user-data.yaml.tftpl"):
            self.assertEqual(meaning(self.answer["templates"][name]), meaning(self.cloud_init()))

    def test_the_script_writes_what_the_command_prints(self):
        """Both are run; what they write is compared."""
        written = []
        root = self.directory / "root"
        for script in (self.answer["templates"]["gcp/startup-script.sh.tftpl"], self.cloud_init("--format", "script")):
            moved = re.sub(r"(?m)^(.*\| )?write /", rf"\1write {root}/", script)
            moved = re.sub(r"(?m)^systemctl .*spacelet-bootstrap.*|^systemctl daemon-reload", "true", moved)
            subprocess.run(["sh", "-c", moved], check=True)
            written.append({str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()})
            shutil.rmtree(root)
        self.assertEqual(sorted(written[0]), sorted(written[1]))
        for path, content in written[0].items():
            self.assertEqual(content.decode(), written[1][path].decode(), path)
        self.assertEqual(written[0]["etc/spacelet/host.yaml"].decode(), self.values["document"])

    def test_the_pool_goes_without_time_stamp_and_key(self):
        expected = json.loads(json.dumps(POOL))
        del expected["timestamp"], expected["instances"][0]["spec"]["account"]["json_path"]
        self.assertEqual(self.answer["pool"], expected)


if __name__ == "__main__":
    if os.environ.get("SPACELET_LONG") != "1":
        print("skipped: installs a Go compiler (400 MB); run it with hack/test --long")
        sys.exit(77)
    check = subprocess.run([ROOTFS, "check"], capture_output=True, text=True)
    if check.returncode != 0:
        print(check.stdout.strip())
        sys.exit(77)
    unittest.main()
