"""What the submission window asks its submitter to do, and what it tells whoever submitted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tallystick.chain.submissions import Submission


class OutcomeStatus(StrEnum):
    """What became of a submission."""

    SETTLED = "settled"
    SKIPPED = "skipped"
    REVERTED = "reverted"
    LOST = "lost"
    """Given up: make the batch anew. Also what a chain node refused outright."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one submission; repeated where a reorganised chain mines it again."""

    data_hash: bytes
    status: OutcomeStatus


@dataclass(frozen=True, slots=True)
class Sign:
    """Have the call signed for the nonce, and hand in the attempt."""

    nonce: int
    gas_price_wei: int
    submission: Submission


@dataclass(frozen=True, slots=True)
class Store:
    """Sync the submission to disk before anything after this."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class Forget:
    """Delete what is stored under the nonce."""

    nonce: int


@dataclass(frozen=True, slots=True)
class Send:
    """Hand the raw transaction to a chain node, and report its answer."""

    nonce: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Hand the raw transaction to every chain node; their answers do not matter."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class LookUp:
    """Find out whether one of these transactions is in a block."""

    nonce: int
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Tell whoever submitted."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Alarm:
    """Tell the operator: something used this key, or the chain lost its memory."""

    kind: str
    nonce: int


Effect = Sign | Store | Forget | Send | Broadcast | LookUp | Report | Alarm


@dataclass(frozen=True, slots=True)
class Mined:
    """Where a transaction of ours was found."""

    block: int
    status: OutcomeStatus
