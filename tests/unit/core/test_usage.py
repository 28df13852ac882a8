import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.usage import (
    MAX_TIME_MS,
    RECORD_BYTES,
    RECORD_DTYPE,
    Reason,
    apply_time_ms,
    compute_context,
    create_records,
    read_costs_ucr,
    read_reasons,
    read_time_ms,
)

# Offsets and widths as docs/protocol.md section 1 prints them, written a second time on purpose.
LAYOUT = {
    "time_hi": (0, 2),
    "time_lo": (2, 4),
    "project": (6, 4),
    "user": (10, 8),
    "resource": (18, 2),
    "flags": (20, 2),
    "in_fresh": (22, 4),
    "in_cached": (26, 4),
    "in_written": (30, 4),
    "out_visible": (34, 4),
    "out_reasoning": (38, 4),
    "compute_ms": (42, 4),
    "memory_gib_s": (46, 4),
    "transfer_kib": (50, 4),
    "step": (54, 2),
    "cost_word": (56, 8),
}


def test_record_layout_is_the_protocols() -> None:
    assert RECORD_DTYPE.itemsize == RECORD_BYTES
    assert RECORD_DTYPE.fields is not None
    found = {name: (entry[1], entry[0].itemsize) for name, entry in RECORD_DTYPE.fields.items()}
    assert found == LAYOUT


def test_record_bytes_are_big_endian() -> None:
    records = create_records(1)
    for number, (name, (_, width)) in enumerate(LAYOUT.items(), start=1):
        records[name] = number << (8 * (width - 1))
    data = records.tobytes()
    assert [data[offset] for offset, _ in LAYOUT.values()] == list(range(1, len(LAYOUT) + 1))


@given(st.lists(st.integers(0, MAX_TIME_MS), min_size=1, max_size=20))
def test_time_reads_back_as_applied(times: list[int]) -> None:
    records = create_records(len(times))
    apply_time_ms(records, np.array(times, dtype=np.int64))
    assert read_time_ms(records).tolist() == times


def test_cost_word_tells_cost_from_reason() -> None:
    records = create_records(3)
    records["cost_word"] = [
        2**55 - 1,
        Reason.PROJECT_UNKNOWN << 56,
        (Reason.METER_FROZEN << 56) | 5,
    ]
    assert read_costs_ucr(records).tolist() == [2**55 - 1, 0, 0]
    assert read_reasons(records).tolist() == [0, 3, 1]


def test_context_adds_up_beyond_32_bits() -> None:
    records = create_records(1)
    for field in ("in_fresh", "in_cached", "in_written", "out_visible", "out_reasoning"):
        records[field] = 2**32 - 1
    assert compute_context(records).tolist() == [5 * (2**32 - 1)]
