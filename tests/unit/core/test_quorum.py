import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.quorum import compute_quorum, rank_validators


@pytest.mark.parametrize(
    ("validators", "quorum"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (7, 5), (10, 7)]
)
def test_quorum_of_known_sets(validators: int, quorum: int) -> None:
    assert compute_quorum(validators) == quorum


@given(st.integers(1, 1_000))
def test_two_quorums_share_an_honest_validator(validators: int) -> None:
    faulty = (validators - 1) // 3
    quorum = compute_quorum(validators)
    assert 2 * quorum - validators > faulty
    assert quorum <= validators - faulty


@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.data())
def test_only_a_leaving_validators_meters_move(
    meter: int, validators: int, data: st.DataObject
) -> None:
    keys = [bytes([number]) * 32 for number in range(validators)]
    gone = data.draw(st.integers(0, validators - 1))
    before = [keys[index] for index in rank_validators(meter, keys)]
    left = [key for key in keys if key != keys[gone]]
    after = [left[index] for index in rank_validators(meter, left)]
    assert after == [key for key in before if key != keys[gone]]


def test_meters_spread_over_validators() -> None:
    keys = [bytes([number]) * 32 for number in range(4)]
    homes = [rank_validators(meter, keys)[0] for meter in range(400)]
    assert min(homes.count(index) for index in range(4)) > 50
