"""The agent on a fake daemon tells a webhook, or a program, what goes wrong and when it is over.

Exits 77 where the programs are not built.
"""
import http.server
import json
import pathlib
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
import host as hosts  # noqa: E402
from host import Host  # noqa: E402

IMAGE = "example/web:"


def spec(tag):
    return {"containers": [{"name": "web", "image": IMAGE + tag,
                            "readinessProbe": {"dockerHealth": {}, "periodSeconds": 1},
                            "rollout": {"minReadySeconds": 0}}]}


class Webhook:
    """Keeps what it is sent; answers with `status`, or not at all while it hangs."""

    def __init__(self, address):
        self.status = 200
        self.received = []
        self.release = threading.Event()
        self.release.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.release.wait()
                if outer.status == 200:
                    outer.received.append((self.path, self.headers.get("Authorization"), json.loads(body)))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://%s:%d/hooks/T0P5ECRET" % self.server.server_address

    def told(self):
        return [(n["status"], n["object"], n["reason"]) for _, _, n in self.received]

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


class Notify(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        for tag in ("1", "2"):
            self.host.daemon.publish(IMAGE + tag)
        self.host.daemon.publish(IMAGE + "crashes", exits=1)
        self.hook = Webhook(self.host.network + "2")
        self.host.closing.append(self.hook.close)
        self.headers = self.host.agent.document.with_name("headers")
        self.headers.write_text("Authorization: Bearer t0ken\n")

    def notify(self, *flags):
        self.host.agent.argv += flags

    def notify_hook(self):
        self.notify("--notify-url", self.hook.url, "--notify-header-file", self.headers)

    def roll_back(self):
        self.host.converge(spec("1"))
        self.host.write(spec("crashes"))
        self.host.wait(lambda: self.host.agent.result("web") == "RolledBack", "the bad change is rolled back")

    def told(self, count):
        self.host.wait(lambda: len(self.hook.received) >= count, f"{count} notifications")
        return self.hook.told()

    def test_a_rolled_back_change_and_its_recovery_reach_a_webhook(self):
        self.notify_hook()
        self.roll_back()
        self.assertEqual(self.told(1)[0], ("firing", "container/web", "RolledBack"))
        path, authorization, firing = self.hook.received[0]
        self.assertEqual((path, authorization), ("/hooks/T0P5ECRET", "Bearer t0ken"))
        self.assertEqual(firing["name"], "crash")
        self.assertEqual(firing["key"], f"{firing['host']}/container/web/RolledBack")
        self.assertIn("example/web:crashes failed", firing["message"])
        self.host.write(spec("2"))
        self.assertEqual(self.told(2)[1], ("resolved", "container/web", "RolledBack"))
        self.assertEqual(self.hook.received[1][2]["key"], firing["key"])
        log = self.host.agent.log.read_text()
        self.assertIn("notification delivered", log)
        for secret in ("T0P5ECRET", "t0ken"):
            self.assertNotIn(secret, log)

    def test_a_rejected_document_and_its_correction_reach_it(self):
        self.notify_hook()
        self.host.converge(spec("1"))
        self.host.write({"container": []})
        self.assertEqual(self.told(1), [("firing", "host", "ConfigRejected")])
        self.assertIn("host.yaml:7:2: spec: has no workload", self.hook.received[0][2]["message"])
        self.host.write(spec("1"))
        self.assertEqual(self.told(2)[1], ("resolved", "host", "ConfigRejected"))

    def test_the_next_agent_tells_the_end_and_not_the_beginning_again(self):
        self.notify_hook()
        self.roll_back()
        self.told(1)
        self.host.wait(lambda: "notification delivered" in self.host.agent.log.read_text(), "it is kept")
        hosts.end(self.host.agent.process)
        self.host.agent.start()
        self.host.wait(lambda: self.host.agent.result("web") == "RolledBack", "the next agent knows")
        self.host.write(spec("2"))
        self.assertEqual([status for status, _, _ in self.told(2)], ["firing", "resolved"])

    def test_a_receiver_that_hangs_holds_up_neither_a_repair_nor_the_end(self):
        self.notify_hook()
        self.hook.release.clear()
        self.roll_back()
        before = self.host.daemon.containers()["web"]
        self.host.daemon.call("POST", "/containers/web/kill")
        self.host.wait(lambda: self.host.runs(spec("1"))
                       and self.host.daemon.containers()["web"] != before, "it is started again")
        self.assertEqual(self.hook.received, [])
        self.host.agent.process.terminate()
        self.assertEqual(self.host.agent.process.wait(timeout=60), 0)

    def test_a_program_gets_the_json(self):
        out = self.host.agent.document.with_name("out")
        program = self.host.agent.document.with_name("notify")
        program.write_text(f"#!/bin/sh\nexec cat >> {out}\n")
        program.chmod(0o700)
        self.notify("--notify-command", program)
        self.roll_back()
        told = self.host.wait(lambda: out.exists() and out.read_text().endswith("}") and json.loads(out.read_text()),
                              "the program ran")
        self.assertEqual((told["status"], told["reason"]), ("firing", "RolledBack"))

    def test_a_url_that_cannot_be_used_ends_the_agent_at_once(self):
        self.notify("--notify-url", "https://user:s3cret@example.com/")
        self.host.write(spec("1"))
        self.host.agent.start()
        self.assertEqual(self.host.agent.process.wait(timeout=60), 2)
        log = self.host.agent.log.read_text()
        self.assertIn("--notify-url: the URL holds credentials", log)
        self.assertNotIn("s3cret", log)


def main():
    unittest.main(argv=hosts.parse(__doc__), verbosity=2)


if __name__ == "__main__":
    main()
