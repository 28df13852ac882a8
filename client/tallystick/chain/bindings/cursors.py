"""Which records have settled, as the Cursors contract keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tallystick.chain.calls import View, Write, first, nothing, view, write
from tallystick.core.settlement import Cursor

_view = partial(view, "Cursors")


@dataclass(frozen=True, slots=True)
class Cursors:
    """The Cursors contract at an address."""

    address: str

    def cursors_of(self, meters: Sequence[int]) -> View[tuple[Cursor, ...]]:
        """Where the meters stand, in the order asked."""
        return _view(
            self.address,
            "cursorsOf",
            list(meters),
            shape=lambda v: tuple(Cursor(*cursor) for cursor in v[0]),
        )

    def halted_s(self) -> View[int]:
        """For how long the chain has stood still in all, as far as it was observed, in seconds."""
        return _view(self.address, "haltedS", shape=first)

    def longest_block_s(self) -> View[int]:
        """Seconds from one block to the next at most while the chain runs; 0 = halts not told."""
        return _view(self.address, "longestBlockS", shape=first)

    def observe(self) -> Write[None]:
        """A halt since the last observation is counted; by anyone."""
        return write("Cursors", self.address, "observe", outcome=nothing)

    def accumulator(self) -> View[bytes]:
        """The hash over all settled batches, zero before the first."""
        return _view(self.address, "accumulator", shape=first)

    def batch_count(self) -> View[int]:
        """How many batches were absorbed."""
        return _view(self.address, "batchCount", shape=first)
