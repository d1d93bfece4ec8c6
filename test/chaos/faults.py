"""What goes wrong with which request.

Every decision is a function of the seed, of what is decided about ("GET /containers/*/json") and of how many of that
kind there were before: never of a clock, and never of what other kinds do at the same time.
"""
import dataclasses
import random
import re

VERSIONS = ("1.41", "1.44", "1.51")  # of the API; the daemon behind has to understand the first of them
REFUSALS = {
    500: "driver failed: resource temporarily unavailable",
    503: "the daemon is shutting down",
    409: "removal of the container is already in progress",
    429: "too many requests",
}
OBJECT = re.compile(r"^/(containers|networks|exec|distribution|images)/(?!json$|create$|load$)(.+?)"
                    r"(/(?:json|start|stop|kill|restart|rename|update|unpause|archive|logs|exec|connect|disconnect))?$")


@dataclasses.dataclass(frozen=True)
class Fault:
    """`reaches`: the daemon gets the request all the same, and does what it says."""

    name: str = "none"
    reaches: bool = True
    seconds: float = 0  # of waiting, where the fault waits
    share: float = 1  # of the answer that arrives, where it is cut
    status: int = 0  # of a refusal

    def __str__(self):
        words = [self.name]
        words += [f"{self.seconds:.2f} s"] if self.seconds else []
        words += [f"{self.share:.0%}"] if self.share < 1 else []
        words += [str(self.status)] if self.status else []
        return " ".join(words + ([] if self.reaches else ["(not performed)"]))


NONE = Fault()
# Of a request. `d` draws; how likely each is comes from the seed.
REQUEST_FAULTS = {
    "drop": lambda d: Fault("drop", reaches=d.random() < .5),  # closed without an answer
    "late": lambda d: Fault("late", seconds=d.uniform(.1, 4)),  # performed when nobody waits for it any more
    "cut": lambda d: Fault("cut", share=d.uniform(.01, .99)),
    "cut chunked": lambda d: Fault("cut chunked", share=d.uniform(.3, .99)),  # in the middle of a chunk
    "delay request": lambda d: Fault("delay request", seconds=d.uniform(.02, 1)),
    "delay answer": lambda d: Fault("delay answer", seconds=d.uniform(.02, 1)),
    "stall": lambda d: Fault("stall", reaches=d.random() < .5, seconds=d.uniform(.5, 4)),  # then closed; a ping's deadline is 3 s
    "drip": lambda d: Fault("drip", seconds=d.uniform(.1, 1)),  # the answer comes in small pieces
    "refuse": lambda d: Fault("refuse", reaches=False, status=d.choice(sorted(REFUSALS))),
    "refuse late": lambda d: Fault("refuse late", status=d.choice((500, 503))),  # done, and yet an error
    "garble": lambda d: Fault("garble", reaches=d.random() < .5),  # 200, and HTML for a body
}
EVENT_FAULTS = ("drop", "repeat", "hold", "replay")  # hold: it changes places with the next; replay: an old one again


def kind_of(method, target):
    """A request without what differs between two runs: version, ids and names, query."""
    path = re.sub(r"^/v[\d.]+", "", target.split("?")[0])
    return f"{method} " + OBJECT.sub(lambda m: f"/{m[1]}/*{m[3] or ''}", path)


class Faults:
    """Of one seed. Immutable, and thereby thread-safe."""

    def __init__(self, seed):
        self.seed = seed
        mood = self._draw("mood")
        self.rate = mood.choice((.02, .05, .1, .2, .3))  # of requests that meet a fault
        # A few kinds at a time go deeper than all of them together.
        self.request_faults = mood.sample(sorted(REQUEST_FAULTS), mood.randint(1, len(REQUEST_FAULTS)))
        self.event_faults = mood.sample(EVENT_FAULTS, mood.randint(0, len(EVENT_FAULTS)))
        self.event_rate = mood.choice((.05, .2, .5))
        self.versions = mood.sample(VERSIONS, mood.randint(1, len(VERSIONS)))
        self.slow_accepts = mood.random() < .3
        self.cuts_streams = mood.random() < .6

    def __str__(self):
        return (f"{self.rate:.0%} of requests: {', '.join(self.request_faults)}; events: {self.event_rate:.0%} "
                f"{self.event_faults}; API {self.versions}")

    def _draw(self, *what):
        return random.Random("/".join(map(str, (self.seed, *what))))

    def of_request(self, kind, number):
        draw = self._draw(kind, number)
        return REQUEST_FAULTS[draw.choice(self.request_faults)](draw) if draw.random() < self.rate else NONE

    def of_event(self, number):
        """A name of EVENT_FAULTS, or None."""
        draw = self._draw("event", number)
        return draw.choice(self.event_faults) if self.event_faults and draw.random() < self.event_rate else None

    def events_until_cut(self, stream):
        """So many events the stream of that number passes on before it ends; None: it lasts."""
        draw = self._draw("stream", stream)
        return draw.choice((0, 1, 3, 10, 30)) if self.cuts_streams and draw.random() < .7 else None

    def version(self, stream):
        """Of the API, from the stream of events of that number on: who reconnects finds another daemon."""
        return self._draw("version", stream).choice(self.versions)

    def accept_delay(self, number):
        draw = self._draw("accept", number)
        return draw.uniform(.01, .3) if self.slow_accepts and draw.random() < self.rate else 0
