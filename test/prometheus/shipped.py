"""What the repository ships for Prometheus and Grafana, as the tests read it."""
import json
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = REPOSITORY / "manifests" / "prometheus"
RULES = MANIFESTS / "spacelet.rules.yaml"
RULE_TESTS = [MANIFESTS / "spacelet.rules.test.yaml", MANIFESTS / "spacelet.rules.days.test.yaml"]
SCRAPE = MANIFESTS / "scrape.yaml"
DASHBOARD = REPOSITORY / "manifests" / "grafana" / "spacelet.json"
SKIPPED = 77
METRIC = re.compile(r"(?<![\w:])((?:spacelet|process)_[a-z_]+)\b")


def skip_without(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        print(f"skipped: {' and '.join(missing)} not installed (Debian package prometheus)")
        sys.exit(SKIPPED)


def promtool(*words):
    return subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True, check=False)


def rules(text=None):
    """Every rule of the file, in order."""
    document = yaml.safe_load(RULES.read_text() if text is None else text)
    return [rule for group in document["groups"] for rule in group["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def dashboard():
    return json.loads(DASHBOARD.read_text())


def documented_metrics():
    """docs/metrics.md lists exactly what there is: report_test holds that."""
    return set(re.findall(r"^\| `([a-z_]+)`", (REPOSITORY / "docs" / "metrics.md").read_text(), re.MULTILINE))


def metrics_of(expression):
    """Names of the agent's metrics in it, those of histograms without their suffix."""
    known = documented_metrics()
    return {name if name in known else re.sub("_(bucket|sum|count)$", "", name) for name in METRIC.findall(expression)}


def with_short_waits(text, wait="2s"):
    """The rules with every `for:` that short."""
    return re.sub(r"(?m)^( +for: )\S+$", rf"\g<1>{wait}", text)
