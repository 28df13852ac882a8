"""Events whose resource does not exist yet: durable here, recorded once it does.

Nothing is billed to a resource by guess, and nothing is dropped because nobody had registered it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tallystick.core.usage import Records
from tallystick.meter.details import Detail
from tallystick.meter.recorder import Recorded


class EventRecorder(Protocol):
    """Records events once each: the part of a recorder that is needed here."""

    def record_event_now(
        self, event: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> Recorded:
        """See `Recorder.record_event_now`."""
        ...


class HeldCount(msgspec.Struct, frozen=True):
    """What waits for one resource."""

    slug: str
    events: int
    oldest_ms: int
    """Of the records' times."""


class HeldEvents:
    """Events that wait for their resource; durable when `hold` returns, safe from any thread.

    Args:
        folder: the store's own; made if missing.
        max_events: bound; more are refused.
    """

    def __init__(self, folder: Path, *, max_events: int = 100_000) -> None:
        raise NotImplementedError

    def hold(self, event: bytes, slug: str, records: Records, detail: Detail | None = None) -> bool:
        """The event is durable here; False where one of its identity was already.

        Waits for the disk: from an event loop, call it in a thread.

        Args:
            event: 32 bytes, from `compute_event_id`.
            slug: of the resource that there is none of.
            records: with resource 0.
            detail: of the first record.

        Raises:
            HeldFull: the bound is reached; nothing was kept.
        """
        raise NotImplementedError

    def release(self, find_resource: Callable[[str], int | None], recorder: EventRecorder) -> int:
        """Every event whose resource exists now is recorded, once; gives how many were.

        Args:
            find_resource: the id by slug, None while there is none.
            recorder: of the meter.
        """
        raise NotImplementedError

    def list_waiting(self) -> list[HeldCount]:
        """What waits, by slug."""
        raise NotImplementedError

    def close(self) -> None:
        """The store's files are closed."""
        raise NotImplementedError
