"""The pools: what lies in escrow, in inventories, with pending redemptions and for exploration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.credit_book import CreditBook
from tallystick.verify.verdict import Check


def check_pool(
    credits_kept: CreditBook, pool: str, name: str, owed_ucr: Mapping[int, int]
) -> Iterator[Finding]:
    """A pool holds what it owes, credit id by credit id.

    Args:
        credits_kept: balances as transfers tell them.
        pool: its address.
        name: in words.
        owed_ucr: by credit id.
    """
    held_ucr = {of: ucr for (holder, of), ucr in credits_kept.balances.items() if holder == pool}
    for credit_id in sorted(held_ucr.keys() | owed_ucr.keys()):
        yield from compare(
            Check.POOLS,
            owed_ucr.get(credit_id, 0),
            held_ucr.get(credit_id, 0),
            f"{name} of credit id {credit_id}, ucr",
        )
