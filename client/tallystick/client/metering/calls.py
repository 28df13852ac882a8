"""One call of anything, metered by a context."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from tallystick.client.metering.attribution import Attribution
from tallystick.client.metering.ports import UseBook
from tallystick.client.metering.use import NS_PER_MS, Payee, Use
from tallystick.core.usage import Flag
from tallystick.meter.parse.documents import read_usage_document
from tallystick.meter.parse.reading import NO_FLAGS


@dataclass
class MeteredCall:
    """A context that records, when it ends, what was said to have been used inside.

    The record is on disk before the block is left. Where nothing was said, nothing is recorded; a
    block that fails after it said something is recorded all the same, flagged.
    """

    meter: UseBook
    attribution: Attribution
    estimate: Mapping[str, int] | None = None
    sequence: range = range(0)
    """Numbers of the records, once the block has ended."""
    _said: Use | None = field(default=None, repr=False)
    _begun: bytes = field(default=b"", repr=False)
    _payee: Payee | None = field(default=None, repr=False)
    _began_ns: int = field(default=0, repr=False)

    def use(self, **quantities: int) -> None:
        """The call used this much, by record field; said again, it replaces what was said."""
        self._said = Use(dict(quantities))

    def use_usage(
        self, dialect: str, usage: Mapping[str, object], *, model: str = "", tier: str = ""
    ) -> None:
        """The call used what a provider's usage object says.

        Args:
            dialect: whose format it is in, such as `openai-chat` or `anthropic-messages`.
            usage: the object, decoded.
            model: as the answer names it.
            tier: as the answer names it.

        Raises:
            DialectUnknown, UsageMalformed: it cannot be read.
        """
        reading = read_usage_document(dialect, usage, model=model, tier=tier)
        self._said = Use.of_reading(reading, (model,) if model else ())

    def __enter__(self) -> Self:
        self._began_ns = time.monotonic_ns()
        if self.estimate is not None:
            estimate = Use(dict(self.estimate))
            self._payee = self.meter.find_payee(self.attribution, estimate)
            self._begun = self.meter.begin(self._payee, estimate)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._end(has_failed=kind is not None)

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # Cancelling the wait does not cancel the recording: its thread runs on.
        await asyncio.shield(asyncio.to_thread(self._end, has_failed=kind is not None))

    def _end(self, *, has_failed: bool) -> None:
        if self._said is None:
            if self._begun:
                self.meter.drop(self._begun)
            return
        flags = self._said.flags | (Flag.UPSTREAM_FAILED if has_failed else NO_FLAGS)
        duration_ms = (time.monotonic_ns() - self._began_ns) // NS_PER_MS
        use = replace(self._said, flags=flags, duration_ms=duration_ms)
        payee = self.meter.find_payee(self.attribution, use)
        self.sequence = self.meter.keep(payee, use, self.meter.now_ms(), self._begun)
