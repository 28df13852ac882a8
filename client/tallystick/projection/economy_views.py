"""Leases, outcomes, epochs, experiments and plans as they were announced."""

from __future__ import annotations

from typing import Final

from tallystick.projection.event_views import AMOUNT, FLAG, ID, LONG, TEXT, EventView

_KIND: Final = "USMALLINT"
_OUTCOME: Final = {"project": ID, "epoch": ID, "kind": _KIND}

ECONOMY_VIEWS: Final = (
    EventView(
        "lease_opened",
        "Leases",
        "LeaseOpened",
        {
            "project": ID,
            "meter": ID,
            "nonce": ID,
            "amount_ucr": AMOUNT,
            "left_ucr": AMOUNT,
            "admit_until_s": LONG,
        },
    ),
    EventView(
        "lease_last_declared",
        "Leases",
        "LeaseLastDeclared",
        {"project": ID, "meter": ID, "nonce": ID, "last_seq": LONG},
    ),
    EventView(
        "lease_released",
        "Leases",
        "LeaseReleased",
        {"project": ID, "meter": ID, "nonce": ID, "returned_ucr": AMOUNT},
    ),
    EventView(
        "outcome_kind_set",
        "Outcomes",
        "KindSet",
        {
            "kind": _KIND,
            "name": TEXT,
            "uusd_per_unit": LONG,
            "attribution_s": ID,
            "from_epoch": ID,
        },
    ),
    EventView(
        "outcome_source_set",
        "Outcomes",
        "SourceSet",
        {"organisation": ID, "kind": _KIND, "source": TEXT, "is_source": FLAG},
    ),
    EventView("confirmer_set", "Outcomes", "ConfirmerSet", {"account": ID, "confirmer": TEXT}),
    EventView(
        "outcome_reported",
        "Outcomes",
        "OutcomeReported",
        {
            **_OUTCOME,
            "amount": AMOUNT,
            "value_uusd": AMOUNT,
            "evidence_hash": TEXT,
            "source": TEXT,
        },
    ),
    EventView(
        "outcome_confirmed",
        "Outcomes",
        "OutcomeConfirmed",
        {**_OUTCOME, "account": ID, "confirmer": TEXT},
    ),
    EventView(
        "outcome_disputed",
        "Outcomes",
        "OutcomeDisputed",
        {**_OUTCOME, "by": TEXT, "commitment": TEXT},
    ),
    EventView("outcome_reinstated", "Outcomes", "OutcomeReinstated", _OUTCOME),
    EventView(
        "enrolled",
        "Epochs",
        "Enrolled",
        {"project": ID, "epoch": ID, "first_grant_ucr": AMOUNT},
    ),
    EventView(
        "epoch_cut", "Epochs", "EpochCut", {"project": ID, "epoch": ID, "credits_ucr": AMOUNT}
    ),
    EventView(
        "epoch_closed",
        "Epochs",
        "EpochClosed",
        {
            "project": ID,
            "epoch": ID,
            "value_uusd": AMOUNT,
            "credits_ucr": AMOUNT,
            "base_ucr": AMOUNT,
            "grant_ucr": AMOUNT,
            "is_protected": FLAG,
        },
    ),
    EventView("review_opened", "Epochs", "ReviewOpened", {"project": ID, "epoch": ID}),
    EventView("review_ended", "Epochs", "ReviewEnded", {"project": ID, "epoch": ID}),
    EventView(
        "grant_restored",
        "Epochs",
        "GrantRestored",
        {
            "project": ID,
            "epoch": ID,
            "value_uusd": AMOUNT,
            "added_ucr": AMOUNT,
            "grant_ucr": AMOUNT,
        },
    ),
    EventView(
        "exploration_minted",
        "Epochs",
        "ExplorationMinted",
        {"epoch": ID, "granted_ucr": AMOUNT, "added_ucr": AMOUNT},
    ),
    EventView(
        "terms_set",
        "Epochs",
        "TermsSet",
        {
            "from_epoch": ID,
            "low_uusd": LONG,
            "high_uusd": LONG,
            "growth_ppm": ID,
            "cut_ppm": ID,
            "min_spend_ucr": LONG,
            "min_value_uusd": AMOUNT,
            "exploration_ppm": ID,
            "dispute_s": ID,
        },
        {
            "low_uusd": "terms[0]",
            "high_uusd": "terms[1]",
            "growth_ppm": "terms[2]",
            "cut_ppm": "terms[3]",
            "min_spend_ucr": "terms[4]",
            "min_value_uusd": "terms[5]",
            "exploration_ppm": "terms[6]",
            "dispute_s": "terms[7]",
        },
    ),
    EventView(
        "experiment_opened",
        "Experiments",
        "ExperimentOpened",
        {
            "experiment": ID,
            "project": ID,
            "first_epoch": ID,
            "last_epoch": ID,
            "hypothesis_commitment": TEXT,
        },
    ),
    EventView(
        "experiment_funded",
        "Experiments",
        "ExperimentFunded",
        {"experiment": ID, "project": ID, "amount_ucr": AMOUNT},
    ),
    EventView(
        "experiment_ended",
        "Experiments",
        "ExperimentEnded",
        {
            "experiment": ID,
            "project": ID,
            "last_epoch": ID,
            "returned_ucr": AMOUNT,
            "result_commitment": TEXT,
        },
    ),
    EventView(
        "plan_set", "Plans", "PlanSet", {"project": ID, "credits_ucr": AMOUNT, "price_cents": LONG}
    ),
    EventView(
        "invoice_reported",
        "Plans",
        "InvoiceReported",
        {
            "project": ID,
            "invoice_hash": TEXT,
            "paid_cents": LONG,
            "credits_ucr": AMOUNT,
            "by": TEXT,
        },
    ),
    EventView(
        "invoice_confirmed",
        "Plans",
        "InvoiceConfirmed",
        {
            "project": ID,
            "invoice_hash": TEXT,
            "paid_cents": LONG,
            "credits_ucr": AMOUNT,
            "by": TEXT,
        },
    ),
)
