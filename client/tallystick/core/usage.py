"""The usage record: 64 big-endian bytes from meter to chain (docs/protocol.md section 1).

Records live in numpy arrays of `RECORD_DTYPE` and are never objects of their own: a frame of 256
records is one array, and everything that judges or values them works on whole columns.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

import numpy as np
from numpy.typing import NDArray

RECORD_BYTES: Final = 64

RECORD_DTYPE: Final = np.dtype(
    [
        ("time_hi", ">u2"),
        ("time_lo", ">u4"),
        ("project", ">u4"),
        ("user", ">u8"),
        ("resource", ">u2"),
        ("flags", ">u2"),
        ("in_fresh", ">u4"),
        ("in_cached", ">u4"),
        ("in_written", ">u4"),
        ("out_visible", ">u4"),
        ("out_reasoning", ">u4"),
        ("compute_ms", ">u4"),
        ("memory_gib_s", ">u4"),
        ("transfer_kib", ">u4"),
        ("step", ">u2"),
        ("cost_word", ">u8"),
    ]
)
"""One record; `time_hi` and `time_lo` are the halves of the u48 `time_ms`."""

TOKEN_FIELDS: Final = ("in_fresh", "in_cached", "in_written", "out_visible", "out_reasoning")
QUANTITY_FIELDS: Final = (*TOKEN_FIELDS, "compute_ms", "memory_gib_s", "transfer_kib")

MAX_TIME_MS: Final = 2**48 - 1
MAX_CONTEXT: Final = 2**24 - 1
"""Above this many tokens in one record the overflow bound of the rates no longer holds."""

REASON_SHIFT: Final = 56
COST_MASK: Final = 2**55 - 1

Records = NDArray[np.void]
"""An array of `RECORD_DTYPE`."""


class Flag(IntFlag):
    """What a meter can say about a record; flags never price."""

    ESTIMATED = 1 << 0
    UPSTREAM_FAILED = 1 << 1
    PASSIVE = 1 << 2
    EXPLORATION = 1 << 3
    USAGE_MISMATCH = 1 << 4
    REASONING_NOT_REPORTED = 1 << 5
    CONTINUATION = 1 << 6
    AGGREGATE = 1 << 7


NO_MCI_FLAGS: Final = int(Flag.CONTINUATION | Flag.AGGREGATE)


class Reason(IntEnum):
    """Why a record was quarantined: the first check it failed. 0 = it was valued."""

    VALUED = 0
    METER_FROZEN = 1
    FLAGS_UNDEFINED = 2
    PROJECT_UNKNOWN = 3
    PROJECT_INACTIVE = 4
    PROJECT_NOT_BILLABLE = 5
    RESOURCE_UNKNOWN = 6
    RESOURCE_INACTIVE = 7
    EXPERIMENT_NOT_OPEN = 8
    QUANTITY_OVER_MAXIMUM = 9
    COST_OVER_MAXIMUM = 10


def create_records(count: int) -> Records:
    """A zeroed array of `count` records."""
    return np.zeros(count, dtype=RECORD_DTYPE)


def read_time_ms(records: Records) -> NDArray[np.int64]:
    """The records' times, int64 ms, one per record."""
    high = records["time_hi"].astype(np.int64)
    return (high << 32) | records["time_lo"].astype(np.int64)


def apply_time_ms(records: Records, time_ms: NDArray[np.int64]) -> None:
    """The records carry these times afterwards.

    Args:
        records: changed in place.
        time_ms: one per record, 0 .. 2^48 - 1.
    """
    records["time_hi"] = time_ms >> 32
    records["time_lo"] = time_ms & 0xFFFFFFFF


def read_reasons(records: Records) -> NDArray[np.uint8]:
    """The reason code of every record, 0 where it was valued."""
    return (records["cost_word"].astype(np.uint64) >> np.uint64(REASON_SHIFT)).astype(np.uint8)


def read_costs_ucr(records: Records) -> NDArray[np.uint64]:
    """The cost of every record in ucr, 0 where it is quarantined."""
    words = records["cost_word"].astype(np.uint64)
    costs = words & np.uint64(COST_MASK)
    return np.where(words >> np.uint64(REASON_SHIFT) == 0, costs, np.uint64(0))


def compute_context(records: Records) -> NDArray[np.uint64]:
    """All five token fields added up, one sum per record."""
    context = records["in_fresh"].astype(np.uint64)
    for field in TOKEN_FIELDS[1:]:
        context += records[field]
    return context
