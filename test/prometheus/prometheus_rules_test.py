#!/usr/bin/env python3
"""The rules: promtool's checks and unit tests, and what promtool does not ask of them."""
import re
import unittest

import yaml

import shipped

RUNBOOK = shipped.REPOSITORY / "docs" / "runbook.md"
FIRING = re.compile(r'alertname="(\w+)"(?:,instance="([\w-]+)")?')


def sections():
    """Anchors of the runbook, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", RUNBOOK.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-"): title for title in titles}


def moments():
    """Of each block of the unit tests: its instances, and for each moment what fires, as (alert, instance)."""
    for path in shipped.RULE_TESTS:
        for block in yaml.safe_load(path.read_text())["tests"]:
            instances = {instance for one in block["input_series"] for instance in re.findall(r'instance="([\w-]+)"', one["series"])}
            yield instances, [set(FIRING.findall(" ".join(sample["labels"] for sample in moment.get("exp_samples", []))))
                              for moment in block["promql_expr_test"] if "ALERTS" in moment["expr"]]


class Rules(unittest.TestCase):
    def test_promtool_finds_them_right(self):
        checked = shipped.promtool("check", "rules", shipped.RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_their_unit_tests_pass(self):
        checked = shipped.promtool("test", "rules", *shipped.RULE_TESTS)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_each_alert_fires_and_resolves_or_waits_and_spares_another_case_in_a_unit_test(self):
        for name in shipped.alerts():
            with self.subTest(name):
                tried = [(instances, fires) for instances, fires in moments() if any(name in dict(moment) for moment in fires)]
                self.assertTrue(tried, "no unit test sees it fire")
                quiet = any(name not in dict(moment) for _, fires in tried for moment in fires)
                self.assertTrue(quiet, "no unit test sees it quiet before or after")
                spared = any(instances - {instance for moment in fires for alert, instance in moment if alert == name}
                             for instances, fires in tried)
                self.assertTrue(spared, "no unit test has a host that it spares")

    def test_each_alert_says_what_where_and_what_to_do(self):
        for name, rule in shipped.alerts().items():
            with self.subTest(name):
                self.assertRegex(name, "^Spacelet[A-Z]")
                self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook_url"})
                self.assertLess(len(rule["annotations"]["summary"]), 160)
                if name != "SpaceletAbsent":  # there is no host to name
                    for text in ("summary", "description"):
                        self.assertIn("$labels.instance", rule["annotations"][text])

    def test_each_alert_has_a_section_in_the_runbook_and_each_section_an_alert(self):
        urls = {name: rule["annotations"]["runbook_url"] for name, rule in shipped.alerts().items()}
        self.assertEqual(urls, {name: f"docs/runbook.md#{name.lower()}" for name in urls})
        there = {title for title in sections().values() if title.startswith("Spacelet")}
        self.assertEqual(there, set(urls))
        self.assertLessEqual({url.partition("#")[2] for url in urls.values()}, set(sections()))

    def test_every_metric_in_them_exists(self):
        used = set().union(*(shipped.metrics_of(rule["expr"]) for rule in shipped.rules()))
        self.assertEqual(used - shipped.documented_metrics(), set())

    def test_every_recorded_series_in_them_is_recorded(self):
        recorded = {rule["record"] for rule in shipped.rules() if "record" in rule}
        used = {name for rule in shipped.rules() for name in re.findall(r"\b\w+:\w+:\w+", rule["expr"])}
        self.assertEqual(used - recorded, set())

    def test_they_keep_the_labels_that_a_relabelling_adds(self):
        for rule in shipped.rules():
            with self.subTest(rule.get("alert") or rule["record"]):
                self.assertNotRegex(rule["expr"], r"\bby *\(")
                self.assertLessEqual(set(re.findall(r"\bon *\((.*?)\)", rule["expr"])), {"job, instance", "job, instance, object"})

    def test_shortened_waits_are_all_that_the_live_test_changes(self):
        def without_waits(text):
            return [{key: value for key, value in rule.items() if key != "for"} for rule in shipped.rules(text)]
        text = shipped.RULES.read_text()
        shortened = shipped.with_short_waits(text)
        self.assertEqual(without_waits(shortened), without_waits(text))
        self.assertEqual({rule["for"] for rule in shipped.rules(shortened) if "for" in rule}, {"2s"})
        self.assertEqual(["for" in rule for rule in shipped.rules(shortened)], ["for" in rule for rule in shipped.rules(text)])


if __name__ == "__main__":
    shipped.skip_without("promtool")
    unittest.main()
