"""Submissions as they are kept on disk: what was signed is synced before it is first sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
import plyvel


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction for a submission's nonce; `raw` is what is sent, again and again."""

    hash: str
    gas_price_wei: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """A call that owns a nonce. The last attempt is the one in force."""

    nonce: int
    data_hash: bytes
    """Of a settlement's batch; of another call, what it is known by."""
    calldata: bytes
    gas: int
    attempts: tuple[Attempt, ...]
    renumbered: int = 0
    """How often another transaction took its nonce."""
    to: bytes = b""
    """The contract's address, 20 bytes; empty = the ledger."""


class SubmissionStore(Protocol):
    """Where submissions survive a crash. Every change is on disk when the call returns."""

    def put(self, submission: Submission) -> None:
        """The submission is kept under its nonce."""

    def delete(self, nonce: int) -> None:
        """Nothing is kept under the nonce."""

    def load(self) -> Iterator[Submission]:
        """Everything kept, by ascending nonce."""


class LevelSubmissionStore:
    """Submissions in a LevelDB directory, which belongs to one process at a time.

    Args:
        path: the directory, made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._database = plyvel.DB(str(path), create_if_missing=True)

    def put(self, submission: Submission) -> None:
        """The submission is on disk under its nonce."""
        value = msgspec.msgpack.encode(submission)
        self._database.put(_encode_key(submission.nonce), value, sync=True)

    def delete(self, nonce: int) -> None:
        """Nothing is on disk under the nonce."""
        self._database.delete(_encode_key(nonce), sync=True)

    def load(self) -> Iterator[Submission]:
        """Everything kept, by ascending nonce."""
        for _, value in self._database.iterator():
            yield msgspec.msgpack.decode(value, type=Submission)

    def close(self) -> None:
        """The directory may be opened by another process."""
        self._database.close()


def _encode_key(nonce: int) -> bytes:
    return nonce.to_bytes(8, "big")
