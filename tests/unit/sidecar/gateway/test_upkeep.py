import asyncio

from tallystick.core.errors import TemporaryFailure
from tallystick.sidecar.gateway.upkeep import Upkeep


def test_duties_are_done_although_one_fails() -> None:
    done: list[str] = []

    async def wait() -> None:
        await asyncio.sleep(0)
        done.append("waited")

    def fail() -> None:
        done.append("failed")
        raise TemporaryFailure("not now")

    upkeep = Upkeep()
    upkeep.add(fail, wait, lambda: done.append("done"))
    asyncio.run(upkeep.do_once())
    assert done == ["failed", "waited", "done"]


def test_duties_are_done_again_until_the_end() -> None:
    done: list[int] = []

    async def run() -> None:
        upkeep = Upkeep(period_s=0)
        upkeep.add(lambda: done.append(1))
        async with upkeep.running():
            while len(done) < 3:  # noqa: ASYNC110 - the loop under test has no event to wait for
                await asyncio.sleep(0)
        ended = len(done)
        await asyncio.sleep(0)
        assert len(done) == ended

    asyncio.run(run())
    assert len(done) >= 3


def test_upkeep_tells_for_how_long_a_round_has_taken() -> None:
    now_s, ages_s = 100.0, []
    upkeep = Upkeep(clock=lambda: now_s)

    def hang() -> None:
        nonlocal now_s
        now_s += 301
        ages_s.append(upkeep.age_s)

    upkeep.add(hang)
    assert upkeep.age_s == 0
    asyncio.run(upkeep.do_once())
    assert (ages_s, upkeep.age_s) == ([301], 0)
