"""Records of one call: exact, in range, and split where they do not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.usage import (
    MAX_CONTEXT,
    MAX_TIME_MS,
    QUANTITY_FIELDS,
    Flag,
    compute_context,
    read_time_ms,
)
from tallystick.meter.errors import RecordInvalid
from tallystick.meter.records import Billing, build_records, coarsen_ms

BILLING = Billing(project=5, resource=6, user=2**64 - 1, step=3, flags=int(Flag.EXPLORATION))
quantities = st.dictionaries(
    st.sampled_from(QUANTITY_FIELDS),
    st.one_of(st.integers(0, 1000), st.integers(0, 2**33), st.integers(0, 4 * MAX_CONTEXT)),
)


@given(use=quantities, time_ms=st.integers(0, MAX_TIME_MS))
def test_records_add_up_to_the_use(use: dict[str, int], time_ms: int) -> None:
    records = build_records(use, BILLING, time_ms)
    for name in QUANTITY_FIELDS:
        assert sum(records[name].tolist()) == use.get(name, 0)
    assert compute_context(records).max() <= MAX_CONTEXT
    assert set(read_time_ms(records).tolist()) == {time_ms}
    assert set(records["project"].tolist()) == {5}
    assert set(records["resource"].tolist()) == {6}
    assert set(records["user"].tolist()) == {2**64 - 1}
    assert records["step"].tolist() == [3] + [0] * (len(records) - 1)
    assert int(records["flags"][0]) & ~int(Flag.AGGREGATE) == Flag.EXPLORATION
    assert set(records["flags"][1:].tolist()) <= {int(Flag.CONTINUATION)}
    assert not records["cost_word"].any()


@pytest.mark.parametrize(
    ("use", "billing", "time_ms"),
    [
        ({"in_fresh": -1}, BILLING, 0),
        ({"in_fresh": 1.0}, BILLING, 0),
        ({"in_fresh": True}, BILLING, 0),
        ({"in_fresh": 2**53 + 1}, BILLING, 0),
        ({"in_fresh": 2**45}, BILLING, 0),
        ({"cost_word": 1}, BILLING, 0),
        ({}, BILLING, 2**48),
        ({}, BILLING, -1),
        ({}, Billing(2**32, 1), 0),
        ({}, Billing(1, 2**16), 0),
        ({}, Billing(1, 1, user=2**64), 0),
        ({}, Billing(1, 1, step=2**16), 0),
        ({}, Billing(1, 1, flags=2**16), 0),
    ],
)
def test_build_refuses_what_no_record_holds(
    use: dict[str, int], billing: Billing, time_ms: int
) -> None:
    with pytest.raises(RecordInvalid):
        build_records(use, billing, time_ms)


def test_time_is_coarsened_downwards() -> None:
    assert [coarsen_ms(time_ms, 60_000) for time_ms in (0, 59_999, 60_000)] == [0, 0, 60_000]
    assert [coarsen_ms(1234, granularity_ms) for granularity_ms in (0, 1)] == [1234, 1234]
