"""What clients and peers send about corrections, as JSON; parsed and written here alone."""

from __future__ import annotations

import msgspec

from tallystick.core.corrections import Credit, Release
from tallystick_node.errors import ParameterInvalid

WORD_BYTES = 32
SIGNATURE_BYTES = 65


class RecordName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which record: of which meter, under which number."""

    meter: int
    seq: int


class ReleaseDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release, as one validator puts it to the others."""

    meter: int
    seq: int
    project: int
    resource: int
    user: int
    cost_ucr: int
    record_hash: str


class CreditDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A credit with the two signatures that it takes before any validator looks at it."""

    meter: int
    seq: int
    project: int
    cost_ucr: int
    amount_ucr: int
    record_hash: str
    reason: str
    owner_signature: str
    registrar_signature: str


def parse_release(document: ReleaseDocument) -> Release:
    """The release that the document describes.

    Raises:
        ParameterInvalid: the hash is no 32 bytes.
    """
    return Release(
        document.meter,
        document.seq,
        document.project,
        document.resource,
        document.user,
        document.cost_ucr,
        parse_hex(document.record_hash, WORD_BYTES),
    )


def write_release(release: Release) -> bytes:
    """The release as JSON."""
    document = ReleaseDocument(
        release.meter,
        release.seq,
        release.project,
        release.resource,
        release.user,
        release.cost_ucr,
        write_hex(release.record_hash),
    )
    return msgspec.json.encode(document)


def parse_credit(document: CreditDocument) -> Credit:
    """The credit that the document describes, its signatures left aside.

    Raises:
        ParameterInvalid: a hash is no 32 bytes.
    """
    return Credit(
        document.meter,
        document.seq,
        document.project,
        document.cost_ucr,
        document.amount_ucr,
        parse_hex(document.record_hash, WORD_BYTES),
        parse_hex(document.reason, WORD_BYTES),
    )


def write_document(document: CreditDocument) -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(document)


def parse_hex(text: str, size: int) -> bytes:
    """The bytes that 0x text stands for.

    Raises:
        ParameterInvalid: no hexadecimal, or of another size.
    """
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise ParameterInvalid("a field is no hexadecimal", actual=text[:80]) from error
    if len(value) != size:
        raise ParameterInvalid("a field has a wrong size", expected=size, actual=len(value))
    return value


def write_hex(value: bytes) -> str:
    """Bytes as 0x text."""
    return "0x" + value.hex()
