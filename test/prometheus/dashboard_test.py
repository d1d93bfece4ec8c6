#!/usr/bin/env python3
"""The dashboard as a document; prometheus_live_test asks its questions."""
import re
import subprocess
import sys
import unittest

import shipped

BUILT_IN = {"__rate_interval", "__range", "__url_time_range", "__dashboard", "__value"}


def everything(value):
    """Every dict in it."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from everything(inner)


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.dashboard = shipped.dashboard()
        self.panels = self.dashboard["panels"]
        self.expressions = [one["expr"] for one in everything(self.dashboard) if "expr" in one]

    def test_it_is_what_its_source_prints(self):
        printed = subprocess.run([sys.executable, shipped.DASHBOARD.with_suffix(".py")], capture_output=True, text=True, check=True).stdout
        self.assertEqual(shipped.DASHBOARD.read_text(), printed, "manifests/grafana/spacelet.py > manifests/grafana/spacelet.json")

    def test_it_has_a_view_of_the_fleet_and_one_of_a_host(self):
        rows = [panel["title"] for panel in self.panels if panel["type"] == "row"]
        self.assertEqual(rows[:2], ["Fleet", "Host: $instance"])
        links = [one["url"] for one in everything(self.panels) if "url" in one]
        self.assertTrue(links)
        for link in links:
            self.assertIn("var-instance=${__value.raw}", link)

    def test_panels_have_ids_of_their_own_and_do_not_overlap(self):
        self.assertEqual(len({panel["id"] for panel in self.panels}), len(self.panels))
        taken = {}
        for panel in self.panels:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
                self.assertEqual(taken.setdefault(cell, panel["title"]), panel["title"])

    def test_everything_asks_the_data_source_that_is_chosen(self):
        for one in everything(self.dashboard):
            if "datasource" in one:
                self.assertEqual(one["datasource"], {"type": "prometheus", "uid": "${datasource}"})
            if "expr" in one:
                self.assertIn("datasource", one)

    def test_every_question_is_about_the_job_that_is_chosen(self):
        for expression in self.expressions:
            selectors = re.findall(r"\{(.*?)\}", expression)
            self.assertTrue(selectors, expression)
            for selector in selectors:
                self.assertIn('job="$job"', selector, expression)

    def test_every_metric_in_it_exists(self):
        used = set().union(*map(shipped.metrics_of, self.expressions))
        self.assertEqual(used - shipped.documented_metrics(), set())
        self.assertGreater(len(used), 30)

    def test_every_variable_in_it_is_known(self):
        known = {one["name"] for one in self.dashboard["templating"]["list"]}
        used = set(re.findall(r"\$\{?(\w+)", shipped.DASHBOARD.read_text()))
        self.assertEqual(used - known - BUILT_IN, set())
        self.assertEqual(known - used, set())

    def test_each_panel_says_what_it_shows(self):
        for panel in self.panels:
            with self.subTest(panel["title"]):
                self.assertTrue(panel["title"])
                if panel["type"] != "row":
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                    self.assertEqual([one["refId"] for one in panel["targets"]], sorted({one["refId"] for one in panel["targets"]}))


if __name__ == "__main__":
    unittest.main()
