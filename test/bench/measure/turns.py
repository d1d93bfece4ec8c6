"""Ways to do the same thing take turns, so that whatever else the machine does befalls all of them."""
import sys


def take_turns(ways, runs, warm_up=1):
    """name -> results, in the order of the runs. Each round begins with another way; what warms up does not count."""
    results = {name: [] for name in ways}
    names = list(ways)
    for number in range(-warm_up, runs):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            result = ways[name]()
            if number >= 0:
                results[name].append(result)
        say(f"run {number + 1} of {runs}" if number >= 0 else "warming up")
    return results


def say(text):
    """To a person who waits; the tables are on stdout."""
    print(f"\r{text}   " if sys.stderr.isatty() else text, end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
