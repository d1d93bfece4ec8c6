"""The agent's process, and its answers over HTTP."""
import http.client
import json
import os
import re
import signal
import subprocess

from harness.waiting import until

ADDRESS = ("127.0.0.1", 9746)


def binary():
    return os.environ["SPACELET"]


class Ended(Exception):
    """The agent has ended by itself; there is nothing to wait for."""


class Agent:
    def __init__(self, directory, docker_socket, config):
        self.log = directory / "agent.log"
        # A resync so rare that only events can be what a repair came from. Tests change this before the start.
        self.flags = {"config": config, "state-dir": directory / "state", "lock-file": directory / "lock",
                      "docker-host": f"unix://{docker_socket}", "docker-config": directory / "docker-config",
                      "listen-address": "%s:%d" % ADDRESS, "log-level": "debug", "resync-interval": "10m",
                      "prune-delay": "1s"}
        self.env = dict(os.environ)
        self.process = None

    def argv(self):
        return [binary(), "agent", *words_of(self.flags)]

    def start(self):
        with self.log.open("ab") as log:
            # It dies with us, whatever kills us.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *self.argv()], stdout=log, stderr=log,
                                            env=self.env)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def hold(self):
        """Stops it in its tracks (SIGSTOP), and waits until it is."""
        self.signal(signal.SIGSTOP)
        until("the agent is held", lambda: process_state(self.process.pid) == "T")

    def release(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """kill -9"""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)

    def ask(self, path):
        """(status, text); OSError while nobody listens."""
        if not self.running():
            raise Ended(f"exit code {self.process.returncode}" if self.process else "never started")
        connection = http.client.HTTPConnection(*ADDRESS, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def status(self):
        return json.loads(self.ask("/api/v1/status")[1])

    def ready(self):
        return self.ask("/readyz")[0] == 200

    def condition(self, kind, name=None):
        """A condition of the host, or of the object whose key ends in `name`; LookupError when it is not there."""
        status = self.status()
        owners = [status] if name is None else [o for o in status["objects"] if o["object"].endswith("/" + name)]
        for condition in (condition for owner in owners for condition in owner["conditions"]):
            if condition["type"] == kind:
                return condition
        raise LookupError(f"no condition {kind} of {name or 'the host'}")

    def metric(self, name, /, **labels):
        """The sum of the samples of that name with these labels (and any others)."""
        samples = [line for line in self.ask("/metrics")[1].splitlines() if re.match(name + r"[{ ]", line)]
        found = [line for line in samples if all(f'{key}="{value}"' in line for key, value in labels.items())]
        if not found:
            raise LookupError(f"no metric {name} {labels}")
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    def command(self, *words, flags=()):
        """Runs another command of the program, with these of the agent's flags: a CompletedProcess."""
        shared = words_of({flag: self.flags[flag] for flag in flags})
        return subprocess.run([binary(), *words, *shared], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=180, env=self.env, check=False)


def words_of(flags):
    """True is a flag without a value."""
    return [word for flag, value in flags.items() for word in ([f"--{flag}"] if value is True else [f"--{flag}", str(value)])]


def process_state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]
