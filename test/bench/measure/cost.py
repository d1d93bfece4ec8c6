"""What a command costs, by wait4 (cost.cc)."""
import dataclasses
import subprocess

from measure.command import program


@dataclasses.dataclass(frozen=True)
class Cost:
    """Milliseconds of the wall clock and of CPU, and MiB at most."""
    wall: float
    cpu: float
    rss: float


def cost_of(*command, root=None, socket_path=None, env=None, good=(0,)):
    """Runs it, in the file tree `root` where Docker's socket is that one. AssertionError unless its exit code is `good`."""
    where = ["--root", root, socket_path] if root else []
    done = subprocess.run([program("cost"), *where, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, env=env)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    wall, cpu, kibibytes, code = done.stdout.split()
    if int(code) not in good:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {code}\n{done.stderr}")
    return Cost(float(wall), float(cpu), int(kibibytes) / 1024)
