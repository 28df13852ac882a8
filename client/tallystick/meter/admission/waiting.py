"""Calls that wait until a lease covers them, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    needed_ucr: int
    served: asyncio.Future[None]


@dataclass(slots=True)
class Waiting:
    """The calls of one project that wait."""

    _calls: list[_Call] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._calls)

    def compute_needed_ucr(self) -> int:
        """What all of them may cost together."""
        return sum(call.needed_ucr for call in self._calls)

    async def wait(self, needed_ucr: int, wait_s: float) -> None:
        """The lease covers the call, for the moment.

        Raises:
            TimeoutError: not in time; and whatever the calls were refused with.
        """
        call = _Call(needed_ucr, asyncio.get_running_loop().create_future())
        self._calls.append(call)
        try:
            async with asyncio.timeout(wait_s):
                await call.served
        finally:
            with suppress(ValueError):  # answered calls were taken out already
                self._calls.remove(call)

    def serve(self, left_ucr: int) -> None:
        """Every call goes on that what is left covers, together with those before it."""
        kept: list[_Call] = []
        for call in self._calls:
            if call.needed_ucr <= left_ucr:
                left_ucr -= call.needed_ucr
                _answer(call.served)
            else:
                kept.append(call)
        self._calls = kept

    def refuse(self, above_ucr: int, explain: Callable[[int], Exception]) -> None:
        """Every call that needs more than this is told why it gets nothing.

        Args:
            above_ucr: what a call may need at most to go on waiting; -1 refuses all.
            explain: the error for what a call needs.
        """
        kept: list[_Call] = []
        for call in self._calls:
            if call.needed_ucr <= above_ucr:
                kept.append(call)
            elif not call.served.done():
                call.served.set_exception(explain(call.needed_ucr))
        self._calls = kept


def _answer(served: asyncio.Future[None]) -> None:
    if not served.done():
        served.set_result(None)
