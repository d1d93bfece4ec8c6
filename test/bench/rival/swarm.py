"""Docker Swarm: a swarm of this one host, a service for each container, all settings as they are by default."""
from harness.waiting import until
from rival.pair import FIRST, IMAGE, NETWORK, PAIR, STOP_SIGNAL, Rival, environment, running


def service(name, revision):
    container = {"Image": IMAGE, "StopSignal": STOP_SIGNAL,
                 "Env": [f"{key}={value}" for key, value in environment(name, revision).items()]}
    return {"Name": name, "TaskTemplate": {"ContainerSpec": container, "Networks": [{"Target": NETWORK}]},
            "Mode": {"Replicated": {"Replicas": 1}}}


class Swarm(Rival):
    watches = True

    def begin(self):
        self.docker.clear()
        self.docker.post("/swarm/init", {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"})

    def end(self):
        for one in self.docker.get("/services"):
            self.docker.delete(f"/services/{one['ID']}")
        until("the swarm has removed them", lambda: not self.docker.containers())
        self.docker.post("/swarm/leave", force=1)
        self.docker.clear()

    def make(self, revision):
        before = running(self.docker)
        if before:
            version = self.docker.get(f"/services/{FIRST}")["Version"]["Index"]
            self.docker.post(f"/services/{FIRST}/update", service(FIRST, revision), version=version)
        else:
            self.docker.post("/networks/create", {"Name": NETWORK, "Driver": "overlay"})
            for name in PAIR:
                self.docker.post("/services/create", service(name, revision))
        until("the swarm has made them", lambda: self.made(before))

    def made(self, before):
        now = running(self.docker)
        return sorted(now) == sorted(PAIR) and now[FIRST] != before.get(FIRST)

    def again(self):
        return "it is never asked"
