"""The desk: an act is judged, attested by a quorum, sent, and followed to its outcome.

The same act asked for twice at once is carried out once. How many are under way is bounded; what
the chain would refuse is refused here, before anything is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tallystick.chain.bindings.corrections import Corrections
from tallystick.chain.bindings.meter_freezes import MeterFreezes
from tallystick.chain.calls import Write
from tallystick.core.corrections import Credit
from tallystick.core.equivocation import compute_proof_hash
from tallystick.core.facts import Validator
from tallystick.core.frames import Frame, encode_frame
from tallystick_node.acts.documents import CreditDocument, write_document, write_release
from tallystick_node.acts.judge import ActJudge, CreditSignatures
from tallystick_node.errors import RateLimited
from tallystick_node.peers.collect import Quorum
from tallystick_node.peers.question import (
    CREDITS_PATH,
    FREEZES_PATH,
    RELEASES_PATH,
    Question,
)
from tallystick_node.relay import CallRelay, Relayed

MAX_UNDER_WAY: Final = 16
BASE_GAS: Final = 1_500_000
"""A charge or an issue at the greatest depth, every slot cold, costs a third of it."""
GAS_PER_SIGNER: Final = 12_000


class QuorumCollector(Protocol):
    """How attestations are collected."""

    async def collect(self, question: Question) -> Quorum:
        """The first quorum."""


@dataclass(frozen=True, slots=True)
class Electorate:
    """The set in force, and whose attestations do not count at present."""

    members: tuple[Validator, ...]
    suspended: frozenset[int]


@dataclass(frozen=True, slots=True)
class ActContractAddresses:
    """0x addresses."""

    corrections: str
    meter_freezes: str


@dataclass(frozen=True, slots=True)
class Done:
    """An act that the chain has carried out."""

    tx_hash: str
    details: dict[str, int | str]


class ActDesk:
    """Carries acts out.

    Args:
        judge: this validator's own judgement.
        collector: of attestations.
        relay: sends with this validator's key.
        read_electorate: the set in force now.
        addresses: see there.
    """

    def __init__(
        self,
        judge: ActJudge,
        collector: QuorumCollector,
        relay: CallRelay,
        read_electorate: Callable[[], Electorate],
        addresses: ActContractAddresses,
    ) -> None:
        self._judge = judge
        self._collector = collector
        self._relay = relay
        self._read_electorate = read_electorate
        self._corrections = Corrections(addresses.corrections)
        self._freezes = MeterFreezes(addresses.meter_freezes)
        self._tasks: dict[bytes, asyncio.Task[str]] = {}

    async def release(self, meter: int, seq: int) -> Done:
        """A quarantined record is charged, at what it costs by the facts of today.

        Raises:
            RecordUnknown, RecordNotIndexed, NotReleasable, QuorumMissed, NotAttesting, ActLost,
            RateLimited, TransactionReverted: nothing was charged.
        """
        release = await self._judge.propose_release(meter, seq)
        message = self._judge.compute_release_message(release)
        tx_hash = await self._carry_out(
            self._ask(RELEASES_PATH, write_release(release), message),
            lambda quorum: self._corrections.release(
                release, quorum.signer_bitmap, quorum.attestations
            ),
        )
        return Done(
            tx_hash,
            {"meter": meter, "seq": seq, "project": release.project, "cost_ucr": release.cost_ucr},
        )

    async def credit(
        self, credit: Credit, signatures: CreditSignatures, document: CreditDocument
    ) -> Done:
        """A project gets credits back for a settled record.

        Raises:
            RecordUnknown, RecordNotIndexed, NotCreditable, SignerRefused, QuorumMissed,
            NotAttesting, ActLost, RateLimited, TransactionReverted: nothing was given back.
        """
        message = await self._judge.attest_credit(credit, signatures)
        tx_hash = await self._carry_out(
            self._ask(CREDITS_PATH, write_document(document), message),
            lambda quorum: self._corrections.credit(
                credit,
                signatures.owner,
                signatures.registrar,
                quorum.signer_bitmap,
                quorum.attestations,
            ),
        )
        return Done(
            tx_hash,
            {
                "meter": credit.meter,
                "seq": credit.seq,
                "project": credit.project,
                "amount_ucr": credit.amount_ucr,
            },
        )

    async def freeze(self, one: Frame, other: Frame) -> Done:
        """The meter that signed both frames is frozen.

        Raises:
            WrongNetwork, NotEquivocal, BadSignature, QuorumMissed, NotAttesting, ActLost,
            RateLimited, TransactionReverted: it is not, by this proof.
        """
        message = self._judge.attest_freeze(one, other)
        proof_hash = compute_proof_hash(one, other)
        tx_hash = await self._carry_out(
            self._ask(FREEZES_PATH, encode_frame(one) + encode_frame(other), message),
            lambda quorum: self._freezes.freeze(
                one.meter, proof_hash, quorum.signer_bitmap, quorum.attestations
            ),
        )
        return Done(tx_hash, {"meter": one.meter, "proof_hash": "0x" + proof_hash.hex()})

    async def aclose(self) -> None:
        """Nothing is waited for any more; what was sent stays sent."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, path: str, body: bytes, message: bytes) -> Question:
        electorate = self._read_electorate()
        return Question(path, body, message, electorate.members, electorate.suspended)

    async def _carry_out(self, question: Question, build: Callable[[Quorum], Write[Any]]) -> str:
        """The transaction's hash once it was mined and has succeeded; shared by all who ask."""
        task = self._tasks.get(question.digest)
        if task is None:
            if len(self._tasks) >= MAX_UNDER_WAY:
                raise RateLimited(
                    "too many corrections are under way",
                    retry_after_s=1,
                    expected=f"at most {MAX_UNDER_WAY}",
                )
            task = asyncio.create_task(self._run(question, build))
            self._tasks[question.digest] = task
            task.add_done_callback(lambda _: self._tasks.pop(question.digest, None))
        return await asyncio.shield(task)

    async def _run(self, question: Question, build: Callable[[Quorum], Write[Any]]) -> str:
        quorum = await self._collector.collect(question)
        write = build(quorum)
        await self._relay.simulate(write)
        gas = BASE_GAS + GAS_PER_SIGNER * len(quorum.attestations)
        return await self._relay.send(Relayed(write, gas, question.digest))
