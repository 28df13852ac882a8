"""What one validator puts to the others: sign this, on these grounds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.core.facts import Facts, Validator
from tallystick.core.hashes import compute_keccak256
from tallystick.core.quorum import compute_quorum

BATCHES_PATH: Final = "/v1/attestations"
RELEASES_PATH: Final = "/v1/attestations/releases"
CREDITS_PATH: Final = "/v1/attestations/credits"
FREEZES_PATH: Final = "/v1/attestations/freezes"


@dataclass(frozen=True, slots=True)
class Question:
    """What every member is asked to attest, and on what grounds."""

    path: str
    """Where peers are asked."""
    body: bytes
    """What they are given to judge by."""
    message: bytes
    """What they sign the keccak-256 of."""
    members: tuple[Validator, ...]
    """The set in force, by index."""
    suspended: frozenset[int] = frozenset()
    """Members whose attestations do not count at present; they count in the quorum's size."""

    @property
    def digest(self) -> bytes:
        """The 32 bytes that they sign."""
        return compute_keccak256(self.message)

    @property
    def quorum(self) -> int:
        """How many have to sign."""
        return compute_quorum(len(self.members))


def find_suspended(members: Sequence[Validator], facts: Facts, now_ms: int) -> frozenset[int]:
    """The indices of those whose attestations do not count now."""
    return frozenset(
        index for index, member in enumerate(members) if facts.is_suspended(member.attester, now_ms)
    )
