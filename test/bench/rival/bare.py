"""The bare calls, by the floor: nobody's tool, and what all others are held against."""
from measure import floor
from rival.pair import FIRST, IMAGE, NETWORK, PAIR, RESTART, STOP_SIGNAL, Rival, environment

NEXT, PREVIOUS = f"{FIRST}.next", f"{FIRST}.previous"
CREATE_NETWORK = ("POST", "/networks/create", {"Name": NETWORK, "Driver": "bridge"})
SWAP = [floor.stop(FIRST), floor.rename(FIRST, PREVIOUS), floor.rename(NEXT, FIRST), floor.start(FIRST), floor.remove(PREVIOUS)]


def create(name, revision):
    body = {"Image": IMAGE, "StopSignal": STOP_SIGNAL, "Env": [f"REVISION={environment(name, revision)['REVISION']}"],
            "HostConfig": {"NetworkMode": NETWORK, "RestartPolicy": {"Name": RESTART}}}
    return "POST", f"/containers/create?name={name}", body


class Bare(Rival):
    def make(self, revision):
        if FIRST in self.docker.ids():
            _, path, body = create(FIRST, revision)
            self.site.bare(("POST", path + ".next", body), *SWAP)
        else:
            pairs = [(create(name, revision), floor.start(name)) for name in PAIR]
            self.site.bare(CREATE_NETWORK, *(call for pair in pairs for call in pair))

    def again(self):
        return "nothing is asked"
