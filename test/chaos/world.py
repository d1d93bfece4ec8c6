"""What people and accidents do to a host while its Docker socket is faulty: a seeded list of changes."""
import copy
import json
import random
import shutil
import signal
import time

import flows

CANARY = "canary-token-5d1c9e70"  # must appear in no output
STRANGER = "stranger"  # a container and a network of somebody else's
FOREIGN_IMAGE = "example/foreign:1"
EXTRA = {"name": "extra", "image": "example/extra:1", **flows.PROVED_AT_ONCE}
NAMES = {"runner": "vm-runner", "delegate": "docker-delegate", "side": "side"}
IMAGES = {"vm-runner": flows.RUNNER, "docker-delegate": flows.DELEGATE, "side": flows.SIDE}
MEMORY = (256 << 20, 512 << 20)
LITTLE = {"Memory": 64 << 20, "MemorySwap": 128 << 20}
SUBNETS = (None, "172.29.0.0/16", "172.30.0.0/16")
BAD_TAGS = ("crashes", "refused", "never-ready")
NOT_A_DOCUMENT = "apiVersion: spacelet.dev/v1alpha1\nspec: {runner: {image: [}}\n"
PATIENCE = 5  # seconds that a change waits for requests that may not come


class World(flows.Flow):
    """The document that is wanted in the end, and a host on which it is not yet so."""

    def __init__(self, seed):
        super().__init__()
        self.draw = random.Random(f"{seed}/world")
        self.tags = {"runner": "1", "delegate": "1", "side": "1"}
        self.rounds = {"runner": 0, "delegate": 0}
        self.subnet, self.extra, self.memory, self.token = None, False, MEMORY[0], 0
        self.takes_over = self.draw.random() < .25  # a delegate and a network that somebody made by hand
        self.observed = {}  # the highest generation that an agent has said to have observed, by its process

    # --- the document
    def wanted(self, bad=None):
        """Its spec; `bad`: a workload and the tag of an image that does not work."""
        tags = {**self.tags, **dict([bad] if bad else [])}
        spec = copy.deepcopy(self.spec(**tags))
        spec["delegate"]["token"] = {"value": f"{CANARY}-{self.token}"}
        spec["delegate"]["takeover"] = self.takes_over
        spec["runner"]["resources"] = {"memory": self.memory}
        for workload, number in self.rounds.items():
            spec[workload]["env"] = {"ROUND": str(number)}
        if self.subnet:
            spec["network"]["subnet"] = self.subnet
        if self.extra:
            spec["containers"].append(EXTRA)
        if bad:
            one = spec["containers"][0] if bad[0] == "side" else spec[bad[0]]
            one["rollout"] = {**one["rollout"], "progressDeadline": "3s"}
        return spec

    def is_true(self, host):
        """What runs is what is wanted, nothing is left over, and the agent knows."""
        if not host.agent.ready() or not host.runs(self.wanted(), beside=(STRANGER,)):
            return False
        state = host.daemon.state()
        networks = {one["name"]: one for one in state["networks"]}
        there = sorted(networks) == ["harness", STRANGER] and {*NAMES.values()} <= {*state["containers"]}  # still
        return there and self._is_made_so(state, networks["harness"])

    def _is_made_so(self, state, network):
        runner, delegate = (state["containers"][NAMES[name]] for name in ("runner", "delegate"))
        rounds = {"runner": int(runner["env"]["ROUND"]), "delegate": int(delegate["env"]["ROUND"])}
        return (rounds == self.rounds and runner["memory"] == self.memory
                and delegate["env"]["DELEGATE_TOKEN"] == f"{CANARY}-{self.token}"
                and sorted([*network["members"], STRANGER]) == sorted(state["containers"])
                and (self.takes_over or self._is_laid_out(network))  # a foreign network is used as it is
                and FOREIGN_IMAGE in state["images"])

    def _is_laid_out(self, network):
        """By this document, and not by the one before: without a subnet any will do."""
        made_for = json.loads(network["labels"].get("dev.spacelet.network-spec", "{}"))
        return made_for.get("subnet") == self.subnet and self.subnet in (None, network["subnet"])

    # --- the host
    def prepare(self, host):
        self.publish(host)
        host.daemon.publish(EXTRA["image"])
        host.daemon.ask("publish", "POST", reference=FOREIGN_IMAGE, pull=1)
        host.daemon.call("POST", "/networks/create", {"Name": STRANGER})
        host.daemon.call("POST", f"/containers/create?name={STRANGER}",
                         {"Image": FOREIGN_IMAGE, "HostConfig": {"NetworkMode": STRANGER}})
        host.daemon.call("POST", f"/containers/{STRANGER}/start")
        host.daemon.guard(STRANGER)
        host.daemon.allow("side", 2)  # StartFirst
        host.daemon.allow("extra", 0)  # is dropped from the document now and then
        if self.takes_over:
            flows.start_delegate_by_hand(host)
        host.write(self.wanted())
        host.agent.start()

    def watch(self, host):
        """What holds at any time, as far as the agent itself can tell."""
        assert not host.agent.dead(), "the agent ended by itself"
        config = host.agent.config()
        if config:
            assert config["observedGeneration"] <= config["generation"], config
            before = self.observed.get(host.agent.process.pid, 0)
            assert config["observedGeneration"] >= before, (config, before)
            self.observed[host.agent.process.pid] = config["observedGeneration"]

    def dwell(self, host, proxy):
        """So many requests later, or when it seems that there are no more."""
        target, deadline = proxy.requests() + self.draw.choice((0, 3, 10, 30, 60, 120)), time.monotonic() + PATIENCE
        while proxy.requests() < target and time.monotonic() < deadline:
            self.watch(host)
            time.sleep(0.05)

    def go_through_changes(self, host, proxy):
        self.dwell(host, proxy)
        for number in range(self.draw.randint(2, 7)):
            change = self.draw.choice(CHANGES)
            proxy.note(f"change {number}: {change.__doc__}")
            change(self, host, proxy)
            self.dwell(host, proxy)


# --- changes of the document
def newer_image(world, host, proxy):
    """another image of a workload"""
    workload = world.draw.choice(sorted(world.tags))
    world.tags[workload] = world.draw.choice([tag for tag in "123" if tag != world.tags[workload]])
    host.write(world.wanted())


def other_environment(world, host, proxy):
    """another environment of a workload"""
    world.rounds[world.draw.choice(sorted(world.rounds))] += 1
    host.write(world.wanted())


def other_subnet(world, host, proxy):
    """another subnet"""
    world.subnet = world.draw.choice([one for one in SUBNETS if one != world.subnet])
    host.write(world.wanted())


def other_memory(world, host, proxy):
    """another limit of memory, which is set in place"""
    world.memory = next(one for one in MEMORY if one != world.memory)
    host.write(world.wanted())


def other_token(world, host, proxy):
    """another token of the delegate"""
    world.token += 1
    host.write(world.wanted())


def workload_comes_or_goes(world, host, proxy):
    """a workload that comes or goes"""
    world.extra = not world.extra
    host.write(world.wanted())


def bad_image(world, host, proxy):
    """an image that does not work, and the good one again"""
    host.write(world.wanted(bad=(world.draw.choice(sorted(world.tags)), world.draw.choice(BAD_TAGS))))
    world.dwell(host, proxy)
    host.write(world.wanted())


def invalid_document(world, host, proxy):
    """a document that is none, and a good one again"""
    host.agent.document.write_text(NOT_A_DOCUMENT)
    world.dwell(host, proxy)
    host.write(world.wanted())


# --- hands
def by_hand(what, action):
    """`action(daemon, name)` on a workload, whether the daemon allows it or not."""

    def change(world, host, proxy):
        name = NAMES[world.draw.choice(sorted(NAMES))]
        try:
            action(host.daemon, name)
        except AssertionError as refusal:  # it is not there, or not running
            proxy.note(str(refusal))

    change.__doc__ = f"{what} by hand"
    return change


def post(path, body=None):
    return lambda daemon, name: daemon.call("POST", path.format(name), body or {"Container": name})


HANDS = [
    by_hand("removed", lambda daemon, name: daemon.remove(name)),
    by_hand("killed", post("/containers/{}/kill")),
    by_hand("paused", post("/containers/{}/pause")),
    by_hand("stopped", post("/containers/{}/stop")),
    by_hand("taken off its network", post("/networks/harness/disconnect")),
    by_hand("given less memory", lambda daemon, _: post("/containers/vm-runner/update", LITTLE)(daemon, "")),
    by_hand("robbed of its image", lambda daemon, name: daemon.call("DELETE", f"/images/{IMAGES[name]}1")),
]


def removed_in_vain(world, host, proxy):
    """removed by hand, which fails and leaves a dead one"""
    # Whoever started a dead delegate by hand has to clear it away.
    names = [name for workload, name in sorted(NAMES.items()) if workload != "delegate" or not world.takes_over]
    try:
        host.daemon.remove(world.draw.choice(names), failures=2)
    except AssertionError as refusal:
        proxy.note(str(refusal))


# --- the agent and its socket
def killed(world, host, proxy):
    """kill -9 of the agent"""
    host.agent.process.kill()
    host.agent.process.wait()
    host.agent.start()


def state_lost(world, host, proxy):
    """kill -9 of the agent, and its state directory is lost"""
    host.agent.process.kill()
    host.agent.process.wait()
    shutil.rmtree(host.agent.state, ignore_errors=True)  # it may never have been made
    host.agent.start()


def daemon_restarted(world, host, proxy):
    """the daemon restarts"""
    host.daemon.restart()


def stopped(world, host, proxy):
    """SIGTERM of the agent"""
    host.agent.process.terminate()
    host.agent.process.wait(30)
    host.agent.start()


def held(world, host, proxy):
    """SIGSTOP of the agent for a second"""
    host.agent.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    host.agent.process.send_signal(signal.SIGCONT)


def socket_gone(world, host, proxy):
    """no Docker socket for a second"""
    proxy.vanish()
    time.sleep(1)
    proxy.listen()


CHANGES = [newer_image, newer_image, other_environment, other_subnet, other_memory, other_token, workload_comes_or_goes,
           bad_image, bad_image, invalid_document, *HANDS, removed_in_vain, killed, killed, state_lost, stopped, held, socket_gone,
           daemon_restarted]
