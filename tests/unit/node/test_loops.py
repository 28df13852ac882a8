import asyncio

import pytest

from tallystick.chain.errors import RpcRefused
from tallystick.core.errors import FatalFailure, TemporaryFailure
from tallystick_node.loops import run_loop


class Stop(BaseException):
    """Ends a loop from inside."""


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a loop makes, none of them real."""
    made: list[float] = []

    async def note(pause_s: float) -> None:
        made.append(pause_s)

    monkeypatch.setattr(asyncio, "sleep", note)
    return made


def play(*failures: BaseException | None) -> None:
    steps = iter(failures)

    async def step() -> None:
        failure = next(steps)
        if failure is not None:
            raise failure

    asyncio.run(run_loop("test", step))


@pytest.mark.parametrize(
    "failure", [TemporaryFailure("later"), RpcRefused(-32000, "no"), ValueError("a defect")]
)
def test_loop_goes_on_after_a_growing_pause(failure: Exception, pauses: list[float]) -> None:
    with pytest.raises(Stop):
        play(failure, failure, failure, None, failure, Stop())
    assert pauses == [0.1, 0.2, 0.4, 0.1]


def test_loop_pauses_no_longer_than_its_bound(pauses: list[float]) -> None:
    with pytest.raises(Stop):
        play(*[TemporaryFailure("later")] * 9, Stop())
    assert pauses[-1] == 5.0


def test_loop_ends_when_something_is_fatal(pauses: list[float]) -> None:
    with pytest.raises(FatalFailure):
        play(None, FatalFailure("look at this"))
    assert pauses == []
