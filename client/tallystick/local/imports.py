"""How far each replayed file has come, so that a broken run goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from tallystick.local.files import make_private_folder, read_document, write_document

ID_DIGITS: Final = 32


class Span(msgspec.Struct):
    """Consecutive records of a meter: written down before they are recorded."""

    first_seq: int
    count: int

    @property
    def end_seq(self) -> int:
        """The number after the last record's."""
        return self.first_seq + self.count


class ImportState(msgspec.Struct):
    """One file under one set of options."""

    file: str
    meter: str
    shift_ms: int
    from_block: int
    spans: list[Span] = []
    is_finished: bool = False

    @property
    def recorded(self) -> int:
        """How many of the file's records are in the meter's journal."""
        return sum(span.count for span in self.spans)


class Imports:
    """The states of one network's folder.

    Args:
        folder: one file per state.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = make_private_folder(folder)

    def load(self, digest: bytes) -> ImportState | None:
        """The state of the file with this digest, None where it was never replayed."""
        return read_document(self._path(digest), ImportState)

    def save(self, digest: bytes, state: ImportState) -> None:
        """The state is on disk."""
        write_document(self._path(digest), state)

    def correct(self, meter: str, next_seq: int) -> None:
        """Spans that a crash kept from being recorded whole end where the journal ends.

        Call it with the meter open, before anything else is recorded with it.
        """
        for path in self._folder.glob("*.json"):
            state = read_document(path, ImportState)
            if state is None or state.meter != meter or not state.spans:
                continue
            last = state.spans[-1]
            if last.end_seq > next_seq:
                last.count = max(next_seq - last.first_seq, 0)
                write_document(path, state)

    def _path(self, digest: bytes) -> Path:
        return self._folder / f"{digest.hex()[:ID_DIGITS]}.json"
