"""The stand-ins do what the real runner and delegate are known to do."""
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

PATIENCE = 20  # seconds; a deadline, never a wait
POOL = "version: '1'\ninstances:\n  - {name: west, type: google, pool: 0, spec: {zone: [us-west1-a]}}\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(ask):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not within {PATIENCE} s: {ask}")


class Program:
    """One running stand-in."""

    def __init__(self, case, argv, port, env):
        self.port = port
        self.process = subprocess.Popen(argv, env=env, cwd=case.directory, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        case.addCleanup(self.process.communicate)
        case.addCleanup(self.process.kill)

    def ask(self, path, method="GET"):
        """(status, body), or None while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            return None
        finally:
            connection.close()

    def listening(self):
        return eventually(lambda: self.ask("/standin/version"))

    def set(self, **settings):
        for key, value in settings.items():
            assert self.ask(f"/standin/set?{key}={value}", "POST") == (200, "ok\n")

    def ends(self):
        """(exit code, stdout, stderr)"""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def environment(self, **settings):
        steering = {f"STANDIN_{k.upper()}": str(v) for k, v in settings.items() if k.islower()}
        rest = {k: v for k, v in settings.items() if not k.islower()}
        return {"PATH": os.environ["PATH"], **steering, **rest}

    def runner(self, pool=POOL, arguments=None, **settings):
        port = free_port()
        if pool is not None:
            self.write("pool.yaml", pool)
        if arguments is None:
            arguments = ["delegate", "--pool", str(self.directory / "pool.yaml")]
        env = self.environment(**{"DRONE_HTTP_BIND": f":{port}", **settings})
        return Program(self, [os.environ["STANDIN_VM_RUNNER"], *arguments], port, env)

    def delegate(self, without=(), **settings):
        port = free_port()
        variables = {"ACCOUNT_ID": "a" * 22, "DELEGATE_TOKEN": "t", "DELEGATE_NAME": "d",
                     "MANAGER_HOST_AND_PORT": "https://app.example", "DELEGATE_HTTP_PORT": str(port), **settings}
        env = self.environment(**{k: v for k, v in variables.items() if k not in without})
        return Program(self, [os.environ["STANDIN_DELEGATE"]], port, env)


class Runner(Case):
    def test_answers_once_its_port_is_open(self):
        runner = self.runner()
        runner.listening()
        self.assertEqual(runner.ask("/healthz"), (200, "OK"))
        self.assertEqual(runner.ask("/elsewhere")[0], 404)

    def test_opens_its_port_late(self):
        runner = self.runner(listen_delay=1000)
        eventually((self.directory / "database.sqlite3").exists)
        self.assertIsNone(runner.ask("/healthz"))

    def test_logs_its_start_in_order_in_logrus_form(self):
        runner = self.runner()
        runner.listening()
        runner.process.terminate()
        _, out, _ = runner.ends()
        expected = ["delegate: starting in standard mode", "migration complete", "Parsing pool 'west', of type 'google'",
                    "pools cleaned", "pool created", "starting the server"]
        places = [out.find(f'msg="{line}"') for line in expected]
        self.assertNotIn(-1, places, out)
        self.assertEqual(places, sorted(places), out)
        self.assertRegex(out.splitlines()[0], r'^time="\d{4}-\d\d-\d\dT[^"]*" level=info msg="')

    def test_creates_its_database_where_it_is_told(self):
        self.runner().listening()
        self.assertTrue((self.directory / "database.sqlite3").read_bytes().startswith(b"SQLite format 3\0"))

    def test_reads_the_pool_once(self):
        runner = self.runner()
        runner.listening()
        self.write("pool.yaml", POOL.replace("west", "east"))
        self.assertEqual(runner.ask("/pool_owner?pool=west", "POST"), (200, '{"owner":true}'))
        self.assertEqual(runner.ask("/pool_owner?pool=east", "POST"), (200, '{"owner":false}'))

    def test_owner_of_a_stage_it_has_not_seen_it_is_not(self):
        runner = self.runner()
        runner.listening()
        self.assertEqual(runner.ask("/pool_owner?pool=west&stageId=1", "POST"), (200, '{"owner":false}'))
        self.assertEqual(runner.ask("/pool_owner", "POST"), (400, "mandatory URL parameter 'pool' is missing"))

    def test_exits_1_without_a_valid_pool(self):
        instance = "instances: [{name: a, type: %s, spec: {zone: %s}}]"
        for name, pool, reason in [
                ("missing", None, "no such file or directory"),
                ("not YAML", "instances: [", "converting YAML"),
                ("unknown type", instance % ("gcp", "[z]"), "unknown instance tip gcp"),
                ("no spec", "instances: [{name: a, type: noop}]", "unexpected end of JSON input"),
                ("zone is no list", instance % ("google", "z"), "cannot unmarshal string")]:
            with self.subTest(name):
                (self.directory / "pool.yaml").unlink(missing_ok=True)
                code, out, err = self.runner(pool).ends()
                self.assertEqual(code, 1)
                self.assertIn("exec: unable to parse pool file", err)
                self.assertIn(reason, err)
                self.assertIn('level=fatal msg="Unable to load pool file, or use an in memory pool"', out)

    def test_exits_1_when_the_pool_is_a_directory(self):
        (self.directory / "pool.yaml").mkdir()
        self.assertEqual(self.runner(pool=None).ends()[0], 1)

    def test_a_second_pool_of_one_name_is_fatal(self):
        one = "{name: a, type: noop, spec: {}}"
        code, out, _ = self.runner(f"instances: [{one}, {one}]").ends()
        self.assertEqual(code, 1)
        self.assertIn('already defined', out)

    def test_a_database_that_cannot_be_opened_is_fatal(self):
        code, out, _ = self.runner(DRONE_DATABASE_DATASOURCE="absent/database.sqlite3", db_tries=1).ends()
        self.assertEqual(code, 1)
        self.assertIn("Unable to start the database", out)

    def test_a_database_of_a_newer_version_cannot_be_opened(self):
        self.runner(mode="crash", schema=2).ends()
        code, out, _ = self.runner().ends()
        self.assertEqual(code, 1)
        self.assertIn("no migration found for version 2", out)
        self.assertNotIn("version 2", self.runner(mode="crash", schema=3).ends()[1])

    def test_wrong_arguments_are_refused(self):
        for arguments in ([], ["server"], ["delegate", "--pol", "x"], ["delegate", "--pool"]):
            with self.subTest(arguments):
                code, _, err = self.runner(arguments=arguments).ends()
                self.assertEqual(code, 1)
                self.assertRegex(err, "^error: .*, try --help")

    def test_sigterm_closes_the_port_at_once_takes_its_time_and_exits_1(self):
        runner = self.runner(stop_delay=1.5)
        runner.listening()
        runner.process.send_signal(signal.SIGTERM)
        eventually(lambda: runner.ask("/healthz") is None)
        self.assertIsNone(runner.process.poll(), "the port is closed while it still cleans up")
        code, out, err = runner.ends()
        self.assertEqual(code, 1)
        self.assertIn("received signal, terminating process", out)
        self.assertIn("error: http: Server closed, try --help", err)

    def test_shows_its_running_executions(self):
        runner = self.runner()
        runner.listening()
        runner.set(executions=3)
        self.assertRegex(runner.ask("/metrics")[1], r"(?m)^harness_ci_pipeline_running_executions\{.*\} 3$")

    def test_an_old_release_has_no_healthz(self):
        runner = self.runner(healthz="404")
        runner.listening()
        self.assertEqual(runner.ask("/healthz")[0], 404)

    def test_crash_names_the_driver_and_exits_1(self):
        code, out, _ = self.runner(mode="crash").ends()
        self.assertEqual(code, 1)
        self.assertIn("unable to ping driver", out)

    def test_never_ready_runs_without_a_port(self):
        runner = self.runner(mode="never-ready", listen_delay=0)
        eventually((self.directory / "database.sqlite3").exists)
        self.assertIsNone(runner.ask("/healthz"))
        self.assertIsNone(runner.process.poll())

    def test_the_control_file_beside_the_pool_steers_it(self):
        runner = self.runner()
        runner.listening()
        self.write("standin.conf", "healthz = 500\n")
        self.assertEqual(runner.ask("/healthz")[0], 500)


class Delegate(Case):
    def test_needs_its_variables(self):
        for name in ("ACCOUNT_ID", "DELEGATE_TOKEN", "DELEGATE_NAME", "MANAGER_HOST_AND_PORT"):
            with self.subTest(name):
                code, _, err = self.delegate(without=[name]).ends()
                self.assertEqual(code, 1)
                self.assertIn(name, err)

    def test_is_healthy_late(self):
        delegate = self.delegate(health_delay=1000)
        delegate.listening()
        self.assertEqual(delegate.ask("/api/health")[0], 500)
        delegate.set(health_delay=0)
        self.assertEqual(delegate.ask("/api/health")[0], 200)

    def test_is_unhealthy_while_the_manager_is_away(self):
        delegate = self.delegate(health_delay=0)
        delegate.listening()
        delegate.set(connected=0)
        self.assertIn("Socket is not open", delegate.ask("/api/health")[1])

    def test_really_calls_the_runner(self):
        runner = self.runner()
        runner.listening()
        delegate = self.delegate(RUNNER_URL=f"http://localhost:{runner.port}/")
        delegate.listening()
        eventually(lambda: '"runnerReached":true' in delegate.ask("/api/debug")[1])
        runner.process.terminate()
        eventually(lambda: '"runnerReached":false' in delegate.ask("/api/debug")[1])
        self.assertRegex(delegate.ask("/api/metrics")[1], r"(?m)^standin_runner_reached 0$")

    def test_looks_for_the_runner_on_its_own_loopback_when_not_told(self):
        delegate = self.delegate()
        delegate.listening()
        self.assertIn('"runnerUrl":"http://127.0.0.1:3000/"', delegate.ask("/api/debug")[1])

    def test_finishes_its_tasks_before_it_stops(self):
        delegate = self.delegate()
        delegate.listening()
        delegate.set(tasks=2)
        self.assertRegex(delegate.ask("/api/metrics")[1],
                         r"(?m)^io_harness_custom_metric_tasks_currently_executing 2$")
        delegate.process.terminate()
        self.assertIsNotNone(delegate.ask("/api/health"), "it answers while it drains")
        self.assertIsNone(delegate.process.poll())
        delegate.set(tasks=0)
        self.assertEqual(delegate.ends()[0], 143)

    def test_gives_up_on_its_tasks_at_the_limit(self):
        delegate = self.delegate(drain_limit=0.2)
        delegate.listening()
        delegate.set(tasks=1)
        delegate.process.terminate()
        self.assertEqual(delegate.ends()[0], 143)

    def test_crashes_when_told(self):
        delegate = self.delegate()
        delegate.listening()
        delegate.ask("/standin/exit?code=9", "POST")
        self.assertEqual(delegate.ends()[0], 9)


if __name__ == "__main__":
    unittest.main(verbosity=2)
