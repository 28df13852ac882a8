"""Seats, proposals, appeals, stops and corrections as they were announced."""

from __future__ import annotations

from typing import Final

from tallystick.projection.event_views import AMOUNT, FLAG, ID, LONG, TEXT, EventView

_SEATS: Final = "USMALLINT"

GOVERNANCE_VIEWS: Final = (
    EventView("seat_granted", "Seats", "SeatGranted", {"holder": TEXT, "organisation": ID}),
    EventView("seat_revoked", "Seats", "SeatRevoked", {"holder": TEXT, "organisation": ID}),
    EventView(
        "proposal_created",
        "NetworkGovernor",
        "ProposalCreated",
        {
            "proposal_id": TEXT,
            "proposer": TEXT,
            "targets": TEXT,
            "values": TEXT,
            "calldatas": TEXT,
            "vote_start": LONG,
            "vote_end": LONG,
            "description": TEXT,
        },
    ),
    EventView(
        "proposal_extended",
        "NetworkGovernor",
        "ProposalExtended",
        {"proposal_id": TEXT, "extended_deadline": LONG},
    ),
    EventView(
        "proposal_queued",
        "NetworkGovernor",
        "ProposalQueued",
        {"proposal_id": TEXT, "eta_seconds": LONG},
    ),
    EventView("proposal_executed", "NetworkGovernor", "ProposalExecuted", {"proposal_id": TEXT}),
    EventView("proposal_canceled", "NetworkGovernor", "ProposalCanceled", {"proposal_id": TEXT}),
    EventView(
        "vote_cast",
        "NetworkGovernor",
        "VoteCast",
        {
            "proposal_id": TEXT,
            "voter": TEXT,
            "support": "UTINYINT",
            "weight": AMOUNT,
            "reason": TEXT,
        },
    ),
    EventView(
        "quorum_set",
        "NetworkGovernor",
        "QuorumNumeratorUpdated",
        {"new_quorum_numerator": ID},
    ),
    EventView(
        "appeal_filed",
        "Appeals",
        "AppealFiled",
        {
            "appeal": LONG,
            "id": ID,
            "kind": "UTINYINT",
            "epoch": ID,
            "outcome_kind": "USMALLINT",
            "appellant": TEXT,
            "organisation": ID,
            "eligible_seats": _SEATS,
            "closes_at_s": LONG,
            "commitment": TEXT,
        },
        {"kind": "subject[0]", "epoch": "subject[2]", "outcome_kind": "subject[3]"},
    ),
    EventView(
        "appeal_voted",
        "Appeals",
        "AppealVoted",
        {"appeal": LONG, "holder": TEXT, "is_upheld": FLAG},
    ),
    EventView(
        "appeal_resolved",
        "Appeals",
        "AppealResolved",
        {
            "appeal": LONG,
            "is_upheld": FLAG,
            "for_votes": _SEATS,
            "against_votes": _SEATS,
            "eligible_seats": _SEATS,
        },
    ),
    EventView(
        "meter_paused",
        "Guardian",
        "MeterPaused",
        {"meter": ID, "guardian": TEXT, "until_s": LONG},
    ),
    EventView("meter_resumed", "Guardian", "MeterResumed", {"meter": ID}),
    EventView(
        "contract_closed",
        "Guardian",
        "ContractClosed",
        {"target": TEXT, "guardian": TEXT, "until_s": LONG},
    ),
    EventView("contract_reopened", "Guardian", "ContractReopened", {"target": TEXT}),
    EventView("key_suspended", "ValidatorSet", "KeySuspended", {"attester": TEXT, "until_s": LONG}),
    EventView(
        "freeze_proven",
        "MeterFreezes",
        "MeterFreezeProven",
        {"meter": ID, "proof_hash": TEXT},
    ),
    EventView(
        "meter_frozen", "Registry", "MeterFrozenSet", {"meter": ID, "frozen": FLAG, "from_ms": LONG}
    ),
)

CORRECTION_VIEWS: Final = (
    EventView(
        "record_released",
        "Corrections",
        "RecordReleased",
        {
            "meter": ID,
            "seq": LONG,
            "project": ID,
            "resource": "USMALLINT",
            "user": LONG,
            "cost_ucr": LONG,
            "record_hash": TEXT,
        },
    ),
    EventView(
        "record_credited",
        "Corrections",
        "RecordCredited",
        {
            "meter": ID,
            "seq": LONG,
            "project": ID,
            "cost_ucr": LONG,
            "amount_ucr": LONG,
            "record_hash": TEXT,
            "reason": TEXT,
            "owner": TEXT,
            "registrar": TEXT,
        },
    ),
)
