"""Settled records put right, as the Corrections contract rules over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import partial

from tallystick.chain.calls import View, Write, first, nothing, view, write
from tallystick.core.corrections import Credit, Release

_view = partial(view, "Corrections")
_write = partial(write, "Corrections")


@dataclass(frozen=True, slots=True)
class CorrectionParts:
    """The contracts it works with."""

    registry: str
    validators: str
    budgets: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """The Corrections contract at an address."""

    address: str

    def parts(self) -> View[CorrectionParts]:
        """The addresses of the contracts it works with."""
        return _view(self.address, "parts", shape=lambda values: CorrectionParts(*values))

    def is_released(self, meter: int, seq: int) -> View[bool]:
        """Whether a quarantined record was charged after all."""
        return _view(self.address, "isReleased", meter, seq, shape=first)

    def is_credited(self, meter: int, seq: int) -> View[bool]:
        """Whether credits were given back for a record."""
        return _view(self.address, "isCredited", meter, seq, shape=first)

    def release_digest(self, release: Release) -> View[bytes]:
        """What validators sign to release a record."""
        return _view(self.address, "releaseDigest", astuple(release), shape=first)

    def credit_digest(self, credit: Credit) -> View[bytes]:
        """What owner, registrar and validators sign to credit a record."""
        return _view(self.address, "creditDigest", astuple(credit), shape=first)

    def release(
        self, release: Release, signer_bitmap: int, attestations: Sequence[bytes]
    ) -> Write[None]:
        """A quarantined record is charged, on a quorum's word; by anyone.

        Args:
            release: what the validators signed.
            signer_bitmap: bit i set = attester i of the set in force signed.
            attestations: 64 bytes each, in ascending order of the signers' indices.
        """
        words = split_words(attestations)
        return _write(
            self.address, "release", astuple(release), signer_bitmap, words, outcome=nothing
        )

    def credit(
        self,
        credit: Credit,
        owner_signature: bytes,
        registrar_signature: bytes,
        signer_bitmap: int,
        attestations: Sequence[bytes],
    ) -> Write[None]:
        """A project gets credits for a settled record, on three parties' word; by anyone.

        Args:
            credit: what all of them signed.
            owner_signature: 65 bytes, by a controller of the meter's account.
            registrar_signature: 65 bytes, by a registrar of the project's organisation.
            signer_bitmap: bit i set = attester i of the set in force signed.
            attestations: 64 bytes each, in ascending order of the signers' indices.
        """
        return _write(
            self.address,
            "credit",
            astuple(credit),
            owner_signature,
            registrar_signature,
            signer_bitmap,
            split_words(attestations),
            outcome=nothing,
        )


def split_words(attestations: Sequence[bytes]) -> list[bytes]:
    """Attestations as the pairs of words that contracts take."""
    return [word for attestation in attestations for word in (attestation[:32], attestation[32:])]
