"""Everything that a meter's process records, durable before anyone is told.

A call is begun with an estimate before it leaves and finished with what it used. What a crash
leaves open is recorded at its estimate when the recorder is opened again; nothing finished is lost
or recorded twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.core.usage import Records
from tallystick.meter.details import Detail, DetailStore
from tallystick.meter.meter import Meter

CALL_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an event.

    Args:
        is_new: False where the same identity was recorded before; nothing was added then.
        first_seq: of the records of the first of that identity, None where it had none.
    """

    is_new: bool
    first_seq: int | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """What an earlier process had left when the recorder was opened.

    Args:
        closes: finished calls and events whose records the journal lacked.
        records: how many records those were.
        estimated: open calls that were recorded at their estimate.
    """

    closes: int = 0
    records: int = 0
    estimated: int = 0


class Recorder:
    """The one way by which records get into a meter's journal; safe from any thread.

    Args:
        meter: open; recorded into by this recorder alone.
        folder: the meter's; the log lies in its `calls`.
        details: where details of records go; None keeps none.
    """

    recovered: Recovered

    def __init__(self, meter: Meter, folder: Path, *, details: DetailStore | None = None) -> None:
        raise NotImplementedError

    @property
    def next_seq(self) -> int:
        """The number that the next record will get."""
        raise NotImplementedError

    @property
    def in_flight(self) -> int:
        """Calls begun and not finished."""
        raise NotImplementedError

    def begin(self, call: bytes, estimate: Records) -> None:
        """The call is noted: should this process die, it is recorded at the estimate.

        Args:
            call: 16 bytes, unique.
            estimate: greatest or likely use, cost words zero; may be empty.

        Raises:
            CallLogFull: what waits has reached the bound; nothing was noted, send no call.
            CallOpen: it was begun before.
            StorageFailed: the disk refused.
        """
        raise NotImplementedError

    def finish(
        self, call: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> asyncio.Future[int | None]:
        """The call is over and its records have their numbers.

        Args:
            call: as begun.
            records: what it used; none where nothing is billed.
            details: at most one for each record, in their order; `seq` is filled in here.

        Returns:
            Of the running event loop; done once the records are durable: the first one's number,
            None where there is none. StorageFailed where they may not be.

        Raises:
            CallUnknown: never begun, or finished before.
        """
        raise NotImplementedError

    def finish_now(
        self, call: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> int | None:
        """As `finish`, for callers without an event loop: waits until the records are durable."""
        raise NotImplementedError

    def record(self, records: Records, details: Sequence[Detail] = ()) -> range:
        """The records are durable, under these numbers; waits for the disk."""
        raise NotImplementedError

    def record_event(
        self, event: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> asyncio.Future[Recorded]:
        """The event is recorded, unless one of the same identity was: the first write wins.

        Args:
            event: 32 bytes, from `compute_event_id`.
            records: what it used; may be none.
            details: as for `finish`.

        Returns:
            Of the running event loop; done once identity and records are durable, together.

        Raises:
            CallLogFull, StorageFailed: nothing was recorded.
        """
        raise NotImplementedError

    def record_event_now(
        self, event: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> Recorded:
        """As `record_event`, for callers without an event loop: waits for the disk."""
        raise NotImplementedError

    def close(self) -> None:
        """What was finished is in the journal; calls still open are estimated at the next start."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """As `close`, without blocking the event loop."""
        raise NotImplementedError
