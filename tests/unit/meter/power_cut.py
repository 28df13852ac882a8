"""A disk that forgets: what a folder would hold if the power went at any of its syncs."""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from unittest.mock import patch

from tallystick.meter.call_history import NumberedEvent
from tallystick.meter.event_ids import EventIds

SECTOR = 512
Files = dict[str, tuple[bytes, bytes]]
"""By name: what was durable, and what had been written."""


class PowerCuts:
    """Watches a folder's files; each sync adds what a power cut right after it could leave.

    What the folder holds at first is durable, except for what `unsynced` says of it.
    Use `sync` where a sync can be passed, and `watching` for the others.
    """

    def __init__(self, folder: Path, unsynced: Files | None = None) -> None:
        self.folder = folder
        self.moments: list[tuple[Files, int]] = []
        self.acknowledged: list[tuple[int, int]] = []
        """First number and user, of whatever was said to be recorded."""
        self._durable = {
            path.stat().st_ino: path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        for name, (durable, _) in (unsynced or {}).items():
            self._durable[(folder / name).stat().st_ino] = durable
        self._guard = Lock()
        self._fsync = os.fsync

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sees `os.fsync`, and reads the index of identities only while nobody writes to it."""
        save = EventIds.save

        def save_alone(index: EventIds, events: Sequence[NumberedEvent], now_ms: int) -> None:
            with self._guard:
                save(index, events, now_ms)

        with patch.object(os, "fsync", self.sync), patch.object(EventIds, "save", save_alone):
            yield

    def sync(self, descriptor: int) -> None:
        known = len(self.acknowledged)
        self._fsync(descriptor)
        with self._guard:
            found = Path(f"/proc/self/fd/{descriptor}")
            if found.is_file():
                self._durable[os.fstat(descriptor).st_ino] = found.read_bytes()
            self.moments.append((self._read(), known))

    def _read(self) -> Files:
        files: Files = {}
        for path in sorted(self.folder.rglob("*")):
            try:
                number, written = path.stat().st_ino, path.read_bytes()
            except (IsADirectoryError, FileNotFoundError):
                continue
            is_event = path.parent.name == "events"
            durable = written if is_event else self._durable.get(number, b"")
            files[str(path.relative_to(self.folder))] = durable, written
        return files


def restore(files: Files, folder: Path, choose: random.Random, *, is_kill: bool = False) -> None:
    """The folder as the cut left it: of what was not synced, any sectors may have arrived.

    Args:
        is_kill: only the process died: everything that was written is there.
    """
    for name, (durable, written) in files.items():
        length = max(len(durable), len(written))
        old, new = durable.ljust(length, b"\0"), written.ljust(length, b"\0")
        how = 1.0 if is_kill else choose.random()
        parts = []
        for start in range(0, length, SECTOR):
            is_new = choose.random() < how
            parts.append((new if is_new else old)[start : start + SECTOR])
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(parts))
