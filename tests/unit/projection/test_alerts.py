"""Alerts of the economy: one per event, and what an event alone does not tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.projection.builders import (
    CHAT,
    COPY,
    NETWORK,
    SyntheticChain,
    base_facts,
)
from tests.unit.projection.economy import (
    ATTESTERS,
    CREDIT,
    DAY_S,
    FAR_S,
    HASH,
    INDEX_CLASS,
    NIMBUS,
    START_S,
    EventTuple,
    add_economy,
    event,
)

from tallystick.projection import Projection, Queries
from tallystick.projection.alerts import ALERT_KINDS

LIMIT = (CHAT, True, 100 * CREDIT, 0, 0, 800_000, 0, 0, 0, 0)
FROZEN = (CHAT, 2, 101 * CREDIT, 100 * CREDIT, 0)


def read_alerts(chain: SyntheticChain) -> list[dict[str, Any]]:
    """Oldest first."""
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    return Queries(projection).alerts()[::-1]


def read_kinds(*blocks: list[EventTuple]) -> list[str]:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    for events in blocks:
        chain.add_block(events=events)
    return [row["kind"] for row in read_alerts(chain)]


def test_economy_brings_its_alerts() -> None:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    add_economy(chain)
    found = [(row["kind"], row["account"], row["subject"]) for row in read_alerts(chain)]
    assert found == [
        ("outcome_disputed", "acme/marketing/copy", "1/0"),
        ("grant_cut", "acme/marketing/copy", "0"),
        ("review_opened", "acme/marketing/copy", "0"),
        ("appeal_filed", "acme/marketing/copy", "1"),
        ("appeal_resolved", "acme/marketing/copy", "1"),
        ("appeal_filed", None, "2"),
        ("inventory_low", None, "nimbus"),
        ("record_released", "acme/support/chat", "1/3"),
        ("record_credited", "acme/support/chat", "1/4"),
        ("index_clamped", None, "h100"),
        ("index_held", None, "h100"),
        ("proposal_created", None, str(2**255 + 19)),
        ("proposal_created", None, str(2**255 + 20)),
        ("meter_paused", None, "2"),
        ("meter_frozen", None, "2"),
        ("contract_closed", None, "Budgets"),
        ("key_suspended", None, ATTESTERS[3]),
        ("proposal_queued", None, str(2**255 + 19)),
        ("proposal_executed", None, str(2**255 + 19)),
    ]
    assert {kind for kind, _, _ in found} <= set(ALERT_KINDS)


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        ([("BudgetSet", LIMIT), ("AccountFrozen", FROZEN)], ["soft_threshold", "frozen"]),
        (
            [
                ("BudgetSet", LIMIT),
                ("SoftThresholdCrossed", (CHAT, 80 * CREDIT, 100 * CREDIT)),
                ("AccountFrozen", FROZEN),
            ],
            ["soft_threshold", "frozen"],
        ),
        (
            [
                ("BudgetSet", LIMIT),
                ("AccountFrozen", FROZEN),
                ("PeriodRolled", (CHAT, FAR_S)),
                ("AccountFrozen", FROZEN),
            ],
            ["soft_threshold", "frozen", "soft_threshold", "frozen"],
        ),
        ([("BudgetSet", LIMIT), ("AccountFrozen", (CHAT, 1, 9, 0, 5))], ["frozen"]),
        ([("BudgetSet", (*LIMIT[:5], 0, *LIMIT[6:])), ("AccountFrozen", FROZEN)], ["frozen"]),
    ],
)
def test_soft_threshold_is_told_once_a_period_and_before_the_freeze(
    events: list[tuple[str, tuple[int, ...]]], kinds: list[str]
) -> None:
    assert read_kinds([event("Budgets", name, *values) for name, values in events]) == kinds


def test_soft_threshold_in_a_freeze_tells_where_the_limit_turned_soft() -> None:
    chain = SyntheticChain()
    chain.add_block(
        events=[event("Budgets", "BudgetSet", *LIMIT), event("Budgets", "AccountFrozen", *FROZEN)]
    )
    soft, frozen = read_alerts(chain)
    assert (soft["value"], soft["threshold"]) == (101 * CREDIT, 80 * CREDIT)
    assert (frozen["value"], frozen["threshold"]) == (101 * CREDIT, 100 * CREDIT)


def redeem(number: int = 1) -> EventTuple:
    return event("ProviderDesk", "RedemptionRequested", number, CHAT, NIMBUS, 3 * CREDIT, HASH)


def test_redemption_is_told_once_when_seven_days_went_by() -> None:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    chain.add_block(events=[redeem()], time_s=START_S)
    for days in (6, 7, 8):
        chain.add_block(time_s=START_S + days * DAY_S)
    (overdue,) = read_alerts(chain)
    assert (overdue["kind"], overdue["account"]) == ("redemption_overdue", "acme/support/chat")
    assert (overdue["block"], overdue["value"]) == (4, 3 * CREDIT)


def test_redemption_is_not_overdue_when_it_was_answered() -> None:
    answers = (
        event("ProviderDesk", "RedemptionAcknowledged", 1, HASH),
        event("ProviderDesk", "RedemptionReclaimed", 2),
    )
    chain = SyntheticChain()
    chain.add_block(events=[redeem(1), redeem(2), *answers], time_s=START_S)
    chain.add_block(time_s=START_S + 30 * DAY_S)
    assert read_alerts(chain) == []


def test_alerts_go_on_after_a_restart(tmp_path: Path) -> None:
    """What was told is not told again, and what waits is not forgotten."""
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    limit = event("Budgets", "BudgetSet", *LIMIT)
    soft = event("Budgets", "SoftThresholdCrossed", CHAT, 80 * CREDIT, 100 * CREDIT)
    chain.add_block(events=[limit, soft, redeem()], time_s=START_S)
    projection = Projection(tmp_path / "index.duckdb", NETWORK)
    projection.apply(chain.blocks)
    projection.close()
    chain.add_block(events=[event("Budgets", "AccountFrozen", *FROZEN)], time_s=START_S + 8 * DAY_S)
    projection = Projection(tmp_path / "index.duckdb", NETWORK)
    projection.apply(chain.blocks)
    kinds = [row["kind"] for row in Queries(projection).alerts()[::-1]]
    assert kinds == ["soft_threshold", "frozen", "redemption_overdue"]
    projection.close()


def test_inventory_is_low_once_until_it_was_refilled() -> None:
    def convert(out: int) -> EventTuple:
        return event("ProviderDesk", "Converted", CHAT, NIMBUS, out, out * CREDIT, 1_000_000)

    def deposit(inventory: int) -> EventTuple:
        return event("ProviderDesk", "InventoryDeposited", NIMBUS, CREDIT, HASH, inventory * CREDIT)

    caps = event("ProviderDesk", "DeskCapsSet", NIMBUS, 10 * CREDIT, CREDIT)
    assert read_kinds([caps, deposit(20), convert(10)]) == []
    assert read_kinds([caps, deposit(20), convert(11), convert(1)]) == ["inventory_low"]
    again = [caps, deposit(20), convert(11), deposit(30), convert(11), convert(10)]
    assert read_kinds(again) == ["inventory_low", "inventory_low"]


@pytest.mark.parametrize(
    ("raw", "clamped", "from_ms", "kinds"),
    [
        (1_100_000, 1_100_000, 5, []),
        (1_200_000, 1_150_000, 5, ["index_clamped"]),
        (1_100_000, 1_100_000, 0, ["index_refused"]),
    ],
)
def test_index_is_told_when_it_does_not_follow(
    raw: int, clamped: int, from_ms: int, kinds: list[str]
) -> None:
    closed = event("PriceIndex", "IndexClosed", INDEX_CLASS, 1, raw, clamped, 0, 3, from_ms)
    assert read_kinds([closed]) == kinds


def test_suspension_is_told_and_its_end_is_not() -> None:
    begun, ended = (
        event("ValidatorSet", "KeySuspended", ATTESTERS[0], until_s) for until_s in (FAR_S, START_S)
    )
    assert read_kinds([begun, ended]) == ["key_suspended"]


def test_grant_is_told_only_when_it_was_cut() -> None:
    grown, cut = (
        event("Epochs", "EpochClosed", COPY, 0, 5, 10, 100, grant, False) for grant in (100, 99)
    )
    assert read_kinds([grown]) == []
    assert read_kinds([cut]) == ["grant_cut"]


def test_validator_set_is_told_from_the_second_on() -> None:
    first, second = (
        event("ValidatorSet", "ValidatorSetChanged", version, 5, ((), ())) for version in (1, 2)
    )
    assert read_kinds([first, second]) == ["validator_set_changed"]
