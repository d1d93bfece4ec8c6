"""Waiting for conditions. A deadline is generous and never a way to synchronise."""
import time

PATIENCE = 90  # seconds; a busy machine with two cores


class TimedOut(AssertionError):
    """A condition that did not come true."""


def until(what, ask, patience=PATIENCE):
    """The first true answer of `ask`. An AssertionError or OSError of `ask` is "not yet", and quoted at the end."""
    deadline = time.monotonic() + patience
    while True:
        try:
            answer = ask()
            if answer:
                return answer
            last = repr(answer)
        except (AssertionError, OSError, LookupError) as error:
            last = f"{type(error).__name__}: {error}"
        if time.monotonic() > deadline:
            raise TimedOut(f"not within {patience} s: {what} (last: {last})")
        time.sleep(0.03)


def holds_for(seconds, what, ask):
    """`ask` stays true all the time; for what must not happen there is no event to wait for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert ask(), f"no longer so: {what}"
        time.sleep(0.05)
