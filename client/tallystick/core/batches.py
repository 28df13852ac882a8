"""Batches: signed frames with cost words filled in, as settled (docs/protocol.md section 3)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.core.errors import BatchMalformed, TooManyProjects
from tallystick.core.frames import MAX_FRAME_PROJECTS, MAX_FRAME_RECORDS, SIGNATURE_BYTES, Frame
from tallystick.core.hashes import compute_keccak256
from tallystick.core.usage import RECORD_BYTES, Records, create_records

BATCH_FORMAT: Final = 1
MAX_BATCH_RECORDS: Final = 1_800
MAX_BATCH_SEGMENTS: Final = 40
MAX_BATCH_PROJECTS: Final = 120
MAX_BATCH_LINES: Final = 240
"""Pairs of a project and consecutive segments of one meter that bill it."""
MAX_TRANSACTION_BYTES: Final = 120_000
MAX_VALIDITY_MS: Final = 600_000

_HEADER: Final = struct.Struct(">BBHIIQ6s6s32s")
_SEGMENT: Final = struct.Struct(">BIHQH15s")
HEADER_BYTES: Final = _HEADER.size
SEGMENT_HEAD_BYTES: Final = _SEGMENT.size + SIGNATURE_BYTES
_PADDING: Final = bytes(15)
_ROW: Final = np.dtype((np.void, RECORD_BYTES))
"""A record as one block of bytes: copied whole, where the structured type is copied by field."""
_CALLDATA_FIXED_BYTES: Final = 4 + 5 * 32
_ENVELOPE_BYTES: Final = 256
"""What a signed transaction adds to its calldata, generously."""


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What a batch says about itself; the rest of it are segments."""

    set_version: int
    rules_version: int
    reference_block: int
    reference_hash: bytes
    batch_time_ms: int
    valid_until_ms: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Where one frame lies in a batch: rows [start, start + count) of the batch's records."""

    version: int
    meter: int
    key_index: int
    first_seq: int
    count: int
    signature: bytes
    start: int

    @property
    def end_seq(self) -> int:
        """The sequence number after the last record's."""
        return self.first_seq + self.count


@dataclass(frozen=True, slots=True)
class Batch:
    """A decoded batch. `records` are those of all segments, joined, cost words filled in."""

    header: BatchHeader
    segments: tuple[Segment, ...]
    records: Records

    def meters(self) -> NDArray[np.uint32]:
        """The meter of every record."""
        return np.repeat(
            np.array([segment.meter for segment in self.segments], dtype=np.uint32),
            [segment.count for segment in self.segments],
        )

    def frame(self, segment: Segment, network_id: bytes) -> Frame:
        """The exact frame that the segment's meter signed: its records with cost words zeroed."""
        records = self.records[segment.start : segment.start + segment.count].copy()
        records["cost_word"] = 0
        records.flags.writeable = False
        return Frame(
            segment.version,
            network_id,
            segment.meter,
            segment.key_index,
            segment.first_seq,
            records,
            segment.signature,
        )


def compute_settle_bytes(records: int, segments: int, signers: int) -> int:
    """The size of a settlement transaction, rounded up to what any encoding of it takes."""
    data = HEADER_BYTES + segments * SEGMENT_HEAD_BYTES + records * RECORD_BYTES
    return _CALLDATA_FIXED_BYTES + data + signers * SIGNATURE_BYTES + _ENVELOPE_BYTES


def join_frames(header: BatchHeader, frames: Sequence[Frame]) -> Batch:
    """A batch of these frames, in their order, cost words still zero.

    Args:
        header: the batch's.
        frames: at least one; `check_batch_limits` judges the rest.
    """
    records = create_records(sum(frame.count for frame in frames))
    rows = records.view(_ROW)
    segments, start = [], 0
    for frame in frames:
        rows[start : start + frame.count] = frame.records.view(_ROW)
        segments.append(
            Segment(
                frame.version,
                frame.meter,
                frame.key_index,
                frame.first_seq,
                frame.count,
                frame.signature,
                start,
            )
        )
        start += frame.count
    return Batch(header, tuple(segments), records)


def check_batch_limits(batch: Batch, signers: int) -> None:
    """The batch fits into one settlement transaction.

    Args:
        batch: with or without cost words.
        signers: how many attestations it will carry.

    Raises:
        BatchMalformed: too many records, segments, lines or bytes, or valid for too long.
        TooManyProjects: more than 120 in the batch or 64 in a segment.
    """
    records, segments = len(batch.records), len(batch.segments)
    _require(1 <= records <= MAX_BATCH_RECORDS, "records", f"1..{MAX_BATCH_RECORDS}", records)
    _require(1 <= segments <= MAX_BATCH_SEGMENTS, "segments", f"1..{MAX_BATCH_SEGMENTS}", segments)
    size = compute_settle_bytes(records, segments, signers)
    _require(size <= MAX_TRANSACTION_BYTES, "bytes", MAX_TRANSACTION_BYTES, size)
    header = batch.header
    valid_ms = header.valid_until_ms - header.batch_time_ms
    _require(0 <= valid_ms <= MAX_VALIDITY_MS, "validity in ms", f"0..{MAX_VALIDITY_MS}", valid_ms)
    projects = batch.records["project"]
    lines = count_lines(batch)
    _require(lines <= MAX_BATCH_LINES, "lines", MAX_BATCH_LINES, lines)
    _check_projects(projects, MAX_BATCH_PROJECTS, "a batch")
    for segment in batch.segments:
        part = projects[segment.start : segment.start + segment.count]
        _check_projects(part, MAX_FRAME_PROJECTS, "a segment")


def count_lines(batch: Batch) -> int:
    """How many pairs there are of a project and consecutive segments of one meter that bill it."""
    projects = batch.records["project"]
    groups = [list(group) for _, group in groupby(batch.segments, key=lambda each: each.meter)]
    return sum(
        len(np.unique(projects[group[0].start : group[-1].start + group[-1].count]))
        for group in groups
    )


def encode_batch(batch: Batch) -> bytes:
    """The words handed to `UsageLedger.settle`, as bytes."""
    header = batch.header
    parts = [
        _HEADER.pack(
            BATCH_FORMAT,
            len(batch.segments),
            len(batch.records),
            header.set_version,
            header.rules_version,
            header.reference_block,
            header.batch_time_ms.to_bytes(6, "big"),
            header.valid_until_ms.to_bytes(6, "big"),
            header.reference_hash,
        )
    ]
    for segment in batch.segments:
        parts.append(
            _SEGMENT.pack(
                segment.version,
                segment.meter,
                segment.key_index,
                segment.first_seq,
                segment.count,
                _PADDING,
            )
        )
        parts.append(segment.signature)
        parts.append(batch.records[segment.start : segment.start + segment.count].tobytes())
    return b"".join(parts)


def decode_batch(data: bytes | memoryview) -> Batch:
    """The batch that `data` holds, exactly.

    Raises:
        BatchMalformed: the bytes are no batch.
    """
    view = memoryview(data)
    _require(HEADER_BYTES <= len(view) <= MAX_TRANSACTION_BYTES, "bytes", "a batch", len(view))
    (
        batch_format,
        segment_count,
        record_count,
        set_version,
        rules_version,
        block,
        time,
        until,
        digest,
    ) = _HEADER.unpack_from(view)
    _require(batch_format == BATCH_FORMAT, "format", BATCH_FORMAT, batch_format)
    _require(
        1 <= segment_count <= MAX_BATCH_SEGMENTS, "segments", MAX_BATCH_SEGMENTS, segment_count
    )
    _require(1 <= record_count <= MAX_BATCH_RECORDS, "records", MAX_BATCH_RECORDS, record_count)
    length = HEADER_BYTES + segment_count * SEGMENT_HEAD_BYTES + record_count * RECORD_BYTES
    _require(length == len(view), "bytes", length, len(view))
    header = BatchHeader(
        set_version,
        rules_version,
        block,
        digest,
        int.from_bytes(time, "big"),
        int.from_bytes(until, "big"),
    )
    return Batch(header, *_decode_segments(view, segment_count, record_count))


def compute_data_hash(data: bytes) -> bytes:
    """keccak-256 of the batch's words."""
    return compute_keccak256(data)


def _decode_segments(
    view: memoryview, segment_count: int, record_count: int
) -> tuple[tuple[Segment, ...], Records]:
    """The segments of a batch whose total length is known to be right, and their records joined."""
    records = create_records(record_count)
    rows = records.view(_ROW)
    segments, offset, start = [], HEADER_BYTES, 0
    for _ in range(segment_count):
        _require(offset + SEGMENT_HEAD_BYTES <= len(view), "segment", "a head", "the end")
        version, meter, key_index, first_seq, count, padding = _SEGMENT.unpack_from(view, offset)
        left = record_count - start
        _require(1 <= count <= min(MAX_FRAME_RECORDS, left), "count", f"1..{left}", count)
        _require(padding == _PADDING, "segment padding", "zero", "something else")
        body = offset + SEGMENT_HEAD_BYTES
        signature = bytes(view[offset + _SEGMENT.size : body])
        offset = body + count * RECORD_BYTES
        _require(offset <= len(view), "segment", "its records", "the end")
        rows[start : start + count] = np.frombuffer(view, _ROW, count, body)
        segments.append(Segment(version, meter, key_index, first_seq, count, signature, start))
        start += count
    _require(start == record_count, "records", record_count, start)
    return tuple(segments), records


def _check_projects(projects: NDArray[np.uint32], limit: int, where: str) -> None:
    count = len(np.unique(projects))
    if count > limit:
        raise TooManyProjects(f"{where} names too many projects", expected=limit, actual=count)


def _require(holds: bool, what: str, expected: str | int, actual: str | int) -> None:  # noqa: FBT001
    if not holds:
        raise BatchMalformed(f"a batch's {what} are wrong", expected=expected, actual=actual)
