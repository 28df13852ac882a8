"""Lists of offers, quotes, providers, conversions, redemptions and the price index."""

from __future__ import annotations

from typing import Final

from tallystick.projection.alerts import RECLAIM_AFTER_S
from tallystick.projection.lists import Context, ListSpec, name_of_credit, newest, path_of
from tallystick.projection.names import name_label
from tallystick.projection.reader import Row

_GIVES: Final = name_of_credit("{of}.give_id", "give")
_WANTS: Final = name_of_credit("{of}.want_id", "want")
_PROVIDER: Final = (
    "coalesce((SELECT arg_max(name, block) FROM provider_set named"
    " WHERE named.provider = {of}.provider), '#' || {of}.provider) AS provider,"
    " {of}.provider AS provider_id"
)

OFFERS: Final = ListSpec(
    "offers",
    f"""
    SELECT posted.block, posted.ordinal, posted.tx_hash, posted.time_s, posted.offer,
        {path_of("posted.account", "account")}, {_GIVES.format(of="posted")}, posted.give_ucr,
        {_WANTS.format(of="posted")}, posted.want_ucr, posted.min_fill_ucr, posted.expires_at_s,
        coalesce(taken.fills, 0) AS fills, coalesce(taken.paid_ucr, 0) AS paid_ucr,
        CASE WHEN closed.block IS NULL THEN posted.give_ucr::HUGEINT - coalesce(taken.given_ucr, 0)
            ELSE 0 END AS left_ucr,
        CASE WHEN closed.why = 1 THEN 'filled' WHEN closed.why = 2 THEN 'cancelled'
            WHEN closed.why = 3 THEN 'expired'
            WHEN posted.expires_at_s <= $now_s THEN 'lapsed' ELSE 'open' END AS state
    FROM offer_posted posted
        LEFT JOIN offer_closed closed USING (offer)
        LEFT JOIN (SELECT offer, count(*) AS fills, sum(give_ucr::HUGEINT) AS given_ucr,
            sum(want_ucr::HUGEINT) AS paid_ucr FROM offer_taken GROUP BY offer) taken USING (offer)
    """,  # noqa: S608
    accounts=("account_id",),
    filters=("offer", "give", "want", "state"),
)

TAKES: Final = ListSpec(
    "takes",
    f"""
    SELECT taken.block, taken.ordinal, taken.tx_hash, taken.time_s, taken.offer,
        {path_of("posted.account", "maker")}, {path_of("taken.taker", "taker")},
        {_GIVES.format(of="posted")}, taken.give_ucr, {_WANTS.format(of="posted")}, taken.want_ucr,
        taken.left_ucr, taken.is_same_organisation
    FROM offer_taken taken JOIN offer_posted posted USING (offer)
    """,  # noqa: S608
    accounts=("maker_id", "taker_id"),
    filters=("offer", "is_same_organisation"),
)

QUOTES: Final = ListSpec(
    "quotes",
    f"""
    SELECT filled.block, filled.ordinal, filled.tx_hash, filled.time_s,
        {path_of("filled.maker", "maker")}, {path_of("filled.taker", "taker")}, filled.nonce,
        {_GIVES.format(of="filled")}, filled.give_ucr, {_WANTS.format(of="filled")},
        filled.want_ucr, filled.is_same_organisation, 'filled' AS state
    FROM quote_filled filled
    UNION ALL BY NAME
    SELECT cancelled.block, cancelled.ordinal, cancelled.tx_hash, cancelled.time_s,
        {path_of("cancelled.maker", "maker")}, cancelled.nonce, 'cancelled' AS state
    FROM quote_cancelled cancelled
    """,  # noqa: S608
    accounts=("maker_id", "taker_id"),
    filters=("state", "is_same_organisation"),
)

_RATE_NOW: Final = newest("desk_rate_set", "provider", "from_s <= $now_s", "from_s")

PROVIDERS: Final = ListSpec(
    "providers",
    f"""
    SELECT latest.block, latest.ordinal, latest.tx_hash, latest.time_s,
        latest.name AS provider, latest.provider AS provider_id, latest.key,
        rate.rate_ppm, rate.from_s AS rate_from_s, next_rate.rate_ppm AS queued_ppm,
        next_rate.from_s AS queued_from_s, caps.daily_ucr, caps.daily_per_organisation_ucr,
        (SELECT coalesce(sum(amount_ucr::HUGEINT), 0) FROM inventory_deposited d
            WHERE d.provider = latest.provider) AS deposited_ucr,
        (SELECT coalesce(sum(out_ucr::HUGEINT), 0) FROM converted c
            WHERE c.provider = latest.provider) AS converted_ucr,
        (SELECT coalesce(sum(amount_ucr::HUGEINT), 0) FROM redemption_requested r
            WHERE r.provider = latest.provider AND NOT EXISTS (
                FROM redemption_acknowledged a WHERE a.redemption = r.redemption) AND NOT EXISTS (
                FROM redemption_reclaimed a WHERE a.redemption = r.redemption)) AS pending_ucr
    FROM {newest("provider_set", "provider")} latest
        LEFT JOIN {_RATE_NOW} rate ON rate.provider = latest.provider
        LEFT JOIN (FROM {newest("desk_rate_set", "provider")} WHERE from_s > $now_s) next_rate
            ON next_rate.provider = latest.provider
        LEFT JOIN {newest("desk_caps_set", "provider")} caps ON caps.provider = latest.provider
    """,  # noqa: S608
    filters=("provider", "provider_id"),
    finish=lambda row, _: {**row, "inventory_ucr": row["deposited_ucr"] - row["converted_ucr"]},
)

DEPOSITS: Final = ListSpec(
    "deposits",
    f"""
    SELECT deposit.block, deposit.ordinal, deposit.tx_hash, deposit.time_s,
        {_PROVIDER.format(of="deposit")}, deposit.amount_ucr, deposit.receipt_hash,
        deposit.inventory_ucr
    FROM inventory_deposited deposit
    """,  # noqa: S608
    filters=("provider", "provider_id"),
)

CONVERSIONS: Final = ListSpec(
    "conversions",
    f"""
    SELECT converted.block, converted.ordinal, converted.tx_hash, converted.time_s,
        {path_of("converted.account", "account")}, {_PROVIDER.format(of="converted")},
        converted.credits_ucr, converted.out_ucr, converted.rate_ppm
    FROM converted
    """,  # noqa: S608
    accounts=("account_id",),
    filters=("provider", "provider_id"),
)

REDEMPTIONS: Final = ListSpec(
    "redemptions",
    f"""
    SELECT asked.block, asked.ordinal, asked.tx_hash, asked.time_s, asked.redemption,
        {path_of("asked.account", "account")}, {_PROVIDER.format(of="asked")}, asked.amount_ucr,
        asked.reference_id, acknowledged.receipt_hash,
        coalesce(acknowledged.time_s, reclaimed.time_s) AS ended_at_s,
        CASE WHEN acknowledged.block IS NOT NULL THEN 'acknowledged'
            WHEN reclaimed.block IS NOT NULL THEN 'reclaimed'
            WHEN asked.time_s + {RECLAIM_AFTER_S} <= $now_s THEN 'overdue'
            ELSE 'pending' END AS state
    FROM redemption_requested asked
        LEFT JOIN redemption_acknowledged acknowledged USING (redemption)
        LEFT JOIN redemption_reclaimed reclaimed USING (redemption)
    """,  # noqa: S608
    accounts=("account_id",),
    filters=("redemption", "provider", "provider_id", "state"),
)


def _name_class(row: Row, _: Context) -> Row:
    """The class as text; the column is 32 bytes in hexadecimal."""
    return {**row, "index_class": name_label(row["index_class"])}


INDEX_EPOCHS: Final = ListSpec(
    "index-epochs",
    """
    SELECT block, ordinal, tx_hash, time_s, index_class, epoch, raw_ppm, clamped_ppm, gap_ppm,
        reports, NULL AS needed, from_ms,
        CASE WHEN from_ms = 0 THEN 'refused' WHEN raw_ppm <> clamped_ppm THEN 'clamped'
            ELSE 'closed' END AS state
    FROM index_closed
    UNION ALL BY NAME
    SELECT block, ordinal, tx_hash, time_s, index_class, epoch, reports, needed, 'held' AS state
    FROM index_held
    """,
    filters=("epoch", "state"),
    finish=_name_class,
)

INDEX_REPORTS: Final = ListSpec(
    "index-reports",
    """
    SELECT reported.*, validators.name AS validator
    FROM price_reported reported LEFT JOIN (
            SELECT attester, arg_max(name, set_version) AS name FROM validators GROUP BY attester
        ) validators USING (attester)
    """,
    filters=("epoch", "attester"),
    finish=_name_class,
)

MARKET_LISTS: Final = (
    OFFERS,
    TAKES,
    QUOTES,
    PROVIDERS,
    DEPOSITS,
    CONVERSIONS,
    REDEMPTIONS,
    INDEX_EPOCHS,
    INDEX_REPORTS,
)
