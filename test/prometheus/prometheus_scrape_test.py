#!/usr/bin/env python3
"""The scrape configurations: valid, and their relabelling names the host.

What a cloud's discovery would find is written down as a static target with the same meta labels; promtool says what
becomes of it.
"""
import json
import pathlib
import tempfile
import unittest

import yaml

import shipped

FOUND = {
    "spacelet": {"__address__": "127.0.0.1:9746", "instance": "gitspaces-us-west1"},
    "spacelet-static-tls": {"__address__": "gitspaces-us-west1.example.org:9746"},
    "spacelet-gce": {"__address__": "10.0.0.7:9746", "__meta_gce_instance_name": "gitspaces-us-west1", "__meta_gce_project": "my-project",
                     "__meta_gce_zone": "https://www.googleapis.com/compute/v1/projects/my-project/zones/us-west1-a"},
    "spacelet-ec2": {"__address__": "10.0.0.7:9746", "__meta_ec2_instance_id": "i-0123", "__meta_ec2_tag_Name": "gitspaces-us-west1",
                     "__meta_ec2_availability_zone": "us-west-2b"},
}
BECOMES = {
    "spacelet": {},
    "spacelet-static-tls": {},
    "spacelet-gce": {"zone": "us-west1-a", "project": "my-project"},
    "spacelet-ec2": {"zone": "us-west-2b"},
}


class Scrape(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="spacelet-scrape")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def labels_of(self, job, found):
        """Of the target, without those that are not kept."""
        config = yaml.safe_load(shipped.SCRAPE.read_text())
        one = next(one for one in config["scrape_configs"] if one["job_name"] == job)
        static = {key: value for key, value in one.items() if not key.endswith("_sd_configs")}
        static["static_configs"] = [{"targets": [found["__address__"]], "labels": {key: value for key, value in found.items() if key != "__address__"}}]
        path = self.directory / "prometheus.yml"
        path.write_text(yaml.safe_dump({"scrape_configs": [static]}))
        told = shipped.promtool("check", "service-discovery", "--timeout", "1s", path, job)
        self.assertEqual(told.returncode, 0, told.stderr)
        (target,) = json.loads(told.stdout)
        return {key: value for key, value in target["labels"].items() if not key.startswith("__")}

    def test_promtool_finds_them_right(self):
        config = shipped.SCRAPE.read_text().replace("/etc/prometheus/spacelet", str(self.directory))
        for name in ("ca.pem", "password"):
            (self.directory / name).write_text("")
        (self.directory / "spacelet.rules.yaml").write_text(shipped.RULES.read_text())
        (self.directory / "scrape.yaml").write_text(config)
        checked = shipped.promtool("check", "config", self.directory / "scrape.yaml")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("1 rule files found", checked.stdout)

    def test_whichever_way_a_host_is_found_its_name_is_the_instance_of_the_same_job(self):
        jobs = [one["job_name"] for one in yaml.safe_load(shipped.SCRAPE.read_text())["scrape_configs"]]
        self.assertEqual(jobs, list(FOUND))
        for job, found in FOUND.items():
            with self.subTest(job):
                self.assertEqual(self.labels_of(job, found), {"job": "spacelet", "instance": "gitspaces-us-west1", **BECOMES[job]})

    def test_an_ec2_instance_without_a_name_is_called_by_its_id(self):
        found = {key: value for key, value in FOUND["spacelet-ec2"].items() if key != "__meta_ec2_tag_Name"}
        self.assertEqual(self.labels_of("spacelet-ec2", found)["instance"], "i-0123")

    def test_what_goes_over_a_network_goes_encrypted_and_with_a_password_from_a_file(self):
        for one in yaml.safe_load(shipped.SCRAPE.read_text())["scrape_configs"][1:]:
            with self.subTest(one["job_name"]):
                self.assertEqual(one["scheme"], "https")
                self.assertEqual(set(one["basic_auth"]), {"username", "password_file"})
                self.assertNotIn("insecure_skip_verify", one["tls_config"])


if __name__ == "__main__":
    shipped.skip_without("promtool")
    unittest.main()
