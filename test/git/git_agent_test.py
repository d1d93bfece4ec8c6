#!/usr/bin/env python3
"""The agent with a document in Git: real repositories and servers on loopback, the fake Docker daemon.

Exits 77 where git or the fake daemon is missing; the tests over SSH are skipped where there is no sshd.
"""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))
import host as hosts  # noqa: E402
import servers  # noqa: E402

SKIPPED = 77
SPACELET = os.environ.get("SPACELET", "build/bin/spacelet")
hosts.options = types.SimpleNamespace(spacelet=SPACELET, fake_dockerd=os.environ.get("FAKE_DOCKERD"))
hosts.DEADLINE = 180  # git has to wait for the disk, and that for others
TOKEN = "git-canary-0123456789abcdef"
IMAGE = "example/side:"


def document(tag, name="git"):
    return json.dumps({
        "apiVersion": "spacelet.dev/v1alpha1", "kind": "GitspaceHost", "metadata": {"name": name},
        "spec": {"containers": [{"name": "side", "image": IMAGE + tag, "rollout": {"minReadySeconds": 0},
                                 "readinessProbe": {"dockerHealth": {}, "periodSeconds": 1}}]}}, indent=1)


class Repository:
    """A working tree whose branch main the agent follows."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        for name, value in {"user.name": "T", "user.email": "t@example.com", "gpg.format": "ssh",
                            "commit.gpgsign": "false", "core.fsync": "none", "receive.denyCurrentBranch": "ignore"}.items():
            self.git("config", name, value)

    def git(self, *words):
        return servers.run("git", "-C", self.directory, *words).decode().strip()

    def commit(self, tag=None, *options):
        """The commit's id. `tag`: of the image in the document; None leaves the tree as it is."""
        if tag is not None:
            (self.directory / "eu").mkdir(exist_ok=True)
            path = self.directory / "eu/host.yaml"
            if path.is_symlink() or path.is_dir():
                self.git("rm", "-rq", "--cached", "eu/host.yaml")
                path.unlink() if path.is_symlink() else shutil.rmtree(path)
            path.write_text(document(tag))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change", *options)
        return self.git("rev-parse", "HEAD")


class GitHost(hosts.Host):
    """A host whose agent takes a document of a repository."""

    def __init__(self):
        super().__init__()
        self.path = pathlib.Path(self.directory.name)
        self.repository = Repository(self.path / "hosts")
        for tag in ("1", "2", "3"):
            self.daemon.publish(IMAGE + tag)

    def configure(self, url=None, *flags, path="eu/host.yaml"):
        source = f"git+{url or 'file://' + str(self.repository.directory)}//{path}?ref=main"
        argv = self.agent.argv
        argv[argv.index("--config") + 1] = source
        self.agent.argv = argv[:argv.index("--log-level")] + ["--log-level", "debug", "--git-interval", "1s", *flags]

    def reload(self):
        self.agent.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.agent.process.send_signal(signal.SIGTERM)
        self.agent.process.wait()

    def status(self):
        code, body = self.agent.get("/api/v1/status")
        return json.loads(body) if code == 200 else {"config": {}, "conditions": []}

    def condition(self):
        return next((c for c in self.status()["conditions"] if c["type"] == "ConfigAccepted"),
                    {"status": "", "reason": "", "message": ""})

    def until_runs(self, tag, commit):
        def good():
            return (self.status()["config"].get("commit") == commit and self.agent.ready()
                    and self.daemon.state()["containers"].get("side", {}).get("image") == IMAGE + tag)
        self.wait(good, f"{IMAGE}{tag} of {commit} runs")

    def until_told(self, reason, status=None):
        def good():
            condition = self.condition()
            return condition["reason"] == reason and (status is None or condition["status"] == status) and condition
        return self.wait(good, f"ConfigAccepted is {status}, {reason}")

    def ids(self):
        return {name: one["id"] for name, one in self.daemon.containers().items()}

    def metric(self, series):
        text = self.agent.get("/metrics")[1].decode()
        return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(series + " ")), None)


class GitCase(unittest.TestCase):
    def setUp(self):
        self.host = GitHost()
        self.addCleanup(self.host.close)
        self.repository = self.host.repository

    def begin(self, *flags, url=None):
        commit = self.repository.commit("1")
        self.host.configure(url, *flags)
        self.host.agent.start()
        self.host.until_runs("1", commit)
        return commit


class Local(GitCase):
    def test_a_commit_is_converged_on_and_named_everywhere(self):
        first = self.begin()
        second = self.repository.commit("2")
        self.host.until_runs("2", second)
        address = f"{self.host.agent.address}:{hosts.AGENT_PORT}"
        shown = subprocess.run([SPACELET, "status", "--address", address], capture_output=True, text=True, check=False).stdout
        self.assertIn(f"commit {second[:8]}", shown)
        events = self.host.agent.get("/api/v1/events")[1].decode()
        self.assertIn(first, events)
        self.assertIn(second, events)
        config = self.host.status()["config"]
        self.assertEqual(self.host.metric(f'spacelet_config_info{{commit="{second}",revision="{config["revision"]}"}}'), 1)
        self.host.wait(lambda: self.host.metric('spacelet_git_fetches_total{result="changed"}') == 2, "both are counted")
        self.assertGreater(self.host.metric("spacelet_git_last_success_timestamp_seconds"), 0)

    def test_a_commit_that_changes_other_files_is_named_and_changes_nothing(self):
        self.begin()
        before = self.host.ids(), self.host.status()["config"]["generation"]
        (self.repository.directory / "README").write_text("hello")
        self.host.until_runs("1", self.repository.commit())
        self.assertEqual((self.host.ids(), self.host.status()["config"]["generation"]), before)

    def test_a_rewritten_branch_is_held_until_sighup(self):
        first = self.begin()
        kept = self.host.ids()
        second = self.repository.commit("2", "--amend")
        told = self.host.until_told("GitRewritten", "False")
        for word in (first[:8], second[:8], "SIGHUP", "--git-rewritten=follow"):
            self.assertIn(word, told["message"])
        self.assertEqual(self.host.ids(), kept)
        self.assertEqual(self.host.agent.get("/readyz")[0], 503)
        self.host.reload()
        self.host.until_runs("2", second)
        self.host.until_runs("3", self.repository.commit("3"))

    def test_hostile_commits_change_nothing_and_a_good_one_is_taken_again(self):
        self.begin()
        kept = self.host.ids()
        path = self.repository.directory / "eu/host.yaml"

        def replaced_by(make):
            path.unlink()
            make()
            return self.repository.commit()

        def submodule():
            (self.repository.directory / "eu/other").write_text("x")
            self.repository.git("add", "--all")
            self.repository.git("update-index", "--add", "--cacheinfo",
                                f"160000,{self.repository.git('rev-parse', 'HEAD')},eu/host.yaml")
            self.repository.git("commit", "--quiet", "-m", "submodule")
            path.mkdir()  # what a checkout would have left

        for what, make in {"a symlink": lambda: path.symlink_to("/etc/passwd"), "more than 1m": lambda: path.write_text("#" * (2 << 20)),
                           "no such file": lambda: None, "a submodule": submodule}.items():
            with self.subTest(what):
                if path.is_dir():
                    path.rmdir()
                if not path.exists() and not path.is_symlink():
                    path.write_text("")
                commit = replaced_by(make)
                told = self.host.until_told("Unreadable", "False")
                self.host.wait(lambda w=what: w in self.host.condition()["message"], f"{what} is told")
                if what != "a submodule":
                    self.assertIn(f"hosts@{commit[:8]}:eu/host.yaml: ", self.host.condition()["message"], told)
                self.assertEqual(self.host.ids(), kept)
        path.rmdir()
        self.repository.git("rm", "-q", "--cached", "eu/host.yaml")
        self.host.until_runs("2", self.repository.commit("2"))

    def test_an_invalid_document_is_told_with_commit_line_and_column(self):
        self.begin()
        kept = self.host.ids()
        (self.repository.directory / "eu/host.yaml").write_text(document("2").replace('"image"', '"imaeg"'))
        commit = self.repository.commit()
        told = self.host.until_told("Rejected", "False")
        self.assertRegex(told["message"], rf"hosts@{commit[:8]}:eu/host.yaml:\d+:\d+: ")
        self.assertEqual(self.host.ids(), kept)

    def test_a_repository_that_grows_too_large_changes_nothing(self):
        self.begin("--git-max-size", "1m")
        kept = self.host.ids()
        noise = self.repository.directory / "noise"
        noise.write_bytes(random.Random(1).randbytes(3 << 20))
        self.repository.commit("2")
        told = self.host.until_told("GitTooLarge", "False")
        self.assertIn("--git-max-size", told["message"])
        self.assertEqual(self.host.ids(), kept)
        used = sum(f.stat().st_size for f in (self.host.path / "state/git").rglob("*") if f.is_file())
        self.assertLess(used, 1 << 20)
        noise.unlink()
        self.host.wait(lambda: self.repository.commit("3") and self.host.condition()["reason"] in ("GitRewritten", "Accepted"),
                       "a small one is seen")
        self.host.reload()
        self.host.until_runs("3", self.repository.git("rev-parse", "HEAD"))

    def test_only_what_is_signed_by_an_allowed_signer_is_taken(self):
        for name in ("alice", "mallory"):
            servers.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.host.path / name)
        signers = self.host.path / "signers"
        signers.write_text("alice@example.com " + (self.host.path / "alice.pub").read_text())
        self.repository.git("config", "user.signingkey", self.host.path / "alice")
        first = self.repository.commit("1", "-S")
        self.host.configure(None, "--git-allowed-signers", signers)
        self.host.agent.start()
        self.host.until_runs("1", first)
        kept = self.host.ids()
        unsigned = self.repository.commit("2")
        told = self.host.until_told("GitSignatureRejected", "False")
        self.assertIn(unsigned[:8], told["message"])
        self.assertIn("not signed", told["message"])
        self.repository.git("config", "user.signingkey", self.host.path / "mallory")
        forged = self.repository.commit("2", "-S")
        self.host.wait(lambda: forged[:8] in self.host.condition()["message"], "the other signer is told")
        self.host.reload()  # a person may take another history, but not another signer
        self.host.wait(lambda: self.host.metric('spacelet_git_fetches_total{result="GitSignatureRejected"}') > 2, "asked again")
        self.assertEqual(self.host.ids(), kept)
        self.repository.git("config", "user.signingkey", self.host.path / "alice")
        self.host.until_runs("3", self.repository.commit("3", "-S"))

    def test_a_copy_that_somebody_broke_is_made_anew(self):
        self.begin()
        for copy in (self.host.path / "state/git").glob("*.git"):
            shutil.rmtree(copy / "objects")
        self.host.until_runs("2", self.repository.commit("2"))


class Policy(GitCase):
    """What may be pushed and what the host allows are two things."""

    OPEN = "apiVersion: spacelet.dev/v1alpha1\nkind: HostPolicy\nspec:\n  images: {repositories: [example/side]}\n"

    def setUp(self):
        super().setUp()
        self.secret = self.host.path / "secret"
        self.secret.write_text("of this host\n")
        self.secret.chmod(0o600)
        self.policy = self.host.path / "policy.yaml"
        self.write_policy(self.OPEN)

    def write_policy(self, text):
        fresh = self.policy.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o644)
        fresh.rename(self.policy)

    def commit_with_secret(self, tag):
        wanted = json.loads(document(tag))
        wanted["spec"]["containers"][0]["env"] = {"SECRET": {"file": str(self.secret)}}
        (self.repository.directory / "eu/host.yaml").write_text(json.dumps(wanted, indent=1))
        return self.repository.commit()

    def times_read(self):
        return self.host.agent.log.read_text(errors="replace").count("policy in force")

    def test_without_one_a_document_from_git_gets_no_secret_of_the_host(self):
        first = self.begin()
        kept = self.host.ids()
        self.commit_with_secret("2")
        message = self.host.until_told("PolicyViolation", "False")["message"]
        for word in ("spec.containers[0].env.SECRET.file", "secrets.files", "--policy"):
            self.assertIn(word, message)
        self.assertEqual((self.host.ids(), self.host.status()["config"]["commit"]), (kept, first))

    def test_what_is_forbidden_is_taken_once_it_is_allowed_and_not_before(self):
        first = self.begin("--policy", self.policy)
        kept = self.host.ids()
        second = self.commit_with_secret("2")
        self.host.until_told("PolicyViolation", "False")
        self.assertEqual((self.host.ids(), self.host.status()["config"]["commit"]), (kept, first))
        self.write_policy(self.OPEN + f"  secrets: {{files: [{self.secret}]}}\n  exposure: {{images: [example/side]}}\n")
        self.host.until_runs("2", second)

    def test_another_policy_takes_no_history_that_was_rewritten(self):
        self.begin("--policy", self.policy)
        kept = self.host.ids()
        self.repository.commit("2", "--amend")
        self.host.until_told("GitRewritten", "False")
        read = self.times_read()
        asked = self.host.metric('spacelet_git_fetches_total{result="GitRewritten"}')
        self.write_policy(self.OPEN + "  # another text\n")
        self.host.wait(lambda: self.times_read() > read, "the policy was read again")
        self.host.wait(lambda: self.host.metric('spacelet_git_fetches_total{result="GitRewritten"}') > asked + 1, "git was asked")
        self.assertEqual((self.host.ids(), self.host.condition()["reason"]), (kept, "GitRewritten"))


class Fleet(GitCase):
    """base.yaml, an overlay of the host and pool.yaml, all of one commit."""

    FACTS = ["--host-name", "west", "--host-fact", "zone=us-west1-b"]

    def setUp(self):
        super().setUp()
        self.fleet = self.repository.directory / "fleet"
        (self.fleet / "hosts").mkdir(parents=True)
        self.write("base.yaml", {
            "apiVersion": "spacelet.dev/v1alpha1", "kind": "GitspaceHost", "metadata": {"name": "${host.name}"},
            "overlays": ["hosts/${host.name}.yaml", {"path": "zones/${host.zone}.yaml", "optional": True}],
            "spec": {"runner": {"image": IMAGE + "1", "directory": str(self.host.path / "runner"), "pool": {"file": "pool.yaml"},
                                "rollout": {"minReadySeconds": 0}, "readinessProbe": {"dockerHealth": {}, "periodSeconds": 1}}}})
        self.write("hosts/west.yaml", {"spec": {"runner": {"image": IMAGE + "2"}}})
        self.write("pool.yaml", self.pool("one"))

    def write(self, path, value):
        (self.fleet / path).write_text(json.dumps(value, indent=1))

    @staticmethod
    def pool(name):
        return {"version": "1", "instances": [{"name": name, "type": "noop", "pool": 0, "limit": 1,
                                               "platform": {"os": "linux", "arch": "amd64"}, "spec": {}}]}

    def runner(self):
        """What Docker says of the runner, by image, and the pool file that it is given."""
        connection = hosts.UnixConnection(self.host.daemon.socket)
        code, container = hosts.answer_of(connection, "GET", "/containers/vm-runner/json")
        if code != 200:
            return None, ""
        config = json.loads(container)["Config"]
        file = self.host.path / config["Cmd"][config["Cmd"].index("--pool") + 1].lstrip("/")
        return config["Image"], file.read_text()

    def until_given(self, pool, commit, ready=200):
        def good():
            image, file = self.runner()
            return (image == IMAGE + "2" and re.search(rf'name"?: "?{pool}"?', file) and self.host.status()["config"].get("commit") == commit
                    and self.host.agent.get("/readyz")[0] == ready)
        self.host.wait(good, f"the runner has pool {pool} of {commit}")

    def test_a_change_of_the_pool_alone_is_a_new_version_and_survives_a_reboot_without_git(self):
        first = self.repository.commit()
        self.host.configure(None, *self.FACTS, path="fleet/base.yaml")
        self.host.agent.start()
        self.until_given("one", first)
        before = self.host.status()["config"]
        self.write("pool.yaml", self.pool("two"))
        second = self.repository.commit()
        self.until_given("two", second)
        after = self.host.status()["config"]
        self.assertNotEqual(after["revision"], before["revision"])
        self.assertEqual(after["generation"], before["generation"] + 1)
        kept = self.host.ids()
        self.host.stop()
        self.repository.directory.rename(self.host.path / "away")
        self.host.configure(path="fleet/base.yaml")  # and nobody says which host it is
        self.host.agent.start()
        self.until_given("two", second, ready=503)  # a repository that is gone is told
        self.host.until_told("GitNotFound", "False")
        self.assertEqual(self.host.status()["config"]["generation"], after["generation"])
        self.assertEqual(self.host.ids(), kept)

    def test_what_is_wrong_with_an_overlay_is_told_with_its_commit_and_changes_nothing(self):
        self.repository.commit()
        self.host.configure(None, *self.FACTS, path="fleet/base.yaml")
        self.host.agent.start()
        self.host.until_told("Accepted", "True")
        overlay = self.fleet / "hosts/west.yaml"
        self.write("hosts/west.yaml", {"spec": {"runner": {"imaeg": "x"}}})
        commit = self.repository.commit()
        told = self.host.until_told("Rejected", "False")
        self.assertRegex(told["message"], rf"hosts@{commit[:8]}:fleet/hosts/west.yaml:\d+:\d+: .*imaeg")
        overlay.unlink()
        overlay.symlink_to("/etc/passwd")
        self.repository.commit()
        self.host.wait(lambda: "a symlink" in self.host.condition()["message"], "the symlink is told")


class Https(GitCase):
    def setUp(self):
        super().setUp()
        self.server = servers.Https(self.host.path, self.host.path, self.host.agent.address, TOKEN)
        self.addCleanup(self.server.stop)
        self.token = self.host.path / "token"
        self.token.write_text(TOKEN + "\n")
        self.token.chmod(0o600)
        self.url = self.server.url("hosts/.git")
        self.flags = ["--git-token-file", self.token, "--git-ca-file", self.server.certificate]

    def test_the_token_opens_the_repository_and_is_seen_nowhere(self):
        self.begin(*self.flags, url=self.url)
        second = self.repository.commit("2")
        self.host.until_runs("2", second)
        shown = self.host.agent.log.read_text() + "".join(
            self.host.agent.get(path)[1].decode() for path in ("/api/v1/status", "/api/v1/events", "/metrics"))
        kept = b"".join(f.read_bytes() for f in (self.host.path / "state").rglob("*") if f.is_file())
        self.assertNotIn(TOKEN, shown)
        self.assertNotIn(TOKEN.encode(), kept)

    def test_a_token_that_is_refused_is_told_and_the_next_one_is_read(self):
        self.token.write_text("another-canary-0123456789")
        commit = self.repository.commit("1")
        self.host.configure(self.url, *self.flags)
        self.host.agent.start()
        told = self.host.until_told("GitAuthenticationFailed", "False")
        self.assertIn("--git-token-file", told["message"])
        self.assertNotIn("another-canary", json.dumps(self.host.status()) + self.host.agent.log.read_text())
        self.token.write_text(TOKEN)
        self.host.reload()
        self.host.until_runs("1", commit)
        self.token.unlink()
        told = self.host.until_told("GitAuthenticationFailed", "True")
        self.assertIn(str(self.token), told["message"])
        self.assertTrue(self.host.agent.ready(), "what runs is the newest that was seen")

    def test_git_out_of_reach_changes_nothing_and_a_reboot_without_it_neither(self):
        first = self.begin(*self.flags, url=self.url)
        kept = self.host.ids()
        self.server.stop()
        told = self.host.until_told("GitUnreachable", "True")
        self.assertIn(f"{self.server.address}:{self.server.port}: ", told["message"])
        code, body = self.host.agent.get("/readyz")
        self.assertEqual(code, 200)
        self.assertIn("GitUnreachable", body.decode())
        self.assertGreater(self.host.metric('spacelet_git_fetches_total{result="GitUnreachable"}'), 0)
        self.host.stop()
        self.host.agent.start()
        self.host.until_runs("1", first)
        self.host.until_told("GitUnreachable", "True")
        self.assertEqual(self.host.ids(), kept)
        self.server.start()
        self.host.reload()
        self.host.until_told("Accepted", "True")
        self.host.until_runs("2", self.repository.commit("2"))

    def test_a_server_that_no_ca_vouches_for_gets_no_token(self):
        self.repository.commit("1")
        self.host.configure(self.url, "--git-token-file", self.token)
        self.host.agent.start()
        told = self.host.until_told("GitUntrusted", "False")
        self.assertIn("--git-ca-file", told["message"])
        self.assertEqual(self.server.requests, [])

    def test_a_redirect_gets_no_token(self):
        other = servers.Https(self.host.path, self.host.path, self.host.agent.address, TOKEN)
        self.addCleanup(other.stop)
        self.server.redirect = other.url("")[:-1]
        self.repository.commit("1")
        self.host.configure(self.url, *self.flags)
        self.host.agent.start()
        told = self.host.until_told("GitNotFound", "False")
        self.assertIn("redirects", told["message"])
        self.assertEqual(other.requests, [])

    def test_a_token_that_others_may_read_is_refused_where_that_is_wanted(self):
        self.token.chmod(0o644)
        self.repository.commit("1")
        self.host.configure(self.url, *self.flags, "--strict-permissions")
        self.host.agent.start()
        self.assertIn("chmod", self.host.until_told("GitAuthenticationFailed", "False")["message"])
        self.assertEqual(self.server.requests, [])


@unittest.skipUnless(servers.find_sshd(), "no sshd here: apt-get install openssh-server")
class Ssh(GitCase):
    def setUp(self):
        super().setUp()
        directory = self.host.path / "ssh"
        directory.mkdir()
        self.server = servers.Sshd(directory, self.host.agent.address)
        self.addCleanup(self.server.stop)
        self.url = self.server.url(self.repository.directory)
        self.key = directory / "client_key"

    def test_a_deploy_key_opens_the_repository(self):
        self.begin("--git-ssh-key", self.key, "--git-known-hosts", self.server.known_hosts, url=self.url)
        self.host.until_runs("2", self.repository.commit("2"))

    def test_a_host_with_another_key_is_not_believed(self):
        self.repository.commit("1")
        self.host.configure(self.url, "--git-ssh-key", self.key, "--git-known-hosts", self.server.wrong_hosts)
        self.host.agent.start()
        self.assertIn("--git-known-hosts", self.host.until_told("GitUntrusted", "False")["message"])

    def test_a_key_that_nobody_knows_is_told(self):
        self.repository.commit("1")
        self.host.configure(self.url, "--git-ssh-key", self.key.with_name("stranger_key"), "--git-known-hosts",
                            self.server.known_hosts)
        self.host.agent.start()
        self.assertIn("deploy key", self.host.until_told("GitAuthenticationFailed", "False")["message"])


class Flags(unittest.TestCase):
    def test_one_that_does_not_fit_the_source_is_a_usage_error(self):
        for source, flags, message in (
                ("/etc/spacelet/host.yaml", ["--git-interval", "5s"], "--git-interval is for --config git+"),
                ("/etc/spacelet/host.yaml", ["--git-token-file", "/t"], "--git-token-file is for --config git+"),
                ("git+https://h/r//a", ["--git-ssh-key", "/k"], "--git-ssh-key is for git+ssh"),
                ("git+ssh://git@h/r//a", [], "git+ssh needs --git-ssh-key"),
                ("git+https://me:canary@h/r//a", [], "--git-token-file"),
                ("git+htps://h/r//a", [], "did you mean git+https?"),
                ("git+https://h/r//a", ["--git-rewritten", "maybe"], "expected one of follow, hold"),
                ("git+https://h/r//a", ["--git-max-size", "5"], "at least 1m")):
            with self.subTest(source=source, flags=flags):
                end = subprocess.run([SPACELET, "agent", "--config", source, "--lock-file", "/nonexistent/lock", *flags],
                                     capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(end.returncode, 2, end.stderr)
                self.assertIn(message, end.stderr)
                self.assertNotIn("canary", end.stderr)


if __name__ == "__main__":
    if not shutil.which("git") or not hosts.options.fake_dockerd:
        print("git and the fake daemon are needed", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
