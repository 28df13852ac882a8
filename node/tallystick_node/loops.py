"""Loops: a stage's step, repeated until the node stops.

The one place that catches whatever a step raises, and that knows whether a step ever ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import structlog

from tallystick.chain.errors import AnswerMalformed, RpcRefused
from tallystick.core.errors import FatalFailure, TemporaryFailure

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

Step = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


class Pulse:
    """Whether one loop works or waits, and since when it works.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._busy_since_s: float | None = None

    @property
    def age_s(self) -> float:
        """For how long the loop has worked without an end or a rest; 0 while it waits."""
        return 0.0 if self._busy_since_s is None else self._clock() - self._busy_since_s

    def work(self) -> None:
        """Work begins now."""
        self._busy_since_s = self._clock()

    def rest(self) -> None:
        """The loop waits for something that may take as long as it takes."""
        self._busy_since_s = None


class LoopWatch:
    """The pulses of a node's loops.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pulses: dict[str, Pulse] = {}

    def add(self, name: str) -> Pulse:
        """The pulse of a loop that begins, at rest."""
        self._pulses[name] = Pulse(self._clock)
        return self._pulses[name]

    def read_ages_s(self) -> Mapping[str, float]:
        """By loop, for how long its step has worked."""
        return {name: pulse.age_s for name, pulse in self._pulses.items()}

    def find_wedged(self, limit_s: float) -> list[str]:
        """The loops whose step has worked for longer than that."""
        return sorted(name for name, age_s in self.read_ages_s().items() if age_s > limit_s)


_current: ContextVar[Pulse | None] = ContextVar("pulse", default=None)


@contextmanager
def resting() -> Iterator[None]:
    """What is awaited inside may take as long as it takes: work to come, or a chain to answer.

    Everything else that a step awaits has a bound of its own, so that a step which takes minutes
    is stuck.
    """
    pulse = _current.get()
    if pulse is None:
        yield
        return
    pulse.rest()
    try:
        yield
    finally:
        pulse.work()


def pace(step: Step, interval_s: float) -> Step:
    """The step, begun at most once in `interval_s`: what comes in between is done together."""

    async def step_then_rest() -> None:
        await step()
        await asyncio.sleep(interval_s)

    return step_then_rest


async def run_loop(name: str, step: Step, watch: LoopWatch | None = None) -> None:
    """`step` runs again and again; after a failure with a growing pause, until one succeeds.

    Args:
        name: the loop's, in logs.
        step: does a bounded piece of work, and waits by itself when there is none.
        watch: told when the loop works and when it waits.

    Raises:
        FatalFailure: a step found something that a person has to look at. What a chain node
            answers is not of that kind: the next answer may be better.
    """
    pulse = (watch or LoopWatch()).add(name)
    _current.set(pulse)
    pause_s = FIRST_PAUSE_S
    while True:
        pulse.work()
        try:
            await step()
            pause_s = FIRST_PAUSE_S
        except TemporaryFailure as error:
            log.warning("step_postponed", loop=name, pause_s=pause_s, **error.as_dict())
            pause_s = await _pause(pause_s)
        except (RpcRefused, AnswerMalformed) as error:
            log.warning("chain_answer_refused", loop=name, pause_s=pause_s, **error.as_dict())
            pause_s = await _pause(pause_s)
        except FatalFailure:
            log.exception("loop_stopped", loop=name)
            raise
        except Exception:  # a defect in one step must not take the node down
            log.exception("step_failed", loop=name, pause_s=pause_s)
            pause_s = await _pause(pause_s)


async def _pause(pause_s: float) -> float:
    """Sleeps, and returns the next pause, twice as long."""
    await asyncio.sleep(pause_s)
    return min(pause_s * 2, LONGEST_PAUSE_S)
