"""What the pure core costs an object, with 3, 30 and 300 of them, and how that grows.

Google Benchmark over parsing, compiling, hashing, decoding, planning and what is kept of it (micro.cc). The growth is its
fit of the times: the one of O(1) to O(n³) that is nearest, and how far it is from the times.
"""
import json
import subprocess
import sys

from measure import Table, Verdict, main, program

SIZES = (3, 30, 300)
GROWTH_OF_EACH = 2  # per object at 300, against the dearest of fewer: what is quadratic makes it 10


def run_all(runs):
    command = [program("micro"), f"--benchmark_repetitions={runs}", "--benchmark_enable_random_interleaving=true",
               "--benchmark_min_time=0.05", "--benchmark_format=json"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["benchmarks"]


def by_name(results):
    """name -> size -> microseconds an object, of each run; name -> the fit."""
    each, fits = {}, {}
    for one in results:
        name = one["name"].split("/")[0].removesuffix("_BigO").removesuffix("_RMS")
        if one["run_type"] == "iteration":
            size = int(one["name"].split("/")[1])
            each.setdefault(name, {}).setdefault(size, []).append(one["cpu_time"] / size)
        elif one.get("aggregate_name") == "BigO":
            fits[name] = one["big_o"]
        elif one.get("aggregate_name") == "RMS":
            fits[name] += f" ± {100 * one['rms']:.0f} %"
    return each, fits


def run(options):
    each, fits = by_name(run_all(options.runs))
    for name, sizes in each.items():
        rows = {f"{name}, {size} objects": sizes[size] for size in SIZES}
        table = Table("µs an object", rows, against=f"{name}, {SIZES[1]} objects", digits=1)
        yield table
        yield f"{name}: {fits[name]}\n"
        fewer = max(table.median(row) for row in list(rows)[:-1])
        ratio = table.median(f"{name}, {SIZES[-1]} objects") / fewer
        yield Verdict(f"{name}: an object among 300", f"{GROWTH_OF_EACH} × one among fewer", f"{ratio:.2f} ×", ratio <= GROWTH_OF_EACH)


if __name__ == "__main__":
    sys.exit(main(__doc__, run, runs=7))
