"""Whether this validator stands behind an act: by its own index, facts, clock and chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tallystick.core.corrections import (
    Credit,
    Release,
    SettledRecord,
    check_credit,
    compute_credit_digest,
    compute_credit_message,
    compute_release_message,
    judge_release,
)
from tallystick.core.equivocation import (
    check_equivocation,
    compute_freeze_message,
    compute_proof_hash,
)
from tallystick.core.facts import Facts
from tallystick.core.frames import Frame
from tallystick_node.clock import Clock
from tallystick_node.errors import VerdictDiffers


class RecordSource(Protocol):
    """Settled records."""

    async def find(self, meter: int, seq: int) -> SettledRecord:
        """The record as it settled.

        Raises:
            RecordUnknown, RecordNotIndexed.
        """


class KnownFacts(Protocol):
    """The chain as followed."""

    @property
    def facts(self) -> Facts:
        """What is known at the head."""


class CreditSigners(Protocol):
    """Who may ask for a credit, by the chain's word."""

    async def check(self, credit: Credit, digest: bytes, signatures: CreditSignatures) -> None:
        """The meter's owner and the organisation's registrar signed.

        Raises:
            SignerRefused: one of them did not.
        """


@dataclass(frozen=True, slots=True)
class CreditSignatures:
    """65 bytes each."""

    owner: bytes
    registrar: bytes


@dataclass(frozen=True, slots=True)
class ActContracts:
    """What signatures are bound to. Addresses of 20 bytes."""

    network_id: bytes
    chain_id: int
    corrections: bytes
    meter_freezes: bytes


class ActJudge:
    """Judges acts and names what is signed for them.

    Args:
        records: what settled.
        chain: as followed.
        signers: of credits.
        contracts: see there.
        clock: this node's.
    """

    def __init__(
        self,
        records: RecordSource,
        chain: KnownFacts,
        signers: CreditSigners,
        contracts: ActContracts,
        clock: Clock,
    ) -> None:
        self._records = records
        self._chain = chain
        self._signers = signers
        self._contracts = contracts
        self._clock = clock

    async def find_record(self, meter: int, seq: int) -> SettledRecord:
        """The record as it settled.

        Raises:
            RecordUnknown, RecordNotIndexed.
        """
        return await self._records.find(meter, seq)

    async def propose_release(self, meter: int, seq: int) -> Release:
        """The release of a quarantined record as this validator sees it.

        Raises:
            RecordUnknown, RecordNotIndexed, NotReleasable.
        """
        settled = await self._records.find(meter, seq)
        return judge_release(settled, self._chain.facts, self._clock())

    async def attest_release(self, release: Release) -> bytes:
        """What is signed for a release that this validator would have proposed itself.

        Raises:
            VerdictDiffers: it would have proposed another; and as `propose_release`.
        """
        own = await self.propose_release(release.meter, release.seq)
        if own != release:
            raise VerdictDiffers(
                "a release is not what the facts say",
                expected=f"{own.cost_ucr} ucr to project {own.project}",
                actual=f"{release.cost_ucr} ucr to project {release.project}",
            )
        return self.compute_release_message(release)

    def compute_release_message(self, release: Release) -> bytes:
        """What is signed for a release."""
        contracts = self._contracts
        return compute_release_message(release, contracts.chain_id, contracts.corrections)

    async def attest_credit(self, credit: Credit, signatures: CreditSignatures) -> bytes:
        """What is signed for a credit that is right and was signed by those whom it concerns.

        Raises:
            RecordUnknown, RecordNotIndexed, NotCreditable, SignerRefused.
        """
        check_credit(credit, await self._records.find(credit.meter, credit.seq))
        contracts = self._contracts
        digest = compute_credit_digest(credit, contracts.chain_id, contracts.corrections)
        await self._signers.check(credit, digest, signatures)
        return compute_credit_message(credit, contracts.chain_id, contracts.corrections)

    def attest_freeze(self, one: Frame, other: Frame) -> bytes:
        """What is signed to freeze the meter that signed both frames.

        Raises:
            WrongNetwork, NotEquivocal, BadSignature.
        """
        check_equivocation(one, other, self._chain.facts, self._contracts.network_id)
        contracts = self._contracts
        proof_hash = compute_proof_hash(one, other)
        return compute_freeze_message(
            one.meter, proof_hash, contracts.chain_id, contracts.meter_freezes
        )
