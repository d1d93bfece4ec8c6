"""A change proves itself, or what ran before comes back with the reason."""
import os
import signal

from harness import document
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER
from harness.waiting import holds_for, until

RUNNER_REPOSITORY = "drone/drone-runner-aws"
DELEGATE_REPOSITORY = "us-west1-docker.pkg.dev/gar-setup/docker/delegate"
SOON = {"minReadySeconds": 0, "progressDeadline": "4s"}


class RolloutCase(HostCase):
    def setUp(self):
        super().setUp()
        self.engine.load(os.environ["STANDIN_IMAGES"])  # the agent tidies away what was replaced twice

    def rollout(self, name):
        objects = {one["object"]: one for one in self.host.agent.status()["objects"]}
        return objects[f"container/{name}"].get("lastRollout")

    def until_result(self, name, result):
        def is_so():
            last = self.rollout(name)
            assert last and last["result"] == result, last
            return last

        return until(f"the rollout of {name} is {result}", is_so)

    def assert_same_container(self, name, before):
        """Its id, and everything in it, is as before."""
        now = self.host.docker.inspect(name)
        self.assertEqual(now["Id"], before["Id"])
        self.assertEqual((now["Config"], now["Image"]), (before["Config"], before["Image"]))


class Recreate(RolloutCase):
    def setUp(self):
        super().setUp()
        self.host.converge()
        self.runner, self.delegate = self.host.runner.inspect(), self.host.delegate.inspect()

    def bad_delegate(self, tag="crash"):
        return self.host.minimal.with_delegate(image=f"{DELEGATE_REPOSITORY}:{tag}", rollout=SOON)

    def assert_rolled_back(self, says):
        last = self.until_result(DELEGATE, "RolledBack")
        self.assertIn(says, last["message"])
        until("the old one runs", self.host.delegate.running)
        self.assert_same_container(DELEGATE, self.delegate)
        until("nothing is left over", lambda: sorted(self.host.ids()) == sorted([DELEGATE, RUNNER]))
        self.assert_same_container(RUNNER, self.runner)
        self.assertEqual(self.host.runner.inspect()["State"]["StartedAt"], self.runner["State"]["StartedAt"])
        self.host.until_condition("Synced", "False", DELEGATE, "RolledBack", says=says)
        self.assertEqual(self.host.agent.ask("/readyz")[0], 503)
        return last

    def test_a_good_change_succeeds_and_says_so(self):
        self.assertIsNone(self.rollout(DELEGATE))
        self.host.change(self.host.minimal.with_delegate(image=document.NEWER_DELEGATE_IMAGE))
        last = self.until_result(DELEGATE, "Succeeded")
        self.assertEqual((last["from"], last["to"]), (document.DELEGATE_IMAGE, document.NEWER_DELEGATE_IMAGE))
        metric = self.host.agent.metric("spacelet_rollouts_total", object=f"container/{DELEGATE}", result="Succeeded")
        self.assertEqual(metric, 1)

    def test_a_crash_loop_brings_the_old_one_back_with_its_last_words(self):
        self.host.write(self.bad_delegate())
        self.assert_rolled_back("Delegate wont be started")

    def test_what_is_never_ready_brings_the_old_one_back(self):
        self.host.write(self.bad_delegate("never-ready"))
        self.assert_rolled_back("not ready within 4s")

    def test_a_start_that_docker_refuses_brings_the_old_one_back(self):
        self.host.write(self.host.minimal.with_delegate(command=["/not/there"]))
        self.assert_rolled_back("/not/there")

    def test_it_is_not_tried_again_also_not_by_the_next_agent(self):
        self.host.write(self.bad_delegate())
        self.assert_rolled_back("crash loop")
        self.host.proxy.forget()
        self.host.agent.kill()
        self.host.agent.start()
        self.host.until_condition("Synced", "False", DELEGATE, "RolledBack")
        holds_for(3, "nothing is tried", lambda: self.host.proxy.mutations() == [])
        self.assertEqual(self.rollout(DELEGATE)["result"], "RolledBack")

    def test_a_person_may_have_it_tried_again(self):
        self.host.write(self.bad_delegate())
        first = self.assert_rolled_back("crash loop")
        self.host.agent.signal(signal.SIGHUP)
        until("it is tried again", lambda: self.rollout(DELEGATE)["startedAt"] != first["startedAt"])
        self.assert_rolled_back("crash loop")

    def test_a_newer_document_is_tried_at_once(self):
        self.host.write(self.bad_delegate("never-ready").with_delegate(rollout={"progressDeadline": "10m"}))
        until("it is being proved", lambda: f"{DELEGATE}.previous" in self.host.ids())
        self.host.change(self.host.minimal.with_delegate(image=document.NEWER_DELEGATE_IMAGE))
        self.until_result(DELEGATE, "Succeeded")

    def test_a_revert_takes_the_same_container_back(self):
        self.host.write(self.bad_delegate("never-ready").with_delegate(rollout={"progressDeadline": "10m"}))
        until("it is being proved", lambda: f"{DELEGATE}.previous" in self.host.ids())
        self.host.change(self.host.minimal)
        self.assert_same_container(DELEGATE, self.delegate)

    def test_a_rollback_finds_the_pool_file_of_the_old_one(self):
        [pool] = (self.host.directory / "runner" / ".spacelet").glob("pool-*")
        self.host.write_pool(document.OTHER_POOL)
        self.host.write(self.host.minimal.with_runner(image=f"{RUNNER_REPOSITORY}:crash", rollout=SOON))
        self.until_result(RUNNER, "RolledBack")
        until("the old one answers", lambda: self.host.runner.get(3000, "/healthz"))
        self.assert_same_container(RUNNER, self.runner)
        self.assertIn(f"/runner/.spacelet/{pool.name}", self.runner["Args"])
        self.assertTrue(pool.exists())

    def test_one_that_crashes_is_updated_at_once(self):
        self.host.write(self.bad_delegate().with_delegate(rollout={"autoRollback": False}))
        self.host.until_condition("Ready", "False", DELEGATE, "CrashLoopBackOff")
        self.host.change(self.host.minimal.with_delegate(image=document.NEWER_DELEGATE_IMAGE))

    def test_nobody_is_to_blame_when_the_old_one_was_not_ready_either(self):
        self.host.delegate.get(3460, "/standin/set?connected=0", method="POST")
        self.host.until_condition("Ready", "False", DELEGATE)
        self.host.write(self.bad_delegate("never-ready"))
        self.until_result(DELEGATE, "Inconclusive")
        until("the old one runs", self.host.delegate.running)
        self.assert_same_container(DELEGATE, self.delegate)


class Interrupted(RolloutCase):
    """The agent or the daemon dies in the middle; the end is the same."""

    def setUp(self):
        super().setUp()
        self.host.converge()
        self.before = self.host.delegate.inspect()
        self.slow = self.host.minimal.with_delegate(
            image=f"{DELEGATE_REPOSITORY}:never-ready", rollout={"progressDeadline": "8s", "minReadySeconds": 0})

    def until_back(self):
        self.until_result(DELEGATE, "RolledBack")
        until("the old one runs", self.host.delegate.running)
        self.assert_same_container(DELEGATE, self.before)
        until("nothing is left over", lambda: sorted(self.host.ids()) == sorted([DELEGATE, RUNNER]))

    def test_the_agent_dies_while_the_new_one_is_awaited(self):
        self.host.write(self.slow)
        until("it is being proved", lambda: f"{DELEGATE}.previous" in self.host.ids())
        self.host.agent.kill()
        self.host.agent.start()
        self.until_back()

    def test_the_daemon_restarts_while_the_new_one_is_awaited(self):
        self.host.write(self.slow)
        until("it is being proved", lambda: f"{DELEGATE}.previous" in self.host.ids())
        self.engine.restart()
        self.until_back()

    def test_the_agent_dies_at_each_call_of_the_way_back(self):
        for call in range(1, 6):
            with self.subTest(call=call):
                self.host.begin_again()
                self.host.converge()
                self.before = self.host.delegate.inspect()
                # Seven mutating calls lead to the new one: create, copy, stop, rename twice, start.
                self.host.proxy.forget()
                began = {}

                def kill(number, one, began=began, call=call):
                    if "/stop" in one and began.setdefault("stops", 0) < 2:
                        began["stops"] += 1
                    if began.get("stops") == 2:
                        began["after"] = began.get("after", 0) + 1
                        if began["after"] == call:
                            self.host.agent.kill()

                self.host.proxy.after_mutation = kill
                self.host.write(self.host.minimal.with_delegate(
                    image=f"{DELEGATE_REPOSITORY}:never-ready", rollout=SOON))
                until("the agent is dead or done", lambda: not self.host.agent.running()
                      or (self.rollout(DELEGATE) or {}).get("result") == "RolledBack")
                self.host.proxy.after_mutation = lambda number, one: None
                if not self.host.agent.running():
                    self.host.agent.start()
                self.until_back()


class Drain(RolloutCase):
    def setUp(self):
        super().setUp()
        self.host.converge()
        self.host.delegate.get(3460, "/standin/set?tasks=2", method="POST")
        self.before = self.host.delegate.inspect()
        self.newer = self.host.minimal.with_delegate(image=document.NEWER_DELEGATE_IMAGE)

    def test_running_tasks_are_waited_for(self):
        self.host.write(self.newer)
        self.host.until_condition("Progressing", "True", DELEGATE, "Draining", says="2 running tasks")
        self.assertTrue(self.host.delegate.running())
        self.host.delegate.get(3460, "/standin/set?tasks=0", method="POST")
        self.host.until_converged()

    def test_an_agent_that_dies_meanwhile_goes_on_waiting(self):
        self.host.write(self.newer)
        self.host.until_condition("Progressing", "True", DELEGATE, "Draining", says="2 running tasks")
        self.host.agent.kill()
        self.host.agent.start()
        self.host.until_condition("Progressing", "True", DELEGATE, "Draining", says="2 running tasks")
        self.assertEqual(self.host.delegate.id, self.before["Id"])
        self.host.delegate.get(3460, "/standin/set?tasks=0", method="POST")
        self.host.until_converged()

    def test_for_the_drain_timeout_at_most(self):
        self.host.write(self.newer.with_delegate(
            stopGracePeriod="1s", rollout={"drainTimeout": "2s", "minReadySeconds": 0}))
        self.host.until_converged()
        self.assertNotEqual(self.host.delegate.id, self.before["Id"])

    def test_defer_waits_on(self):
        self.host.write(self.newer.with_delegate(
            rollout={"drainTimeout": "1s", "onDrainTimeout": "Defer", "minReadySeconds": 0}))
        self.host.until_condition("Progressing", "True", DELEGATE, "Draining", says="2 running tasks")
        holds_for(3, "the old one runs", lambda: self.host.delegate.inspect()["State"] == self.before["State"])
        self.host.delegate.get(3460, "/standin/set?tasks=0", method="POST")
        self.host.until_converged()


class Pair(RolloutCase):
    def both(self, runner_tag):
        return self.host.minimal.with_runner(image=f"{RUNNER_REPOSITORY}:{runner_tag}", rollout=SOON).with_delegate(
            image=document.NEWER_DELEGATE_IMAGE)

    def test_the_runner_goes_first(self):
        self.host.converge()
        self.host.proxy.forget()
        self.host.change(self.both("1.0.0-rc.311"))
        started = {name: self.rollout(name)["finishedAt"] for name in (RUNNER, DELEGATE)}
        self.assertLess(started[RUNNER], started[DELEGATE])
        stops = [call for call in self.host.proxy.mutations() if "/stop" in call]
        self.assertEqual(len(stops), 2, stops)

    def test_after_a_failed_runner_the_delegate_waits(self):
        self.host.converge()
        delegate = self.host.delegate.inspect()
        self.host.write(self.both("crash"))
        self.until_result(RUNNER, "RolledBack")
        self.host.until_condition("Synced", "False", DELEGATE, "WaitingForDependency")
        self.assert_same_container(DELEGATE, delegate)
        self.assertEqual(self.host.delegate.inspect()["State"], delegate["State"])

    def test_a_restarting_runner_needs_no_new_delegate(self):
        self.host.converge()
        delegate = self.host.delegate.inspect()
        self.host.runner.crash()
        self.host.until_converged()
        self.assertEqual(self.host.delegate.inspect()["State"], delegate["State"])


class Database(RolloutCase):
    """The runner's, which a newer version changes as soon as it starts."""

    def test_a_runner_that_cannot_open_what_its_successor_has_changed_gets_the_copy_back(self):
        self.host.converge()
        runner, directory = self.host.runner.inspect(), self.host.directory / "runner"
        before = (directory / "database.sqlite3").read_bytes()
        self.host.write(self.host.minimal.with_runner(image=f"{RUNNER_REPOSITORY}:migrates", rollout=SOON))
        self.host.until_condition("Synced", "False", RUNNER, "RolledBack", says="Its database was put back")
        until("the old one serves", lambda: self.host.runner.get(3000, "/healthz") == "OK")
        self.assert_same_container(RUNNER, runner)
        self.assertEqual((directory / "database.sqlite3").read_bytes(), before)
        migrated, = (directory / ".spacelet").glob("migrated-*.sqlite3")
        self.assertEqual(migrated.read_bytes(), before + b"schema 2\n")
        self.host.proxy.forget()
        self.host.agent.kill()
        self.host.agent.start()
        self.host.until_condition("Synced", "False", RUNNER, "RolledBack", says=migrated.name)
        holds_for(2, "nothing more is done", lambda: self.host.proxy.mutations() == [])
        self.host.change(self.host.minimal)
        self.assert_same_container(RUNNER, runner)


class StartFirst(RolloutCase):
    def document(self, image=document.GENERIC_IMAGE, **more):
        one = {"name": "side", "image": image, "rollout": {"strategy": "StartFirst", **SOON}, **more}
        return self.host.minimal.with_spec(containers=[one])

    def setUp(self):
        super().setUp()
        self.host.converge(self.document())
        self.side = self.host.workload("side")
        self.before = self.side.inspect()

    def test_the_old_one_runs_until_the_new_one_is_ready(self):
        newer = self.document("spacelet-standin/generic:2", readinessProbe={"exec": {"command": ["/bin/false"]}})
        self.host.write(newer)
        until("both run", self.host.workload("side.next").running)
        self.assertEqual(self.side.id, self.before["Id"])
        self.host.change(self.document("spacelet-standin/generic:2"))
        self.assertNotEqual(self.side.id, self.before["Id"])

    def test_one_that_fails_never_touches_the_old_one(self):
        self.host.write(self.document(env={"BAD": "1"}, readinessProbe={"exec": {"command": ["/bin/false"]}}))
        self.until_result("side", "RolledBack")
        until("nothing is left over", lambda: "side.next" not in self.host.ids())
        self.assertEqual(self.side.inspect()["State"], self.before["State"])
        self.assertEqual(self.side.id, self.before["Id"])


class StartFirstDelegate(RolloutCase):
    """Two of them for a while: of one name, but never of one hostname."""

    def document(self, **more):
        return self.host.minimal.with_delegate(rollout={"strategy": "StartFirst", "minReadySeconds": 0}, **more)

    def hostname(self, name=DELEGATE):
        return self.host.docker.inspect(name)["Config"]["Hostname"]

    def setUp(self):
        super().setUp()
        self.host.converge()
        self.before = self.host.delegate.inspect()

    def test_the_strategy_alone_makes_no_new_container(self):
        self.assertEqual(self.hostname(), DELEGATE)
        self.host.change(self.document())
        self.assert_same_container(DELEGATE, self.before)
        self.assertEqual(self.host.agent.command("plan", "-f", self.host.config, flags=["docker-host"]).returncode, 0)
        self.host.change(self.host.minimal)
        self.assert_same_container(DELEGATE, self.before)

    def test_each_has_a_hostname_of_its_own_and_both_have_the_alias(self):
        self.host.write(self.document(image=f"{DELEGATE_REPOSITORY}:never-ready"))
        until("both run", self.host.workload(f"{DELEGATE}.next").running)
        self.assertRegex(self.hostname(f"{DELEGATE}.next"), f"^{DELEGATE}-[0-9a-f]{{8}}$")
        for name in (DELEGATE, f"{DELEGATE}.next"):
            network = self.host.docker.inspect(name)["NetworkSettings"]["Networks"]["harness"]
            self.assertIn(DELEGATE, network["Aliases"])
        self.host.change(self.document(image=document.NEWER_DELEGATE_IMAGE))
        hostname = self.hostname()
        self.assertRegex(hostname, f"^{DELEGATE}-[0-9a-f]{{8}}$")
        self.assertEqual(self.host.delegate.environment()["DELEGATE_NAME"], DELEGATE)

    def test_so_it_is_when_only_the_token_changes(self):
        self.host.change(self.document(image=document.NEWER_DELEGATE_IMAGE))
        for token in ("another-token", "a-third-token"):
            before, hostname = self.host.delegate.id, self.hostname()
            self.host.write_token(token)
            until("there is another delegate", lambda before=before: self.host.delegate.id != before)
            self.host.until_converged()
            self.assertNotEqual(self.hostname(), hostname)
            self.assertRegex(self.hostname(), f"^{DELEGATE}-[0-9a-f]{{8}}$")
