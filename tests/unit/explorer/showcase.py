"""A network as people would meet it: three teams, a day of use, budgets, alerts, hostile names."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from tests.unit.projection.builders import (
    CHAT,
    CLAUDE,
    COPY,
    DAY_MS,
    GPU,
    MAIL,
    MODEL,
    NETWORK,
    NOW_MS,
    REVIEW,
    UNKNOWN_RESOURCE,
    SyntheticChain,
    base_facts,
)
from tests.unit.projection.economy import add_economy

from tallystick.core.facts import Account, Experiment, MeterFrozen
from tallystick.core.usage import MAX_CONTEXT, Records, apply_time_ms, create_records
from tallystick.projection import Budget, Projection, Queries

HOSTILE: Final = '<script>alert("x")</script>'
HOSTILE_ACCOUNT: Final = 11
CREDIT: Final = 1_000_000


def build_showcase(batches: int = 24, rows: int = 120) -> Queries:
    """Queries over a synthetic day."""
    chain = SyntheticChain()
    chain.add_block(facts=[*base_facts(), *_hostile_facts()])
    chain.add_block(
        events=[("Budgets", "BudgetSet", {"account": CHAT, "limitUcr": 1, "softPpm": 800_000})]
    )
    random = np.random.default_rng(3)
    next_seq = [0, 0]
    for number in range(batches):
        meter = number % 2
        frame = (meter + 1, next_seq[meter], _draw_records(random, number, batches, rows))
        batch = [frame]
        if number % 5 == 4:
            batch.append((meter + 1, 0, _draw_records(random, number, batches, 3)))
        next_seq[meter] += rows
        skips = [5] if number == 9 else []
        chain.add_block(batches=[batch], events=_events_of(number), skips=skips)
    add_economy(chain)
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    projection.put_budgets(chain.height, _budgets())
    return Queries(projection)


def _hostile_facts() -> list[Any]:
    return [
        Account(HOSTILE_ACCOUNT, 2, HOSTILE, "0xac", active=True, from_ms=0),
        Experiment(COPY, open=True, from_ms=0),
        MeterFrozen(2, frozen=False, from_ms=NOW_MS),
    ]


def _draw_records(random: np.random.Generator, number: int, batches: int, rows: int) -> Records:
    """Use of one stretch of the day: more of it in the afternoon."""
    records = create_records(rows)
    start_ms = NOW_MS - DAY_MS + number * DAY_MS // batches
    apply_time_ms(records, start_ms + np.sort(random.integers(0, DAY_MS // batches, rows)))
    projects = (CHAT, MAIL, REVIEW, COPY, HOSTILE_ACCOUNT)
    records["project"] = random.choice(projects, rows, p=(0.4, 0.15, 0.25, 0.15, 0.05))
    engineering = records["project"] == REVIEW
    records["resource"] = np.where(engineering, random.choice((CLAUDE, GPU), rows), MODEL)
    records["user"] = 0x5EED0000_00000000 + random.integers(0, 9, rows).astype(np.uint64)
    weight = 1 + abs(12 - abs(number - 15)) / 4
    tokens = records["resource"] != GPU
    records["in_fresh"] = np.where(tokens, random.gamma(2, 900 * weight, rows), 0)
    records["in_cached"] = np.where(tokens, random.gamma(1, 400, rows), 0)
    records["out_visible"] = np.where(tokens, random.gamma(2, 160, rows), 0)
    records["compute_ms"] = np.where(tokens, 0, random.gamma(2, 4000, rows))
    records["memory_gib_s"] = np.where(tokens, 0, random.gamma(2, 80, rows))
    records["step"] = random.integers(0, 4, rows)
    records["flags"] = np.where(random.random(rows) < 0.02, 1, 0)
    if number % 8 == 6 and rows > 8:
        records["resource"][:3] = UNKNOWN_RESOURCE
        records["project"][3:5] = 4242
        records["in_fresh"][5] = MAX_CONTEXT + 1
        apply_time_ms(records[6:8], np.array([NOW_MS + DAY_MS, NOW_MS - 80 * DAY_MS]))
    return records


def _events_of(number: int) -> list[tuple[str, str, dict[str, Any]]]:
    limit = {"account": CHAT, "limitUcr": 500 * CREDIT}
    match number:
        case 12:
            return [("Budgets", "SoftThresholdCrossed", {**limit, "spentUcr": 401 * CREDIT})]
        case 19:
            charge = {"project": COPY, "costUcr": 9 * CREDIT, "fromBalanceUcr": 2 * CREDIT}
            frozen = {"account": COPY, "why": 1, "spentUcr": 90 * CREDIT, "limitUcr": 0}
            return [
                ("Budgets", "ProjectCharged", {**charge, "overdraftUcr": 7 * CREDIT}),
                ("Budgets", "AccountFrozen", {**frozen, "overdraftUcr": 7 * CREDIT}),
            ]
        case 21:
            frozen = {**limit, "why": 2, "spentUcr": 502 * CREDIT, "overdraftUcr": 0}
            return [("Budgets", "AccountFrozen", frozen)]
        case _:
            return []


def _budgets() -> list[Budget]:
    def budget(
        account: int,
        limit: int | None,
        spent: int,
        balance: int,
        overdraft: int = 0,
        frozen_why: str = "",
    ) -> Budget:
        return Budget(
            account=account,
            limit_ucr=None if limit is None else limit * CREDIT,
            spent_ucr=spent * CREDIT,
            spent_lifetime_ucr=spent * CREDIT,
            leased_ucr=0,
            balance_ucr=balance * CREDIT,
            period="month" if limit else "none",
            period_start_ms=NOW_MS - 20 * DAY_MS if limit else None,
            period_end_ms=NOW_MS + 10 * DAY_MS if limit else None,
            overdraft_ucr=overdraft * CREDIT,
            soft_ppm=800_000 if limit else 0,
            frozen=bool(frozen_why),
            frozen_why=frozen_why,
            carried_ucr=40 * CREDIT if account == 2 else 0,
            rate_ucr=CREDIT if account == CHAT else 0,
            rate_window_s=3600 if account == CHAT else 0,
        )

    return [
        budget(1, 3000, 1182, 0),
        budget(2, 1500, 742, 0),
        budget(CHAT, 500, 502, 120, frozen_why="limit"),
        budget(MAIL, 300, 251, 80),
        budget(5, 900, 310, 0),
        budget(REVIEW, None, 310, 590),
        budget(7, None, 90, 0),
        budget(COPY, None, 90, 0, overdraft=7, frozen_why="overdraft"),
        budget(HOSTILE_ACCOUNT, 100, 12, 50),
    ]
