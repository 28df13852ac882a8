"""The most a call can use and cost."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.tariff import ResolvedRates
from tallystick.core.valuation import compute_cost_ucr
from tallystick.meter.admission.bounds import (
    HIDDEN_TOKENS,
    Bound,
    compute_bound,
    compute_max_cost_ucr,
)


@dataclass(frozen=True)
class Request:
    input_bytes: int = 100
    has_opaque_input: bool = False
    max_output_tokens: int | None = None
    choices: int = 1


@dataclass(frozen=True)
class Limits:
    max_input_tokens: int = 128_000
    max_output_tokens: int = 16_384


def test_bound_of_text_is_its_bytes_and_what_the_provider_adds() -> None:
    assert compute_bound(Request(5_000), Limits()).in_tokens == 5_000 + HIDDEN_TOKENS


def test_bound_of_text_is_the_models_limit_when_it_is_longer() -> None:
    assert compute_bound(Request(10**9), Limits()).in_tokens == 128_000


def test_bound_is_the_models_limit_when_bytes_bound_nothing() -> None:
    assert compute_bound(Request(has_opaque_input=True), Limits()).in_tokens == 128_000


def test_bound_of_output_is_what_was_asked_for() -> None:
    assert compute_bound(Request(max_output_tokens=50, choices=5), Limits()).out_tokens == 50


def test_bound_of_output_is_the_models_limit_for_each_choice_when_nothing_was_asked_for() -> None:
    assert compute_bound(Request(choices=3), Limits()).out_tokens == 3 * 16_384


def test_bound_of_output_is_the_models_limit_when_more_or_nonsense_was_asked_for() -> None:
    for asked in (10**9, -1):
        assert compute_bound(Request(max_output_tokens=asked), Limits()).out_tokens == 16_384


def test_max_cost_is_that_of_the_dearest_rates() -> None:
    cheap = ResolvedRates(1_000, 500, 1_250, 4_000, 4_000, 0, 0, 0, 0, 0)
    announced = ResolvedRates(2_000, 1_000, 2_500, 8_000, 8_000, 0, 0, 0, 0, 0)
    bound = Bound(1_000, 100)
    assert compute_max_cost_ucr([cheap], bound) == 1_250 + 400
    assert compute_max_cost_ucr([cheap, announced], bound) == 2_500 + 800
    assert compute_max_cost_ucr([], bound) == 0


weights = st.integers(0, 10**6)
rates = st.builds(
    ResolvedRates,
    weights,
    weights,
    weights,
    weights,
    weights,
    st.just(0),
    st.just(0),
    st.just(0),
    st.integers(0, 10**9),
    st.integers(0, 1_000),
)


@given(
    known=st.lists(rates, min_size=1, max_size=3),
    bound=st.builds(Bound, st.integers(0, 200_000), st.integers(0, 50_000)),
    data=st.data(),
)
def test_no_record_inside_the_bound_costs_more(
    known: list[ResolvedRates], bound: Bound, data: st.DataObject
) -> None:
    cached = data.draw(st.integers(0, bound.in_tokens))
    written = data.draw(st.integers(0, bound.in_tokens - cached))
    fresh = data.draw(st.integers(0, bound.in_tokens - cached - written))
    hidden = data.draw(st.integers(0, bound.out_tokens))
    visible = data.draw(st.integers(0, bound.out_tokens - hidden))
    quantities = {
        "in_fresh": fresh,
        "in_cached": cached,
        "in_written": written,
        "out_visible": visible,
        "out_reasoning": hidden,
    }
    applied = data.draw(st.sampled_from(known))
    assert compute_cost_ucr(quantities, applied) <= compute_max_cost_ucr(known, bound)
