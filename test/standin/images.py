"""Writes the stand-in images as one `docker save` archive.

Images of one program differ in a small layer that holds /etc/standin.conf, so a changed tag is a changed image.
"""
import argparse
import hashlib
import io
import json
import shutil
import tarfile

RUNNER = "drone/drone-runner-aws"
DELEGATE = "us-west1-docker.pkg.dev/gar-setup/docker/delegate"
GENERIC = "spacelet-standin/generic"

# Repository -> tag -> what its standin.conf says.
TAGS = {
    RUNNER: {
        "1.0.0-rc.310": {},
        "1.0.0-rc.311": {},
        "1.0.0-rc.203": {"healthz": "404"},  # before rc.204 there is no /healthz
        "crash": {"mode": "crash"},
        "never-ready": {"mode": "never-ready"},
        "migrates": {"mode": "never-ready", "schema": "2"},
        "slow": {"listen_delay": "3", "stop_delay": "3"},
    },
    DELEGATE: {
        "26.09.87000": {},
        "26.10.87100": {},
        "25.03.85504": {},
        "crash": {"mode": "crash"},
        "never-ready": {"mode": "never-ready"},
        "slow": {"listen_delay": "2", "health_delay": "3", "stop_delay": "3"},
        "healthcheck": {"health_delay": "8"},
    },
    GENERIC: {"1": {}, "2": {}, "healthcheck": {}},
}

SECOND = 10**9


def healthcheck(command):
    """That of newer delegates (every 10 s, from the 10th second on, 3 failures), in a tenth of the time."""
    return {"Test": ["CMD-SHELL", command], "Interval": SECOND, "Timeout": SECOND, "StartPeriod": SECOND, "Retries": 3}


HEALTHCHECKS = {
    (DELEGATE, "healthcheck"): healthcheck("wget -q -O /dev/null http://127.0.0.1:3460/api/health"),
    (GENERIC, "healthcheck"): healthcheck("ls /tmp/healthy"),
}

CONFIG = {
    RUNNER: {"Entrypoint": ["/bin/drone-runner-aws"]},
    DELEGATE: {
        "Entrypoint": ["./delegate"],
        "User": "1001",
        "WorkingDir": "/opt/harness-delegate",
    },
    GENERIC: {"Cmd": ["/bin/sleep", "1000000"]},
}


def layer(files):
    """A tar of {path: (content, mode)}; a content that is a string of another path is a symbolic link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, (content, mode) in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.mode = mode
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            elif content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
    return out.getvalue()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def busybox_layer():
    path = shutil.which("busybox") or "/bin/busybox"
    files = {"bin/busybox": (read(path), 0o755), "tmp": (None, 0o1777), "etc": (None, 0o755)}
    for name in ("sh", "sleep", "cat", "ls", "wget", "nslookup", "true", "false", "env", "hostname", "echo", "touch",
                 "rm", "httpd", "nc", "yes"):
        files[f"bin/{name}"] = ("busybox", 0o777)
    return layer(files)


def program_layer(repository, arguments):
    if repository == RUNNER:
        return [layer({"bin/drone-runner-aws": (read(arguments.runner), 0o755)})]
    if repository == DELEGATE:
        return [layer({"opt/harness-delegate/delegate": (read(arguments.delegate), 0o755)})]
    return []


def settings_layer(repository, tag, settings):
    lines = [f"# {repository}:{tag}", f"version = {tag}"] + [f"{k} = {v}" for k, v in settings.items()]
    return layer({"etc/standin.conf": ("\n".join(lines + [""]).encode(), 0o644)})


def digest(content):
    return hashlib.sha256(content).hexdigest()


def image(repository, tag, layers):
    """(config bytes, layer digests)."""
    base = {"Env": ["PATH=/bin"], "Labels": {"standin": repository}}
    if (repository, tag) in HEALTHCHECKS:
        base["Healthcheck"] = HEALTHCHECKS[repository, tag]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {**base, **CONFIG[repository]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(one)}" for one in layers]},
        "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "stand-in"} for _ in layers],
    }
    return json.dumps(config, sort_keys=True).encode()


def write(arguments):
    common = busybox_layer()
    manifest, blobs = [], {}
    for repository, tags in TAGS.items():
        program = program_layer(repository, arguments)
        for tag, settings in tags.items():
            layers = [common, *program, settings_layer(repository, tag, settings)]
            config = image(repository, tag, layers)
            blobs[f"{digest(config)}.json"] = config
            blobs.update({f"{digest(one)}/layer.tar": one for one in layers})
            manifest.append({
                "Config": f"{digest(config)}.json",
                "RepoTags": [f"{repository}:{tag}"],
                "Layers": [f"{digest(one)}/layer.tar" for one in layers],
            })
    blobs["manifest.json"] = json.dumps(manifest).encode()
    with open(arguments.out, "wb") as out:
        out.write(layer({name: (content, 0o644) for name, content in blobs.items()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--delegate", required=True)
    parser.add_argument("--out", required=True)
    write(parser.parse_args())
