"""What a source remembers from one reading to the next, and what a reading makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from tallystick.meter.gpu.counters import Counted
from tallystick.meter.gpu.uses import Use


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was read.

    Args:
        time_ms: Unix ms on the network; what records carry.
        steady_us: of a clock that never jumps, only comparable within one boot.
        boot_id: names the boot.
    """

    time_ms: int
    steady_us: int
    boot_id: str


class SourceMemory(msgspec.Struct, kw_only=True):
    """Up to where a source's use is accounted; kept on disk together with what was accounted."""

    is_watched: bool = False
    boot_id: str = ""
    seen_us: dict[str, int] = {}
    """When each device was last read, by UUID."""
    counters: dict[str, Counted] = {}
    """The last reading of every series."""
    carried: dict[str, int] = {}
    """What one reading showed too early to be used; the next ones take it up."""
    unmetered: dict[str, int] = {}
    """Tokens of models that no resource was named for, by the server's name."""
    unobserved_us: int = 0
    """Device time that nobody watched: it is billed to nobody, and shown."""


class Reading(Protocol):
    """One look at a source."""

    def advance(self, memory: SourceMemory, moment: Moment) -> list[Use]:
        """`memory` has taken the reading in.

        Args:
            memory: changed in place.
            moment: when it was read.

        Returns:
            What was used since the reading before.
        """


class Source(Protocol):
    """Something that can be read again and again."""

    @property
    def name(self) -> str:
        """Unique among a collector's sources, the same after a restart."""

    def read(self) -> Reading:
        """One look; blocks.

        Raises:
            TemporaryFailure: it cannot be read now.
        """


Clock = Callable[[], Moment]


def compute_elapsed_us(
    memory: SourceMemory, device: str, moment: Moment, *, max_gap_us: int
) -> int:
    """How long a device was in use since it was last read; `memory` counts from here on.

    A gap longer than a sample stands for is counted as unobserved, and nothing is said about it.

    Args:
        memory: changed in place.
        device: its UUID.
        moment: of this reading.
        max_gap_us: how long a stretch one reading may stand for.

    Returns:
        Microseconds, 0 where the device was not watched before.
    """
    if memory.boot_id != moment.boot_id:
        memory.boot_id, memory.seen_us = moment.boot_id, {}
    before = memory.seen_us.get(device)
    memory.seen_us[device] = moment.steady_us
    elapsed = moment.steady_us - before if before is not None else 0
    if elapsed > max_gap_us:
        memory.unobserved_us += elapsed
        return 0
    return max(elapsed, 0)
