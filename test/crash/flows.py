"""What is done to a host while its agent is killed, and how one knows that it is over.

A new flow is a class here and a test of three lines in crash_fake_test.py.
"""
import http.server
import pathlib
import shutil
import tempfile
import threading

RUNNER, DELEGATE, SIDE = "example/runner:", "example/delegate:", "example/side:"
REFUSAL = "exec: no such file or directory"
POOL = """version: "1"
instances:
  - {name: crash, type: noop, platform: {os: linux, arch: amd64}, spec: {}}
"""
# Health is the fake's word: there is no process to ask.
PROVED_AT_ONCE = {"readinessProbe": {"dockerHealth": {}, "periodSeconds": 1}, "rollout": {"minReadySeconds": 0}}


class Flow:
    """The end is the same wherever the agent dies; `check` says what more is true of it."""

    first = 1  # request at which an agent is killed first: what comes before is another flow's
    least = 10  # requests that it has

    def __init__(self):
        # The same for all runs, so that their documents and with them their spec hashes are. Nothing is written there.
        self.runner_directory = pathlib.Path(tempfile.mkdtemp(prefix="spcrash-", dir="/tmp"))
        (self.runner_directory / "pool.yaml").write_text(POOL)

    def close(self):
        shutil.rmtree(self.runner_directory, ignore_errors=True)

    def spec(self, runner=None, delegate=None, side=None, **more):
        """A document's, of the workloads whose image is given, by its tag."""
        spec = {"network": {"name": "harness"}, **more}
        if runner:
            spec["runner"] = {"image": RUNNER + runner, "directory": str(self.runner_directory), **PROVED_AT_ONCE}
        if delegate:
            spec["delegate"] = {"image": DELEGATE + delegate, "accountId": "AbCdEfGhIjKlMnOpQrStUv",
                                "token": {"value": "c0ffee"}, **PROVED_AT_ONCE}
        if side:
            rollout = {**PROVED_AT_ONCE["rollout"], "strategy": "StartFirst"}
            spec["containers"] = [{"name": "side", "image": SIDE + side, **PROVED_AT_ONCE, "rollout": rollout}]
        return spec

    def publish(self, host):
        for image in (RUNNER, DELEGATE, SIDE):
            for tag in ("1", "2", "3"):
                host.daemon.publish(image + tag)
            host.daemon.publish(image + "crashes", exits=1)
            host.daemon.publish(image + "refused", **{"start-error": REFUSAL})
            host.daemon.publish(image + "never-ready", health="starting")

    # To be said by each.
    def begin(self, host):
        """Up to where the flow starts."""

    def change(self, host):
        """Starts it."""
        raise NotImplementedError

    def settled(self, host):
        """Asked again and again, by agents that are killed too; may go on steering."""
        raise NotImplementedError

    def check(self, case, host):
        """Asserts what has to be true in the end."""


class Change(Flow):
    """From one document to another, which succeeds."""

    def __init__(self, before, after):
        super().__init__()
        self.before, self.after = self.spec(**before), self.spec(**after)

    def begin(self, host):
        host.converge(self.before)

    def change(self, host):
        host.write(self.after)

    def settled(self, host):
        return host.agent.ready() and host.runs(self.after)


class ColdConvergence(Change):
    def __init__(self):
        super().__init__({}, {"runner": "1", "delegate": "1"})

    def begin(self, host):
        host.write(self.after)

    def change(self, host):
        host.agent.start()


class ImageRemoval(Change):
    """What a replacement ends with: what is neither used now nor was before goes."""

    first = 40

    def __init__(self):
        super().__init__({"runner": "2"}, {"runner": "3"})

    def begin(self, host):
        host.converge(self.spec(runner="1"))
        host.converge(self.before)

    def settled(self, host):
        return super().settled(host) and RUNNER + "1" not in host.daemon.state()["images"]


class StartFirst(Change):
    def begin(self, host):
        host.daemon.allow("side", 2)
        super().begin(host)


class Failure(Change):
    """A rollout that ends where it began, with the very container that ran before."""

    def __init__(self, workload, name, tag, touched=True, **rollout):
        super().__init__({workload: "1"}, {workload: tag})
        self.name, self.touched = name, touched
        one = self.after["containers"][0] if workload == "side" else self.after[workload]
        one["rollout"] = {**one["rollout"], **rollout}

    def begin(self, host):
        if not self.touched:
            host.daemon.allow(self.name, 2)
        super().begin(host)

    def settled(self, host):
        return host.agent.result(self.name) == "RolledBack" and host.runs(self.before)

    def check(self, case, host):
        now, before = host.daemon.containers()[self.name], host.before[self.name]
        case.assertEqual(now["id"], before["id"])
        if not self.touched:
            case.assertEqual(now["started_at"], before["started_at"])


def start_delegate_by_hand(host):
    host.daemon.ask("publish", "POST", reference=DELEGATE + "0", health="healthy", pull=1)
    host.daemon.allow("silly_delegate", 0)  # a name that it loses
    host.daemon.call("POST", "/networks/create", {"Name": "harness"})
    host.daemon.call("POST", "/containers/create?name=silly_delegate", {
        "Image": DELEGATE + "0", "Env": ["DELEGATE_NAME=docker-delegate"],
        "HostConfig": {"NetworkMode": "harness", "RestartPolicy": {"Name": "unless-stopped"}}})
    host.daemon.call("POST", "/containers/silly_delegate/start")


class Takeover(Change):
    """Of a delegate that somebody started by hand; Docker chose its name."""

    def __init__(self, tag):
        super().__init__({}, {"delegate": tag})
        self.after["delegate"]["takeover"] = True

    def begin(self, host):
        start_delegate_by_hand(host)
        host.write(self.after)

    def change(self, host):
        host.agent.start()


class FailedTakeover(Takeover):
    """The very container that ran before runs again."""

    def __init__(self):
        super().__init__("refused")

    def settled(self, host):
        now = host.daemon.containers()
        return host.agent.result("docker-delegate") == "RolledBack" and list(now) == ["docker-delegate"]

    def check(self, case, host):
        now, state = host.daemon.containers()["docker-delegate"], host.daemon.state()["containers"]["docker-delegate"]
        case.assertEqual((now["id"], state["state"]), (host.before["silly_delegate"]["id"], "running"))


class NetworkReplacement(Change):
    SUBNET = "172.29.0.0/16"

    def __init__(self):
        both = {"runner": "1", "delegate": "1"}
        super().__init__(both, {**both, "network": {"name": "harness", "subnet": self.SUBNET}})

    def settled(self, host):
        networks = [(one["subnet"], one["members"]) for one in host.daemon.state()["networks"]]
        return super().settled(host) and networks == [(self.SUBNET, ["docker-delegate", "vm-runner"])]

    def check(self, case, host):
        now = host.daemon.containers()
        for name, before in host.before.items():
            case.assertEqual((now[name]["id"], now[name]["started_at"]), (before["id"], before["started_at"]), name)


class Drain(Change):
    """The delegate works on; its last task ends when the agent has waited for it for a while."""

    PORT = 3460
    ROUND = 6  # requests: a resync comes by

    def __init__(self):
        super().__init__({"delegate": "1"}, {"delegate": "2"})

    def begin(self, host):
        super().begin(host)
        host.tasks, host.draining_since = 2, None
        host.closing.append(serve_metrics(host, host.daemon.containers()["docker-delegate"]["addresses"][0], self.PORT))

    def settled(self, host):
        if host.draining_since is None and host.agent.is_draining("docker-delegate"):
            host.draining_since = host.daemon.requests_made()
        if host.draining_since is not None and host.daemon.requests_made() >= host.draining_since + self.ROUND:
            host.tasks = 0
        return super().settled(host)

    def check(self, case, host):
        case.assertEqual(host.tasks, 0, "it was stopped while it had tasks")


def serve_metrics(host, address, port):
    """Answers as a delegate with so many tasks; how to end it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"io_harness_custom_metric_tasks_currently_executing {host.tasks}\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((address, port), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close():
        server.shutdown()
        server.server_close()

    return close
