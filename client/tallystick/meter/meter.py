"""A meter: its id, its key, its journal and its spool, in one folder.

meters/<name>/
  key           the ed25519 seed, hex, mode 0600; made before the meter is registered
  key-1, ...    the seeds of later keys, each made before the chain hears of it
  meter.json    id, name, key index and network id; written once the chain knows the meter
  journal/      what was measured
  spool/        what was signed
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec
from nacl.signing import SigningKey

from tallystick.core.frames import Frame, sign_frame
from tallystick.core.usage import Records
from tallystick.meter.durable import write_durably
from tallystick.meter.errors import JournalLost, KeyReplaced, MeterUnknown
from tallystick.meter.journal import Journal
from tallystick.meter.spool import Spool

FORMAT: Final = 1


class MeterIdentity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `meter.json` holds."""

    format: int = FORMAT
    id: int
    name: str
    key_index: int = 0
    network_id: str
    """Hex, 32 bytes: the Registry's."""


@dataclass(frozen=True, slots=True)
class MeterLimits:
    """What a meter may take of its disk."""

    journal_bytes: int = 1 << 30
    spool_bytes: int = 1 << 30
    segment_bytes: int = 16 << 20


class Meter:
    """One meter of one process.

    Args:
        folder: holds identity and keys.
        identity: as the chain registered it.
        key: signs its frames.
        journal: its own, open.
        spool: its own, open.

    Raises:
        JournalLost: frames were signed over records that the journal does not hold.
    """

    def __init__(
        self,
        folder: Path,
        identity: MeterIdentity,
        key: SigningKey,
        journal: Journal,
        spool: Spool,
    ) -> None:
        if spool.end_seq > journal.next_seq:
            raise JournalLost(
                f"the journal of meter {identity.id} lacks records that it has signed",
                expected=f"records up to number {spool.end_seq}",
                actual=journal.next_seq,
            )
        self._folder = folder
        self.identity = identity
        self.journal = journal
        self.spool = spool
        spool.retire_keys(identity.key_index)
        self._key = key
        self._network_id = bytes.fromhex(identity.network_id)

    @property
    def id(self) -> int:
        """The meter's id on the chain."""
        return self.identity.id

    def record(self, records: Records) -> range:
        """The records are kept: on disk, under consecutive numbers, to be settled exactly once.

        Args:
            records: at least one, cost words zero.

        Returns:
            Their sequence numbers.

        Raises:
            CostFilledIn, JournalFull, StorageFailed: nothing was acknowledged.
        """
        first_seq = self.journal.append(records)
        return range(first_seq, first_seq + len(records))

    def sign(self, first_seq: int, records: Records) -> Frame:
        """A frame over the journal's records from `first_seq` on, under the meter's key."""
        return sign_frame(
            self._key,
            network_id=self._network_id,
            meter=self.identity.id,
            key_index=self.identity.key_index,
            first_seq=first_seq,
            records=records,
        )

    def adopt_key(self, key_index: int) -> None:
        """The meter signs with the key of this index from now on, also after a restart.

        What it signed before and has not settled never will under the chain's rules; its records
        are in the journal and are signed anew, so that no number gets other content.

        Args:
            key_index: as the chain announced it, above the present one.

        Raises:
            KeyReplaced: the folder holds no such key: somebody else rotated it.
        """
        try:
            key = _load_key(self._folder, key_index)
        except MeterUnknown as error:
            raise KeyReplaced(
                f"meter {self.id} signs with a newer key, which its folder lacks",
                expected=f"key {key_index}",
                actual=f"key {self.identity.key_index}",
            ) from error
        identity = msgspec.structs.replace(self.identity, key_index=key_index)
        save_identity(self._folder, identity)
        self.identity, self._key = identity, key
        self.spool.retire_keys(key_index)

    def close(self) -> None:
        """Journal and spool are closed."""
        self.journal.close()
        self.spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def create_meter_key(folder: Path, key_index: int = 0) -> bytes:
    """The folder holds a key of this index, made now unless it held one.

    A meter that runs takes a later key into use once the chain names it; until then it lies there.

    Args:
        folder: the meter's.
        key_index: 0 for the first, then one above that of the key in force.

    Returns:
        Its public half, 32 bytes, to be registered.
    """
    path = _find_key(folder, key_index)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(path, bytes(SigningKey.generate()).hex().encode(), mode=0o600)
    return bytes(_load_key(folder, key_index).verify_key)


def save_identity(folder: Path, identity: MeterIdentity) -> None:
    """The folder says which meter it is, beside the key that `create_meter_key` made."""
    encoded = msgspec.json.format(msgspec.json.encode(identity), indent=2)
    write_durably(folder / "meter.json", encoded, mode=0o644)


def load_identity(folder: Path) -> MeterIdentity:
    """Which meter the folder is.

    Raises:
        MeterUnknown: it is none.
    """
    path = folder / "meter.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=MeterIdentity)
    except (FileNotFoundError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise MeterUnknown(
            f"{folder} is no registered meter", expected="meter.json", actual=str(error)
        ) from error


def open_meter(folder: Path, limits: MeterLimits | None = None) -> Meter:
    """The folder's meter, ready to record; close it when done.

    Raises:
        MeterUnknown: the folder is no registered meter.
        FolderLocked: another process has it open.
        SegmentCorrupt, JournalLost: acknowledged records are damaged or gone.
    """
    limits = limits or MeterLimits()
    identity = load_identity(folder)
    key = _load_key(folder, identity.key_index)
    journal = Journal(
        folder / "journal", max_bytes=limits.journal_bytes, segment_bytes=limits.segment_bytes
    )
    try:
        spool = Spool(
            folder / "spool", max_bytes=limits.spool_bytes, segment_bytes=limits.segment_bytes
        )
    except BaseException:
        journal.close()
        raise
    try:
        return Meter(folder, identity, key, journal, spool)
    except BaseException:
        journal.close()
        spool.close()
        raise


def _find_key(folder: Path, key_index: int) -> Path:
    return folder / (f"key-{key_index}" if key_index else "key")


def _load_key(folder: Path, key_index: int) -> SigningKey:
    path = _find_key(folder, key_index)
    try:
        return SigningKey(bytes.fromhex(path.read_text().strip()))
    except (FileNotFoundError, ValueError) as error:
        raise MeterUnknown(
            f"{path} holds no meter's key", expected="64 hex digits", actual=type(error).__name__
        ) from error
