"""One side of a comparison: calls through it, the same calls past it, and what was reported."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median_low
from threading import Event, Thread
from typing import Any, Final

import msgspec
from tests.bench.http_load import Load, Outcome
from tests.bench.metered import MODEL, TOKEN_FIELDS, Accounted
from tests.bench.processes import Used, drive, read_sums

LOOK_S: Final = 0.1


@dataclass(slots=True)
class Side:
    """The gateway or its rival, in front of a mock.

    Args:
        mock: URL of the upstream.
        url: of the side.
        key: of the side.
        seconds: of one load.
        rounds: of every pair.
        read_used: CPU time and memory of the side.
    """

    mock: str
    url: str
    key: str
    seconds: float
    rounds: int
    read_used: Callable[[], Used]
    reported: Accounted = field(default=Accounted(0, 0))
    """What the upstream reported to calls that went through this side."""

    def load(self, **fields: Any) -> Load:  # noqa: ANN401 - of Load
        """Calls through this side."""
        usual = Load(url=self.url, key=self.key, model=MODEL, seconds=self.seconds)
        return msgspec.structs.replace(usual, **fields)

    def send(self, load: Load) -> Outcome:
        """The load has gone through this side, and what was reported to it is noted."""
        before = read_sums(self.mock)
        outcome = drive(load)
        after = read_sums(self.mock)
        gained = {name: after[name] - before.get(name, 0) for name in after}
        self.reported = Accounted(
            self.reported.calls + gained.get("reported", 0),
            self.reported.tokens + sum(gained.get(name, 0) for name in TOKEN_FIELDS),
        )
        return outcome

    def send_past(self, load: Load) -> Outcome:
        """The load has gone straight to the mock."""
        return drive(msgspec.structs.replace(load, url=self.mock))

    def take_turns(self, **fields: Any) -> tuple[Outcome, Outcome]:  # noqa: ANN401 - as above
        """Past this side and through it, in turns; the middle round of each."""
        load = self.load(**fields)
        pairs = [(self.send_past(load), self.send(load)) for _ in range(self.rounds)]
        past, through = ([pair[place] for pair in pairs] for place in (0, 1))
        return _choose_middle(past), _choose_middle(through)

    def fill(self, **fields: Any) -> tuple[Outcome, float]:  # noqa: ANN401 - as above
        """As many calls as it takes, and this side's CPU time for each in us."""
        before = self.read_used()
        outcome = self.send(self.load(**fields))
        used_s = self.read_used().cpu_s - before.cpu_s
        return outcome, used_s * 1e6 / max(outcome.answered, 1)

    def hold_open(self, count: int, **fields: Any) -> tuple[Outcome, float]:  # noqa: ANN401 - as above
        """So many calls at once, and the most memory this side held meanwhile, in MB."""
        seen: list[float] = []
        ended = Event()

        def look() -> None:
            while not ended.wait(LOOK_S):
                seen.append(self.read_used().memory_mb)

        watch = Thread(target=look)
        watch.start()
        try:
            outcome = self.send(self.load(calls=count, **fields))
        finally:
            ended.set()
            watch.join()
        return outcome, max(seen, default=self.read_used().memory_mb)


def _choose_middle(outcomes: list[Outcome]) -> Outcome:
    middle = median_low(outcome.total.p99_ms for outcome in outcomes)
    return next(outcome for outcome in outcomes if outcome.total.p99_ms == middle)


def wait_for(read: Callable[[], Accounted], goal: Accounted, patience_s: float) -> Accounted:
    """What is in the books once they hold as many calls as the goal, or the time is up."""
    deadline_s = time.monotonic() + patience_s
    while (found := read()).calls < goal.calls and time.monotonic() < deadline_s:
        time.sleep(LOOK_S * 5)
    return found
