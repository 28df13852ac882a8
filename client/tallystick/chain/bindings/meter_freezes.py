"""Meters that signed two histories, frozen by a quorum, as the MeterFreezes contract keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tallystick.chain.bindings.corrections import split_words
from tallystick.chain.calls import View, Write, first, nothing, view, write

_view = partial(view, "MeterFreezes")


@dataclass(frozen=True, slots=True)
class MeterFreezes:
    """The MeterFreezes contract at an address."""

    address: str

    def is_proven(self, meter: int, proof_hash: bytes) -> View[bool]:
        """Whether this proof froze its meter before."""
        return _view(self.address, "isProven", meter, proof_hash, shape=first)

    def freeze_digest(self, meter: int, proof_hash: bytes) -> View[bytes]:
        """What a validator signs to freeze a meter."""
        return _view(self.address, "freezeDigest", meter, proof_hash, shape=first)

    def freeze(
        self, meter: int, proof_hash: bytes, signer_bitmap: int, attestations: Sequence[bytes]
    ) -> Write[None]:
        """The meter is frozen, on a quorum's word; by anyone.

        Args:
            meter: its id.
            proof_hash: `core.equivocation.compute_proof_hash` of the two frames.
            signer_bitmap: bit i set = attester i of the set in force signed.
            attestations: 64 bytes each, in ascending order of the signers' indices.
        """
        return write(
            "MeterFreezes",
            self.address,
            "freeze",
            meter,
            proof_hash,
            signer_bitmap,
            split_words(attestations),
            outcome=nothing,
        )
