"""Ansible's docker_container (Debian 12's package ansible), from a playbook that runs on the host itself."""
import json

from measure.tree import Tree
from rival.pair import IMAGE, NETWORK, PAIR, RESTART, STOP_SIGNAL, Rival, environment

FILE = "/srv/pair/playbook.yaml"


def playbook(revision):
    """JSON, which is YAML."""
    tasks = [{"community.docker.docker_network": {"name": NETWORK}}]
    tasks += [{"community.docker.docker_container": {
        "name": name, "image": IMAGE, "env": environment(name, revision), "stop_signal": STOP_SIGNAL, "restart_policy": RESTART,
        "networks": [{"name": NETWORK}], "network_mode": NETWORK}} for name in PAIR]
    return json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}])


def tree():
    return Tree("bookworm", "ansible", "python3-docker")


class Ansible(Rival):
    def __init__(self, site, tree):
        super().__init__(site)
        self.tree, self.version = tree, tree.version("ansible")

    def make(self, revision):
        self.tree.write(FILE, playbook(revision))
        self.again()

    def again(self):
        return self.tree.cost_of(self.docker.socket_path, "ansible-playbook", "-i", "localhost,", FILE)
