"""From the first boot of a VM to a running pair, and over reboots: the user-data of `spacelet cloud-init`, the package,
systemd, Docker and the agent as one, in a real machine. Exit code 77: no machine can run here, or it was not asked for."""
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import machine  # noqa: E402
from machine import PATIENCE, PAYLOAD, ROOT, Machine, until  # noqa: E402

SKIPPED = 77
LONG_SLEEP = 200  # seconds: longer than the watchdog's three minutes
TOKEN = "VM-token-0815-never-to-be-seen"
DOCUMENT = f"""apiVersion: spacelet.dev/v1alpha1
kind: GitspaceHost
metadata:
  name: vm
spec:
  runner:
    image: drone/drone-runner-aws:1.0.0-rc.310
    imageArchive: {PAYLOAD}/images.tar
    pool:
      file: /etc/spacelet/pool.yaml
  delegate:
    image: us-west1-docker.pkg.dev/gar-setup/docker/delegate:26.10.87100
    imageArchive: {PAYLOAD}/images.tar
    accountId: AbCdEfGhIjKlMnOpQrStUv
    token: {{file: /etc/spacelet/delegate-token}}
"""
POOL = """version: "1"
instances:
  - name: linux
    type: noop
    pool: 1
    limit: 2
    platform: {os: linux, arch: amd64}
    spec: {}
"""


def user_data(directory):
    """That of a person, with the agent's port open to the test."""
    (directory / "host.yaml").write_text(DOCUMENT)
    (directory / "pool.yaml").write_text(POOL)
    text = machine.run(os.environ["SPACELET"], "cloud-init", "-f", directory / "host.yaml", "--pool",
                       directory / "pool.yaml", "--package", f"{PAYLOAD}/spacelet.deb")
    flags = """write_files:
  - path: /etc/default/spacelet
    content: |
      SPACELET_FLAGS="--listen-address 0.0.0.0:9746"
"""
    assert text.count("\nwrite_files:\n") == 1
    return text.replace("write_files:\n", flags, 1)


class BootTest(unittest.TestCase):
    """One machine, whose life the tests follow in the order of their names."""

    @classmethod
    def setUpClass(cls):
        where = tempfile.TemporaryDirectory(prefix="spacelet-vm-", dir="/var/tmp")
        cls.addClassCleanup(where.cleanup)
        directory = pathlib.Path(where.name)
        output = directory / "package"
        machine.run(ROOT / "hack" / "package", "--build-dir", os.environ["BUILD_DIR"], "--output", output)
        package = next(output.glob("spacelet_*.deb"))
        cls.machine = Machine(directory, package, {"images.tar": os.environ["STANDIN_IMAGES"]}, user_data(directory))
        cls.addClassCleanup(cls.machine.close)
        cls.ids = None

    def objects(self):
        return {one["object"]: one for one in self.machine.status()["objects"]}

    def container_ids(self):
        return {name: one["id"] for name, one in self.objects().items() if name.startswith("container/")}

    def streams(self):
        """How many event streams were opened after the first."""
        lines = self.machine.get("/metrics")[1].splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("spacelet_docker_event_stream_reconnects_total"))

    def condition(self, name, kind):
        return next(c for c in self.objects()[name]["conditions"] if c["type"] == kind)

    def test_1_the_first_boot_installs_everything_and_waits_for_the_secret_that_is_late(self):
        self.machine.boot()

        def runner_ready_delegate_waits():
            self.assertEqual(self.condition("container/vm-runner", "Ready")["status"], "True")
            self.assertEqual(self.condition("container/docker-delegate", "Synced")["reason"], "SecretUnavailable")
            return True
        until("the runner is ready and the delegate waits for its token", runner_ready_delegate_waits, PATIENCE)
        self.machine.shell(f"(umask 077; echo {TOKEN} > /etc/spacelet/delegate-token.new) && "
                           "mv /etc/spacelet/delegate-token.new /etc/spacelet/delegate-token")
        self.machine.until_ready()
        ids = self.container_ids()
        self.assertEqual(sorted(ids), ["container/docker-delegate", "container/vm-runner"])
        type(self).ids = ids

    def test_2_it_says_how_long_the_boot_took_and_the_unit_is_as_hardened_as_its_file(self):
        metrics = self.machine.get("/metrics")[1]
        took = next(float(line.split()[1]) for line in metrics.splitlines()
                    if line.startswith("spacelet_boot_to_ready_seconds "))
        self.assertGreater(took, 0)
        unit = dict(line.split("=", 1) for line in self.machine.shell(
            "systemctl show spacelet -p User,ActiveState,SubState,NRestarts,NoNewPrivileges,WatchdogUSec").split("\r\n")
            if "=" in line)
        self.assertEqual((unit["User"], unit["ActiveState"], unit["NRestarts"], unit["NoNewPrivileges"]),
                         ("spacelet", "active", "0", "yes"))
        self.assertNotEqual(unit["WatchdogUSec"], "0")
        print(f"kernel's start to the pair being ready, secret included: {took:.0f} s", flush=True)

    def test_3_a_reboot_brings_the_same_containers_back(self):
        self.machine.shut_down()
        result = json.loads(self.machine.read("/var/lib/cloud/data/result.json"))
        self.assertEqual(result["v1"]["errors"], [])
        self.machine.boot()
        self.machine.until_ready()
        self.assertEqual(self.container_ids(), self.ids)

    def test_4_so_does_a_power_cut(self):
        self.machine.pull_the_plug()
        self.machine.boot()
        self.machine.until_ready()
        self.assertEqual(self.container_ids(), self.ids)

    def test_5_a_docker_that_somebody_stops_again_and_again_is_started_once_a_minute_at_most(self):
        # docker.socket stays, and any connection starts Docker.
        for _ in range(3):
            before = self.streams()
            self.machine.shell("systemctl stop docker.service")
            until("the agent listens to Docker again", lambda: self.streams() > before, PATIENCE)
        self.machine.until_ready()
        starts = [float(time) for time in re.findall(
            r"\[ *(\d+\.\d+)\][^\n]*Starting docker.service", self.machine.shell("journalctl -b -o short-monotonic --no-pager"))]
        gaps = [after - before for before, after in zip(starts[1:], starts[2:])]  # the first is the boot's
        said = self.machine.shell("journalctl -b -o short-monotonic --no-pager -u docker.service -u docker.socket -u spacelet.service"
                                  " | grep -v containerd | tail -n 300")
        self.assertIn("Starting docker.service", said)
        self.assertEqual(len(starts), 4, said)
        self.assertGreater(min(gaps), 59, said)
        self.assertEqual(self.container_ids(), self.ids)

    def test_6_an_agent_that_hangs_is_started_again_by_the_watchdog_and_touches_nothing(self):
        self.machine.shell("systemctl kill -s STOP spacelet.service")
        until("systemd has restarted it", lambda: "NRestarts=1" in self.machine.shell(
            "systemctl show spacelet -p NRestarts"), PATIENCE)
        self.machine.until_ready()
        self.assertEqual(self.container_ids(), self.ids)
        calls = [line for line in self.machine.get("/metrics")[1].splitlines()
                 if line.startswith("spacelet_plan_steps_total") and not line.endswith(" 0")]
        self.assertEqual(calls, [])

    def test_7_the_secret_is_nowhere_but_in_its_file_and_the_delegates_environment(self):
        self.assertNotIn(TOKEN, self.machine.get("/api/v1/status")[1] + self.machine.get("/metrics")[1])
        log = self.machine.shell("journalctl -b --no-pager -o cat -u spacelet")
        self.assertIn("level=info", log)
        self.assertNotIn(TOKEN, log)
        self.assertNotIn(TOKEN, self.machine.shell("cat /var/log/cloud-init.log /var/log/cloud-init-output.log"))

    def test_8_a_sleep_is_no_time_at_all(self):
        def started():
            return self.machine.shell("docker inspect -f '{{.Name}} {{.State.StartedAt}}' vm-runner docker-delegate")

        def restarts():
            return self.machine.shell("systemctl show spacelet -p NRestarts")

        before, seconds, agent = started(), int(self.machine.shell("date +%s")), restarts()
        self.machine.sleep(LONG_SLEEP)
        self.machine.until_ready()
        self.assertGreaterEqual(int(self.machine.shell("date +%s")) - seconds, LONG_SLEEP)
        self.assertEqual((started(), restarts()), (before, agent))  # neither the watchdog nor a deadline has run out
        self.machine.shell("docker kill vm-runner")
        until("the runner was started again", lambda: started() != before, PATIENCE)
        self.machine.until_ready()
        self.assertEqual(self.container_ids(), self.ids)


def main():
    if os.environ.get("SPACELET_VM", "") in ("", "0"):
        print("skipped: boots a virtual machine several times, more than ten minutes under emulation: hack/test --vm")
        return SKIPPED
    why = machine.obstacle()
    if why:
        print(why)
        return SKIPPED
    if not machine.has_kvm():
        print("no KVM that boots a stock kernel here: software emulation", flush=True)
    program = unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]], exit=False, failfast=True)
    return 0 if program.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
