"""What is kept beside a record and never leaves the machine: the provider's own words about it.

Details are not money: they are written without waiting for the disk, and a crash may lose the last
ones. They go after a time, and at once when the person behind them is erased.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

Source = Literal["gateway", "event", "sdk", "collector", "passive"]
NO_SEQ: Final = -1
DEFAULT_RETENTION_MS: Final = 90 * 86_400_000


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
    """

    def __init__(self, folder: Path, *, max_bytes: int = 1 << 30) -> None:
        raise NotImplementedError

    def put_many(self, details: Sequence[Detail]) -> None:
        """The details can be read from here on; a power cut may lose them."""
        raise NotImplementedError

    def get(self, seq: int) -> Detail | None:
        """The details of one record, None where there are none, or none any more."""
        raise NotImplementedError

    def scan(
        self, *, since_ms: int = 0, until_ms: int | None = None, limit: int = 1000
    ) -> Iterator[Detail]:
        """Details with times in [since, until), oldest number first, at most `limit`."""
        raise NotImplementedError

    def erase_users(self, pseudonyms: Collection[int]) -> int:
        """Nothing of these users is left in the files; gives how many details went."""
        raise NotImplementedError

    def sweep(self, before_ms: int) -> int:
        """Details of records before that time are gone; gives how many."""
        raise NotImplementedError

    def close(self) -> None:
        """The store's files are closed."""
        raise NotImplementedError
