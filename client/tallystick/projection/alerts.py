"""Alerts: what people want to be told, derived from blocks alone. Pure.

One alert per chain event (`alert_book`), and for what records carry one per (batch, account, kind):
a batch of 1,800 bad records is one alert for each project in it. docs/alerts.md lists the kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.projection.settlements import EARLY, LATE, SettledBatch

BUDGET_KINDS: Final = ("soft_threshold", "frozen", "unfrozen", "overdraft")
RECORD_KINDS: Final = ("early", "late", "quarantine", "record_released", "record_credited")
REPLENISHMENT_KINDS: Final = (
    "outcome_disputed",
    "review_opened",
    "grant_cut",
    "appeal_filed",
    "appeal_resolved",
)
MARKET_KINDS: Final = (
    "inventory_low",
    "redemption_overdue",
    "index_clamped",
    "index_held",
    "index_refused",
)
GOVERNANCE_KINDS: Final = (
    "proposal_created",
    "proposal_queued",
    "proposal_executed",
    "meter_paused",
    "meter_frozen",
    "meter_unfrozen",
    "key_suspended",
    "contract_closed",
    "validator_set_changed",
)
ALERT_KINDS: Final = (
    *BUDGET_KINDS,
    *RECORD_KINDS,
    *REPLENISHMENT_KINDS,
    *MARKET_KINDS,
    *GOVERNANCE_KINDS,
)
MAX_VALUE: Final = 2**127 - 1
RECLAIM_AFTER_S: Final = 7 * 86_400
"""A provider has so long to acknowledge a redemption."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of the table `alerts`, but for its place.

    Account 0, meter 0 and batch -1 mean none; `subject` says what else it is about, such as an
    epoch, a proposal's id or a class of hardware.
    """

    kind: str
    account: int
    value: int
    threshold: int
    tx_hash: str
    meter: int = 0
    batch: int = -1
    subject: str = ""


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
