"""Use as people write it down, as records."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.client.binding import give_pseudonyms
from tallystick.client.errors import AccountUnknown, QueryInvalid, ResourceUnknown
from tallystick.client.submission import Use, encode_uses
from tallystick.client.usage import add_up
from tallystick.core.errors import InvalidInput
from tallystick.core.usage import read_time_ms
from tallystick.local.pseudonyms import Pseudonyms

PATHS = {"acme/support/chat": 3}
SLUGS = {"gpt-4o": 1}
USE: dict[str, str | int] = {"project": "acme/support/chat", "resource": "gpt-4o", "in_fresh": 9}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"project": "acme/suport/chat"}, AccountUnknown),
        ({"resource": "gpt4o"}, ResourceUnknown),
        ({"tokens": 1}, QueryInvalid),
        ({"in_fresh": -1}, QueryInvalid),
        ({"in_fresh": 2**32}, QueryInvalid),
        ({"in_fresh": "9"}, QueryInvalid),
        ({"step": 2**16}, QueryInvalid),
        ({"time_ms": 2**48}, QueryInvalid),
    ],
)
def test_use_is_refused_when_it_fits_no_record(changed: Use, error: type[InvalidInput]) -> None:
    with pytest.raises(error):
        encode_uses([{**USE, **changed}], PATHS, SLUGS, 1_000)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"in_fresh": st.integers(0, 2**32 - 1), "user": st.integers(0, 2**64 - 1)},
            optional={"time_ms": st.integers(0, 2**48 - 1), "step": st.integers(0, 2**16 - 1)},
        ),
        min_size=1,
    )
)
def test_use_becomes_records_field_by_field(fields: list[dict[str, int]]) -> None:
    records = encode_uses([{**USE, **use} for use in fields], PATHS, SLUGS, 1_000)
    assert records["in_fresh"].tolist() == [use["in_fresh"] for use in fields]
    assert records["user"].tolist() == [use["user"] for use in fields]
    assert records["step"].tolist() == [use.get("step", 0) for use in fields]
    assert read_time_ms(records).tolist() == [use.get("time_ms", 1_000) for use in fields]
    assert not records["cost_word"].any()


def test_rows_with_the_same_keys_are_added_up() -> None:
    answers = [
        [{"day": "21", "records": 2, "cost_ucr": 5}],
        [{"day": "21", "records": 1, "cost_ucr": 1}, {"day": "22", "records": 4, "cost_ucr": 0}],
    ]
    assert add_up(answers, ["day"]) == [
        {"day": "21", "records": 3, "cost_ucr": 6},
        {"day": "22", "records": 4, "cost_ucr": 0},
    ]


def test_pseudonyms_follow_user_and_month(tmp_path: Path) -> None:
    table = Pseudonyms(tmp_path / "names.json")
    november_ms, december_ms = 1_795_305_600_000, 1_798_000_000_000
    found = give_pseudonyms(
        table,
        "acme",
        ["", "alice", "bob"],
        np.array([0, 1, 2, 1, 1], dtype=np.uint64),
        np.array([november_ms, november_ms, november_ms, november_ms + 9, december_ms]),
    ).tolist()
    assert found[0] == 0
    assert found[1] == found[3] == table.give("acme", "alice", november_ms)
    assert len(set(found)) == 4
