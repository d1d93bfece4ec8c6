"""What is said of a container that keeps ending, and that it says no secret."""
import base64
import json

from harness import document
from harness.case import HostCase
from harness.host import DELEGATE, RUNNER, TOKEN
from harness.waiting import holds_for, until


def shell(name, script, **fields):
    return {"name": name, "image": document.GENERIC_IMAGE, "command": ["/bin/sh", "-c", script], **fields}


class CrashLoops(HostCase):
    def until_loop(self, name, *says):
        """The code it exited with is not said in the moments in which it runs again."""
        def is_said():
            condition = self.host.until_condition("Ready", "False", name, "CrashLoopBackOff")
            assert all(text in condition["message"] for text in says), condition
            return condition

        return until(f"a loop of {name} with {says}", is_said)

    def reason(self, name):
        return self.host.agent.condition("Ready", name)["reason"]

    def object(self, name):
        return next(o for o in self.host.agent.status()["objects"] if o["object"] == f"container/{name}")

    def test_a_runner_that_cannot_use_its_cloud(self):
        self.host.start(self.host.minimal.with_runner(image="drone/drone-runner-aws:crash").without("delegate"))
        self.until_loop(RUNNER, "json_path", "exited with code 1", "unable to ping driver")
        self.host.until_condition("Ready", "False", says=RUNNER)

    def test_it_stays_a_loop_between_two_ends(self):
        self.host.start(self.host.minimal.with_spec(containers=[shell("loop", "exit 3")]).without("runner", "delegate"))
        self.until_loop("loop", "exited with code 3")
        until("Docker waits longer and longer", lambda: self.object("loop")["restarts"] >= 4)
        self.until_loop("loop", "restarted")
        holds_for(4, "it is a loop all the time", lambda: self.reason("loop") == "CrashLoopBackOff")
        events = [json.loads(line) for line in self.host.agent.ask("/api/v1/events")[1].splitlines()]
        of_loop = [e for e in events if e["object"] == "container/loop" and e["reason"] == "CrashLoopBackOff"]
        self.assertTrue(of_loop and all(e["type"] == "Warning" for e in of_loop), events)

    def test_a_loop_ends_with_a_better_document(self):
        self.host.start(self.host.minimal.with_runner(image="drone/drone-runner-aws:crash").without("delegate"))
        self.until_loop(RUNNER, "unable to ping driver")
        self.host.change(self.host.minimal.without("delegate"))

    def test_one_that_runs_at_last_is_ready_once_it_has_settled(self):
        script = "n=$(cat /n || echo 0); echo $((n + 1)) > /n; [ $n -lt 4 ] && exit 3; exec sleep 1000"
        self.host.start(self.host.minimal.with_spec(containers=[shell("late", script)]).without("runner", "delegate"))
        self.until_loop("late", "exited with code 3")
        # Before its third end nobody calls it a loop while it runs, so it may have been ready for a moment.
        until("it runs at last", lambda: self.object("late")["restarts"] == 4)
        self.host.until_condition("Ready", "True", "late")

    def delegate_that_dies(self, line, code=1):
        variables = {"STANDIN_MODE": "crash", "STANDIN_CRASH_LINE": line, "STANDIN_CRASH_CODE": str(code)}
        self.host.start(self.host.minimal.with_delegate(env=variables, dependsOn=[]).without("runner"))

    def test_a_delegate_whose_token_is_refused(self):
        self.delegate_that_dies("Response code: 401, Message: Unauthorized")
        self.until_loop(DELEGATE, "`token`", "exited with code 1")

    def test_a_delegate_whose_check_of_the_connection_ends_with_2(self):
        self.delegate_that_dies("checking the connection", 2)
        self.until_loop(DELEGATE, "`token`", "exited with code 2")

    def test_a_delegate_whose_heap_is_too_small(self):
        self.delegate_that_dies("java.lang.OutOfMemoryError: Java heap space")
        self.until_loop(DELEGATE, "JAVA_OPTS")

    def test_a_cause_before_a_long_stack_trace_is_quoted(self):
        script = "echo 'java.lang.OutOfMemoryError: heap'; for i in 1 2 3 4 5 6 7 8 9; do echo at $i; done; exit 1"
        wanted = self.host.minimal.with_delegate(command=["/bin/sh", "-c", script], dependsOn=[]).without("runner")
        self.host.start(wanted)
        # What is read while the next run has begun holds some of its lines, until that one ends as well.
        self.until_loop(DELEGATE, "OutOfMemoryError: heap | … | at 5 | at 6 | at 7 | at 8 | at 9;")

    def test_both_streams_are_quoted(self):
        self.host.start(self.host.minimal.with_spec(containers=[shell("loud", "echo to-out; echo to-err >&2; exit 1")])
                        .without("runner", "delegate"))
        message = self.until_loop("loud", "to-err")["message"]
        self.assertIn("to-out", message)

    def test_one_that_eats_too_much_memory(self):
        eater = shell("eater", "/bin/busybox tail /dev/zero", resources={"memory": "16m", "memorySwap": "16m"})
        self.host.start(self.host.minimal.with_spec(containers=[eater]).without("runner", "delegate"))
        self.until_loop("eater", "resources.memory")


class Canary(HostCase):
    """A container that prints its secret in every spelling."""

    def test_no_secret_of_a_log_is_shown_anywhere(self):
        encoded = base64.b64encode(TOKEN.encode()).decode().rstrip("=")
        script = "echo token=$TOKEN; echo $TOKEN >&2; printf %s $TOKEN | /bin/busybox base64 -w 0; echo; echo the end; exit 1"
        leak = shell("leak", script, env={"TOKEN": {"file": f"{self.host.directory}/delegate-token"}})
        self.host.start(self.host.minimal.with_spec(containers=[leak]).without("runner", "delegate"))
        self.host.until_condition("Ready", "False", "leak", "CrashLoopBackOff", says="the end")
        message = self.host.agent.condition("Ready", "leak")["message"]
        self.assertIn("token=***", message)
        # Plain, alone, and as base64; Docker keeps no order between the two streams, so one of the run before may be among them.
        self.assertGreaterEqual(message.count("***"), 3, message)
        shown = [self.host.agent.ask(path)[1] for path in ("/api/v1/status", "/api/v1/events", "/metrics", "/readyz")]
        shown.append(self.host.agent.log.read_text())
        shown += [path.read_text(errors="replace") for path in (self.host.directory / "state").iterdir()]
        for text in shown:
            for spelling in (TOKEN, encoded[:-4]):
                self.assertNotIn(spelling, text)
