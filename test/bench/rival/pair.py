"""The pair: two containers on a network, of an image that is there, which end as soon as they are told to."""
from harness import document

IMAGE = document.GENERIC_IMAGE
NETWORK = "harness"
FIRST, SECOND = PAIR = ("first", "second")
STOP_SIGNAL = "SIGKILL"  # the image's program heeds no other, as process 1
RESTART = "unless-stopped"


def environment(name, revision):
    """A revision changes one variable of the first."""
    return {"REVISION": str(revision if name == FIRST else 0)}


def running(docker):
    """Name -> id of those that run. A swarm adds to their names."""
    return {name.split(".")[0]: one["Id"] for name, one in docker.containers().items() if one["State"] == "running"}


class Rival:
    """What is so for most of them."""

    watches = False

    def __init__(self, site):
        self.site, self.docker = site, site.docker

    def begin(self):
        self.docker.clear()

    def end(self):
        self.docker.clear()
