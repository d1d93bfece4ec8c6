"""What a process costs, as the kernel counts it."""
import os
import pathlib

TICK = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


class Process:
    """Of a pid that lives."""

    def __init__(self, pid):
        self.directory = pathlib.Path(f"/proc/{pid}")

    def cpu(self):
        """utime + stime of all its threads, in seconds (of 1/100)."""
        fields = (self.directory / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def main_thread(self):
        """Seconds on a processor, and seconds of waiting for one."""
        busy, waited, _ = (self.directory / "schedstat").read_text().split()
        return int(busy) / 1e9, int(waited) / 1e9

    def running(self):
        """Thread name -> seconds on a processor, of those that live; exact to the nanosecond."""
        times = {}
        for task in (self.directory / "task").iterdir():
            name = (task / "comm").read_text().strip()
            times[name] = times.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1e9
        return times

    def _status(self):
        lines = (line.split(":", 1) for line in (self.directory / "status").read_text().splitlines())
        return {name: value.split()[0] for name, value in lines if value.split()}

    def resident(self):
        """MiB of RSS."""
        return int(self._status()["VmRSS"]) * 1024 / MIB

    def anonymous(self):
        """MiB of it that are no file's."""
        return int(self._status()["RssAnon"]) * 1024 / MIB

    def threads(self):
        return int(self._status()["Threads"])
