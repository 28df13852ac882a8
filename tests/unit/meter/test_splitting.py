"""Split use adds up to what was measured, and no record is beyond its bounds."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.usage import (
    MAX_CONTEXT,
    QUANTITY_FIELDS,
    TOKEN_FIELDS,
    Flag,
    compute_context,
)
from tallystick.meter.importers.errors import RowMalformed
from tallystick.meter.importers.options import ImportOptions
from tallystick.meter.importers.parse import parse_import
from tallystick.meter.splitting import count_pieces, create_split_records

quantity = st.one_of(
    st.integers(0, 100), st.integers(0, 3 * MAX_CONTEXT), st.integers(2**32 - 2, 2**32 + 1)
)
rows = st.lists(st.tuples(*[quantity] * len(QUANTITY_FIELDS)), min_size=1, max_size=5)


@given(rows=rows)
def test_pieces_add_up_and_keep_their_bounds(rows: list[tuple[int, ...]]) -> None:
    columns = np.array(rows, np.int64).T
    quantities = dict(zip(QUANTITY_FIELDS, columns, strict=True))
    pieces = count_pieces(quantities)
    records, row_of = create_split_records(quantities, pieces, flags=int(Flag.ESTIMATED))
    for name in QUANTITY_FIELDS:
        sums = np.zeros(len(rows), np.int64)
        np.add.at(sums, row_of, records[name].astype(np.int64))
        assert sums.tolist() == quantities[name].tolist()
    assert int(compute_context(records).max()) <= MAX_CONTEXT
    is_first = np.diff(row_of, prepend=-1) > 0
    assert set(records["flags"][~is_first].tolist()) <= {int(Flag.CONTINUATION)}
    is_aggregate = np.sum([quantities[name] for name in TOKEN_FIELDS], axis=0) > MAX_CONTEXT
    expected = np.where(is_aggregate, Flag.ESTIMATED | Flag.AGGREGATE, Flag.ESTIMATED)
    assert records["flags"][is_first].tolist() == expected.tolist()


def test_first_record_carries_tokens_and_step_when_only_compute_is_split() -> None:
    options = ImportOptions(
        {"time": "t", "in_fresh": "n", "compute_ms": "c", "step": "s", "user": "u"},
        {"project": "a/b", "resource": "h100"},
    )
    text = b"t,n,c,s,u\n1700000000,5,8589934593,3,ann\n1700000001,6,1,4,bob\n"
    records = parse_import(io.BytesIO(text), "csv", options).records
    assert records["compute_ms"].tolist() == [2**32 - 1, 2**32 - 1, 3, 1]
    assert records["in_fresh"].tolist() == [5, 0, 0, 6]
    assert records["step"].tolist() == [3, 0, 0, 4]
    assert records["user"].tolist() == [1, 1, 1, 2]
    assert (records["flags"] & int(Flag.CONTINUATION) > 0).tolist() == [False, True, True, False]


def test_use_beyond_any_sense_names_its_line() -> None:
    options = ImportOptions(
        {"time": "t", "compute_ms": "c"}, {"project": "a/b", "resource": "h100"}
    )
    text = b"t,c\n1700000000,1\n1700000000,999999999999999999\n"
    with pytest.raises(RowMalformed) as refusal:
        parse_import(io.BytesIO(text), "csv", options)
    assert refusal.value.line == 3
