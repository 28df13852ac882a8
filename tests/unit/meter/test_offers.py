"""Whose turn it is follows from the cursor and the clock alone."""

import random
from pathlib import Path

import pytest

from tallystick.core.quorum import rank_validators
from tallystick.meter.offers import Offers, Refusal
from tallystick.meter.ports import ValidatorEndpoint
from tallystick.meter.posting import ErrorBody
from tallystick.meter.segment_file import SegmentFile
from tallystick.meter.spool import SpooledFrame

VALIDATORS = [
    ValidatorEndpoint(index, f"v{index}", "http://v", bytes([index]) * 32) for index in range(4)
]
ORDER = rank_validators(7, [validator.transport_key for validator in VALIDATORS])


@pytest.fixture
def offers() -> Offers:
    jitter = random.Random(1)  # noqa: S311 - no secret
    made = Offers(7, failover_s=2.0, jitter=jitter)
    made.apply_validators(VALIDATORS)
    return made


@pytest.fixture
def run(tmp_path: Path) -> list[SpooledFrame]:
    segment = SegmentFile.create(
        tmp_path, ordinal=0, first_number=0, kind=b"TEST", sync=lambda _: None
    )
    segment.close()
    return [SpooledFrame(n * 10, n * 10 + 10, 0, segment, 0, 1000) for n in range(5)]


def test_turn_passes_when_the_cursor_stood_still_and_comes_round(
    offers: Offers, run: list[SpooledFrame]
) -> None:
    seen = []
    for now_s in range(0, 50, 10):
        assert offers.target is not None
        seen.append(offers.target.index)
        offers.apply_run(run, now_s)
        assert not offers.is_standing(now_s + 1.9)
        assert offers.is_standing(now_s + 2.0)
        offers.apply_failover()
    assert seen == [*ORDER, ORDER[0]]


def test_turn_stays_when_the_cursor_moves_or_nothing_is_unsettled(
    offers: Offers, run: list[SpooledFrame]
) -> None:
    offers.apply_run(run, 0.0)
    offers.apply_progress()
    offers.apply_run(run[1:], 1.9)
    assert not offers.is_standing(3.8)
    assert offers.compute_patience_s(3.8) == pytest.approx(0.1)
    offers.apply_run([], 3.8)
    assert not offers.is_standing(100.0)
    assert offers.compute_patience_s(100.0) is None


def test_turn_stays_longer_when_everything_was_acknowledged(run: list[SpooledFrame]) -> None:
    offers = Offers(7, failover_s=2.0, settle_s=4.0)
    offers.apply_validators(VALIDATORS)
    offers.apply_run(run, 0.0)
    offers.apply_taken(VALIDATORS[ORDER[0]], run)
    offers.apply_run(run, 0.1)
    assert not offers.is_standing(5.9)
    assert offers.is_standing(6.0)


def test_turn_passes_when_the_validator_owes_an_answer(run: list[SpooledFrame]) -> None:
    offers = Offers(7, failover_s=2.0, settle_s=4.0)
    offers.apply_validators(VALIDATORS)
    offers.apply_run(run[:4], 0.0)
    offers.apply_taken(VALIDATORS[ORDER[0]], run[:4])
    offers.apply_run(run, 0.1)
    assert not offers.is_standing(2.0)
    assert offers.is_standing(2.1)
    offers.apply_failover()
    offers.apply_run(run, 2.1)
    assert not offers.is_standing(4.0)


def test_turn_passes_soon_when_the_validator_cannot_be_reached(run: list[SpooledFrame]) -> None:
    offers = Offers(7, failover_s=2.0)
    offers.apply_validators(VALIDATORS)
    offers.apply_run(run, 0.0)
    offers.apply_reachability(0.1, is_reachable=False)
    offers.apply_reachability(0.3, is_reachable=False)
    assert not offers.is_standing(0.5)
    assert offers.is_standing(0.6)
    offers.apply_reachability(0.6, is_reachable=True)
    assert not offers.is_standing(0.6)


def test_take_offers_each_frame_once_inside_the_bounds(
    offers: Offers, run: list[SpooledFrame]
) -> None:
    assert offers.take(run, max_frames=2, max_bytes=10_000) == run[:2]
    assert offers.take(run, max_frames=9, max_bytes=2500) == run[2:4]
    offers.withdraw(run[:1])
    assert offers.take(run, max_frames=9, max_bytes=10_000) == [run[0], run[4]]
    offers.apply_failover()
    assert offers.take(run, max_frames=9, max_bytes=10_000) == run


def test_pause_grows_and_ends_with_success(offers: Offers) -> None:
    home = VALIDATORS[ORDER[0]]
    now_s, pauses = 0.0, []
    for _ in range(12):
        offers.apply_pause(home, now_s, None)
        pauses.append(offers.compute_pause_s(now_s))
        now_s += pauses[-1]
    assert pauses == sorted(pauses[:6]) + pauses[6:]
    assert 5.0 <= max(pauses) <= 6.25
    offers.apply_pause(home, now_s, 30.0)
    assert 30.0 <= offers.compute_pause_s(now_s) <= 37.5
    offers.apply_taken(home)
    assert offers.compute_pause_s(now_s) == 0


@pytest.mark.parametrize(
    ("code", "waits"), [("bad_signature", (False, True)), ("unknown_meter", (False, False))]
)
def test_refusal_is_final_when_more_refuse_than_may_be_faulty(
    offers: Offers, code: str, waits: tuple[bool, bool]
) -> None:
    refusals = [Refusal(v, 0, ErrorBody(code=code), 1.0 + v.index) for v in VALIDATORS]
    assert (offers.apply_refusal(refusals[0]), offers.apply_refusal(refusals[1])) == waits
    late = Refusal(VALIDATORS[2], 0, ErrorBody(code=code), 31.0)
    assert offers.apply_refusal(late)
    offers.apply_progress()
    assert not offers.apply_refusal(late)


def test_target_stays_a_member_when_the_set_changes(offers: Offers) -> None:
    offers.apply_failover()
    target = offers.target
    offers.apply_validators([*VALIDATORS, ValidatorEndpoint(4, "v4", "http://v", bytes(32))])
    assert offers.target == target
    turn = offers.turn
    offers.apply_validators([known for known in VALIDATORS if known != target])
    assert offers.target != target
    assert offers.turn == turn + 1
