"""What a collector remembers between two readings, and between two runs: one file, replaced whole.

Up to where every counter is accounted, what was accounted and is not recorded yet, and what is
about to be recorded change together. So a crash at any moment neither loses nor repeats any of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from tallystick.meter.durable import write_durably
from tallystick.meter.gpu.errors import CollectorStateCorrupt
from tallystick.meter.gpu.uses import FINE_PER_UNIT, BucketKey, Use
from tallystick.meter.gpu.watching import SourceMemory

FORMAT: Final = 1
PRIVATE_FILE: Final = 0o600
MAX_BUCKETS: Final = 10_000
FORGET_AFTER_MS: Final = 86_400_000
"""A bucket left alone for so long gives up its remainder, less than one unit a field; at once where
there are too many."""


class Bucket(msgspec.Struct, kw_only=True):
    """Use of one kind that is not recorded yet."""

    key: BucketKey
    from_ms: int
    """When something first went in since the last record."""
    touched_ms: int
    quantities: dict[str, int] = {}
    """Whole units by a record's field."""
    fine: dict[str, int] = {}
    """Less than a unit of each field."""
    energy_mj: int = 0

    def add(self, use: Use) -> None:
        """The bucket holds the use too."""
        self.energy_mj += use.energy_mj
        for name, value in use.fine.items():
            whole, rest = divmod(self.fine.get(name, 0) + value, FINE_PER_UNIT[name])
            self.fine[name] = rest
            if whole:
                self.quantities[name] = self.quantities.get(name, 0) + whole


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event to be recorded: a bucket as it was cut."""

    number: int
    """Unique for ever in this state; half of the event's identity."""
    key: BucketKey
    quantities: dict[str, int]
    energy_mj: int
    from_ms: int
    to_ms: int


class CollectorState(msgspec.Struct, kw_only=True):
    """Everything a collector must not forget."""

    format: int = FORMAT
    id: str
    """Random; the other half of the identity of its events."""
    next_entry: int = 0
    cut_ms: int = 0
    """When buckets were last cut."""
    sources: dict[str, SourceMemory] = {}
    buckets: list[Bucket] = []
    pending: list[Entry] = []
    """Cut, and perhaps recorded already."""

    def add(self, uses: Iterable[Use], time_ms: int) -> None:
        """The uses are in their buckets."""
        by_key = {bucket.key: bucket for bucket in self.buckets}
        for use in uses:
            if not use.fine and not use.energy_mj:
                continue
            bucket = by_key.get(use.key)
            if bucket is None:
                bucket = Bucket(key=use.key, from_ms=time_ms, touched_ms=time_ms)
                by_key[use.key] = bucket
                self.buckets.append(bucket)
            bucket.touched_ms = time_ms
            bucket.add(use)

    def cut(self, time_ms: int) -> None:
        """What makes up whole units is about to be recorded; the rest stays in its bucket."""
        for bucket in self.buckets:
            if bucket.quantities:
                self.pending.append(self._cut_bucket(bucket, time_ms))
        self.cut_ms = time_ms
        kept_ms = 0 if self.is_full else FORGET_AFTER_MS
        self.buckets = [bucket for bucket in self.buckets if time_ms - bucket.touched_ms < kept_ms]

    @property
    def is_full(self) -> bool:
        """Whether buckets should be cut before their time."""
        return len(self.buckets) >= MAX_BUCKETS

    def _cut_bucket(self, bucket: Bucket, time_ms: int) -> Entry:
        entry = Entry(
            number=self.next_entry,
            key=bucket.key,
            quantities=bucket.quantities,
            energy_mj=bucket.energy_mj,
            from_ms=bucket.from_ms,
            to_ms=time_ms,
        )
        self.next_entry += 1
        bucket.quantities, bucket.energy_mj, bucket.from_ms = {}, 0, time_ms
        return entry


class StateFile:
    """The file of one collector's state.

    Args:
        path: its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> CollectorState | None:
        """The state as it was last saved, None where there never was one.

        Raises:
            CollectorStateCorrupt: the file is there and says nothing we know.
        """
        try:
            state = msgspec.json.decode(self.path.read_bytes(), type=CollectorState)
        except FileNotFoundError:
            return None
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise CollectorStateCorrupt(
                f"{self.path} cannot be read: move it away to start counting from now on",
                expected="a collector's state",
                actual=str(error),
            ) from error
        if state.format != FORMAT:
            raise CollectorStateCorrupt(
                f"{self.path} is of another version", expected=FORMAT, actual=state.format
            )
        return state

    def save(self, state: CollectorState) -> None:
        """The state is on disk."""
        write_durably(self.path, msgspec.json.encode(state), mode=PRIVATE_FILE)
