"""Changes of the document, good and bad."""
import os
import signal

from harness import document
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER, TOKEN
from harness.waiting import holds_for, until


class GoodChanges(HostCase):
    def setUp(self):
        super().setUp()
        self.newer = self.host.minimal.with_delegate(image=document.NEWER_DELEGATE_IMAGE)

    def replaces_the_delegate_only(self, change):
        ids = self.host.ids()
        change()
        self.host.until_converged()
        self.assertEqual(self.host.ids()[RUNNER], ids[RUNNER])
        self.assertNotEqual(self.host.ids()[DELEGATE], ids[DELEGATE])

    def test_renamed_into_place(self):
        self.host.converge()
        self.replaces_the_delegate_only(lambda: self.host.write(self.newer))

    def test_written_in_place(self):
        self.host.converge()
        self.replaces_the_delegate_only(lambda: self.host.write_in_place(self.newer))

    def test_a_symbolic_link_swapped_as_kubernetes_does(self):
        directory = self.host.directory
        for name, wanted in (("old", self.host.minimal), ("new", self.newer)):
            (directory / name).mkdir()
            (directory / name / "host.yaml").write_text(wanted.text())
        os.symlink("old", directory / "..data")
        os.symlink("..data/host.yaml", self.host.config)
        self.host.wanted = self.host.minimal
        self.host.agent.start()
        self.host.until_converged()

        def swap():
            os.symlink("new", directory / "..data_tmp")
            os.rename(directory / "..data_tmp", directory / "..data")
            self.host.wanted = self.newer

        self.replaces_the_delegate_only(swap)

    def test_a_change_of_both_replaces_both(self):
        self.host.converge()
        ids = self.host.ids()
        self.host.change(self.newer.with_runner(image=document.NEWER_RUNNER_IMAGE))
        self.assertFalse(set(ids.values()) & set(self.host.ids().values()))

    def test_a_change_that_means_nothing_changes_nothing(self):
        self.host.converge()
        ids = self.host.ids()
        self.host.proxy.forget()
        replacement = self.host.config.with_suffix(".tmp")
        replacement.write_text("# a comment\n" + self.host.wanted.text())
        replacement.rename(self.host.config)
        self.host.agent.signal(signal.SIGHUP)
        until("it is taken", lambda: self.host.agent.status()["config"]["generation"] == 2)
        until("the agent is ready", self.host.agent.ready)
        self.assertEqual((self.host.ids(), self.host.proxy.mutations()), (ids, []))

    def test_generations_only_grow(self):
        self.host.converge()
        self.host.change(self.newer)
        self.host.change(self.host.minimal)
        config = self.host.agent.status()["config"]
        self.assertEqual((config["generation"], config["observedGeneration"]), (3, 3))


class BadChanges(HostCase):
    """Each leaves every container as it is, and says why."""

    def setUp(self):
        super().setUp()
        self.host.converge()
        self.ids, self.started = self.host.ids(), self.host.started()

    def assert_untouched(self):
        self.assertEqual((self.host.ids(), self.host.started()), (self.ids, self.started))

    def assert_recovers(self):
        self.host.change(self.host.minimal)
        self.host.until_condition("ConfigAccepted", "True")
        self.assert_untouched()

    def test_invalid(self):
        text = self.host.wanted.text().replace("memory:", "memry:")
        self.host.spoil(text.encode())
        line = 1 + text[:text.index("memry")].count("\n")
        self.host.until_condition("ConfigAccepted", "False", says=f"{self.host.config}:{line}:")
        self.assertEqual(self.host.agent.ask("/readyz")[0], 503)
        self.assert_untouched()
        self.assert_recovers()

    def test_empty(self):
        self.host.spoil(b"")
        self.host.until_condition("ConfigAccepted", "False")
        self.assert_untouched()
        self.assert_recovers()

    def test_not_utf8(self):
        self.host.spoil(b"\xff\xfe\x00" * 100)
        self.host.until_condition("ConfigAccepted", "False")
        self.assert_untouched()
        self.assert_recovers()

    def test_missing(self):
        self.host.config.unlink()
        self.host.until_condition("ConfigAccepted", "False")
        self.assert_untouched()
        self.assert_recovers()

    def test_without_any_workload(self):
        self.host.spoil(self.host.minimal.without("runner", "delegate").text().encode())
        self.host.until_condition("ConfigAccepted", "False")
        self.assert_untouched()

    def test_drift_is_still_repaired_from_the_last_good_one(self):
        self.host.spoil(b"nonsense")
        self.host.until_condition("ConfigAccepted", "False")
        self.host.runner.kill()
        self.host.until_repaired()
        self.assertEqual(self.host.ids(), self.ids)

    def test_a_new_agent_starts_from_the_last_good_one(self):
        self.host.agent.kill()
        self.host.config.unlink()
        self.host.runner.remove()
        self.host.agent.start()
        self.host.until_repaired()
        self.assertEqual(self.host.ids()[DELEGATE], self.ids[DELEGATE])
        self.host.until_condition("ConfigAccepted", "False")

    def test_an_image_that_is_not_there_leaves_the_old_one_running(self):
        registry = self.registry()
        absent = self.host.minimal.with_delegate(image=f"{registry.ADDRESS}/docker/delegate:26.12.0")
        self.host.write(absent)
        self.host.until_condition("Synced", "False", DELEGATE, "ImagePullBackOff", says="26.12.0")
        self.assert_untouched()
        self.assert_recovers()


class NothingGood(HostCase):
    def test_without_a_good_document_nothing_is_touched(self):
        self.host.spoil(b"kind: Nonsense\n")
        self.host.agent.start()
        self.host.until_condition("ConfigAccepted", "False")
        self.assertEqual(self.host.agent.ask("/readyz")[0], 503)
        self.assertEqual(self.host.proxy.mutations(), [])
        self.host.change(self.host.minimal)


class Inputs(HostCase):
    """The files that the document names."""

    def test_a_rotated_token_replaces_the_delegate(self):
        self.host.converge()
        ids = self.host.ids()
        rotated = TOKEN.replace("canary", "rotated")
        self.host.write_token(rotated)
        until("the delegate has the new token", lambda: self.host.delegate.environment()["DELEGATE_TOKEN"] == rotated)
        self.host.until_converged()
        self.assertEqual(self.host.ids()[RUNNER], ids[RUNNER])

    def test_a_token_that_cannot_be_read_keeps_the_delegate(self):
        self.host.converge()
        ids = self.host.ids()
        (self.host.directory / "delegate-token").unlink()
        self.host.change(self.host.minimal.with_runner(image=document.NEWER_RUNNER_IMAGE))
        self.assertEqual(self.host.ids()[DELEGATE], ids[DELEGATE])

    def test_without_a_token_the_delegate_waits_and_the_runner_does_not(self):
        (self.host.directory / "delegate-token").unlink()
        self.host.start()
        until("the runner runs", self.host.runner.running)
        self.host.until_condition("Synced", "False", DELEGATE, "SecretUnavailable")
        self.host.write_token(TOKEN)
        self.host.until_converged()

    def warnings(self):
        return "\n".join(self.host.agent.status()["config"]["warnings"])

    def test_a_token_that_others_may_read_is_a_warning_until_they_may_not(self):
        token = self.host.directory / "delegate-token"
        token.chmod(0o644)
        self.host.agent.flags["poll-interval"] = "200ms"
        self.host.converge()
        self.assertIn(f"chmod 600 {token}", self.warnings())
        self.assertIn(f"chmod 600 {token}", self.host.agent.log.read_text())
        token.chmod(0o600)
        until("the warning is gone", lambda: "chmod" not in self.warnings())

    def test_strictly_a_token_that_others_may_read_is_no_token(self):
        self.host.converge()
        ids, token = self.host.ids(), self.host.directory / "delegate-token"
        self.host.agent.stop()
        token.chmod(0o644)
        self.host.agent.flags.update({"strict-permissions": True, "poll-interval": "200ms"})
        self.host.start(self.host.minimal.with_delegate(image=document.NEWER_DELEGATE_IMAGE))
        self.host.until_condition("Synced", "False", DELEGATE, "SecretUnavailable", says=f"chmod 600 {token}")
        self.assertEqual(self.host.ids(), ids)
        self.assertTrue(self.host.delegate.running())
        token.chmod(0o600)
        self.host.until_converged()
        self.assertNotEqual(self.host.ids()[DELEGATE], ids[DELEGATE])

    def test_a_changed_pool_replaces_the_runner(self):
        self.host.converge()
        ids = self.host.ids()
        self.host.write_pool(document.OTHER_POOL)
        until("there is another runner", lambda: self.host.ids()[RUNNER] != ids[RUNNER])
        self.host.until_converged()
        self.assertEqual(self.host.ids()[DELEGATE], ids[DELEGATE])

    def test_the_file_of_an_old_pool_goes_with_its_runner(self):
        self.host.converge()
        directory = self.host.directory / "runner" / ".spacelet"
        [first] = directory.glob("pool-*")
        stranger = directory / "pool-of-somebody-else.yaml"
        stranger.write_text("")
        self.host.write_pool(document.OTHER_POOL)
        until("the old file is gone", lambda: not first.exists())
        self.host.until_converged()
        [second] = set(directory.glob("pool-*")) - {stranger}
        self.assertIn(f"/runner/.spacelet/{second.name}", self.host.runner.inspect()["Args"])
        self.assertTrue(stranger.exists())

    def test_a_pool_written_again_with_another_time_stamp_is_nothing(self):
        self.host.converge()
        ids = self.host.ids()
        self.host.write_pool(document.SAME_POOL)
        self.host.agent.signal(signal.SIGHUP)
        holds_for(3, "nothing is replaced", lambda: self.host.ids() == ids)

    def test_a_pool_that_fails_the_lint_leaves_the_old_runner_running(self):
        self.host.converge()
        started = self.host.started()
        self.host.write_pool(document.POOL.replace("limit:", "limt:"))
        self.host.until_condition("Synced", "False", RUNNER, "InvalidPool", says="limt")
        self.assertEqual(self.host.started(), started)
        self.host.write_pool(document.POOL)
        self.host.until_condition("Synced", "True", RUNNER)
        self.assertEqual(self.host.started(), started)
