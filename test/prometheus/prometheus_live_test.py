#!/usr/bin/env python3
"""A real Prometheus scrapes a live agent by the shipped configuration and rules: alerts come and go, the dashboard has data.

The agent works on fake_dockerd. Only intervals are shorter than what is shipped: that of the scrape, and each `for` of the
rules. Exits 77 where Prometheus is not installed.
"""
import http
import json
import pathlib
import re
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

import shipped

sys.path.insert(0, str(shipped.REPOSITORY / "test" / "crash"))
import flows  # noqa: E402
import host as hosts  # noqa: E402

PATIENCE = 180  # seconds; a deadline, never a wait
INSTANCE = "gitspaces-us-west1"  # of scrape.yaml
RUNNER = "container/vm-runner"
RELEASE = "26.09.87000"  # a delegate's tag that says when its support ends
# What Grafana puts in, and what is chosen above the dashboard.
CHOSEN = {"job": "spacelet", "instance": INSTANCE, "__rate_interval": "30s", "__range": "5m"}


def until(what, ask):
    """The first true answer; an error of the network is "not yet"."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer = ask()
        except (OSError, Unready) as error:
            answer, last = None, str(error)
        else:
            last = repr(answer)
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what} (last: {last})")
        time.sleep(0.1)


class Refused(Exception):
    """Prometheus's answer to a question that it cannot evaluate."""


class Unready(Exception):
    """What it answers while it starts."""


class Prometheus:
    def __init__(self, directory, address, target):
        config = yaml.safe_load(shipped.SCRAPE.read_text())
        config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config["scrape_configs"] = config["scrape_configs"][:1]
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
        (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
        (directory / "spacelet.rules.yaml").write_text(shipped.with_short_waits(shipped.RULES.read_text()))
        self.url = f"http://{address}:9090"
        self.log = directory / "prometheus.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", "prometheus", f"--config.file={directory / 'prometheus.yml'}",
                 f"--storage.tsdb.path={directory / 'data'}", f"--web.listen-address={address}:9090"], stdout=log, stderr=log)

    def get(self, path, **parameters):
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.SERVICE_UNAVAILABLE:
                raise Unready(error.reason) from None
            raise Refused(error.read().decode()) from None

    def query(self, expression):
        return self.get("/api/v1/query", query=expression)["result"]

    def alerts(self, name, **labels):
        """Those of that name with these labels (and any others)."""
        return [one for one in self.get("/api/v1/alerts")["alerts"]
                if one["labels"]["alertname"] == name and labels.items() <= one["labels"].items()]

    def firing(self, name, **labels):
        return [one for one in self.alerts(name, **labels) if one["state"] == "firing"]

    def first(self, name, state):
        """When an alert was first in that state, None: never."""
        found = self.query(f'ALERTS{{alertname="{name}",alertstate="{state}"}}[10m]')
        return min((float(at) for one in found for at, _ in one["values"]), default=None)


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.flow, cls.host = flows.Flow(), hosts.Host()
        cls.addClassCleanup(cls.flow.close)
        cls.addClassCleanup(cls.host.close)
        cls.flow.publish(cls.host)
        cls.host.daemon.publish(flows.DELEGATE + RELEASE)
        directory = pathlib.Path(cls.host.directory.name) / "prometheus"
        directory.mkdir()
        cls.prometheus = Prometheus(directory, hosts.addresses.take() + "1", f"{cls.host.agent.address}:{hosts.AGENT_PORT}")
        cls.addClassCleanup(hosts.end, cls.prometheus.process)

    def setUp(self):
        self.host.converge(self.flow.spec(runner="1", delegate=RELEASE))
        until("Prometheus sees a host that is well", lambda: self.prometheus.query("sum(spacelet_object_ready) == 3"))
        self.quiet("SpaceletAgentDown", "SpaceletDockerDown", "SpaceletNotReady")

    def quiet(self, *names):
        until(f"no {' or '.join(names)}", lambda: not any(self.prometheus.alerts(name) for name in names))

    def test_a_runner_that_breaks_fires_and_resolves_once_it_is_repaired(self):
        broken = self.flow.spec(runner="crashes", delegate=RELEASE)
        broken["runner"]["rollout"]["autoRollback"] = False
        self.host.write(broken)
        (alert,) = until("the runner's alert fires", lambda: self.prometheus.firing("SpaceletNotReady", object=RUNNER))
        self.assertEqual((alert["labels"]["severity"], alert["labels"]["instance"]), ("page", INSTANCE))
        self.assertIn(f"{INSTANCE}: {RUNNER} has not been ready", alert["annotations"]["summary"])
        self.assertIn("(CrashLoopBackOff)", alert["annotations"]["description"])
        self.assertLess(self.prometheus.first("SpaceletNotReady", "pending"), self.prometheus.first("SpaceletNotReady", "firing"))
        until("the restarts are told", lambda: self.prometheus.firing("SpaceletCrashLooping", object=RUNNER))
        until("and the failed change", lambda: self.prometheus.firing("SpaceletRolledBack", object=RUNNER))
        self.host.write(self.flow.spec(runner="2", delegate=RELEASE))
        self.quiet("SpaceletNotReady")
        until("the runner is ready", lambda: self.prometheus.query(f'spacelet_object_ready{{object="{RUNNER}"}} == 1'))

    def test_an_agent_that_dies_is_one_alert_and_resolves_when_it_is_back(self):
        hosts.end(self.host.agent.process)
        (alert,) = until("the agent's alert fires", lambda: self.prometheus.firing("SpaceletAgentDown"))
        self.assertIn(INSTANCE, alert["annotations"]["description"])
        self.assertEqual(self.prometheus.firing("SpaceletNotReady") + self.prometheus.firing("SpaceletDockerDown"), [])
        self.host.agent.start()
        self.quiet("SpaceletAgentDown")

    def test_every_rule_is_evaluated_without_an_error(self):
        until("each rule was evaluated", lambda: all(rule["health"] != "unknown" for rule in self.rules()))
        self.assertEqual({rule["name"]: rule.get("lastError") for rule in self.rules() if rule["health"] != "ok"}, {})
        self.assertEqual(len(self.rules()), len(shipped.rules()))

    def rules(self):
        return [rule for group in self.prometheus.get("/api/v1/rules")["groups"] for rule in group["rules"]]

    def filled_in(self, expression):
        for name, value in CHOSEN.items():
            expression = expression.replace(f"${name}", value)
        self.assertNotIn("$", expression)
        return expression

    def has_data(self, expression):
        return any(one["value"][1] != "NaN" for one in self.prometheus.query(expression))

    def test_every_question_of_the_dashboard_has_an_answer(self):
        asked = 0
        for panel in shipped.dashboard()["panels"]:
            for one in panel.get("targets", []):
                with self.subTest(panel["title"], expr=one["expr"]):
                    expression = self.filled_in(one["expr"])
                    asked += 1
                    if "noValue" in panel["fieldConfig"]["defaults"]:
                        self.prometheus.query(expression)
                    else:
                        until(f"data of {expression}", lambda e=expression: self.has_data(e))
        self.assertGreater(asked, 50)

    def test_its_variables_have_values_and_its_annotations_are_evaluated(self):
        dashboard = shipped.dashboard()
        for one in dashboard["templating"]["list"][1:]:
            series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", one["definition"]).groups()
            values = self.prometheus.get(f"/api/v1/label/{label}/values", **{"match[]": self.filled_in(series)})
            self.assertEqual(values, [CHOSEN[one["name"]]])
        for one in dashboard["annotations"]["list"]:
            self.prometheus.query(self.filled_in(one["expr"]))


if __name__ == "__main__":
    shipped.skip_without("prometheus", "promtool")
    unittest.main(argv=hosts.parse(__doc__), verbosity=2)
