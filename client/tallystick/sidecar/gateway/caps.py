"""What keys may spend in a period, counted by each worker for its share of the gateway's calls.

Caps are habits of one gateway, not money: what holds across all of them is the lease. The count is
written down every few seconds; a worker that is killed forgets no more than those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tallystick.core.errors import TallystickError
from tallystick.local.files import PRIVATE_FILE, read_document, write_document
from tallystick.meter.admission.purse import Purse
from tallystick.sidecar.gateway.key_file import CapPeriod, KeyEntry

PERIOD_MS: Final[Mapping[CapPeriod, int]] = {"hour": 3_600_000, "day": 86_400_000}

_log = structlog.get_logger(__name__)


class CapState(msgspec.Struct, frozen=True):
    """What a cap's present period has used."""

    until_ms: int
    used_ucr: int


class CapBook:
    """The caps of one worker.

    Args:
        path: where their counts lie between two runs.
        workers: how many share each cap.
        clock: Unix ms on the network.
    """

    def __init__(self, path: Path, workers: int, clock: Callable[[], int]) -> None:
        self._path = path
        self._workers = workers
        self._clock = clock
        self._purses: dict[str, Purse] = {}
        self._saved = _load(path)

    def make(self, entry: KeyEntry) -> tuple[Purse, ...]:
        """The caps of a key, as far as they were used in this period; none where it has none.

        They are the same objects every time: what is spent stays spent while a key's other
        properties change.
        """
        if entry.cap_ucr is None:
            return ()
        place = f"{entry.hash[:16]}/{entry.cap_per}/{entry.cap_ucr}"
        if place not in self._purses:
            now_ms, saved = self._clock(), self._saved.get(place)
            self._purses[place] = Purse(
                entry.name,
                entry.cap_ucr // self._workers,
                period_ms=PERIOD_MS[entry.cap_per],
                now_ms=now_ms,
                used_ucr=saved.used_ucr if saved is not None and now_ms < saved.until_ms else 0,
            )
        return (self._purses[place],)

    def save(self) -> None:
        """The counts are on disk; what cannot be written is said and tried again later."""
        found = {
            place: CapState(purse.next_ms, purse.used_ucr) for place, purse in self._purses.items()
        }
        if found == self._saved:
            return
        try:
            write_document(self._path, found, mode=PRIVATE_FILE)
        except OSError as error:
            _log.warning("caps_not_saved", why=str(error))
            return
        self._saved = found


def _load(path: Path) -> dict[str, CapState]:
    """The counts of an earlier run; none where there are none that can be read."""
    try:
        return read_document(path, dict[str, CapState]) or {}
    except TallystickError as error:
        _log.warning("caps_not_read", why=str(error))
        return {}
