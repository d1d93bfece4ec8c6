"""The JSON Schema and the validator agree on the corpus, and bad documents keep their diagnostics.

  good/          valid for both                    (and every examples/*.yaml)
  bad/           invalid for both
  bad-semantic/  valid for the schema, invalid for the validator: what a schema cannot say

The example of a policy is valid for the policy's schema.

Beside each bad document stands what the validator prints. SPACELET_UPDATE_GOLDEN=1 writes these files and the schema.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    sys.exit(f"install python3-jsonschema and python3-yaml: {error}")

ROOT = pathlib.Path(__file__).resolve().parents[3]
CORPUS = ROOT / "test/golden/documents"
POLICY = ROOT / "examples/policy/policy.yaml"
POLICY_SCHEMA = ROOT / "manifests/schema/hostpolicy.v1alpha1.json"  # policy_test holds it against the grammar
SCHEMA = ROOT / "manifests/schema/gitspacehost.v1alpha1.json"
UPDATE = os.environ.get("SPACELET_UPDATE_GOLDEN") == "1"
TODAY = "2026-11-22"


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it; PyYAML's own is 1.1, where `no` is a boolean and 22:22 a number."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+.0123456789"),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Core.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 0 if node.value[:2] in ("0x", "0o") else 10))


class Failures(list):
    def check(self, good, message):
        if not good:
            self.append(message)


def validator(program, path):
    run = subprocess.run([program, TODAY, path.relative_to(ROOT)], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    first, _, rest = run.stdout.partition("\n")
    return first.startswith("valid "), "".join(line[2:] + "\n" for line in rest.splitlines())


def schema_accepts(checker, path):
    try:
        return checker.is_valid(yaml.load(path.read_text(), Core))
    except yaml.YAMLError:
        return False


def compare(golden, text, failures):
    if UPDATE:
        golden.write_text(text)
    failures.check(golden.exists() and golden.read_text() == text, f"{golden} differs:\n{text}")


def main(program):
    failures = Failures()
    schema = subprocess.run([program, "--schema"], capture_output=True, text=True, check=True).stdout
    compare(SCHEMA, schema, failures)
    jsonschema.Draft7Validator.check_schema(json.loads(schema))
    checker = jsonschema.Draft7Validator(json.loads(schema))
    seen = 0
    for folder, by_schema, by_validator in (("good", True, True), ("bad", False, False), ("bad-semantic", True, False)):
        paths = sorted((CORPUS / folder).glob("*.yaml"))
        if folder == "good":
            paths += sorted((ROOT / "examples").glob("*.yaml"))
        for path in paths:
            seen += 1
            valid, text = validator(program, path)
            failures.check(valid == by_validator, f"{path}: validator says {'valid' if valid else 'invalid'}\n{text}")
            failures.check(schema_accepts(checker, path) == by_schema, f"{path}: schema says {not by_schema}")
            if folder != "good":
                compare(path.with_suffix(".txt"), text, failures)
    policy_schema = json.loads(POLICY_SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(policy_schema)
    failures.check(schema_accepts(jsonschema.Draft7Validator(policy_schema), POLICY), f"{POLICY}: its schema refuses it")
    print("\n".join(failures) or f"{seen} documents, schema and validator agree")
    return 1 if failures or seen < 20 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
