"""Decisions: all levels give or none does, and nothing is ever lost between them."""

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.admission.virtual_time import run_virtually

from tallystick.meter.admission.errors import BudgetExhausted, ReservationSettled, Why
from tallystick.meter.admission.gate import Gate, Reservation
from tallystick.meter.admission.purse import Purse, create_rate

NOW_MS = 1_800_000_000_000
LATER_MS = NOW_MS + 600_000
PROJECT = 7


def create_gate(left_ucr: int) -> Gate:
    gate = Gate()
    gate.lease(PROJECT).grant(left_ucr, LATER_MS)
    return gate


def assert_conserved(gate: Gate, caps: Sequence[Purse], under_way: Sequence[Reservation]) -> None:
    """What is missing everywhere is what calls under way have reserved, and nothing else."""
    assert gate.lease(PROJECT).reserved_ucr == sum(each.amount_ucr for each in under_way)
    for cap in caps:
        taken = [each.amount_ucr for each in under_way if each.caps and cap in each.caps]
        assert cap.reserved_ucr == sum(taken)


def test_admit_refuses_when_nothing_is_set_aside() -> None:
    with pytest.raises(BudgetExhausted) as caught:
        Gate().admit(PROJECT, (), 1, NOW_MS)
    assert (caught.value.why, caught.value.remaining_ucr) == (Why.LEASE, 0)


def test_admit_refuses_when_the_lease_is_short_by_one() -> None:
    gate = create_gate(99)
    with pytest.raises(BudgetExhausted) as caught:
        gate.admit(PROJECT, (), 100, NOW_MS)
    assert (caught.value.needed_ucr, caught.value.remaining_ucr) == (100, 99)
    assert gate.left_ucr(PROJECT) == 99


def test_admit_refuses_when_the_deadline_has_come() -> None:
    gate = create_gate(100)
    gate.admit(PROJECT, (), 1, LATER_MS - 1)
    with pytest.raises(BudgetExhausted):
        gate.admit(PROJECT, (), 1, LATER_MS)


def test_admit_refuses_a_negative_cost() -> None:
    with pytest.raises(ValueError, match="nothing or more"):
        create_gate(100).admit(PROJECT, (), -1, NOW_MS)


def test_admit_takes_nothing_anywhere_when_the_last_level_is_short() -> None:
    gate = create_gate(100)
    wide, narrow = Purse("key app", 100), Purse("user ada", 10)
    with pytest.raises(BudgetExhausted) as caught:
        gate.admit(PROJECT, (wide, narrow), 11, NOW_MS)
    assert (caught.value.why, caught.value.account) == (Why.CAP, "user ada")
    assert gate.left_ucr(PROJECT) == wide.left_ucr == 100
    assert narrow.left_ucr == 10
    assert gate.refusals[Why.CAP] == 1


def test_admit_says_when_a_rate_gives_enough_again() -> None:
    gate = create_gate(10_000)
    bucket = create_rate("key app", 1_000, 1_000, NOW_MS)
    gate.admit(PROJECT, (bucket,), 1_000, NOW_MS)
    with pytest.raises(BudgetExhausted) as caught:
        gate.admit(PROJECT, (bucket,), 400, NOW_MS)
    assert (caught.value.why, caught.value.reset_ms) == (Why.RATE_CAP, NOW_MS + 400)
    gate.admit(PROJECT, (bucket,), 400, NOW_MS + 400)


def test_admit_reserves_at_every_level() -> None:
    gate = create_gate(100)
    cap = Purse("key app", 50)
    reservation = gate.admit(PROJECT, (cap,), 30, NOW_MS)
    assert (reservation.amount_ucr, reservation.project) == (30, PROJECT)
    assert gate.lease(PROJECT).reserved_ucr == cap.reserved_ucr == 30
    assert (gate.left_ucr(PROJECT), cap.left_ucr) == (70, 20)


def test_calls_at_once_are_never_admitted_for_more_than_the_lease() -> None:
    gate = create_gate(1_000)
    admitted = 0
    for _ in range(50):
        try:
            gate.admit(PROJECT, (), 30, NOW_MS)
        except BudgetExhausted:
            continue
        admitted += 1
    assert admitted == 33
    assert gate.left_ucr(PROJECT) == 10


def test_settle_gives_back_what_was_not_used() -> None:
    gate = create_gate(100)
    cap = Purse("key app", 50)
    gate.settle(gate.admit(PROJECT, (cap,), 30, NOW_MS), 12)
    assert (gate.left_ucr(PROJECT), cap.left_ucr) == (88, 38)
    assert_conserved(gate, (cap,), ())


def test_settle_happens_once() -> None:
    gate = create_gate(100)
    reservation = gate.admit(PROJECT, (), 30, NOW_MS)
    gate.settle(reservation, 10)
    with pytest.raises(ReservationSettled):
        gate.settle(reservation, 10)
    assert gate.left_ucr(PROJECT) == 90


def test_settle_takes_what_a_call_cost_beyond_its_reservation() -> None:
    gate = create_gate(100)
    gate.settle(gate.admit(PROJECT, (), 90, NOW_MS), 120)
    assert gate.lease(PROJECT).left_ucr == -20
    assert gate.left_ucr(PROJECT) == 0
    assert (gate.overruns, gate.overrun_ucr) == (1, 30)
    with pytest.raises(BudgetExhausted):
        gate.admit(PROJECT, (), 0, NOW_MS)
    gate.lease(PROJECT).grant(25, LATER_MS)
    assert gate.left_ucr(PROJECT) == 5


def test_settle_returns_to_a_bucket_no_more_than_it_holds() -> None:
    gate = create_gate(10_000)
    bucket = create_rate("key app", 1_000, 1_000, NOW_MS)
    reservation = gate.admit(PROJECT, (bucket,), 800, NOW_MS)
    bucket.roll(NOW_MS + 5_000)
    gate.settle(reservation, 0)
    bucket.roll(NOW_MS + 5_001)
    assert bucket.left_ucr == 1_000


def test_charge_draws_on_the_lease() -> None:
    gate = create_gate(100)
    gate.charge(PROJECT, 30)
    assert gate.left_ucr(PROJECT) == 70
    assert_conserved(gate, (), ())


def test_keeper_hears_once_that_a_lease_is_low() -> None:
    heard: list[int] = []

    class Keeper:
        def note_low(self, project: int) -> None:
            heard.append(project)

        async def refill(self, project: int, needed_ucr: int, wait_s: float) -> int:
            raise AssertionError((project, needed_ucr, wait_s))

    gate = create_gate(100)
    gate.attach(Keeper())
    gate.lease(PROJECT).low_ucr = 50
    for _ in range(4):
        gate.admit(PROJECT, (), 20, NOW_MS)
    assert heard == [PROJECT]


def test_admit_soon_asks_nobody_when_the_lease_covers_the_call() -> None:
    gate = create_gate(100)
    reservation = run_virtually(gate.admit_soon(PROJECT, (), 30, NOW_MS))
    assert reservation.amount_ucr == 30


@pytest.mark.parametrize("cost_ucr", [1, 1_000])
def test_admit_soon_takes_no_lease_for_a_call_that_a_cap_refuses(cost_ucr: int) -> None:
    gate = create_gate(100)
    with pytest.raises(BudgetExhausted) as caught:
        run_virtually(gate.admit_soon(PROJECT, (Purse("key app", 0),), cost_ucr, NOW_MS))
    assert caught.value.why is Why.CAP


@given(st.data())
def test_levels_conserve_whatever_is_admitted_and_settled(data: st.DataObject) -> None:
    gate = create_gate(1_000)
    caps = (Purse("key app", 700), Purse("user ada", 400))
    open_ones: list[Reservation] = []
    for _ in range(data.draw(st.integers(1, 30))):
        if data.draw(st.booleans()) and open_ones:
            reservation = open_ones.pop(data.draw(st.integers(0, len(open_ones) - 1)))
            gate.settle(reservation, data.draw(st.integers(0, 2 * reservation.amount_ucr)))
        else:
            levels: tuple[Purse, ...] = caps[: data.draw(st.integers(0, 2))]
            with suppress(BudgetExhausted):
                open_ones.append(
                    gate.admit(PROJECT, levels, data.draw(st.integers(0, 300)), NOW_MS)
                )
        assert_conserved(gate, caps, open_ones)


def test_lease_forgets_all_but_calls_under_way_when_it_has_ended() -> None:
    gate = create_gate(100)
    gate.settle(gate.admit(PROJECT, (), 30, NOW_MS), 30)
    reservation = gate.admit(PROJECT, (), 20, NOW_MS)
    gate.lease(PROJECT).clear()
    assert gate.left_ucr(PROJECT) == 0
    assert_conserved(gate, (), (reservation,))
    gate.settle(reservation, 5)
    assert_conserved(gate, (), ())
