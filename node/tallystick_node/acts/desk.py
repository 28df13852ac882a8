"""The desk: an act is judged, attested by a quorum, sent, and followed to its outcome.

The same act asked for twice at once is carried out once. How many are under way is bounded; what
the chain would refuse is refused here, before anything is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from tallystick.chain.bindings.corrections import Corrections
from tallystick.chain.bindings.meter_freezes import MeterFreezes
from tallystick.chain.calls import Write
from tallystick.chain.submission_effects import Outcome, OutcomeStatus
from tallystick.chain.submitter import Call
from tallystick.core.corrections import Credit
from tallystick.core.equivocation import compute_proof_hash
from tallystick.core.facts import Validator
from tallystick.core.frames import Frame, encode_frame
from tallystick_node.acts.documents import CreditDocument, write_document, write_release
from tallystick_node.acts.judge import ActJudge, CreditSignatures
from tallystick_node.errors import ActLost, RateLimited
from tallystick_node.peers.collect import Quorum
from tallystick_node.peers.question import (
    CREDITS_PATH,
    FREEZES_PATH,
    RELEASES_PATH,
    Question,
)

MAX_UNDER_WAY: Final = 16
OUTCOME_TIMEOUT_S: Final = 60.0
BASE_GAS: Final = 1_500_000
"""A charge or an issue at the greatest depth, every slot cold, costs a third of it."""
GAS_PER_SIGNER: Final = 12_000

log = structlog.get_logger(__name__)


class QuorumCollector(Protocol):
    """How attestations are collected."""

    async def collect(self, question: Question) -> Quorum:
        """The first quorum."""


class CallSubmitter(Protocol):
    """How calls are sent."""

    async def call(self, call: Call) -> str:
        """The transaction's hash once a chain node took it."""


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
        submitter: of this validator's sending key.
        simulate: raises what the chain would refuse a call with.
        read_electorate: the set in force now.
        addresses: see there.
    """

    def __init__(
        self,
        judge: ActJudge,
        collector: QuorumCollector,
        submitter: CallSubmitter,
        simulate: Callable[[Write[Any]], Awaitable[None]],
        read_electorate: Callable[[], Electorate],
        addresses: ActContractAddresses,
    ) -> None:
        self._judge = judge
        self._collector = collector
        self._submitter = submitter
        self._simulate = simulate
        self._read_electorate = read_electorate
        self._corrections = Corrections(addresses.corrections)
        self._freezes = MeterFreezes(addresses.meter_freezes)
        self._tasks: dict[bytes, asyncio.Task[str]] = {}
        self._outcomes: dict[bytes, asyncio.Future[OutcomeStatus]] = {}

    async def release(self, meter: int, seq: int) -> Done:
        """A quarantined record is charged, at what it costs by the facts of today.

        Raises:
            RecordUnknown, RecordNotIndexed, NotReleasable, QuorumMissed, NotAttesting, ActLost,
            RateLimited, TransactionReverted: nothing was charged.
        """
        release = await self._judge.propose_release(meter, seq)
        digest = self._judge.compute_release_digest(release)
        tx_hash = await self._carry_out(
            self._ask(RELEASES_PATH, write_release(release), digest),
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
        digest = await self._judge.attest_credit(credit, signatures)
        tx_hash = await self._carry_out(
            self._ask(CREDITS_PATH, write_document(document), digest),
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
        digest = self._judge.attest_freeze(one, other)
        proof_hash = compute_proof_hash(one, other)
        tx_hash = await self._carry_out(
            self._ask(FREEZES_PATH, encode_frame(one) + encode_frame(other), digest),
            lambda quorum: self._freezes.freeze(
                one.meter, proof_hash, quorum.signer_bitmap, quorum.attestations
            ),
        )
        return Done(tx_hash, {"meter": one.meter, "proof_hash": "0x" + proof_hash.hex()})

    def apply_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """What the chain decided; whoever waits for it is told."""
        for outcome in outcomes:
            future = self._outcomes.get(outcome.data_hash)
            if future is not None and not future.done():
                future.set_result(outcome.status)

    async def aclose(self) -> None:
        """Nothing is waited for any more; what was sent stays sent."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, path: str, body: bytes, digest: bytes) -> Question:
        electorate = self._read_electorate()
        return Question(path, body, digest, electorate.members, electorate.suspended)

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
        await self._simulate(write)
        outcome = asyncio.get_running_loop().create_future()
        self._outcomes[question.digest] = outcome
        try:
            tx_hash = await self._submitter.call(_describe(write, quorum, question.digest))
            status = await _wait_for(outcome, tx_hash)
        finally:
            del self._outcomes[question.digest]
        log.info("act_ended", function=write.function, tx_hash=tx_hash, outcome=status)
        if status is not OutcomeStatus.SETTLED:
            await self._simulate(write)  # says why, where the state has not changed meanwhile
            raise ActLost("the transaction failed on chain", actual=tx_hash)
        return tx_hash


async def _wait_for(outcome: asyncio.Future[OutcomeStatus], tx_hash: str) -> OutcomeStatus:
    try:
        async with asyncio.timeout(OUTCOME_TIMEOUT_S):
            return await outcome
    except TimeoutError as error:
        raise ActLost(
            "the transaction was sent, and its outcome is not known yet",
            expected=f"a block within {OUTCOME_TIMEOUT_S:.0f} s",
            actual=tx_hash,
        ) from error


def _describe(write: Write[Any], quorum: Quorum, key: bytes) -> Call:
    if write.to is None:
        raise ValueError("an act is a call to a contract")
    gas = BASE_GAS + GAS_PER_SIGNER * len(quorum.attestations)
    return Call(write.to, write.data, gas, key)
