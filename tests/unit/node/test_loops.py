import asyncio

import pytest

from tallystick.chain.errors import RpcRefused
from tallystick.core.errors import FatalFailure, TemporaryFailure
from tallystick_node.loops import LoopWatch, Step, resting, run_loop


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


class Watching:
    """A loop with a clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.watch = LoopWatch(lambda: self.now_s)

    def run(self, step: Step) -> None:
        with pytest.raises(Stop):
            asyncio.run(run_loop("test", step, self.watch))


def test_loop_is_wedged_when_its_step_does_not_end(pauses: list[float]) -> None:
    watching = Watching()

    async def step() -> None:
        watching.now_s += 61
        assert watching.watch.find_wedged(60) == ["test"]
        assert watching.watch.read_ages_s() == {"test": 61}
        raise Stop

    watching.run(step)
    assert pauses == []


def test_loop_is_not_wedged_while_it_waits_for_work() -> None:
    watching = Watching()

    async def step() -> None:
        with resting():
            watching.now_s += 3_600
            assert watching.watch.find_wedged(60) == []
        assert watching.watch.read_ages_s() == {"test": 0}
        raise Stop

    watching.run(step)


@pytest.mark.parametrize("failure", [None, TemporaryFailure("the chain is away")])
def test_loop_begins_its_age_anew_with_every_step(failure: Exception | None) -> None:
    watching = Watching()
    steps = iter(range(3))

    async def step() -> None:
        if next(steps) == 2:
            assert watching.watch.find_wedged(60) == []
            raise Stop
        watching.now_s += 59
        if failure is not None:
            raise failure

    watching.run(step)


def test_resting_outside_a_loop_changes_nothing() -> None:
    with resting():
        pass
