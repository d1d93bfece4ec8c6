"""docker compose v2 (Debian 13) and docker-compose 1.29 (Debian 12): one file, one command."""
from measure.tree import Tree
from harness.document import to_yaml
from rival.pair import IMAGE, NETWORK, PAIR, RESTART, STOP_SIGNAL, Rival, environment

FILE = "/srv/pair/compose.yaml"


def file_of(revision):
    services = {name: {"image": IMAGE, "container_name": name, "environment": environment(name, revision),
                       "stop_signal": STOP_SIGNAL, "restart": RESTART} for name in PAIR}
    return to_yaml({"services": services, "networks": {"default": {"name": NETWORK}}})


def tree(suite):
    return Tree(suite, "docker-compose")


class Compose(Rival):
    def __init__(self, site, tree):
        super().__init__(site)
        self.tree, self.version = tree, tree.version("docker-compose")

    def make(self, revision):
        self.tree.write(FILE, file_of(revision))
        self.again()

    def again(self):
        return self.tree.cost_of(self.docker.socket_path, "docker-compose", "-p", "pair", "-f", FILE, "up", "-d")
