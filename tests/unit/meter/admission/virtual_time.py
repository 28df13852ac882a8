"""An event loop whose time passes only when everything waits: hours take no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

START_MS: Final = 1_800_000_000_000

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Waits for nothing: the loop's time moves instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            assert timeout is not None, "everything waits for ever"
            self.loop.now_s += max(timeout, 0)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """See above."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now_s = 1_000.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s


def now_ms() -> int:
    """The network's time: the loop's."""
    return START_MS + int(asyncio.get_running_loop().time() * 1_000)


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
