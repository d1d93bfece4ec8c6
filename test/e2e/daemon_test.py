"""The daemon goes away, hangs and comes back."""
from harness.case import HostCase
from harness.waiting import holds_for, until


class Daemon(HostCase):
    def test_a_restarted_daemon_gets_its_containers_back(self):
        self.host.converge()
        ids, pid = self.host.ids(), self.host.agent.process.pid
        self.engine.restart()
        self.host.until_converged()
        self.assertEqual(self.host.ids(), ids)
        self.assertEqual((self.host.agent.process.pid, self.host.agent.running()), (pid, True))

    def test_while_the_daemon_is_gone_the_agent_lives_and_says_so(self):
        self.host.converge()
        ids = self.host.ids()
        self.engine.stop_daemon()
        try:
            self.host.until_condition("DockerAvailable", "False")
            self.assertEqual(self.host.agent.ask("/livez")[0], 200)
            self.assertEqual(self.host.agent.ask("/readyz")[0], 503)
            self.assertEqual(self.host.agent.metric("spacelet_docker_up"), 0)
        finally:
            self.engine.start_daemon()
        self.host.until_converged()
        self.assertEqual(self.host.ids(), ids)

    def test_a_daemon_that_hangs_for_20_seconds_costs_nothing(self):
        self.host.converge()
        started = self.host.started()
        self.host.proxy.forget()
        self.engine.freeze()
        try:
            holds_for(20, "the agent lives", lambda: self.host.agent.ask("/livez")[0] == 200)
        finally:
            self.engine.thaw()
        self.host.until_converged()
        self.assertEqual(self.host.started(), started)
        self.assertEqual(self.host.proxy.mutations(), [])

    def test_what_broke_while_the_daemon_hung_is_repaired(self):
        self.host.converge()
        ids = self.host.ids()
        self.host.agent.hold()
        self.host.runner.kill()
        self.engine.freeze()
        self.host.agent.release()
        try:
            holds_for(5, "the agent lives", lambda: self.host.agent.ask("/livez")[0] == 200)
        finally:
            self.engine.thaw()
        self.host.until_converged()
        self.assertEqual(self.host.ids(), ids)

    def test_an_agent_that_is_there_before_the_daemon_waits_for_it(self):
        self.engine.stop_daemon()
        try:
            self.host.start()
            self.host.until_condition("DockerAvailable", "False")
        finally:
            self.engine.start_daemon()
        self.host.until_converged()

    def test_a_daemon_that_restarts_on_a_changed_host_is_caught_up_with(self):
        self.host.converge()
        self.host.agent.hold()
        self.host.runner.remove()
        self.engine.restart()
        self.host.agent.release()
        self.host.until_converged()
        until("the agent is ready", self.host.agent.ready)
