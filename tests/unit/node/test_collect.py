import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from tests.unit.core.builders import NOW_MS, build_facts, build_frame
from tests.unit.node.builders import ATTEST_KEYS, build_ground, build_validator_set

from tallystick.chain.errors import SignerUnreachable
from tallystick.chain.signer import KeySigner, Signer
from tallystick.core.attestation import recover_attester, sign_attestation
from tallystick.core.facts import Suspension, Validator
from tallystick_node.errors import NotAttesting, QuorumMissed
from tallystick_node.peers.collect import Collector
from tallystick_node.settle.propose import Proposal, propose_batch

PROPOSAL: Final[Proposal] = propose_batch([build_frame()], build_ground())
SILENT: Final = None


def honest(index: int) -> bytes:
    return sign_attestation(ATTEST_KEYS[index], PROPOSAL.question.digest)


def lying(index: int) -> bytes:
    return sign_attestation(ATTEST_KEYS[(index + 1) % 4], PROPOSAL.question.digest)


def malformed(_: int) -> bytes:
    return b"\xff" * 64


class FakePeers:
    """Peers that answer as told; one without an answer never answers."""

    def __init__(
        self, *answers: Callable[[int], bytes] | None, resting: tuple[int, ...] = ()
    ) -> None:
        self.answers = dict(enumerate(answers, start=1))
        self.resting = resting
        self.asked: list[int] = []
        self.lies: list[str] = []

    def is_resting(self, peer: Validator) -> bool:
        return int(peer.name[-1]) in self.resting

    def note_lie(self, peer: Validator) -> None:
        self.lies.append(peer.name)

    async def ask_attestation(
        self, peer: Validator, sender: int, recipient: int, body: bytes, path: str
    ) -> bytes | None:
        assert (sender, body, path) == (0, PROPOSAL.data, "/v1/attestations")
        assert peer.name == f"validator-{recipient}"
        self.asked.append(recipient)
        answer = self.answers[recipient]
        if answer is SILENT:
            await asyncio.Event().wait()
            raise AssertionError
        return answer(recipient)


class AwaySigner(KeySigner):
    """A signer that does not answer in time, or at all."""

    def __init__(self, *, answers: bool) -> None:
        super().__init__(ATTEST_KEYS[0])
        self.answers = answers

    async def sign(self, message: bytes) -> bytes:
        if self.answers:
            raise SignerUnreachable("away")
        await asyncio.Event().wait()
        return message


def collect(
    peers: FakePeers, *, signer: Signer | None = None, suspended: frozenset[int] = frozenset()
) -> tuple[int, tuple[bytes, ...]]:
    async def scenario() -> tuple[int, tuple[bytes, ...]]:
        collector = Collector(signer or KeySigner(ATTEST_KEYS[0]), peers, timeout_s=0.05)
        try:
            quorum = await collector.collect(replace(PROPOSAL.question, suspended=suspended))
            return quorum.signer_bitmap, quorum.attestations
        finally:
            await collector.aclose()

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("peers", "bitmap"),
    [
        (FakePeers(honest, honest, honest), 0b0111),
        (FakePeers(SILENT, honest, honest), 0b1101),
        (FakePeers(honest, lying, honest), 0b1011),
        (FakePeers(malformed, honest, honest), 0b1101),
    ],
)
def test_collect_finds_a_quorum_whatever_one_peer_does(peers: FakePeers, bitmap: int) -> None:
    found, attestations = collect(peers)
    assert found == bitmap
    signers = [
        recover_attester(PROPOSAL.question.digest, attestation) for attestation in attestations
    ]
    members = PROPOSAL.validators.validators
    assert signers == [members[i].attester for i in range(4) if bitmap >> i & 1]


def test_collect_names_the_peer_that_lied() -> None:
    peers = FakePeers(lying, honest, honest)
    collect(peers)
    assert peers.lies == ["validator-1"]


@pytest.mark.parametrize(
    "peers", [FakePeers(SILENT, SILENT, honest), FakePeers(lying, malformed, honest)]
)
def test_collect_gives_up_when_too_few_are_honest(peers: FakePeers) -> None:
    with pytest.raises(QuorumMissed) as caught:
        collect(peers)
    assert (caught.value.expected, caught.value.actual) == (3, 2)


def test_collect_leaves_a_resting_peer_alone_while_the_others_suffice() -> None:
    peers = FakePeers(honest, honest, honest, resting=(1,))
    assert collect(peers)[0] == 0b1101
    assert peers.asked == [2, 3]


def test_collect_asks_resting_peers_when_it_needs_them() -> None:
    peers = FakePeers(honest, honest, honest, resting=(1, 2))
    collect(peers)
    assert peers.asked == [1, 2, 3]


def test_collect_is_refused_when_this_validator_is_not_in_the_set() -> None:
    ground = build_ground(facts=build_facts(build_validator_set()))
    assert ground.facts.validators_at(0).version == 1
    stranger = type(ATTEST_KEYS[0])(bytes([99]) * 32)

    async def scenario() -> None:
        await Collector(KeySigner(stranger), FakePeers(), timeout_s=1).collect(PROPOSAL.question)

    with pytest.raises(NotAttesting):
        asyncio.run(scenario())


def test_collect_neither_asks_nor_counts_a_suspended_peer() -> None:
    peers = FakePeers(honest, honest, honest)
    assert collect(peers, suspended=frozenset({2}))[0] == 0b1011
    assert peers.asked == [1, 3]


def test_collect_counts_the_others_when_this_validator_is_suspended() -> None:
    assert collect(FakePeers(honest, honest, honest), suspended=frozenset({0}))[0] == 0b1110
    with pytest.raises(QuorumMissed):
        collect(FakePeers(honest, lying, honest), suspended=frozenset({0}))


@pytest.mark.parametrize("answers", [True, False])
def test_collect_counts_the_others_when_nobody_signs_for_this_validator(answers: bool) -> None:
    signer = AwaySigner(answers=answers)
    assert collect(FakePeers(honest, honest, honest), signer=signer)[0] == 0b1110
    with pytest.raises(QuorumMissed):
        collect(FakePeers(honest, lying, honest), signer=signer)


def test_proposal_names_the_suspended_while_they_are() -> None:
    member = build_validator_set().validators[2]
    for until_ms, expected in ((NOW_MS + 1, {2}), (NOW_MS, set())):
        facts = build_facts(build_validator_set(), Suspension(member.attester, until_ms))
        proposal = propose_batch([build_frame()], build_ground(facts=facts))
        assert proposal.question.suspended == expected
        assert proposal.question.quorum == 3
