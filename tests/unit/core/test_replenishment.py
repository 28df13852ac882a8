"""The grant function: the vectors, and fractions as a second computation."""

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.replenishment import (
    PPM,
    Judgement,
    Minting,
    ReplenishmentTerms,
    compute_grant,
    compute_minting,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "replenishment.json").read_text(encoding="utf-8")
)
TERMS = ReplenishmentTerms(
    low_uusd=50_000,
    high_uusd=150_000,
    growth_ppm=250_000,
    cut_ppm=250_000,
    min_spend_ucr=PPM,
    min_value_uusd=PPM,
    exploration_ppm=100_000,
    dispute_s=86_400,
)
amounts = st.integers(0, 2**64 - 1)


@pytest.mark.parametrize("case", VECTORS["grants"], ids=lambda case: case["name"])
def test_grant_follows_the_vectors(case: dict[str, Any]) -> None:
    previous_ucr, credits_ucr, value_uusd, is_protected = case["given"]
    found = compute_grant(
        ReplenishmentTerms(*case["terms"]),
        previous_grant_ucr=previous_ucr,
        credits_ucr=credits_ucr,
        value_uusd=value_uusd,
        is_protected=bool(is_protected),
    )
    base_ucr, grant_ucr, is_judged, is_low = case["expected"]
    assert found == Judgement(base_ucr, grant_ucr, bool(is_judged), bool(is_low))


@pytest.mark.parametrize("case", VECTORS["shares"], ids=lambda case: str(case["share_ppm"]))
def test_minting_follows_the_vectors(case: dict[str, Any]) -> None:
    minting = Minting()
    for granted_ucr, pool_ucr in zip(case["granted_ucr"], case["pool_ucr"], strict=True):
        minting = compute_minting(minting, granted_ucr, case["share_ppm"])
        assert minting.exploration_ucr == pool_ucr
    assert minting.general_ucr == sum(case["granted_ucr"])


def test_vectors_are_many() -> None:
    assert len(VECTORS["grants"]) >= 200


@given(amounts, amounts, st.integers(0, 2**80))
def test_grant_falls_with_velocity_only_below_the_low_mark(
    previous_ucr: int, credits_ucr: int, value_uusd: int
) -> None:
    found = compute_grant(
        TERMS,
        previous_grant_ucr=previous_ucr,
        credits_ucr=credits_ucr,
        value_uusd=value_uusd,
    )
    assert found.base_ucr == min(previous_ucr, math.floor(Fraction(5, 4) * credits_ucr))
    assert (found.grant_ucr < found.base_ucr) <= found.is_low
    least = found.base_ucr * Fraction(PPM - TERMS.cut_ppm, PPM)
    most = found.base_ucr * Fraction(PPM + TERMS.growth_ppm, PPM)
    assert math.floor(least) <= found.grant_ucr <= most


@given(amounts, amounts, st.integers(0, 2**80), st.integers(0, 2**80))
def test_grant_never_falls_as_value_rises(
    previous_ucr: int, credits_ucr: int, one_uusd: int, other_uusd: int
) -> None:
    lesser, greater = (
        compute_grant(
            TERMS, previous_grant_ucr=previous_ucr, credits_ucr=credits_ucr, value_uusd=value_uusd
        )
        for value_uusd in sorted((one_uusd, other_uusd))
    )
    assert lesser.grant_ucr <= greater.grant_ucr


@given(st.lists(st.tuples(amounts, st.integers(100_000, 150_000)), max_size=20))
def test_pool_keeps_its_share_of_all_minting_when_the_share_changes(
    grants: list[tuple[int, int]],
) -> None:
    minting = Minting()
    due = Fraction(0)
    for granted_ucr, share_ppm in grants:
        minting = compute_minting(minting, granted_ucr, share_ppm)
        due += Fraction(granted_ucr * share_ppm, PPM - share_ppm)
    assert minting.exploration_ucr <= due
    # Each change of the share may lose less than a millionth of what one ucr is.
    assert due - minting.exploration_ucr < 1 + Fraction(len(grants), PPM - 150_000)
