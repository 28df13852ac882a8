"""Lists of proposals, votes, seats, appeals, stops and corrections."""

from __future__ import annotations

import json
from typing import Final

from tallystick.projection.decoded_calls import describe_call
from tallystick.projection.lists import Context, ListSpec, name_of_meter, path_of
from tallystick.projection.reader import Row

_SEATS_AT: Final = """(SELECT count(*) FROM seat_granted WHERE time_s <= created.vote_start)
        - (SELECT count(*) FROM seat_revoked WHERE time_s <= created.vote_start)"""


def _finish_proposal(row: Row, context: Context) -> Row:
    """The proposal with its calls decoded, its votes weighed, and its state."""
    targets = json.loads(row.pop("targets"))
    calldatas = json.loads(row.pop("calldatas"))
    calls = [
        describe_call(context.contract_by_address, target, data)
        for target, data in zip(targets, calldatas, strict=True)
    ]
    quorum = row["seats"] * (row.pop("quorum_percent") or 0) // 100
    row |= {"calls": calls, "quorum": quorum}
    return {**row, "state": _tell_state(row, context.now_s)}


def _tell_state(row: Row, now_s: int) -> str:
    """In the governor's words and order."""
    if row["executed_at_s"] is not None:
        return "executed"
    if row["canceled_at_s"] is not None:
        return "canceled"
    if now_s < row["vote_start"]:
        return "pending"
    if now_s <= row["vote_end"]:
        return "active"
    has_passed = row["for_votes"] > row["against_votes"]
    if not has_passed or row["for_votes"] + row["abstain_votes"] < row["quorum"]:
        return "defeated"
    return "succeeded" if row["eta_s"] is None else "queued"


PROPOSALS: Final = ListSpec(
    "proposals",
    f"""
    SELECT created.block, created.ordinal, created.tx_hash, created.time_s, created.proposal_id,
        created.proposer, created.targets, created.calldatas, created.description,
        created.vote_start, coalesce(extended.extended_deadline, created.vote_end) AS vote_end,
        queued.eta_seconds AS eta_s, executed.time_s AS executed_at_s,
        executed.tx_hash AS executed_tx_hash, canceled.time_s AS canceled_at_s,
        coalesce(votes.against_votes, 0)::BIGINT AS against_votes,
        coalesce(votes.for_votes, 0)::BIGINT AS for_votes,
        coalesce(votes.abstain_votes, 0)::BIGINT AS abstain_votes,
        {_SEATS_AT} AS seats,
        (SELECT arg_max(new_quorum_numerator, (block, ordinal)) FROM quorum_set
            WHERE time_s <= created.vote_start) AS quorum_percent
    FROM proposal_created created
        LEFT JOIN proposal_extended extended USING (proposal_id)
        LEFT JOIN proposal_queued queued USING (proposal_id)
        LEFT JOIN proposal_executed executed USING (proposal_id)
        LEFT JOIN proposal_canceled canceled USING (proposal_id)
        LEFT JOIN (SELECT proposal_id, sum(weight::HUGEINT) FILTER (support = 0) AS against_votes,
            sum(weight::HUGEINT) FILTER (support = 1) AS for_votes,
            sum(weight::HUGEINT) FILTER (support = 2) AS abstain_votes
            FROM vote_cast GROUP BY proposal_id) votes USING (proposal_id)
    """,  # noqa: S608
    filters=("proposal_id", "proposer"),
    finish=_finish_proposal,
)

VOTES: Final = ListSpec(
    "votes",
    f"""
    SELECT cast_.block, cast_.ordinal, cast_.tx_hash, cast_.time_s, cast_.proposal_id, cast_.voter,
        {path_of("seat.organisation", "organisation")}, cast_.weight, cast_.reason,
        CASE cast_.support WHEN 0 THEN 'against' WHEN 1 THEN 'for' ELSE 'abstain' END AS support
    FROM vote_cast cast_
        LEFT JOIN (SELECT holder, arg_max(organisation, block) AS organisation FROM seat_granted
            GROUP BY holder) seat ON seat.holder = cast_.voter
    """,  # noqa: S608
    filters=("proposal_id", "voter"),
)

SEATS: Final = ListSpec(
    "seats",
    f"""
    SELECT granted.block, granted.ordinal, granted.tx_hash, granted.time_s, granted.holder,
        {path_of("granted.organisation", "organisation")}, revoked.time_s AS revoked_at_s,
        CASE WHEN revoked.block IS NULL THEN 'held' ELSE 'revoked' END AS state
    FROM seat_granted granted ASOF LEFT JOIN seat_revoked revoked
        ON revoked.holder = granted.holder AND granted.block <= revoked.block
    """,  # noqa: S608
    accounts=("organisation_id",),
    filters=("holder", "organisation", "state"),
)

_APPEAL_KINDS: Final = "CASE filed.kind WHEN 1 THEN 'cut' WHEN 2 THEN 'freeze' ELSE 'outcome' END"

APPEALS: Final = ListSpec(
    "appeals",
    f"""
    SELECT filed.block, filed.ordinal, filed.tx_hash, filed.time_s, filed.appeal,
        {_APPEAL_KINDS} AS kind, {path_of("filed.account", "account")},
        {name_of_meter("filed.meter")}, filed.epoch, filed.outcome_kind, filed.appellant,
        {path_of("filed.organisation", "organisation")}, filed.commitment, filed.closes_at_s,
        coalesce(resolved.eligible_seats, filed.eligible_seats) AS eligible_seats,
        coalesce(votes.for_votes, 0) AS for_votes, coalesce(votes.against_votes, 0)
            AS against_votes, resolved.time_s AS resolved_at_s,
        CASE WHEN resolved.is_upheld THEN 'upheld' WHEN resolved.block IS NOT NULL THEN 'rejected'
            WHEN filed.closes_at_s <= $now_s THEN 'voted' ELSE 'open' END AS state
    FROM (SELECT filed.*, CASE WHEN kind = 2 THEN id END AS meter,
            CASE WHEN kind = 2 THEN (SELECT account FROM meters WHERE meters.meter = filed.id)
                ELSE id END AS account FROM appeal_filed filed) filed
        LEFT JOIN appeal_resolved resolved USING (appeal)
        LEFT JOIN (SELECT appeal, count(*) FILTER (is_upheld) AS for_votes,
            count(*) FILTER (NOT is_upheld) AS against_votes
            FROM appeal_voted GROUP BY appeal) votes USING (appeal)
    """,  # noqa: S608
    accounts=("account_id",),
    filters=("appeal", "kind", "epoch", "meter", "meter_id", "state"),
)

APPEAL_VOTES: Final = ListSpec(
    "appeal-votes",
    f"""
    SELECT voted.block, voted.ordinal, voted.tx_hash, voted.time_s, voted.appeal, voted.holder,
        {path_of("seat.organisation", "organisation")}, voted.is_upheld
    FROM appeal_voted voted
        LEFT JOIN (SELECT holder, arg_max(organisation, block) AS organisation FROM seat_granted
            GROUP BY holder) seat ON seat.holder = voted.holder
    """,  # noqa: S608
    filters=("appeal", "holder"),
)


def _name_target(row: Row, context: Context) -> Row:
    return {**row, "contract": context.contract_by_address.get(row["target"], "")}


CLOSURES: Final = ListSpec(
    "closures",
    """
    SELECT closed.block, closed.ordinal, closed.tx_hash, closed.time_s, closed.target,
        closed.guardian, closed.until_s, reopened.time_s AS ended_at_s,
        CASE WHEN reopened.block IS NULL THEN 'closed' ELSE 'reopened' END AS state
    FROM contract_closed closed ASOF LEFT JOIN contract_reopened reopened
        ON reopened.target = closed.target AND closed.block <= reopened.block
    """,
    filters=("target", "state"),
    finish=_name_target,
)

FREEZES: Final = ListSpec(
    "freezes",
    f"""
    SELECT frozen.block, frozen.ordinal, frozen.tx_hash, frozen.time_s,
        {name_of_meter("frozen.meter")}, frozen.frozen, frozen.from_ms, paused.until_s,
        paused.guardian, proven.proof_hash,
        CASE WHEN NOT frozen.frozen THEN 'thawed' WHEN proven.block IS NOT NULL THEN 'proof'
            WHEN paused.block IS NOT NULL THEN 'guardian' ELSE 'vote' END AS why
    FROM meter_frozen frozen
        LEFT JOIN meter_paused paused ON paused.meter = frozen.meter
            AND paused.block = frozen.block AND frozen.frozen
        LEFT JOIN freeze_proven proven ON proven.meter = frozen.meter
            AND proven.block = frozen.block AND frozen.frozen
    """,  # noqa: S608
    filters=("meter", "meter_id", "why"),
)

SUSPENSIONS: Final = ListSpec(
    "suspensions",
    """
    SELECT suspended.block, suspended.ordinal, suspended.tx_hash, suspended.time_s,
        suspended.attester, validators.name AS validator, suspended.until_s,
        CASE WHEN suspended.until_s <= suspended.time_s THEN 'ended'
            WHEN suspended.until_s <= $now_s THEN 'over'
            WHEN later.until_s <= later.time_s THEN 'ended' ELSE 'suspended' END AS state
    FROM key_suspended suspended
        LEFT JOIN (SELECT attester, arg_max(name, set_version) AS name FROM validators
            GROUP BY attester) validators USING (attester)
        ASOF LEFT JOIN key_suspended later ON later.attester = suspended.attester
            AND suspended.block < later.block
    """,
    filters=("attester", "state"),
)

CORRECTIONS: Final = ListSpec(
    "corrections",
    f"""
    SELECT entry.block, entry.ordinal, entry.tx_hash, entry.time_s, entry.kind,
        {path_of("entry.project", "project")}, {name_of_meter("entry.meter")}, entry.seq,
        coalesce(resources.slug, '#' || entry.resource) AS resource, entry.cost_ucr,
        entry.released_ucr, entry.credited_ucr, entry.record_hash, entry.reason, entry.owner,
        entry.registrar
    FROM (
        SELECT block, ordinal, tx_hash, time_s, 'release' AS kind, project, meter, seq, resource,
            cost_ucr, cost_ucr AS released_ucr, 0 AS credited_ucr, record_hash
        FROM record_released
        UNION ALL BY NAME
        SELECT block, ordinal, tx_hash, time_s, 'credit' AS kind, project, meter, seq,
            cost_ucr, 0 AS released_ucr, amount_ucr AS credited_ucr, record_hash, reason, owner,
            registrar
        FROM record_credited
    ) entry LEFT JOIN resources USING (resource)
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("kind", "project", "meter", "meter_id", "seq"),
)

GOVERNANCE_LISTS: Final = (
    PROPOSALS,
    VOTES,
    SEATS,
    APPEALS,
    APPEAL_VOTES,
    CLOSURES,
    FREEZES,
    SUSPENSIONS,
    CORRECTIONS,
)
