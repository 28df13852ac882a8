"""The journal of transactions that this folder's keys signed, for sending them once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallystick.local.entries import EntryFile, read_entries
from tallystick.local.files import locked


class TransactionJournal:
    """Raw transactions in the order in which they were signed.

    Args:
        path: shared by every process that signs with the folder's keys.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, raw: bytes) -> None:
        """The transaction is on disk."""
        file = EntryFile(self._path)
        try:
            file.append([raw])
        finally:
            file.close()

    def read(self) -> list[bytes]:
        """Every transaction that was ever signed."""
        entries, _ = read_entries(self._path)
        return entries

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Inside the block no other process signs with the folder's keys."""
        with locked(self._path.with_suffix(".lock")):
            yield
