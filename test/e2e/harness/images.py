"""A host with one workload whose image matters, and images that a test makes up."""
from harness import document
from harness.case import HostCase
from harness.document import Document

BOX = "box"


def box(image, **fields):
    """One workload that ends at once when it is told to, and whose replacement is settled at once."""
    return Document({
        "network": {"name": "harness"},
        "containers": [{"name": BOX, "image": image, "stopSignal": "SIGKILL", "rollout": {"minReadySeconds": 0}, **fields}],
    })


class ImageCase(HostCase):
    def setUp(self):
        super().setUp()
        self.docker = self.host.docker
        self.box = self.host.workload(BOX)

    def publish(self, name, note, registry=None, size=0):
        """`name` (box:1) of the registry is now an image with that note; the host does not have it."""
        registry = registry or self.registry()
        self.docker.make_image(document.GENERIC_IMAGE, "made:1", note, size)
        reference = registry.publish("made:1", name)
        self.docker.delete("/images/made:1")
        return reference

    def publish_elsewhere(self, name, note, registry=None):
        """Somebody else moves the tag; this host still has what it had. The agent does not see how it is done here."""
        reference = f"{(registry or self.registry()).ADDRESS}/{name}"
        self.host.agent.hold()
        self.docker.tag(reference, "kept:1")
        self.publish(name, note, registry)
        self.docker.tag("kept:1", reference)
        self.docker.delete("/images/kept:1")
        self.host.agent.release()

    def until_refused(self, says):
        return self.host.until_condition("Synced", "False", BOX, "ImagePullBackOff", says=says)

    def note(self):
        """What makes the image of the running container what it is."""
        return self.docker.read_file(BOX, "/note").split(b"\0")[0].decode()

    def tearDown(self):
        self.registry().forget(*[tag for image in self.docker.get("/images/json")
                                 for tag in image["RepoTags"] or [] if tag.startswith("127.0.0.1:")])
