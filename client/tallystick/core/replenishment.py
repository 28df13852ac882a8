"""The grant as a function of velocity, in the integers the Epochs contract computes with.

Source: docs/replenishment.md; contracts/libraries/Velocity.sol and ExplorationShare.sol, tied to
this module by tests/vectors/replenishment.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PPM: Final = 1_000_000
UCR_PER_CREDIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ReplenishmentTerms:
    """How grants follow velocity, in the order of the contract's struct.

    Marks in micro-USD per credit, slopes and share in millionths, minimums in ucr and micro-USD,
    the dispute window in seconds.
    """

    low_uusd: int
    high_uusd: int
    growth_ppm: int
    cut_ppm: int
    min_spend_ucr: int
    min_value_uusd: int
    exploration_ppm: int
    dispute_s: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an epoch makes of a grant, in ucr.

    `is_judged` is False where too little was spent to tell: the grant is its base and the next
    one's measure stays. `is_low` asks for a review.
    """

    base_ucr: int
    grant_ucr: int
    is_judged: bool
    is_low: bool


def compute_grant(
    terms: ReplenishmentTerms,
    *,
    previous_grant_ucr: int,
    credits_ucr: int,
    value_uusd: int,
    is_protected: bool = False,
) -> Judgement:
    """The grant for an epoch, rounded once, down.

    Args:
        terms: those that hold in the epoch.
        previous_grant_ucr: what the grant is measured by.
        credits_ucr: what was spent; with the value the velocity.
        value_uusd: what was achieved.
        is_protected: whether an experiment keeps the grant from a cut.
    """
    base_ucr = min(previous_grant_ucr, credits_ucr * 5 // 4)
    is_judged = credits_ucr != 0 and credits_ucr >= terms.min_spend_ucr
    counted_uusd = value_uusd if value_uusd >= terms.min_value_uusd else 0
    reached = counted_uusd * UCR_PER_CREDIT
    low = terms.low_uusd * credits_ucr
    is_low = is_judged and reached < low and not is_protected
    grant_ucr = base_ucr
    if is_low:
        grant_ucr -= -(-base_ucr * terms.cut_ppm * (low - reached) // (low * PPM))
    elif is_judged and reached > low:
        span = (terms.high_uusd - terms.low_uusd) * credits_ucr
        grant_ucr += base_ucr * terms.growth_ppm * min(reached - low, span) // (span * PPM)
    return Judgement(base_ucr, grant_ucr, is_judged, is_low)


@dataclass(frozen=True, slots=True)
class Minting:
    """What was minted by epoch rules in ucr, and the fraction the exploration pool is still owed.

    `owed` is the fraction's numerator over a million less `share_ppm`; a share of 0 = none yet.
    """

    general_ucr: int = 0
    exploration_ucr: int = 0
    owed: int = 0
    share_ppm: int = 0


def compute_minting(minting: Minting, granted_ucr: int, share_ppm: int) -> Minting:
    """What was minted after a grant: the pool has its share of all of it, to the micro-credit.

    Args:
        minting: what was minted before.
        granted_ucr: general credits granted now.
        share_ppm: the pool's share of all minting, in millionths.
    """
    rest = PPM - share_ppm
    owed = minting.owed
    if minting.share_ppm != share_ppm:
        owed = owed * rest // (PPM - minting.share_ppm)
    due_ucr, left = divmod(granted_ucr * share_ppm + owed, rest)
    return Minting(
        general_ucr=minting.general_ucr + granted_ucr,
        exploration_ucr=minting.exploration_ucr + due_ucr,
        owed=left,
        share_ppm=share_ppm,
    )
