"""A small database file beside a meter's journal, open in several processes at once.

What is deleted from it is overwritten, and leaves its write-ahead log at `truncate`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

from tallystick.meter.errors import StorageFailed, TableBusy

BUSY_TIMEOUT_S: Final = 10
HALF: Final = 2**63


class TableFile:
    """The database; safe from any thread.

    Args:
        path: its folder is made if missing, readable by its owner only.
        schema: statements that may be repeated.
        is_durable: whether what was changed survives a power cut at once.

    Raises:
        StorageFailed: here and below, the file cannot be read or written.
        TableBusy: below, another process holds it for longer than `BUSY_TIMEOUT_S`.
    """

    def __init__(self, path: Path, schema: Sequence[str], *, is_durable: bool) -> None:
        self.path = path
        self._guard = Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            for statement in (
                "PRAGMA journal_mode = WAL",
                f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}",
                "PRAGMA secure_delete = ON",
                *schema,
            ):
                self._connection.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise StorageFailed(f"{path} cannot be opened", actual=str(error)) from error

    def fetch(self, statement: str, *values: object) -> list[Any]:
        """Every row of the answer."""
        with self._guard, self._explained():
            return self._connection.execute(statement, values).fetchall()

    def change(self, statement: str, *values: object) -> int:
        """The change is made; gives how many rows it touched."""
        return self.change_many(statement, [values])

    def change_many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """The changes are made, all or none; gives how many rows they touched."""
        with self._guard, self._explained(), self._changing():
            return self._connection.executemany(statement, rows).rowcount

    def change_together(self, changes: Iterable[tuple[str, Sequence[object]]]) -> None:
        """The changes, statements with their values, are made, all or none."""
        with self._guard, self._explained(), self._changing():
            for statement, values in changes:
                self._connection.execute(statement, values)

    def compute_size_bytes(self) -> int:
        """Bytes in use, without free pages."""
        with self._guard, self._explained():
            page, pages, free = (
                self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_size", "page_count", "freelist_count")
            )
        return int(page * (pages - free))

    def truncate(self) -> None:
        """Nothing that was deleted is left in the write-ahead log.

        Raises:
            TableBusy: another process reads the file all the time.
        """
        with self._guard, self._explained():
            is_busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if is_busy:
            raise TableBusy(f"{self.path} is being read all the time", expected="another try")

    def close(self) -> None:
        """The file is closed."""
        with self._guard:
            self._connection.close()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            is_busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            kind = TableBusy if is_busy else StorageFailed
            raise kind(f"{self.path} cannot be used", actual=str(error)) from error


def to_signed(value: int) -> int:
    """A u64 as the database holds it."""
    return value - 2 * HALF if value >= HALF else value
