"""Whatever is divided, parts and idle add up to the whole."""

from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.units import PPM
from tallystick.meter.gpu.shares import compute_partition, compute_parts, compute_proportional

CLAIMS = st.dictionaries(st.integers(0, 20), st.integers(-(10**6), 10**13), max_size=12)
WEIGHTS = st.dictionaries(st.integers(0, 20), st.integers(0, 10**13), min_size=1, max_size=12)
WHOLE = st.integers(0, 10**16)


@given(WHOLE, CLAIMS)
def test_partition_adds_up_to_the_whole(whole: int, claims: dict[int, int]) -> None:
    found = compute_partition(whole, claims)
    assert sum(found.parts.values()) + found.idle == whole
    assert found.idle >= 0
    assert min(found.parts.values(), default=0) >= 0
    assert found.parts.keys() == claims.keys()


@given(WHOLE, CLAIMS)
def test_partition_gives_what_is_wanted_when_there_is_enough(
    whole: int, claims: dict[int, int]
) -> None:
    wanted = {holder: max(claim, 0) for holder, claim in claims.items()}
    found = compute_partition(whole, claims)
    if sum(wanted.values()) <= whole:
        assert found.parts == wanted
    else:
        assert found.idle == 0
        assert all(part <= wanted[holder] for holder, part in found.parts.items())


@given(WHOLE, WEIGHTS)
def test_proportional_gives_everything_away_within_one_of_the_exact_part(
    whole: int, weights: dict[int, int]
) -> None:
    parts = compute_proportional(whole, weights)
    assert sum(parts.values()) == whole
    total = sum(weights.values())
    for holder, weight in weights.items():
        exact = (weight, total) if total else (1, len(weights))
        assert abs(parts[holder] * exact[1] - whole * exact[0]) < exact[1]


@given(WHOLE, st.dictionaries(st.integers(0, 20), st.integers(0, 2 * PPM), max_size=8))
def test_parts_by_share_add_up_to_the_whole(whole: int, shares: dict[int, int]) -> None:
    found = compute_parts(whole, shares)
    assert sum(found.parts.values()) + found.idle == whole
    assert found.idle >= 0


def test_partition_is_in_proportion_as_soon_as_one_unit_is_missing() -> None:
    found = compute_partition(10, {"a": 6, "b": 5})
    assert (found.parts, found.idle) == ({"a": 5, "b": 5}, 0)
    assert compute_partition(11, {"a": 6, "b": 5}).parts == {"a": 6, "b": 5}


def test_parts_of_nothing_are_nothing() -> None:
    assert compute_partition(0, {"a": 5}).parts == {"a": 0}
    assert compute_proportional(7, {}) == {}
    assert compute_parts(7, {}).idle == 7
