"""Loops: a stage's step, repeated until the node stops.

The one place that catches whatever a step raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from tallystick.chain.errors import AnswerMalformed, RpcRefused
from tallystick.core.errors import FatalFailure, TemporaryFailure

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

Step = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


def pace(step: Step, interval_s: float) -> Step:
    """The step, begun at most once in `interval_s`: what comes in between is done together."""

    async def step_then_rest() -> None:
        await step()
        await asyncio.sleep(interval_s)

    return step_then_rest


async def run_loop(name: str, step: Step) -> None:
    """`step` runs again and again; after a failure with a growing pause, until one succeeds.

    Args:
        name: the loop's, in logs.
        step: does a bounded piece of work, and waits by itself when there is none.

    Raises:
        FatalFailure: a step found something that a person has to look at. What a chain node
            answers is not of that kind: the next answer may be better.
    """
    pause_s = FIRST_PAUSE_S
    while True:
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
