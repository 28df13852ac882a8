"""Lists of leases, outcomes, epochs, reviews, experiments, plans and invoices."""

from __future__ import annotations

from typing import Final

from tallystick.projection.lists import ListSpec, name_of_meter, newest, path_of

_LIVE: Final = f"""(
    SELECT opened.* FROM {newest("lease_opened", "project, meter")} opened
        ANTI JOIN lease_released released ON released.project = opened.project
            AND released.meter = opened.meter AND released.nonce = opened.nonce
)"""  # noqa: S608
_DRAWS: Final = f"""(
    SELECT project, meter, sum(cost_ucr) AS cost_ucr FROM (
        SELECT live.project, live.meter, records.cost_ucr FROM {_LIVE} live
            JOIN records ON records.meter = live.meter AND records.project = live.project
                AND records.block >= live.block
            JOIN batches ON batches.number = records.batch
            JOIN events ON events.tx_hash = batches.tx_hash AND events.name = 'BatchSettled'
        WHERE (records.block, events.log_index) > (live.block, live.ordinal)
        UNION ALL
        SELECT live.project, live.meter, released.cost_ucr FROM {_LIVE} live
            JOIN record_released released ON released.meter = live.meter
                AND released.project = live.project
        WHERE (released.block, released.ordinal) > (live.block, live.ordinal)
    ) GROUP BY ALL
)"""  # noqa: S608
"""What settled for each unreleased lease since it was opened or extended last: its draws."""

LEASES: Final = ListSpec(
    "leases",
    f"""
    SELECT opened.block, opened.ordinal, opened.tx_hash, opened.time_s,
        {path_of("opened.project", "project")}, {name_of_meter("opened.meter")},
        opened.nonce, opened.amount_ucr, opened.left_ucr AS opened_ucr, opened.admit_until_s,
        declared.last_seq, released.returned_ucr, released.time_s AS released_at_s,
        CASE WHEN released.block IS NOT NULL THEN 'released'
            WHEN later.nonce IS NOT NULL THEN 'extended'
            WHEN declared.block IS NOT NULL THEN 'ending'
            WHEN opened.admit_until_s <= $now_s THEN 'lapsed' ELSE 'open' END AS state,
        CASE WHEN released.block IS NOT NULL OR later.nonce IS NOT NULL THEN 0
            ELSE greatest(opened.left_ucr::HUGEINT - coalesce(draws.cost_ucr, 0), 0) END AS left_ucr
    FROM lease_opened opened
        LEFT JOIN lease_opened later ON later.project = opened.project
            AND later.meter = opened.meter AND later.nonce = opened.nonce + 1
        LEFT JOIN lease_last_declared declared ON declared.project = opened.project
            AND declared.meter = opened.meter AND declared.nonce = opened.nonce
        LEFT JOIN lease_released released ON released.project = opened.project
            AND released.meter = opened.meter AND released.nonce = opened.nonce
        LEFT JOIN {_DRAWS} draws ON draws.project = opened.project AND draws.meter = opened.meter
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project", "meter", "meter_id", "state"),
)

OUTCOMES: Final = ListSpec(
    "outcomes",
    f"""
    SELECT reported.block, reported.ordinal, reported.tx_hash, reported.time_s,
        {path_of("reported.project", "project")}, reported.epoch, reported.kind,
        coalesce((SELECT arg_max(name, block) FROM outcome_kind_set kinds
            WHERE kinds.kind = reported.kind), '#' || reported.kind) AS kind_name,
        reported.amount, reported.value_uusd, reported.evidence_hash, reported.source,
        confirmed.confirmer, {path_of("confirmed.account", "confirmed_by")},
        disputed.by AS disputed_by, disputed.time_s AS disputed_at_s, disputed.commitment,
        CASE WHEN reinstated.block IS NOT NULL THEN 'reinstated'
            WHEN disputed.block IS NOT NULL THEN 'disputed'
            WHEN confirmed.block IS NOT NULL THEN 'confirmed' ELSE 'reported' END AS state
    FROM outcome_reported reported
        LEFT JOIN outcome_confirmed confirmed USING (project, epoch, kind)
        LEFT JOIN outcome_disputed disputed USING (project, epoch, kind)
        LEFT JOIN outcome_reinstated reinstated USING (project, epoch, kind)
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project", "epoch", "kind", "kind_name", "state"),
)

OUTCOME_KINDS: Final = ListSpec("outcome-kinds", "SELECT * FROM outcome_kind_set")
SOURCES: Final = ListSpec(
    "outcome-sources",
    f"""
    SELECT block, ordinal, tx_hash, time_s, {path_of("latest.organisation", "organisation")}, kind,
        source
    FROM {newest("outcome_source_set", "organisation, kind, source")} latest
    WHERE is_source
    """,  # noqa: S608
    accounts=("organisation_id",),
    filters=("organisation", "kind"),
)
CONFIRMERS: Final = ListSpec(
    "confirmers",
    f"""
    SELECT block, ordinal, tx_hash, time_s, {path_of("latest.account", "account")}, confirmer
    FROM {newest("confirmer_set", "account")} latest
    WHERE confirmer <> '0x{0:040x}'
    """,  # noqa: S608
    accounts=("account_id",),
)

_TERMS_OF: Final = """(SELECT arg_max({term}, (from_epoch, block)) FROM terms_set
        WHERE from_epoch <= closed.epoch)"""

EPOCHS: Final = ListSpec(
    "epochs",
    f"""
    SELECT closed.block, closed.ordinal, closed.tx_hash, closed.time_s,
        {path_of("closed.project", "project")}, closed.epoch, closed.value_uusd,
        closed.credits_ucr, closed.base_ucr, closed.grant_ucr, closed.is_protected,
        review.block IS NOT NULL AS is_reviewed,
        restored.block IS NOT NULL AS is_restored, restored.value_uusd AS restored_value_uusd,
        restored.grant_ucr AS restored_grant_ucr,
        {_TERMS_OF.format(term="low_uusd")} AS low_uusd,
        {_TERMS_OF.format(term="high_uusd")} AS high_uusd,
        {_TERMS_OF.format(term="min_spend_ucr")} AS min_spend_ucr
    FROM epoch_closed closed
        LEFT JOIN review_opened review ON review.project = closed.project
            AND review.epoch = closed.epoch
        LEFT JOIN {newest("grant_restored", "project, epoch")} restored
            ON restored.project = closed.project AND restored.epoch = closed.epoch
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project", "epoch", "is_reviewed", "is_protected", "is_restored"),
)

ENROLMENTS: Final = ListSpec(
    "enrolments",
    f"""
    SELECT enrolled.block, enrolled.ordinal, enrolled.tx_hash, enrolled.time_s,
        {path_of("enrolled.project", "project")}, enrolled.epoch AS first_epoch,
        enrolled.first_grant_ucr,
        (SELECT max(epoch) FROM epoch_cut WHERE epoch_cut.project = enrolled.project)
            AS last_cut_epoch,
        (SELECT max(epoch) FROM epoch_closed WHERE epoch_closed.project = enrolled.project)
            AS last_closed_epoch
    FROM enrolled
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project",),
)

EPOCH_CUTS: Final = ListSpec(
    "epoch-cuts",
    f"""
    SELECT cut.block, cut.ordinal, cut.tx_hash, cut.time_s, {path_of("cut.project", "project")},
        cut.epoch, cut.credits_ucr, closed.block IS NOT NULL AS is_closed
    FROM epoch_cut cut LEFT JOIN epoch_closed closed USING (project, epoch)
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project", "epoch", "is_closed"),
)

TERMS: Final = ListSpec("replenishment-terms", "SELECT * FROM terms_set", filters=("from_epoch",))

REVIEWS: Final = ListSpec(
    "reviews",
    f"""
    SELECT review.block, review.ordinal, review.tx_hash, review.time_s,
        {path_of("review.project", "project")}, review.epoch, closed.value_uusd,
        closed.credits_ucr, closed.base_ucr, closed.grant_ucr, ended.time_s AS ended_at_s,
        appeal.appeal,
        CASE WHEN ended.block IS NOT NULL THEN 'ended' ELSE 'open' END AS state
    FROM review_opened review
        LEFT JOIN epoch_closed closed USING (project, epoch)
        LEFT JOIN review_ended ended USING (project, epoch)
        LEFT JOIN appeal_filed appeal ON appeal.kind = 1 AND appeal.id = review.project
            AND appeal.epoch = review.epoch
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project", "epoch", "state"),
)

EXPERIMENTS: Final = ListSpec(
    "experiments",
    f"""
    SELECT opened.block, opened.ordinal, opened.tx_hash, opened.time_s, opened.experiment,
        {path_of("opened.project", "project")}, opened.first_epoch, opened.last_epoch,
        opened.hypothesis_commitment,
        (SELECT coalesce(sum(amount_ucr::HUGEINT), 0) FROM experiment_funded funded
            WHERE funded.experiment = opened.experiment) AS funded_ucr,
        ended.returned_ucr, ended.result_commitment, ended.time_s AS ended_at_s,
        CASE WHEN ended.block IS NULL THEN 'open' ELSE 'ended' END AS state
    FROM experiment_opened opened LEFT JOIN experiment_ended ended USING (experiment)
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("experiment", "project", "state"),
)

PLANS: Final = ListSpec(
    "plans",
    f"""
    SELECT latest.block, latest.ordinal, latest.tx_hash, latest.time_s,
        {path_of("latest.project", "project")}, latest.credits_ucr, latest.price_cents,
        (SELECT coalesce(sum(paid_cents::HUGEINT), 0) FROM invoice_confirmed paid
            WHERE paid.project = latest.project) AS paid_cents,
        (SELECT coalesce(sum(credits_ucr::HUGEINT), 0) FROM invoice_confirmed paid
            WHERE paid.project = latest.project) AS minted_ucr
    FROM {newest("plan_set", "project")} latest
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project",),
)

INVOICES: Final = ListSpec(
    "invoices",
    f"""
    SELECT reported.block, reported.ordinal, reported.tx_hash, reported.time_s,
        {path_of("reported.project", "project")}, reported.invoice_hash, reported.paid_cents,
        reported.credits_ucr, reported.by AS reported_by, confirmed.by AS confirmed_by,
        confirmed.time_s AS confirmed_at_s,
        CASE WHEN confirmed.block IS NULL THEN 'reported' ELSE 'confirmed' END AS state
    FROM invoice_reported reported
        LEFT JOIN invoice_confirmed confirmed USING (project, invoice_hash)
    """,  # noqa: S608
    accounts=("project_id",),
    filters=("project", "invoice_hash", "state"),
)

ECONOMY_LISTS: Final = (
    LEASES,
    OUTCOMES,
    OUTCOME_KINDS,
    SOURCES,
    CONFIRMERS,
    EPOCHS,
    EPOCH_CUTS,
    ENROLMENTS,
    TERMS,
    REVIEWS,
    EXPERIMENTS,
    PLANS,
    INVOICES,
)
