"""What was measured: the least, the middle and the most of each way, and what a budget says of it."""
import statistics


def column(results, key):
    """name -> one number of each result: column(results, lambda usage: usage.cpu)."""
    return {name: [key(one) for one in several] for name, several in results.items()}


class Verdict:
    """A budget, and what was measured; `met` is a bool."""

    HEAD = "| budget | at most | measured | |\n|---|---|---|---|"

    def __init__(self, budget, limit, measured, met):
        self.budget, self.limit, self.measured, self.met = budget, limit, measured, met

    def __str__(self):
        return f"| {self.budget} | {self.limit} | {self.measured} | {'met' if self.met else 'missed'} |"


class Table:
    """Numbers of the ways `rows`: name -> list, or a text that says why there are none.

    With `against`, the name of a row, also what each is to that one.
    """

    def __init__(self, what, rows, against=None, digits=0):
        self.what, self.rows, self.against, self.digits = what, rows, against, digits

    def median(self, name):
        return statistics.median(self.rows[name])

    def ratio(self, name):
        return self.median(name) / self.median(self.against)

    def number(self, value):
        return f"{value:.{self.digits}f}"

    def cells(self, values):
        return [self.number(of(values)) for of in (min, statistics.median, max)]

    def __str__(self):
        head = [self.what, "min", "median", "max"] + ([f"to {self.against}"] if self.against else [])
        lines = [line(head), "|---" * len(head) + "|"]
        for name, values in self.rows.items():
            if isinstance(values, str):
                cells = [values] + [""] * (len(head) - 2)
            else:
                cells = self.cells(values) + ([significant(self.ratio(name))] if self.against else [])
            lines.append(line([name] + cells))
        return "\n".join(lines)

    # Budgets, all of medians.
    def at_most_times(self, budget, name, times):
        """The row is at most so many times the one it is held against."""
        ratio = self.ratio(name)
        return Verdict(budget, f"{fraction(times)} × {self.against}", f"{significant(ratio)} ×", ratio <= times)

    def at_most_above(self, budget, name, above, unit="ms"):
        """The row is at most so much more than the one it is held against."""
        more = self.median(name) - self.median(self.against)
        return Verdict(budget, f"{self.against} + {above:g} {unit}", f"{more:+.{self.digits}f} {unit}", more <= above)

    def at_most(self, budget, name, limit, unit="ms"):
        """The row is at most that, whatever the others are."""
        median = self.median(name)
        return Verdict(budget, f"{limit:g} {unit}", f"{self.number(median)} {unit}", median <= limit)


def line(cells):
    return "| " + " | ".join(cells) + " |"


def significant(ratio):
    """1.08, 12.3, 240, 0.013: three digits at most."""
    return f"{ratio:.3g}" if ratio < 0.1 else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}" if ratio < 100 else f"{ratio:.0f}"


def fraction(times):
    """1/8 rather than 0.125."""
    return f"{times:g}" if times >= 1 else f"1/{1 / times:g}"
