"""spacelet: as the agent of the host, and as a command."""
from measure.cost import cost_of
from harness.agent import binary, words_of
from harness.document import Document
from rival.pair import IMAGE, NETWORK, PAIR, STOP_SIGNAL, Rival, environment


def document_of(revision):
    return Document({"network": {"name": NETWORK}, "containers": [
        {"name": name, "image": IMAGE, "stopSignal": STOP_SIGNAL, "env": environment(name, revision),
         "rollout": {"minReadySeconds": 0}} for name in PAIR]})


class Spacelet(Rival):
    """As a command: `spacelet apply`."""

    def begin(self):
        self.site.host.begin_again()

    def end(self):
        self.site.host.begin_again()

    def make(self, revision):
        self.site.host.write(document_of(revision))
        self.again()

    def again(self):
        return self._command("apply", "state-dir", "docker-host", "docker-config", "lock-file")

    def plan(self):
        """What it costs to look only."""
        return self._command("plan", "docker-host", "docker-config")

    def _command(self, word, *flags):
        words = words_of({flag: self.site.agent.flags[flag] for flag in flags})
        return cost_of(binary(), word, "-f", self.site.host.config, *words)


class SpaceletAgent(Spacelet):
    watches = True

    def make(self, revision):
        self.site.host.write(document_of(revision))
        if not self.site.agent.running():
            self.site.agent.start()
        self.site.host.until_converged()

    def again(self):
        return "it is never asked"
