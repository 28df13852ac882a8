"""Alerts: what people want to be told, derived from blocks alone. Pure.

One alert per chain event, and for what records carry one per (batch, account, kind): a batch of
1,800 bad records is one alert for each project in it.

| kind | account | value | threshold |
|---|---|---|---|
| soft_threshold | whose limit | spent, ucr | where the limit turns soft, ucr |
| frozen | whose | spent, ucr; the overdraft where it alone is why | limit, ucr; else 0 |
| unfrozen | whose | 0 | 0 |
| overdraft | project that went into it | what its credits could not pay, ucr | 0 |
| early | project | the furthest of the records' times ahead, ms | what the rules allow, ms |
| late | project | the furthest of the records' times behind, ms | what the rules allow, ms |
| quarantine | project | records | 0 |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.chain.blocks import Block
from tallystick.chain.decode import Event
from tallystick.core.tariff import div_up
from tallystick.core.units import PPM
from tallystick.projection.settlements import EARLY, LATE, SettledBatch

FROZEN_BY_LIMIT: Final = 2

ALERT_KINDS: Final = (
    "soft_threshold",
    "frozen",
    "unfrozen",
    "overdraft",
    "early",
    "late",
    "quarantine",
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of the table `alerts`, but for its place. Meter 0 and batch -1 mean none."""

    kind: str
    account: int
    value: int
    threshold: int
    tx_hash: str
    meter: int = 0
    batch: int = -1


def find_event_alerts(block: Block, soft_ppm_by_account: Mapping[int, int]) -> Iterator[Alert]:
    """The alerts that the block's events stand for, in their order.

    Args:
        block: as followed.
        soft_ppm_by_account: from the budgets set up to this block, in millionths of the limit.
    """
    for event in block.events:
        if event.contract == "Budgets":
            alert = _read_event(event, soft_ppm_by_account)
            if alert is not None:
                yield alert


def find_record_alerts(batch: SettledBatch) -> Iterator[Alert]:
    """The alerts that a batch's records stand for: by kind, then by project."""
    columns = batch.columns
    ahead_ms = columns["time_ms"] - batch.header.batch_time_ms
    for kind, rows, measures, threshold in (
        ("early", columns["mark"] == EARLY, ahead_ms, batch.rules.ahead_ms),
        ("late", columns["mark"] == LATE, -ahead_ms, batch.rules.window_ms),
        ("quarantine", columns["reason"] != 0, None, 0),
    ):
        if rows.any():
            yield from _alerts_by_project(batch, kind, rows, measures, threshold)


def _read_event(event: Event, soft_ppm_by_account: Mapping[int, int]) -> Alert | None:
    """The alert that an event of Budgets stands for, None for most."""
    args = event.args
    match event.name:
        case "SoftThresholdCrossed":
            soft_ppm = soft_ppm_by_account.get(args["account"], PPM)
            soft_ucr = div_up(args["limitUcr"] * soft_ppm, PPM)
            kind, value, threshold = "soft_threshold", args["spentUcr"], soft_ucr
        case "AccountFrozen" if args["why"] & FROZEN_BY_LIMIT:
            kind, value, threshold = "frozen", args["spentUcr"], args["limitUcr"]
        case "AccountFrozen":
            kind, value, threshold = "frozen", args["overdraftUcr"], 0
        case "AccountUnfrozen":
            kind, value, threshold = "unfrozen", 0, 0
        case "ProjectCharged" if _is_first_overdraft(event):
            kind, value, threshold = "overdraft", args["overdraftUcr"], 0
        case _:
            return None
    account = args["project"] if kind == "overdraft" else args["account"]
    return Alert(kind, account, value, threshold, event.tx_hash)


def _is_first_overdraft(charge: Event) -> bool:
    """Whether all of the overdraft after a charge comes from this charge."""
    unpaid_ucr = int(charge.args["costUcr"]) - int(charge.args["fromBalanceUcr"])
    return 0 < int(charge.args["overdraftUcr"]) <= unpaid_ucr


def _alerts_by_project(
    batch: SettledBatch,
    kind: str,
    rows: NDArray[np.bool_],
    measures: NDArray[np.int64] | None,
    threshold: int,
) -> Iterator[Alert]:
    """One alert per project among `rows`: the largest measure, or where none is given the count."""
    projects, meters = batch.columns["project"], batch.columns["meter"]
    settlement = batch.settlement
    for project in np.unique(projects[rows]).tolist():
        members = rows & (projects == project)
        value = int(members.sum() if measures is None else measures[members].max())
        meter = int(meters[members][0])
        yield Alert(kind, project, value, threshold, settlement.tx_hash, meter, settlement.number)
