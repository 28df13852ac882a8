from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.builders import (
    ACME,
    CHAT,
    DAY_MS,
    GPT_4O,
    METER,
    MINUTE_MS,
    MODEL,
    NOW_MS,
    RIVAL_PROJECT,
    RULES,
    SUPPORT,
    WIDE,
    build_facts,
    build_records,
)

from tallystick.core.errors import FactUnknown
from tallystick.core.facts import (
    Account,
    Bounds,
    Experiment,
    Fact,
    FactBook,
    Facts,
    Meter,
    MeterFrozen,
    Resource,
    ResourceRates,
)
from tallystick.core.tariff import Rates, resolve_rates
from tallystick.core.usage import MAX_CONTEXT, Flag, Reason, Records
from tallystick.core.valuation import compute_cost_ucr
from tallystick.core.verdicts import compute_charged_time_ms, compute_verdicts

TIGHT = Bounds(1_000, 50, 50, 50, 10**9)
HOUR_MS = 60 * MINUTE_MS


def judge(records: Records, facts: Facts, *, meter: int = METER) -> list[int]:
    meters = np.full(len(records), meter, np.uint32)
    return [int(word) for word in compute_verdicts(records, meters, facts, NOW_MS)]


def reason_of(records: Records, *more: Fact, meter: int = METER) -> Reason:
    (word,) = judge(records, build_facts(*more), meter=meter)
    return Reason(word >> 56)


def test_verdicts_need_rules() -> None:
    with pytest.raises(FactUnknown):
        judge(build_records(), FactBook().at(1))


# The checks, in the order of docs/protocol.md section 1.2.


def test_record_is_quarantined_when_its_meter_is_frozen() -> None:
    assert reason_of(build_records(), MeterFrozen(METER, frozen=True, from_ms=NOW_MS)) == 1
    assert reason_of(build_records(), MeterFrozen(METER, frozen=True, from_ms=NOW_MS + 1)) == 0


def test_backdating_does_not_help_a_frozen_meter() -> None:
    frozen = MeterFrozen(METER, frozen=True, from_ms=NOW_MS)
    assert reason_of(build_records(time_ms=NOW_MS - DAY_MS), frozen) == Reason.METER_FROZEN


def test_record_is_quarantined_when_its_meter_is_not_active() -> None:
    closed = Meter(METER, ACME, "gateway", "0x1e", WIDE, active=False, from_ms=NOW_MS - 1)
    assert reason_of(build_records(), closed) == Reason.METER_FROZEN


def test_record_is_quarantined_when_a_flag_is_undefined() -> None:
    assert reason_of(build_records(flags=1 << 8)) == Reason.FLAGS_UNDEFINED
    assert reason_of(build_records(flags=0xFF & ~Flag.EXPLORATION)) == Reason.VALUED


@pytest.mark.parametrize("project", [0, ACME, 99, 2**32 - 1])
def test_record_is_quarantined_when_its_project_is_none(project: int) -> None:
    assert reason_of(build_records(project=project)) == Reason.PROJECT_UNKNOWN


@pytest.mark.parametrize(
    ("account", "parent", "name"),
    [(CHAT, SUPPORT, "chat"), (SUPPORT, ACME, "support"), (ACME, 0, "acme")],
)
def test_record_is_quarantined_when_its_project_or_an_ancestor_is_closed(
    account: int, parent: int, name: str
) -> None:
    closed = Account(account, parent, name, "0xac", active=False, from_ms=NOW_MS - HOUR_MS)
    assert reason_of(build_records(), closed) == Reason.PROJECT_INACTIVE
    assert reason_of(build_records(time_ms=NOW_MS - HOUR_MS - 1), closed) == Reason.VALUED


def test_record_is_quarantined_when_its_project_is_another_organisations() -> None:
    assert reason_of(build_records(project=RIVAL_PROJECT)) == Reason.PROJECT_NOT_BILLABLE


def test_record_is_quarantined_when_its_resource_is_unknown() -> None:
    assert reason_of(build_records(resource=99)) == Reason.RESOURCE_UNKNOWN


def test_record_is_quarantined_when_its_resource_is_closed_or_without_rates() -> None:
    closed = Resource(MODEL, "gpt-4o", 1, 1, "", WIDE, active=False, from_ms=NOW_MS)
    assert reason_of(build_records(), closed) == Reason.RESOURCE_INACTIVE
    bare = Resource(7, "bare", 1, 1, "", WIDE, active=True, from_ms=0)
    assert reason_of(build_records(resource=7), bare) == Reason.RESOURCE_INACTIVE


def test_exploration_needs_an_open_experiment() -> None:
    explored = build_records(flags=Flag.EXPLORATION)
    opened = Experiment(CHAT, open=True, from_ms=NOW_MS - 1)
    assert reason_of(explored) == Reason.EXPERIMENT_NOT_OPEN
    assert reason_of(explored, opened) == Reason.VALUED
    assert reason_of(explored, opened, Experiment(CHAT, open=False, from_ms=NOW_MS)) == 8


@pytest.mark.parametrize(
    ("field", "most"),
    [("in_cached", 0), ("compute_ms", 50), ("memory_gib_s", 50), ("transfer_kib", 50)],
)
@pytest.mark.parametrize("whose", ["resource", "meter"])
def test_record_is_quarantined_when_a_quantity_is_over_a_maximum(
    field: str, most: int, whose: str
) -> None:
    bound: Fact = (
        Resource(MODEL, "gpt-4o", 1, 1, "", TIGHT, active=True, from_ms=0)
        if whose == "resource"
        else Meter(METER, ACME, "gateway", "0x1e", TIGHT, active=True, from_ms=0)
    )
    assert reason_of(build_records(**{field: most}), bound) == Reason.VALUED
    assert reason_of(build_records(**{field: most + 1}), bound) == Reason.QUANTITY_OVER_MAXIMUM


def test_record_is_quarantined_when_its_context_could_overflow_whatever_the_bounds() -> None:
    huge = Bounds(2**32 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1, 2**55 - 1)
    wide = (
        Resource(MODEL, "gpt-4o", 1, 1, "", huge, active=True, from_ms=0),
        Meter(METER, ACME, "gateway", "0x1e", huge, active=True, from_ms=0),
    )
    assert reason_of(build_records(in_fresh=MAX_CONTEXT), *wide) == Reason.VALUED
    over = build_records(in_fresh=MAX_CONTEXT, out_visible=1)
    assert reason_of(over, *wide) == Reason.QUANTITY_OVER_MAXIMUM


def test_record_is_quarantined_when_its_cost_is_over_the_maximum() -> None:
    (cost_ucr,) = judge(build_records(), build_facts())
    for most_ucr, reason in ((cost_ucr, Reason.VALUED), (cost_ucr - 1, Reason.COST_OVER_MAXIMUM)):
        bounds = replace(WIDE, max_cost_ucr=most_ucr)
        meter = Meter(METER, ACME, "gateway", "0x1e", bounds, active=True, from_ms=0)
        assert reason_of(build_records(), meter) == reason


def test_first_failing_check_gives_the_reason() -> None:
    everything_wrong = build_records(flags=1 << 15, project=99, resource=99, in_fresh=2**32 - 1)
    assert reason_of(everything_wrong) == Reason.FLAGS_UNDEFINED
    assert reason_of(everything_wrong, MeterFrozen(METER, frozen=True, from_ms=0)) == 1
    everything_wrong["flags"] = 0
    assert reason_of(everything_wrong) == Reason.PROJECT_UNKNOWN


def test_unknown_meter_freezes_rather_than_crashes() -> None:
    assert reason_of(build_records(), meter=77) == Reason.METER_FROZEN


# Times and rates.


def test_charged_time_is_clamped_to_the_window() -> None:
    times = np.array([0, NOW_MS, 2**48 - 1])
    window = [NOW_MS - 45 * DAY_MS, NOW_MS, NOW_MS + 5 * MINUTE_MS]
    assert compute_charged_time_ms(times, NOW_MS, RULES).tolist() == window
    assert compute_charged_time_ms(times, 1_000, RULES).tolist() == [0, 301_000, 301_000]


@pytest.mark.parametrize("changed_ms", [NOW_MS - HOUR_MS, NOW_MS])
def test_rates_are_those_in_force_at_the_records_own_time(changed_ms: int) -> None:
    dearer = replace(GPT_4O, w_in=2 * GPT_4O.w_in)
    facts = build_facts(ResourceRates(2, MODEL, dearer, changed_ms))
    records = build_records(3)
    records["time_lo"] -= np.array([0, HOUR_MS, HOUR_MS + 1], dtype=np.uint32)
    old, new = (
        compute_cost_ucr({"in_fresh": 1_000}, resolve_rates(rates)) for rates in (GPT_4O, dearer)
    )
    is_new = [NOW_MS - gap_ms >= changed_ms for gap_ms in (0, HOUR_MS, HOUR_MS + 1)]
    assert judge(records, facts) == [new if changed else old for changed in is_new]


def test_time_is_never_a_reason_for_cost_zero() -> None:
    for time_ms in (0, 2**48 - 1):
        assert reason_of(build_records(time_ms=time_ms)) == Reason.VALUED


@given(st.data())
def test_verdicts_do_not_depend_on_what_else_is_in_the_batch(data: st.DataObject) -> None:
    """Judging records together gives each the word that it gets alone."""
    facts = build_facts(
        ResourceRates(2, MODEL, Rates(w_in=5), NOW_MS - HOUR_MS),
        Resource(2, "h100", 3, 2, "", TIGHT, active=True, from_ms=NOW_MS - 2 * HOUR_MS),
        ResourceRates(1, 2, Rates(compute_ncr=17_778), 0),
        Account(CHAT, SUPPORT, "chat", "0xac", active=False, from_ms=NOW_MS - MINUTE_MS),
        Meter(2, SUPPORT, "support-only", "0x1e", TIGHT, active=True, from_ms=0),
        Meter(2, SUPPORT, "support-only", "0x1e", WIDE, active=True, from_ms=NOW_MS - HOUR_MS),
        MeterFrozen(2, frozen=True, from_ms=NOW_MS + 1),
    )
    count = data.draw(st.integers(1, 12))
    records = build_records(count)
    meters = np.array(data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    draws = {
        "project": st.integers(0, 6),
        "resource": st.integers(0, 3),
        "flags": st.sampled_from([0, 1, 8, 64, 512]),
        "in_fresh": st.sampled_from([0, 1, 1_000, 1_001, 2**32 - 1]),
        "compute_ms": st.sampled_from([0, 50, 51]),
    }
    for field, strategy in draws.items():
        records[field] = data.draw(st.lists(strategy, min_size=count, max_size=count))
    ago = st.sampled_from([0, 1, MINUTE_MS, MINUTE_MS + 1, HOUR_MS, 3 * HOUR_MS, 46 * DAY_MS])
    for place, gap_ms in enumerate(data.draw(st.lists(ago, min_size=count, max_size=count))):
        time_ms = NOW_MS - gap_ms
        records[place]["time_hi"], records[place]["time_lo"] = time_ms >> 32, time_ms & 0xFFFFFFFF
    together = compute_verdicts(records, meters.astype(np.uint32), facts, NOW_MS).tolist()
    alone = [
        judge(records[place : place + 1], facts, meter=int(meters[place]))[0]
        for place in range(count)
    ]
    assert together == alone
