"""Where it is measured: a Docker engine in a sandbox, a host on it, and the daemon's own clock."""
import contextlib
import json
import os
import threading
import time

from measure import floor
from harness import engine
from harness.docker import UnixConnection
from harness.host import Host
from harness.waiting import until

MILLISECOND = 1e6  # nanoseconds


class Events:
    """The daemon's events of containers, as they come. Their times are the daemon's, in ms of the wall clock."""

    def __init__(self, socket_path):
        self.seen = []
        connection = UnixConnection(socket_path, None)
        connection.request("GET", "/v1.41/events?filters=" + '{"type":["container"]}')
        self.answer = connection.getresponse()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.answer:
            self.seen.append(json.loads(line))

    @staticmethod
    def mark():
        """Now. Not how many have come: one that is on its way has happened before."""
        return time.time_ns()

    def time(self, action, container, mark=0):
        """Of the last such event of a container, by its id, its name or that of its swarm service; waits for it."""
        def find():
            return [one for one in self.seen if one["timeNano"] >= mark and one["Action"] == action and container in names(one["Actor"])]

        return until(f"{action} of {container}", find)[-1]["timeNano"] / MILLISECOND

    def downtime(self, old, new):
        return self.time("start", new) - self.time("die", old)


def names(actor):
    return actor["ID"], actor["Attributes"]["name"], actor["Attributes"].get("com.docker.swarm.service.name")


class Site:
    """An engine with the stand-in images, a host whose agent speaks to it with no proxy between, and its events."""

    def __init__(self, name):
        self.engine = engine.Engine(name)
        self.engine.load(os.environ["STANDIN_IMAGES"])
        self.docker = self.engine.docker
        self.host = Host(self.engine)
        self.agent = self.host.agent
        self.agent.flags["docker-host"] = f"unix://{self.docker.socket_path}"
        self.events = Events(self.docker.socket_path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.host.close()
        self.engine.close()

    def bare(self, *calls):
        """The calls of the floor; milliseconds of each."""
        return floor.make(self.docker.socket_path, *calls)

    @contextlib.contextmanager
    def agent_held(self):
        """Meanwhile the agent sees nothing and does nothing."""
        self.agent.hold()
        try:
            yield
        finally:
            self.agent.release()

    def command(self, *words, flags=()):
        """Another command of the program, which succeeds."""
        done = self.agent.command(*map(str, words), flags=flags)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr}")

    def about(self):
        """A sentence for below the tables."""
        return f"Docker {self.docker.get('/version')['Version']}."
