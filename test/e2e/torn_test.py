"""A document that is half written, at any byte, for longer than the debounce."""
from harness.case import HostCase, sampled
from harness.waiting import holds_for, until

EVERY = 40  # bytes, in the default run


class Torn(HostCase):
    def test_a_document_torn_at_any_byte_changes_no_container(self):
        self.host.agent.flags["prune-delay"] = "60s"  # the default
        self.host.converge()
        data, started = self.host.wanted.text().encode(), self.host.started()
        self.host.proxy.forget()
        for length in sampled(range(len(data)), EVERY):
            with self.subTest(bytes=length), self.host.config.open("wb") as file:
                file.write(data[:length])
                file.flush()
                holds_for(1, "no call changes anything", lambda: not self.host.proxy.mutations())
                file.write(data[length:])
        until("the agent is ready", self.host.agent.ready)
        self.assertEqual((self.host.started(), self.host.proxy.mutations()), (started, []))
