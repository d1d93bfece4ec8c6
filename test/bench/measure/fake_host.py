"""An agent on fake_dockerd, as the tests of crashes have it: its daemon costs nothing and is never busy."""
import os
import pathlib
import re
import signal
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "crash"))
import host as hosts  # noqa: E402

from measure.command import program  # noqa: E402
from measure.process import Process  # noqa: E402

AGENT_PORT = hosts.AGENT_PORT


class FakeHost(hosts.Host):
    """`flags`: of the agent, over those of the tests."""

    def __init__(self, flags=None, behind=lambda socket, directory: socket):
        hosts.options = types.SimpleNamespace(spacelet=os.environ["SPACELET"], fake_dockerd=program("fake_dockerd"))
        super().__init__(behind)
        for flag, value in {"log-level": "error", **(flags or {})}.items():
            self.flag(flag, value)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def flag(self, name, value):
        argv = self.agent.argv
        if f"--{name}" in argv:
            argv[argv.index(f"--{name}") + 1] = value
        else:
            argv += [f"--{name}", value]

    def process(self):
        return Process(self.agent.process.pid)

    def hold(self):
        self.agent.process.send_signal(signal.SIGSTOP)

    def release(self):
        self.agent.process.send_signal(signal.SIGCONT)

    def sums(self, *names):
        """Of one scrape: name -> the sum of its samples."""
        found = dict.fromkeys(names, 0.0)
        for line in self.agent.get("/metrics")[1].decode().splitlines():
            name = re.split(r"[{ ]", line, maxsplit=1)[0]
            if name in found:
                found[name] += float(line.rsplit(" ", 1)[1])
        return found
