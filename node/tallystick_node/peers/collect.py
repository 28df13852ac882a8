"""Collecting: every peer is asked at once, the first quorum wins, nobody can hold it up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from tallystick.chain.errors import SignerAnswerWrong, SignerUnreachable
from tallystick.chain.signer import Signer, attest
from tallystick.core.attestation import recover_attester
from tallystick.core.errors import BadSignature
from tallystick.core.facts import Validator
from tallystick_node.errors import NotAttesting, QuorumMissed
from tallystick_node.peers.question import Question

log = structlog.get_logger(__name__)


class PeerAsker(Protocol):
    """How peers are asked."""

    async def ask_attestation(
        self, peer: Validator, sender: int, recipient: int, body: bytes, path: str
    ) -> bytes | None:
        """The peer's attestation, not verified; None where it gives none."""

    def is_resting(self, peer: Validator) -> bool:
        """Whether the peer failed lately."""

    def note_lie(self, peer: Validator) -> None:
        """The peer's attestation was wrong."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """Attestations of a quorum, in ascending order of the signers' indices."""

    signer_bitmap: int
    attestations: tuple[bytes, ...]


class Collector:
    """Collects attestations of what this validator proposes.

    Args:
        signer: of this validator's attestation key.
        peers: how to ask the others.
        timeout_s: for one question.
    """

    def __init__(self, signer: Signer, peers: PeerAsker, *, timeout_s: float) -> None:
        self._signer = signer
        self._peers = peers
        self._timeout_s = timeout_s
        self._stragglers: set[asyncio.Task[bytes | None]] = set()

    async def collect(self, question: Question) -> Quorum:
        """The first quorum of valid attestations, with this validator's own if it comes in time.

        Raises:
            NotAttesting: this validator is not in the set.
            QuorumMissed: too few answered rightly in time.
        """
        own = find_index(question.members, self._signer.address)
        if own is None:
            raise NotAttesting("this validator is not in the set in force")
        signed: dict[int, bytes] = {}
        asked: dict[asyncio.Task[bytes | None], int] = {}
        if own not in question.suspended:
            asked[self._start(self._attest(question.message), "attest")] = own
        for index in self._choose_peers(question, own, question.quorum - len(asked)):
            asked[self._ask(own, index, question)] = index
        deadline_s = asyncio.get_running_loop().time() + self._timeout_s
        while len(signed) < question.quorum and asked:
            left_s = deadline_s - asyncio.get_running_loop().time()
            done, _ = await asyncio.wait(
                asked, timeout=max(left_s, 0), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            for task in done:
                index = asked.pop(task)
                attestation = task.result()
                if attestation is None:
                    continue
                if index == own or self._is_valid(question.members[index], question, attestation):
                    signed[index] = attestation
        return _build_quorum(signed, question.quorum)

    async def aclose(self) -> None:
        """No request is left open."""
        for task in self._stragglers:
            task.cancel()
        await asyncio.gather(*self._stragglers, return_exceptions=True)

    def _choose_peers(self, question: Question, own: int, needed: int) -> list[int]:
        """All that count but those that failed lately, unless there are too few without them."""
        members = question.members
        others = [
            index
            for index in range(len(members))
            if index != own and index not in question.suspended
        ]
        fresh = [index for index in others if not self._peers.is_resting(members[index])]
        return fresh if len(fresh) >= needed else others

    def _ask(self, own: int, index: int, question: Question) -> asyncio.Task[bytes | None]:
        """A request that ends by itself, also when the quorum no longer waits for it."""
        peer = question.members[index]
        answer = self._peers.ask_attestation(peer, own, index, question.body, question.path)
        return self._start(answer, f"ask-{peer.name}")

    async def _attest(self, message: bytes) -> bytes | None:
        """This validator's own attestation; others may make a quorum without it."""
        try:
            return await attest(self._signer, message)
        except (SignerUnreachable, SignerAnswerWrong) as error:
            log.warning("own_attestation_missed", **error.as_dict())
            return None

    def _start(
        self, answer: Coroutine[Any, Any, bytes | None], name: str
    ) -> asyncio.Task[bytes | None]:
        task = asyncio.create_task(answer, name=name)
        self._stragglers.add(task)
        task.add_done_callback(self._stragglers.discard)
        return task

    def _is_valid(self, peer: Validator, question: Question, attestation: bytes) -> bool:
        try:
            is_valid = recover_attester(question.digest, attestation) == peer.attester.lower()
        except BadSignature:
            is_valid = False
        if not is_valid:
            self._peers.note_lie(peer)
        return is_valid


def find_index(validators: Sequence[Validator], attester: str) -> int | None:
    """The place in the set of the validator with this attestation address."""
    addresses = [validator.attester.lower() for validator in validators]
    return addresses.index(attester) if attester in addresses else None


def _build_quorum(signed: dict[int, bytes], quorum: int) -> Quorum:
    if len(signed) < quorum:
        raise QuorumMissed(
            "too few validators attested in time", expected=quorum, actual=len(signed)
        )
    indices = sorted(signed)[:quorum]
    return Quorum(sum(1 << i for i in indices), tuple(signed[i] for i in indices))
