"""The Docker API, spoken by the tests themselves: what they do to a host and how they look at it."""
import base64
import http.client
import io
import json
import random
import shutil
import socket
import tarfile
import urllib.parse


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("docker", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Refused(AssertionError):
    """The daemon's answer was an error."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class Docker:
    def __init__(self, socket_path):
        self.socket_path = socket_path

    def call(self, method, path, body=None, query=None, headers=None, timeout=60, decoded=True):
        """The decoded JSON answer, or its text (always, when not `decoded`)."""
        target = "/v1.41" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        connection = UnixConnection(self.socket_path, timeout)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, target, data, {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        if response.status >= 400:
            raise Refused(response.status, text.strip())
        return decode(text) if decoded else text

    def get(self, path, **query):
        return self.call("GET", path, query=query)

    def post(self, path, body=None, **query):
        return self.call("POST", path, body, query)

    def delete(self, path, **query):
        return self.call("DELETE", path, query=query)

    def containers(self):
        """name -> summary, stopped ones too."""
        return {one["Names"][0].lstrip("/"): one for one in self.get("/containers/json", all=1)}

    def ids(self):
        return {name: one["Id"] for name, one in self.containers().items()}

    def networks(self):
        """name -> list of networks of that name, Docker's own left out."""
        found = {}
        for one in self.get("/networks"):
            if one["Name"] not in ("bridge", "host", "none"):
                found.setdefault(one["Name"], []).append(one)
        return found

    def inspect(self, container):
        return self.get(f"/containers/{container}/json")

    def image_id(self, reference):
        return self.get(f"/images/{reference}/json")["Id"]

    def logs(self, container, tail=20):
        return self.call("GET", f"/containers/{container}/logs", query={"stdout": 1, "stderr": 1, "tail": tail})

    def run(self, name, body):
        """Creates and starts a container of somebody else's. No name: Docker chooses one."""
        created = self.post("/containers/create", body, **({"name": name} if name else {}))
        self.post(f"/containers/{created['Id']}/start")
        return created["Id"]

    def tag(self, image, reference):
        repository, tag = reference.rsplit(":", 1)
        self.post(f"/images/{image}/tag", repo=repository, tag=tag)

    def push(self, reference, credential=None):
        repository, tag = reference.rsplit(":", 1)
        auth = base64.urlsafe_b64encode(json.dumps(credential or {}).encode()).decode()
        answer = self.call("POST", f"/images/{repository}/push", query={"tag": tag}, headers={"X-Registry-Auth": auth})
        assert "errorDetail" not in str(answer), answer

    def make_image(self, base, reference, note, size=0):
        """An image of its own: `base` with a file that holds `note` and so many bytes that compress badly."""
        container = self.post("/containers/create", {"Image": base})["Id"]
        self.write_file(container, "note", note.encode() + b"\0" + random.Random(note).randbytes(size))
        repository, tag = reference.rsplit(":", 1)
        made = self.post("/commit", {}, container=container, repo=repository, tag=tag)["Id"]
        self.delete(f"/containers/{container}", v=1)
        return made

    def save(self, reference, path):
        """As `docker save -o` does."""
        connection = UnixConnection(self.socket_path, 60)
        connection.request("GET", f"/v1.41/images/{reference}/get")
        with open(path, "wb") as file:
            shutil.copyfileobj(connection.getresponse(), file)
        connection.close()

    def upload(self, target, data, method="POST"):
        connection = UnixConnection(self.socket_path, 60)
        try:
            connection.request(method, "/v1.41" + target, data, {"Content-Type": "application/x-tar"})
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        if response.status >= 400:
            raise Refused(response.status, text.strip())

    def write_file(self, container, name, content):
        """Into the container's root directory."""
        files = io.BytesIO()
        with tarfile.open(fileobj=files, mode="w") as tar:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        self.upload(f"/containers/{container}/archive?path=%2F", files.getvalue(), "PUT")

    def read_file(self, container, path):
        connection = UnixConnection(self.socket_path, 60)
        try:
            connection.request("GET", f"/v1.41/containers/{container}/archive?" + urllib.parse.urlencode({"path": path}))
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise Refused(response.status, data.decode(errors="replace"))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return tar.extractfile(tar.getmembers()[0]).read()

    def has(self, reference):
        try:
            return bool(self.image_id(reference))
        except Refused as error:
            if error.status != 404:
                raise
            return False

    def clear(self):
        """Everything but the images goes."""
        for one in self.containers().values():
            self.delete(f"/containers/{one['Id']}", force=1, v=1)
        for several in self.networks().values():
            for one in several:
                self.delete(f"/networks/{one['Id']}")


def decode(text):
    try:
        return json.loads(text)
    except ValueError:
        return text
