"""The journal: acknowledged frames on disk, until the cursor has passed them.

A frame is acknowledged only after its synced write. Requests that arrive together share one write.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import plyvel

from tallystick_node.errors import StorageFull

_KEY: Final = struct.Struct(">IQ")
WRITE_BUFFER_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """An encoded frame under its meter and first sequence number."""

    meter: int
    first_seq: int
    encoded: bytes

    @property
    def key(self) -> bytes:
        """Meter, then number: a meter's frames lie in order."""
        return _KEY.pack(self.meter, self.first_seq)


class FrameJournal:
    """A LevelDB folder of frames; it belongs to one process.

    Args:
        folder: made where it is missing.
        max_bytes: of all frames together; beyond it nothing more is taken.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._database = plyvel.DB(
            str(folder), create_if_missing=True, write_buffer_size=WRITE_BUFFER_BYTES
        )
        self._max_bytes = max_bytes
        self._sizes = {bytes(key): len(value) for key, value in self._database}
        self.size_bytes = sum(self._sizes.values())
        self._pending: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Every frame on disk, meter by meter, in order."""
        for _, encoded in self._database:
            yield encoded

    def store(self, entries: Sequence[Entry]) -> asyncio.Future[None]:
        """Done once all entries are on disk; failed with `StorageFull` when none of them is.

        Raises:
            StorageFull: the bound is reached.
        """
        added = sum(len(entry.encoded) for entry in entries)
        if self.size_bytes + added > self._max_bytes:
            raise StorageFull(
                "the journal is full",
                expected=f"at most {self._max_bytes} bytes",
                actual=self.size_bytes + added,
            )
        self._account(entries)
        stored = asyncio.get_running_loop().create_future()
        self._pending.append((entries, stored))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_pending())
        return stored

    def prune(self, meter: int, first_seqs: Iterable[int]) -> None:
        """The frames are gone. Not synced: one that comes back after a crash is pruned again."""
        with self._database.write_batch() as batch:
            for first_seq in first_seqs:
                key = _KEY.pack(meter, first_seq)
                self.size_bytes -= self._sizes.pop(key, 0)
                batch.delete(key)

    async def close(self) -> None:
        """What is pending is written, and the folder is free for another process."""
        if self._writer is not None:
            await self._writer
        self._database.close()

    async def _write_pending(self) -> None:
        while self._pending:
            taken, self._pending = self._pending, []
            entries = [entry for group, _ in taken for entry in group]
            failure: StorageFull | None = None
            try:
                await asyncio.to_thread(self._write, entries)
            except (OSError, plyvel.Error) as error:
                failure = StorageFull("the journal cannot be written", actual=str(error))
                for entry in entries:
                    self.size_bytes -= self._sizes.pop(entry.key, 0)
            for _, stored in taken:
                if stored.done():
                    continue
                if failure is None:
                    stored.set_result(None)
                else:
                    stored.set_exception(failure)

    def _write(self, entries: Sequence[Entry]) -> None:
        with self._database.write_batch(transaction=True, sync=True) as batch:
            for entry in entries:
                batch.put(entry.key, entry.encoded)

    def _account(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.size_bytes += len(entry.encoded) - self._sizes.get(entry.key, 0)
            self._sizes[entry.key] = len(entry.encoded)
