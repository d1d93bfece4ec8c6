"""The floor: calls to Docker's API by a small program (floor.cc) with nothing before, between and after them."""
import json
import subprocess

from measure.command import program


def create(name, like):
    """The call that makes a container as that one, which was inspected."""
    attached = {network: {"Aliases": one["Aliases"]} for network, one in like["NetworkSettings"]["Networks"].items()}
    body = {**like["Config"], "Labels": {}, "HostConfig": like["HostConfig"],
            "NetworkingConfig": {"EndpointsConfig": attached}}
    return "POST", f"/containers/create?name={name}", body


def start(name):
    return "POST", f"/containers/{name}/start"


def stop(name):
    return "POST", f"/containers/{name}/stop"


def rename(name, new):
    return "POST", f"/containers/{name}/rename?name={new}"


def remove(name):
    return "DELETE", f"/containers/{name}?force=1&v=1"


def text_of(call):
    method, path, *body = call
    return " ".join([method, "/v1.41" + path, *map(json.dumps, body)])


def make(socket_path, *calls):
    """Makes them one after the other on one connection; milliseconds of each. AssertionError for one that is refused."""
    done = subprocess.run([program("floor"), socket_path], input="\n".join(map(text_of, calls)) + "\n", text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [float(line.split()[1]) for line in done.stdout.splitlines()]
