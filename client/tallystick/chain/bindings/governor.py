"""Proposals and votes, as the NetworkGovernor counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

from tallystick.chain.abi import encode_values
from tallystick.chain.calls import View, Write, announced, first, nothing, view, write
from tallystick.core.hashes import compute_keccak256

PROPOSER_MARK: Final = "#proposer="
_PROPOSAL_TYPES: Final = ("address[]", "uint256[]", "bytes[]", "bytes32")

_view = partial(view, "NetworkGovernor")
_write = partial(write, "NetworkGovernor")


class ProposalState(IntEnum):
    """How a proposal stands. OpenZeppelin's numbers."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


class Support(IntEnum):
    """What a seat says to a proposal. OpenZeppelin's numbers."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes on a proposal so far, in seats."""

    against: int
    in_favour: int
    abstaining: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Calls to make in one transaction if the seats agree, and why. No call carries money.

    The chain knows a proposal by the hash of all of it, so whoever queues or executes one brings
    the same values again.
    """

    targets: tuple[str, ...]
    calldatas: tuple[bytes, ...]
    description: str

    def values(self) -> list[int]:
        """What each call pays: nothing."""
        return [0] * len(self.targets)

    def compute_description_hash(self) -> bytes:
        """keccak-256 of the description's UTF-8."""
        return compute_keccak256(self.description.encode())


def build_proposal(writes: Sequence[Write[Any]], description: str, proposer: str) -> Proposal:
    """These calls as a proposal that only `proposer` can make.

    Args:
        writes: calls to the network's contracts, in the order they are to happen.
        description: what they do and why, for people.
        proposer: the address that will send it; nobody else can front-run it.

    Raises:
        ValueError: there is nothing to propose, or a write deploys a contract.
    """
    targets = tuple(write.to for write in writes if write.to is not None)
    if not targets or len(targets) != len(writes):
        raise ValueError("a proposal is one or more calls to contracts that exist")
    marked = f"{description}\n{PROPOSER_MARK}{proposer.lower()}"
    return Proposal(targets, tuple(write.data for write in writes), marked)


def compute_proposal_id(proposal: Proposal) -> int:
    """The number the chain knows a proposal by.

    Source: OpenZeppelin Governor.hashProposal.
    """
    parts = [
        list(proposal.targets),
        proposal.values(),
        list(proposal.calldatas),
        proposal.compute_description_hash(),
    ]
    return int.from_bytes(compute_keccak256(encode_values(_PROPOSAL_TYPES, parts)), "big")


@dataclass(frozen=True, slots=True)
class Governor:
    """The NetworkGovernor at an address. Times are Unix seconds."""

    address: str

    def seats(self) -> View[str]:
        """The Seats contract's address."""
        return _view(self.address, "token", shape=first)

    def timelock(self) -> View[str]:
        """The TimelockController's address."""
        return _view(self.address, "timelock", shape=first)

    def voting_delay_s(self) -> View[int]:
        """Seconds between a proposal and its vote."""
        return _view(self.address, "votingDelay", shape=first)

    def voting_period_s(self) -> View[int]:
        """Seconds that a vote lasts at least."""
        return _view(self.address, "votingPeriod", shape=first)

    def late_quorum_extension_s(self) -> View[int]:
        """Seconds that a vote lasts at least once its quorum is reached."""
        return _view(self.address, "lateQuorumVoteExtension", shape=first)

    def quorum(self, time_s: int) -> View[int]:
        """How many seats must vote for or abstain, of those held at a past time."""
        return _view(self.address, "quorum", time_s, shape=first)

    def state(self, proposal_id: int) -> View[ProposalState]:
        """How a proposal stands; reverts where there is none."""
        return _view(self.address, "state", proposal_id, shape=lambda v: ProposalState(v[0]))

    def votes(self, proposal_id: int) -> View[Tally]:
        """The votes on a proposal so far."""
        return _view(self.address, "proposalVotes", proposal_id, shape=lambda v: Tally(*v))

    def snapshot_s(self, proposal_id: int) -> View[int]:
        """When seats are counted for a proposal; voting begins right after."""
        return _view(self.address, "proposalSnapshot", proposal_id, shape=first)

    def deadline_s(self, proposal_id: int) -> View[int]:
        """The last second of a proposal's vote, as far as it is known now."""
        return _view(self.address, "proposalDeadline", proposal_id, shape=first)

    def executable_at_s(self, proposal_id: int) -> View[int]:
        """When a queued proposal can be executed, 0 = it is not queued."""
        return _view(self.address, "proposalEta", proposal_id, shape=first)

    def proposer(self, proposal_id: int) -> View[str]:
        """Who made a proposal."""
        return _view(self.address, "proposalProposer", proposal_id, shape=first)

    def has_voted(self, proposal_id: int, holder: str) -> View[bool]:
        """Whether a seat voted on a proposal."""
        return _view(self.address, "hasVoted", proposal_id, holder, shape=first)

    def propose(self, proposal: Proposal) -> Write[int]:
        """There is a proposal; gives its id. By anyone with a seat."""
        values = (
            list(proposal.targets),
            proposal.values(),
            list(proposal.calldatas),
            proposal.description,
        )
        outcome = announced("ProposalCreated", "proposalId")
        return _write(self.address, "propose", *values, outcome=outcome)

    def cast_vote(self, proposal_id: int, support: Support) -> Write[None]:
        """A seat has voted, once and for all. By whoever held it at the snapshot."""
        return _write(self.address, "castVote", proposal_id, int(support), outcome=nothing)

    def queue(self, proposal: Proposal) -> Write[None]:
        """A proposal that passed waits out the timelock's delay. By anyone."""
        return self._act("queue", proposal)

    def execute(self, proposal: Proposal) -> Write[None]:
        """A queued proposal has happened, all of it. By anyone after the delay."""
        return self._act("execute", proposal)

    def cancel(self, proposal: Proposal) -> Write[None]:
        """A proposal is withdrawn. By its proposer, before its vote begins."""
        return self._act("cancel", proposal)

    def set_voting_delay(self, delay_s: int) -> Write[None]:
        """Later proposals wait this long for their vote. By a vote."""
        return _write(self.address, "setVotingDelay", delay_s, outcome=nothing)

    def set_voting_period(self, period_s: int) -> Write[None]:
        """Later votes last this long. By a vote."""
        return _write(self.address, "setVotingPeriod", period_s, outcome=nothing)

    def set_late_quorum_extension(self, extension_s: int) -> Write[None]:
        """A vote lasts this long at least once its quorum is reached. By a vote."""
        return _write(self.address, "setLateQuorumVoteExtension", extension_s, outcome=nothing)

    def set_quorum(self, percent: int) -> Write[None]:
        """Later proposals need this percentage of all seats. By a vote."""
        return _write(self.address, "updateQuorumNumerator", percent, outcome=nothing)

    def _act(self, function: str, proposal: Proposal) -> Write[None]:
        values = (
            list(proposal.targets),
            proposal.values(),
            list(proposal.calldatas),
            proposal.compute_description_hash(),
        )
        return _write(self.address, function, *values, outcome=nothing)
