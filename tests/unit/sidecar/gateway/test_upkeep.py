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
