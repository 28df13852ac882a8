"""What is kept beside a record and never leaves the machine: the provider's own words about it.

Details are not money: they are written without waiting for the disk, and a crash may lose the last
ones. They go after a time, and at once when the person behind them is erased.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final, Literal

import msgspec

from tallystick.core.usage import MAX_TIME_MS
from tallystick.meter.table_file import TableFile, to_signed

Source = Literal["gateway", "event", "sdk", "collector", "passive"]
NO_SEQ: Final = -1
DEFAULT_RETENTION_MS: Final = 90 * 86_400_000

CHECKS_PER_BOUND: Final = 64
"""How often the size is looked at while the store fills."""
ROWS_AT_ONCE: Final = 128

_ENCODER: Final = msgspec.msgpack.Encoder()
_Row = tuple[int, int, int, bytes]
_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS details (
      seq INTEGER PRIMARY KEY, time_ms INTEGER, user INTEGER, data BLOB
    )
    """,
    "CREATE TABLE IF NOT EXISTS erased (user INTEGER PRIMARY KEY)",
    "CREATE INDEX IF NOT EXISTS details_by_time ON details (time_ms)",
    "CREATE INDEX IF NOT EXISTS details_by_user ON details (user) WHERE user != 0",
)


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one record beyond what the chain gets."""

    seq: int = NO_SEQ
    """Filled in by the recorder."""
    call: bytes = b""
    """The call or event, 16 or 32 bytes."""
    time_ms: int
    user: int = 0
    """The record's pseudonym; erasing it takes the details along."""
    source: Source
    flags: int = 0
    """`core.usage.Flag`, of the reading."""
    model: str = ""
    """As the answer named it."""
    tier: str = ""
    """The price tier the answer was served at; "" = standard."""
    raw: bytes = b""
    """The provider's usage object as JSON, at most 16 KiB."""
    status: int = 0
    """HTTP status of the upstream's answer; 0 = none."""
    duration_ms: int | None = None
    first_byte_ms: int | None = None
    energy_mj: int | None = None
    """Millijoules."""
    is_unleased: bool = False
    """Admitted while the network could not be reached, without a lease."""
    note: str = ""


class DetailStore:
    """Details of one meter, by sequence number; several processes may have it open.

    Args:
        folder: the store's own; made if missing.
        max_bytes: bound on disk; the oldest go first.

    Raises:
        StorageFailed: here and below, the files cannot be read or written.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 1 << 30) -> None:
        self._file = TableFile(folder / "details.db", _SCHEMA, is_durable=False)
        self._max_bytes = max_bytes
        self._unchecked_bytes = max_bytes

    def put_many(self, details: Sequence[Detail]) -> None:
        """The details can be read from here on; a power cut may lose them."""
        rows = [
            (one.seq, one.time_ms, to_signed(one.user), _ENCODER.encode(one)) for one in details
        ]
        self._file.change_together(_cut(rows))
        self._unchecked_bytes += sum(len(row[3]) for row in rows)
        if self._unchecked_bytes > self._max_bytes // CHECKS_PER_BOUND:
            self._unchecked_bytes = 0
            self._drop_oldest()

    def get(self, seq: int) -> Detail | None:
        """The details of one record, None where there are none, or none any more."""
        rows = self._file.fetch("SELECT data FROM details WHERE seq = ?", seq)
        return _decode(rows[0][0]) if rows else None

    def scan(
        self, *, since_ms: int = 0, until_ms: int | None = None, limit: int = 1000
    ) -> Iterator[Detail]:
        """Details with times in [since, until), oldest number first, at most `limit`."""
        rows = self._file.fetch(
            "SELECT data FROM details WHERE time_ms >= ? AND time_ms < ? ORDER BY seq LIMIT ?",
            since_ms,
            MAX_TIME_MS if until_ms is None else until_ms,
            limit,
        )
        return (_decode(row[0]) for row in rows)

    def erase_users(self, pseudonyms: Collection[int]) -> int:
        """Nothing of these users is left in the files; gives how many details went.

        What comes later of calls that were under way is not kept either.
        """
        wanted = [(to_signed(pseudonym),) for pseudonym in pseudonyms if pseudonym]
        self._file.change_many("INSERT OR IGNORE INTO erased VALUES (?)", wanted)
        count = self._file.change_many("DELETE FROM details WHERE user = ?", wanted)
        self._file.truncate()
        return count

    def sweep(self, before_ms: int) -> int:
        """Details of records before that time are gone; gives how many."""
        return self._file.change("DELETE FROM details WHERE time_ms < ?", before_ms)

    def close(self) -> None:
        """The store's files are closed."""
        self._file.close()

    def _drop_oldest(self) -> None:
        """Where the bound is passed, as many go as bring it to nine tenths of it."""
        size = self._file.compute_size_bytes()
        if size > self._max_bytes:
            too_many_ppm = 1_000_000 - self._max_bytes * 900_000 // size
            self._file.change(
                "DELETE FROM details WHERE seq IN (SELECT seq FROM details ORDER BY seq LIMIT"
                " (SELECT count(*) * ? / 1000000 FROM details))",
                too_many_ppm,
            )


def _decode(data: bytes) -> Detail:
    return msgspec.msgpack.decode(data, type=Detail)


def _cut(rows: list[_Row]) -> Iterator[tuple[str, list[object]]]:
    """Statements and their values, many rows in each.

    A statement for each row would take the interpreter from an event loop beside this as often.
    Lengths are powers of two, so that the statements are few and stay prepared.
    """
    start = 0
    while left := len(rows) - start:
        count = 1 << min(left, ROWS_AT_ONCE).bit_length() - 1
        yield _build_insert(count), list(chain.from_iterable(rows[start : start + count]))
        start += count


@cache
def _build_insert(count: int) -> str:
    places = ", ".join(["(?, ?, ?, ?)"] * count)
    return (
        f"INSERT OR REPLACE INTO details SELECT * FROM (VALUES {places})"  # noqa: S608 - no values
        " WHERE column3 NOT IN (SELECT user FROM erased)"
    )
