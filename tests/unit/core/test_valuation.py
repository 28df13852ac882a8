import json
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.builders import GPT_4O

from tallystick.core.errors import RatesOutOfBounds
from tallystick.core.tariff import (
    MAX_COST_NCR,
    Rates,
    ResolvedRates,
    compute_worst_cost_ncr,
    resolve_rates,
)
from tallystick.core.units import UCR_PER_CREDIT
from tallystick.core.usage import MAX_CONTEXT, QUANTITY_FIELDS, TOKEN_FIELDS, create_records
from tallystick.core.valuation import compute_cost_ucr, compute_costs_ucr

CASES = json.loads((Path(__file__).parents[2] / "vectors" / "valuation.json").read_text())["cases"]
U32 = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_valuation_equals_its_vectors_in_both_forms(case: dict[str, Any]) -> None:
    rates = resolve_rates(Rates(*case["rates"]), case["index_ppm"])
    assert list(astuple(rates)) == case["resolved"]
    quantities = dict(zip(QUANTITY_FIELDS, case["quantities"], strict=True))
    assert compute_cost_ucr(quantities, rates, flags=case["flags"]) == case["cost_ucr"]
    records = create_records(1)
    for field, value in (quantities | {"flags": case["flags"]}).items():
        records[field] = value
    assert compute_costs_ucr(records, rates).tolist() == [case["cost_ucr"]]


@st.composite
def bounded_rates(draw: st.DrawFn) -> ResolvedRates:
    """Rates inside the overflow bound, often at its very edge."""
    drawn = [draw(st.integers(0, 2**31)) for _ in range(9)]
    rates = ResolvedRates(*drawn[:8], 0, drawn[8] >> 7)  # type: ignore[call-arg] # ten in all
    room = MAX_COST_NCR - compute_worst_cost_ncr(rates)
    if room < 0:
        rates = replace(rates, g=0, m=0, t=0, mci_quad=0)
        room = MAX_COST_NCR - compute_worst_cost_ncr(rates)
    return replace(rates, mci_base=draw(st.sampled_from([0, room, room // 2])))


@st.composite
def quantities_within_context(draw: st.DrawFn) -> dict[str, int]:
    left, quantities = MAX_CONTEXT, {}
    for field in TOKEN_FIELDS:
        quantities[field] = draw(st.integers(0, left) | st.just(left))
        left -= quantities[field]
    return quantities | {field: draw(U32 | st.just(2**32 - 1)) for field in QUANTITY_FIELDS[5:]}


@given(
    st.lists(
        st.tuples(quantities_within_context(), st.integers(0, 0xFFFF)), min_size=1, max_size=8
    ),
    bounded_rates(),
)
def test_both_python_forms_agree_and_never_overflow(
    rows: list[tuple[dict[str, int], int]], rates: ResolvedRates
) -> None:
    records = create_records(len(rows))
    for place, (quantities, flags) in enumerate(rows):
        for field, value in (quantities | {"flags": flags}).items():
            records[field][place] = value
    expected = [compute_cost_ucr(quantities, rates, flags=flags) for quantities, flags in rows]
    assert compute_costs_ucr(records, rates).tolist() == expected
    assert max(expected) < 2**55


def test_a_long_gpt_4o_call_costs_about_100_credits() -> None:
    cost_ucr = compute_cost_ucr({"in_fresh": 128_000}, resolve_rates(GPT_4O))
    assert cost_ucr // UCR_PER_CREDIT == 100
    tokens_ucr = compute_cost_ucr({"in_fresh": 128_000}, resolve_rates(GPT_4O), flags=1 << 6)
    assert tokens_ucr == 12_800_000


def test_costs_round_up_once() -> None:
    rates = resolve_rates(Rates(w_in=1, w_out=1))
    assert compute_cost_ucr({"in_fresh": 1, "out_visible": 1}, rates) == 1
    assert compute_cost_ucr({"in_fresh": 1_000}, rates) == 1
    assert compute_cost_ucr({"in_fresh": 1_001}, rates) == 2


def test_array_form_values_nothing_for_no_records() -> None:
    assert compute_costs_ucr(create_records(0), resolve_rates(GPT_4O)).dtype == np.uint64


def test_resolve_rates_refuses_what_could_overflow() -> None:
    with pytest.raises(RatesOutOfBounds):
        resolve_rates(Rates(mci_base=2**64 - 999))
    resolve_rates(Rates(mci_base=2**64 - 1000))
    with pytest.raises(RatesOutOfBounds):
        resolve_rates(Rates(w_in=2**32 - 1), index_ppm=1_000_001)
    with pytest.raises(RatesOutOfBounds):
        resolve_rates(Rates(w_in=-1))
