"""Documents as the tests write them."""
import copy
import json

RUNNER_IMAGE = "drone/drone-runner-aws:1.0.0-rc.310"
NEWER_RUNNER_IMAGE = "drone/drone-runner-aws:1.0.0-rc.311"
DELEGATE_IMAGE = "us-west1-docker.pkg.dev/gar-setup/docker/delegate:26.09.87000"
NEWER_DELEGATE_IMAGE = "us-west1-docker.pkg.dev/gar-setup/docker/delegate:26.10.87100"
GENERIC_IMAGE = "spacelet-standin/generic:1"

POOL = """version: "1"
instances:
  - name: standin
    type: noop
    pool: 0
    limit: 10
    platform: {os: linux, arch: amd64}
    spec: {}
"""
OTHER_POOL = POOL.replace("limit: 10", "limit: 20")
# A change that means nothing: a comment and Terraform's time stamp.
SAME_POOL = "# written again\ntimestamp: '2026-11-22'\n" + POOL


class Document:
    """A value: `with_…` and `without` give a changed copy."""

    def __init__(self, spec):
        self.spec = spec

    @classmethod
    def minimal(cls, directory):
        """Runner and delegate, tuned so that nothing is waited for that a test does not look at."""
        quick = {"minReadySeconds": 0}
        return cls({
            "network": {"name": "harness"},
            "runner": {
                "image": RUNNER_IMAGE,
                "directory": f"{directory}/runner",
                "pool": {"file": f"{directory}/pool.yaml"},
                "stopGracePeriod": "20s",
                "rollout": quick,
            },
            "delegate": {
                "image": DELEGATE_IMAGE,
                "accountId": "AbCdEfGhIjKlMnOpQrStUv",
                "token": {"file": f"{directory}/delegate-token"},
                "tags": ["e2e"],
                "resources": {"cpus": 1, "memory": "2g"},
                "stopGracePeriod": "20s",
                "rollout": quick,
            },
        })

    def _changed(self, change):
        spec = copy.deepcopy(self.spec)
        change(spec)
        return Document(spec)

    def with_spec(self, **fields):
        return self._changed(lambda spec: spec.update(fields))

    def with_runner(self, **fields):
        return self._changed(lambda spec: spec["runner"].update(fields))

    def with_delegate(self, **fields):
        return self._changed(lambda spec: spec["delegate"].update(fields))

    def without(self, *names):
        return self._changed(lambda spec: [spec.pop(name) for name in names])

    def images(self):
        """container name -> image reference."""
        spec, images = self.spec, {}
        if "runner" in spec:
            images[spec["runner"].get("containerName", "vm-runner")] = spec["runner"]["image"]
        if "delegate" in spec:
            images[spec["delegate"].get("name", "docker-delegate")] = spec["delegate"]["image"]
        for one in spec.get("containers", []):
            images[one.get("containerName", one["name"])] = one["image"]
        return images

    def text(self):
        head = {"apiVersion": "spacelet.dev/v1alpha1", "kind": "GitspaceHost", "metadata": {"name": "e2e"}}
        return to_yaml({**head, "spec": self.spec})


def to_yaml(value, indent=""):
    """Block style for maps, flow style below lists: enough, and what people write."""
    lines = []
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            lines.append(f"{indent}{key}:\n" + to_yaml(inner, indent + "  "))
        else:
            lines.append(f"{indent}{key}: {json.dumps(inner)}\n")
    return "".join(lines)
