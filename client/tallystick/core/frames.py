"""Frames: consecutive records of one meter, signed by it (docs/protocol.md section 2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from tallystick.core.errors import BadSignature, CostFilledIn, FrameMalformed, TooManyProjects
from tallystick.core.hashes import compute_sha256
from tallystick.core.usage import RECORD_BYTES, RECORD_DTYPE, Records

FRAME_VERSION: Final = 1
FRAME_DOMAIN: Final = b"tallystick/frame/v1"
MAX_FRAME_RECORDS: Final = 900
MAX_FRAME_PROJECTS: Final = 64
MAX_SEQUENCE: Final = 2**63

_HEADER: Final = struct.Struct(">B32sIHQH")
SIGNATURE_BYTES: Final = 64
MIN_FRAME_BYTES: Final = _HEADER.size + RECORD_BYTES + SIGNATURE_BYTES
MAX_FRAME_BYTES: Final = _HEADER.size + MAX_FRAME_RECORDS * RECORD_BYTES + SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Frame:
    """One signed frame. `records` is a read-only array whose cost words are zero."""

    version: int
    network_id: bytes
    meter: int
    key_index: int
    first_seq: int
    records: Records
    signature: bytes

    @property
    def count(self) -> int:
        """How many records the frame holds."""
        return len(self.records)

    @property
    def end_seq(self) -> int:
        """The sequence number after the last record's."""
        return self.first_seq + len(self.records)


def encode_header(frame: Frame) -> bytes:
    """Bytes 0 .. 49 of the frame."""
    return _HEADER.pack(
        frame.version,
        frame.network_id,
        frame.meter,
        frame.key_index,
        frame.first_seq,
        frame.count,
    )


def encode_frame(frame: Frame) -> bytes:
    """The frame as it travels: 113 + 64 x count bytes."""
    return encode_header(frame) + frame.records.tobytes() + frame.signature


def decode_frame(data: bytes | memoryview) -> Frame:
    """The one frame that `data` holds, exactly.

    Raises:
        FrameMalformed: no frame, or bytes are left over.
    """
    frame, length = _decode_at(memoryview(data), 0)
    if length != len(data):
        raise FrameMalformed("bytes follow the frame", expected=length, actual=len(data))
    return frame


def decode_frames(data: bytes | memoryview, *, max_frames: int) -> Iterator[Frame]:
    """The frames that `data` holds back to back, each checked before anything is allocated for it.

    Args:
        data: concatenated frames.
        max_frames: more are refused.

    Raises:
        FrameMalformed: at the frame where the bytes stop making sense.
    """
    view, offset = memoryview(data), 0
    for _ in range(max_frames):
        frame, offset = _decode_at(view, offset)
        yield frame
        if offset == len(view):
            return
    raise FrameMalformed("too many frames in one body", expected=max_frames, actual="more")


def compute_frame_digest(frame: Frame) -> bytes:
    """What the meter signs: the domain-separated SHA-256 of header and records."""
    return compute_sha256(FRAME_DOMAIN, encode_header(frame), frame.records.tobytes())


def sign_frame(
    key: SigningKey,
    *,
    network_id: bytes,
    meter: int,
    key_index: int,
    first_seq: int,
    records: Records,
) -> Frame:
    """A frame over `records`, signed by the meter's key.

    Args:
        key: the meter's ed25519 key.
        network_id: 32 bytes, the Registry's.
        meter: the meter's id.
        key_index: which of the meter's keys `key` is.
        first_seq: sequence number of the first record.
        records: 1 to 900 records of at most 64 projects, cost words zero; copied.

    Raises:
        FrameMalformed, TooManyProjects, CostFilledIn: the limits that receivers check too.
    """
    frozen = records.copy()
    frozen.flags.writeable = False
    unsigned = Frame(FRAME_VERSION, network_id, meter, key_index, first_seq, frozen, bytes(64))
    check_frame_limits(unsigned)
    signature = key.sign(compute_frame_digest(unsigned)).signature
    return Frame(FRAME_VERSION, network_id, meter, key_index, first_seq, frozen, signature)


def check_frame_limits(frame: Frame) -> None:
    """The frame keeps every limit that can be checked without knowing any fact.

    Raises:
        FrameMalformed: count or sequence numbers out of range.
        TooManyProjects: more than 64 distinct projects.
        CostFilledIn: a cost word is not zero.
    """
    if not 1 <= frame.count <= MAX_FRAME_RECORDS:
        raise FrameMalformed(
            "a frame's count is out of range",
            expected=f"1..{MAX_FRAME_RECORDS}",
            actual=frame.count,
        )
    if frame.end_seq >= MAX_SEQUENCE:
        raise FrameMalformed(
            "sequence numbers are out of range", expected="below 2^63", actual=frame.end_seq
        )
    projects = len(np.unique(frame.records["project"]))
    if projects > MAX_FRAME_PROJECTS:
        raise TooManyProjects(
            "a frame names too many projects", expected=MAX_FRAME_PROJECTS, actual=projects
        )
    if frame.records["cost_word"].any():
        raise CostFilledIn("a meter filled in a cost", expected=0, actual="a non-zero cost word")


def verify_frame(frame: Frame, public_key: bytes) -> None:
    """The frame's signature is the key's.

    Args:
        frame: as decoded.
        public_key: 32 bytes, ed25519.

    Raises:
        BadSignature: it is not.
    """
    try:
        crypto_sign_open(frame.signature + compute_frame_digest(frame), public_key)
    except (BadSignatureError, ValueError, TypeError) as error:
        raise BadSignature(
            "a frame's signature does not verify",
            expected=f"a signature of meter {frame.meter}, key {frame.key_index}",
        ) from error


def _decode_at(view: memoryview, offset: int) -> tuple[Frame, int]:
    """The frame that starts at `offset`, and where it ends. Its records alias `view`."""
    left = len(view) - offset
    if left < MIN_FRAME_BYTES:
        raise FrameMalformed(
            "a frame is truncated", expected=f"at least {MIN_FRAME_BYTES} bytes", actual=left
        )
    version, network_id, meter, key_index, first_seq, count = _HEADER.unpack_from(view, offset)
    if not 1 <= count <= MAX_FRAME_RECORDS:
        raise FrameMalformed(
            "a frame's count is out of range", expected=f"1..{MAX_FRAME_RECORDS}", actual=count
        )
    length = _HEADER.size + count * RECORD_BYTES + SIGNATURE_BYTES
    if left < length:
        raise FrameMalformed("a frame is truncated", expected=f"{length} bytes", actual=left)
    records = np.frombuffer(view, RECORD_DTYPE, count, offset + _HEADER.size)
    records.flags.writeable = False
    end = offset + length
    signature = bytes(view[end - SIGNATURE_BYTES : end])
    return Frame(version, network_id, meter, key_index, first_seq, records, signature), end
