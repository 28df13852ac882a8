"""Who and what there is: accounts with budgets, meters, resources, validators, and the tariff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from tallystick.core.facts import BASIS_NAMES, KIND_NAMES, Facts
from tallystick.projection.projection import Projection
from tallystick.projection.reader import Reader, Row

_ACCOUNTS: Final = """
    SELECT accounts.*, limit_ucr, spent_ucr, spent_lifetime_ucr, leased_ucr, balance_ucr,
        overdraft_ucr, soft_ppm, frozen, frozen_why, period, period_start_ms, period_end_ms,
        carried_ucr, rate_ucr, rate_window_s, budgets.block AS budget_block
    FROM accounts LEFT JOIN budgets USING (account) ORDER BY path
"""
_METERS: Final = """
    SELECT meters.*, accounts.path AS account_path, coalesce(next_seq, 0) AS next_seq,
        coalesce(frames, 0) AS frames, coalesce(bad, 0) AS quarantined
    FROM meters LEFT JOIN accounts USING (account)
        LEFT JOIN (
            SELECT meter, max(first_seq + "count") AS next_seq, count(*) AS frames
            FROM segments WHERE status = 0 GROUP BY meter
        ) settled USING (meter)
        LEFT JOIN (
            SELECT meter, count(*) AS bad FROM records WHERE reason <> 0 GROUP BY meter
        ) quarantine USING (meter)
    ORDER BY meter
"""
_VALIDATORS: Final = """
    SELECT validators.*, coalesce(attested, 0) AS attested, coalesce(submitted, 0) AS submitted
    FROM validators
        LEFT JOIN (
            SELECT set_version, validator, count(*) AS attested
            FROM attestations JOIN batches ON batches.number = attestations.batch GROUP BY ALL
        ) attesting USING (set_version, validator)
        LEFT JOIN (
            SELECT set_version, sender, count(*) AS submitted FROM batches GROUP BY ALL
        ) submitting USING (set_version, sender)
    ORDER BY set_version DESC, validator
"""


class DirectoryQueries:
    """Accounts, meters, resources, validators, tariff."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._reader = Reader(projection)

    def accounts(self) -> list[Row]:
        """All accounts by path, each with its budget as last read (None where it never was).

        `remaining_ucr` is what the account and all below it can still spend: their balances, as far
        as the limits of the account, of those below and of those above allow.
        """
        found = self._reader.fetch_all(_ACCOUNTS)
        remaining_ucr = compute_remaining_ucr(found)
        return [{**row, "remaining_ucr": remaining_ucr[row["account"]]} for row in found]

    def meters(self) -> list[Row]:
        """All meters, with their account's path, their cursor, and how many records failed."""
        return self._reader.fetch_all(_METERS)

    def resources(self) -> list[Row]:
        """All resources."""
        return self._reader.fetch_all("SELECT * FROM resources ORDER BY resource")

    def validators(self) -> list[Row]:
        """The members of every validator set, newest first, with what each attested and sent."""
        return self._reader.fetch_all(_VALIDATORS)

    def tariff(self, at_ms: int) -> Row:
        """The rates in force at a time, resolved, in ncr: {version, index_epoch, from, resources}.

        `from` is the time since when all of them hold, in Unix ms.
        """
        facts = self._projection.facts
        rates = [timeline.at(at_ms) for timeline in facts.rates.values()]
        indices = [timeline.at(at_ms) for timeline in facts.indices.values()]
        entries = (
            (timeline.values[-1].slug, _resolve(facts, resource, at_ms))
            for resource, timeline in sorted(facts.resources.items())
        )
        return {
            "version": max((fact.version for fact in rates if fact), default=0),
            "index_epoch": max((fact.epoch for fact in indices if fact), default=0),
            "from": max((fact.from_ms for fact in (*rates, *indices) if fact), default=0),
            "resources": {slug: entry for slug, entry in entries if entry is not None},
        }

    def tariff_history(self) -> list[Row]:
        """Every change of rates, newest version first, as voted."""
        return self._reader.fetch_all(
            "SELECT rates.*, slug FROM rates LEFT JOIN resources USING (resource)"
            " ORDER BY version DESC, slug"
        )

    def index_history(self) -> list[Row]:
        """Every price index, newest first."""
        return self._reader.fetch_all("SELECT * FROM indices ORDER BY from_ms DESC, index_class")


def compute_remaining_ucr(accounts: Sequence[Row]) -> dict[int, int | None]:
    """What each account can still spend; None where its budget was never read.

    Args:
        accounts: rows of `DirectoryQueries.accounts`, parents with smaller ids than their children.
    """
    by_id = {row["account"]: row for row in accounts if row["balance_ucr"] is not None}
    available: dict[int, int] = defaultdict(int)
    for account in sorted(by_id, reverse=True):
        row = by_id[account]
        available[account] = _at_most(available[account] + row["balance_ucr"], _room_ucr(row))
        available[row["parent"]] += available[account]
    rooms: dict[int, int | None] = {0: None}
    remaining: dict[int, int | None] = dict.fromkeys(row["account"] for row in accounts)
    for account in sorted(by_id):
        above = rooms.get(by_id[account]["parent"])
        own = _room_ucr(by_id[account])
        rooms[account] = own if above is None else _at_most(above, own)
        remaining[account] = _at_most(available[account], above)
    return remaining


def _room_ucr(row: Row) -> int | None:
    """What the limit and what was carried over leave, None without one."""
    if row["limit_ucr"] is None:
        return None
    room_ucr: int = row["limit_ucr"] + row["carried_ucr"] - row["spent_ucr"]
    return max(room_ucr, 0)


def _at_most(amount: int, bound: int | None) -> int:
    return amount if bound is None else min(amount, bound)


def _resolve(facts: Facts, resource: int, at_ms: int) -> Row | None:
    """One resource of the tariff, None where it has no rates at that time."""
    resolved = facts.resolved_at(resource, at_ms)
    rates = facts.rates[resource].at(at_ms) if resource in facts.rates else None
    known = facts.resources[resource].at(at_ms)
    if resolved is None or rates is None or known is None:
        return None
    return {
        "id": resource,
        "kind": KIND_NAMES.get(known.kind, str(known.kind)),
        "basis": BASIS_NAMES.get(known.basis, str(known.basis)),
        "index_class": known.index_class or None,
        **asdict(resolved),
        "gpu_multiplier_ppm": rates.rates.gpu_multiplier_ppm,
    }
