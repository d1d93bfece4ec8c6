"""What an agent that has nothing to do costs: calls, processor, memory, threads, with three workloads.

With the defaults but for --resync: the processor's time is that of the whole span, which is long enough for some resyncs
and for all that comes every ten seconds. Calls are counted by a socket in front of the daemon's.
"""
import os
import sys
import time

from measure import Table, Verdict, main
from measure.process import Process
from harness import document, engine
from harness.host import Host

WORKLOADS = 3
COUNT = "spacelet_resyncs_total"


class Idle:
    def __init__(self, host):
        self.host = host
        self.process = Process(host.agent.process.pid)

    def span(self, seconds):
        """Share of a core, calls a resync, event streams; in percent."""
        self.host.proxy.forget()
        resyncs, cpu, threads = self.host.agent.metric(COUNT), self.process.cpu(), self.process.running()
        begin = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - begin
        busy = {name: 100 * (now - threads.get(name, 0)) / took for name, now in self.process.running().items()}
        share = 100 * (self.process.cpu() - cpu) / took
        resyncs = self.host.agent.metric(COUNT) - resyncs
        calls = [call for call in self.host.proxy.calls() if "/events" not in call]
        return {"share": share, "exact": sum(busy.values()), "busy": busy, "calls": len(calls) / max(resyncs, 1), "resyncs": resyncs}


def run(options):
    one = engine.Engine("idle")
    try:
        one.load(os.environ["STANDIN_IMAGES"])
        host = Host(one)
        host.agent.flags.update({"resync-interval": options.resync, "log-level": "info"})
        host.converge(host.minimal.with_spec(containers=[{"name": "sidecar", "image": document.GENERIC_IMAGE}]))
        streams = sum("/events" in call for call in host.proxy.calls())
        idle = Idle(host)
        idle.span(10)
        spans = [idle.span(options.seconds) for _ in range(options.runs)]
        rows = {"utime + stime": [span["share"] for span in spans], "exact": [span["exact"] for span in spans]}
        table = Table(f"percent of a core, resync every {options.resync}", rows, digits=3)
        yield table
        busiest = sorted(spans[-1]["busy"].items(), key=lambda item: -item[1])[:6]
        yield "of it: " + ", ".join(f"{name} {share:.3f}" for name, share in busiest) + "\n"
        calls = Table("calls of a resync", {"spacelet": [span["calls"] for span in spans]}, digits=1)
        yield calls
        process = idle.process
        yield (f"{streams} event stream, {sum(span['resyncs'] for span in spans):.0f} resyncs in {options.runs} × {options.seconds} s; RSS "
               f"{process.resident():.1f} MiB, {process.anonymous():.1f} of them anonymous; {process.threads()} threads.\n")
        yield table.at_most("idle, of a core", "exact", 0.1, "%")
        yield calls.at_most("calls of a resync, 3 workloads", "spacelet", WORKLOADS + 4, "")
        yield Verdict("event streams", "1", str(streams), streams == 1)
        yield Verdict("RSS", "24 MiB", f"{process.resident():.1f} MiB", process.resident() <= 24)
        yield Verdict("anonymous RSS", "8 MiB", f"{process.anonymous():.1f} MiB", process.anonymous() <= 8)
        host.close()
    finally:
        one.close()


if __name__ == "__main__":
    sys.exit(main(__doc__, run, obstacle=engine.obstacle, flags={
        "--seconds": {"type": int, "default": 60, "help": "of a run (60)"},
        "--resync": {"default": "60s", "help": "--resync-interval of the agent (60s, as by default)"}}))
