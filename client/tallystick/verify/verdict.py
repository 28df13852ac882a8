"""What verification concludes: one document, and the first thing that does not agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class Check(StrEnum):
    """One requirement of the protocol each, in the order in which a batch is held to them."""

    DIRECT_CALL = "direct_call"
    """A registered sender called the ledger itself, so the records are in the calldata."""
    CALLDATA = "calldata"
    """The calldata is the one canonical encoding."""
    DATA_HASH = "data_hash"
    """The data is what the ledger hashed."""
    BATCH_NUMBER = "batch_number"
    """Batches are numbered 0, 1, 2 and so on: none is missing."""
    BATCH_FORMAT = "batch_format"
    """The data is a batch inside every limit."""
    IN_FORCE = "in_force"
    """Validator set and rules were in force, and the batch had not expired."""
    ATTESTATIONS = "attestations"
    """A quorum of distinct active validators signed exactly this."""
    REFERENCE_BLOCK = "reference_block"
    """The block that the batch was judged by is on this chain, before it."""
    FRAMES = "frames"
    """Every segment is a frame its meter signed, with the key of these sequence numbers."""
    VERDICTS = "verdicts"
    """Every cost and reason follows from the facts known at the reference block."""
    SETTLED_SEGMENTS = "settled_segments"
    """Exactly the segments that met their meter's cursor settled: no gap, no repeat."""
    TOTALS = "totals"
    """Records, quarantined and cost are what the ledger announced."""
    ACCUMULATOR = "accumulator"
    """The ledger's hash chains this batch to all before it."""
    SUSPENDED_KEYS = "suspended_keys"
    """No attestation of a suspended key was counted."""
    CORRECTIONS = "corrections"
    """A quarantined record is released once, at its cost anew; a valued one credited once."""
    LEASES = "leases"
    """What leases cover, keep and return follows from what settled for their meters."""
    OUTCOMES = "outcomes"
    """Each outcome has the value that its kind had in its epoch, and counts once."""
    GRANTS = "grants"
    """Every grant follows from the exact velocity pair and the terms of its epoch."""
    EXPLORATION = "exploration"
    """The exploration pool got its share of every grant."""
    INVOICES = "invoices"
    """Every paid invoice minted what its plan says, once."""
    SWAPS = "swaps"
    """No offer was filled beyond its amount or below its price."""
    CONVERSIONS = "conversions"
    """Conversions went at the worse of the governed rates, within the day's cap."""
    REDEMPTIONS = "redemptions"
    """Each redemption was answered once."""
    INDEX_STEPS = "index_steps"
    """Every index is the clamped median of its epoch's reports."""
    MINTED = "minted"
    """Every credit minted has a rule that mints it."""
    BURNED = "burned"
    """Every credit burned paid for something."""
    MOVES = "moves"
    """Credits went from whom to whom events say."""
    POOLS = "pools"
    """Escrow, inventory, pending redemptions and the exploration pool hold what they owe."""
    HEAD_CURSORS = "head_cursors"
    """Every meter's cursor on chain is where the replay ends."""
    HEAD_ACCUMULATOR = "head_accumulator"
    """The accumulator and the number of batches on chain are the replay's."""
    HEAD_SPENT = "head_spent"
    """Lifetime spent of every account is its own costs and its children's."""
    HEAD_LEASED = "head_leased"
    """What is leased of every account is what is left of the leases below it."""
    HEAD_CREDITS = "head_credits"
    """Credits minted minus burned are the sum of the balances."""
    HEAD_CODE = "head_code"
    """The network's contracts are the published ones."""


HEAD_CHECKS = frozenset(check for check in Check if check.startswith("head_"))
"""Read from the chain's newest state, so only where verification reaches the head."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Something on chain is not what the protocol makes of everything before it.

    `record` is the place in the batch, counted from 0 over all segments.
    """

    check: Check
    expected: str | int | None
    actual: str | int | None
    batch: int | None = None
    segment: int | None = None
    record: int | None = None
    block: int | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the verdict rests on and cannot check itself."""

    chain_id: int
    ledger: str
    validator_set: Mapping[str, int | list[str]]
    """The set in force at the end: version, quorum and the attesters' addresses."""
    rpc: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one verification, up to and including `block`."""

    block: int
    records: int
    batches: int
    checks: Mapping[Check, bool]
    first_disagreement: Disagreement | None
    trusted: Trusted

    @property
    def is_verified(self) -> bool:
        """Whether everything agrees."""
        return self.first_disagreement is None

    def as_dict(self) -> dict[str, object]:
        """The document that `tallystick verify --json` prints."""
        first = self.first_disagreement
        return {
            "verified": self.is_verified,
            "block": self.block,
            "records": self.records,
            "batches": self.batches,
            "checks": {str(check): holds for check, holds in self.checks.items()},
            "first_disagreement": None if first is None else asdict(first),
            "trusted": asdict(self.trusted),
        }
