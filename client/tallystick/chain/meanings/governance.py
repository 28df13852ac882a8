"""Votes, guardians and appeals: their errors in words."""

from __future__ import annotations

from typing import Final

from tallystick.chain.errors import AlreadyExists, NotAuthorised, NotFound, ValueRefused
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    # Governance
    "SeatInvalid": Meaning(
        ValueRefused,
        "a seat needs a holder and an organisation",
        actual="{holder} for organisation {organisation}",
    ),
    "SeatHeld": Meaning(
        AlreadyExists, "{holder} has a seat already", actual="for organisation {organisation}"
    ),
    "SeatNotHeld": Meaning(NotFound, "{holder} has no seat"),
    "TooManySeats": Meaning(ValueRefused, "all seats are taken", "at most {limit}"),
    "SeatNotDelegable": Meaning(NotAuthorised, "a seat cannot be lent"),
    "ERC5805FutureLookup": Meaning(
        ValueRefused,
        "votes are known for past times only",
        "before {clock} (Unix seconds)",
        "{timepoint}",
    ),
    "SettingOutOfBounds": Meaning(
        ValueRefused, "{name} lies outside its hard bounds", "{minimum} to {maximum}", "{value}"
    ),
    "GovernorInsufficientProposerVotes": Meaning(
        NotAuthorised, "{proposer} has no seat to propose with", "{threshold} vote", "{votes}"
    ),
    "GovernorRestrictedProposer": Meaning(
        NotAuthorised, "the description names another proposer than {proposer}"
    ),
    "GovernorInvalidProposalLength": Meaning(
        ValueRefused, "a proposal is one or more calls, each with its contract and value"
    ),
    "GovernorNonexistentProposal": Meaning(
        NotFound, "no proposal has this id", actual="{proposalId}"
    ),
    "GovernorUnexpectedProposalState": Meaning(
        ValueRefused,
        "the proposal is not in the state this needs"
        " (0 pending, 1 active, 2 cancelled, 3 defeated, 4 succeeded, 5 queued, 7 executed)",
        actual="{current}",
    ),
    "GovernorAlreadyCastVote": Meaning(AlreadyExists, "{voter} voted already"),
    "GovernorAlreadyQueuedProposal": Meaning(AlreadyExists, "the proposal is queued already"),
    "GovernorUnableToCancel": Meaning(
        NotAuthorised, "only its proposer withdraws a proposal, before its vote", actual="{account}"
    ),
    "GovernorInvalidVoteType": Meaning(ValueRefused, "a vote is 0 against, 1 for, or 2 abstaining"),
    "GovernorInvalidVoteParams": Meaning(ValueRefused, "a vote has no parameters here"),
    "GovernorInvalidSignature": Meaning(NotAuthorised, "{voter} did not sign this vote"),
    "InvalidAccountNonce": Meaning(
        ValueRefused, "{account} signed with another nonce", "{currentNonce}"
    ),
    "GovernorOnlyExecutor": Meaning(NotAuthorised, "only a vote does this", actual="{account}"),
    "GovernorPreventLateQuorumVoteExtensionTooLarge": Meaning(
        ValueRefused,
        "the extension is longer than the vote",
        "at most {maxVoteExtension} s",
        "{newVoteExtension}",
    ),
    "GovernorInvalidQuorumFraction": Meaning(
        ValueRefused, "no quorum is above all seats", actual="{quorumNumerator} percent"
    ),
    "GovernorInvalidVotingPeriod": Meaning(ValueRefused, "a vote must last some time"),
    "GovernorProposalQueueingFailed": Meaning(ValueRefused, "the proposal could not be queued"),
    "GovernorProposalQueueingNotRequired": Meaning(ValueRefused, "the proposal needs no queueing"),
    "GovernorDisabledDeposit": Meaning(ValueRefused, "the governor takes no money"),
    "AccessControlUnauthorizedAccount": Meaning(
        NotAuthorised, "{account} lacks a role of the timelock", "role {neededRole}"
    ),
    "AccessControlBadConfirmation": Meaning(
        NotAuthorised, "a role of the timelock is renounced by its holder alone"
    ),
    "TimelockUnexpectedOperationState": Meaning(
        ValueRefused,
        "what was voted waits for the timelock's delay, or was done or cancelled",
        actual="operation {operationId}",
    ),
    "TimelockInsufficientDelay": Meaning(
        ValueRefused, "the delay is too short", "{minDelay} s at least", "{delay}"
    ),
    "TimelockInvalidOperationLength": Meaning(
        ValueRefused, "an operation needs as many targets as values and calls"
    ),
    "TimelockUnauthorizedCaller": Meaning(
        NotAuthorised, "only a vote changes the timelock's delay", actual="{caller}"
    ),
    "TimelockUnexecutedPredecessor": Meaning(
        ValueRefused, "what it waits for was not done", actual="operation {predecessorId}"
    ),
    # Guardian
    "StoppedAlready": Meaning(AlreadyExists, "it is stopped already"),
    "NotStopped": Meaning(NotFound, "the guardians have not stopped it"),
    "StoppedLately": Meaning(
        ValueRefused,
        "it was stopped lately and is left alone for a while",
        "{readyAtS} (Unix seconds) or later",
    ),
    "NotOverYet": Meaning(
        NotAuthorised,
        "only guardians and votes end it so soon",
        "{untilS} (Unix seconds) or later",
    ),
    "TargetInvalid": Meaning(
        ValueRefused, "guardians close the network's own contracts only", actual="{target}"
    ),
    "SuspensionInvalid": Meaning(
        ValueRefused,
        "a suspension ends after now, after the key's last one, and within 7 days",
        "at most {latestS} (Unix seconds)",
        "{untilS}",
    ),
    "SuspensionNotSigned": Meaning(
        NotAuthorised, "no other validator in force signed this as {validator}", actual="{signer}"
    ),
    "AttesterUnknown": Meaning(
        NotFound, "this key is not in the set in force, or not suspended", actual="{attester}"
    ),
    "SuspensionInForce": Meaning(
        AlreadyExists, "{attester} is suspended", "after {untilS} (Unix seconds)"
    ),
    "SuspensionTooLong": Meaning(
        ValueRefused,
        "no key is suspended for longer than 7 days",
        "at most {latestS} (Unix seconds)",
        "{untilS}",
    ),
    # Appeals
    "SubjectInvalid": Meaning(
        ValueRefused,
        "this is nothing one appeals (1 a cut, 2 a freeze, 3 an outcome),"
        " or it has an epoch or kind that it should not have",
        actual="kind {kind}",
    ),
    "NothingToAppeal": Meaning(
        NotFound, "there is no such cut, freeze or dispute", actual="kind {kind}, id {id}"
    ),
    "AppealTooLate": Meaning(
        ValueRefused, "it is too late to appeal", "before {closedAtS} (Unix seconds)"
    ),
    "AppealedAlready": Meaning(
        AlreadyExists, "this was appealed already", actual="appeal {appeal}"
    ),
    "CommitmentMissing": Meaning(ValueRefused, "an appeal needs the hash of its reasons"),
    "AppealUnknown": Meaning(NotFound, "no appeal has this number", actual="{appeal}"),
    "AppealDecided": Meaning(ValueRefused, "the appeal is decided", actual="appeal {appeal}"),
    "VotingOver": Meaning(
        ValueRefused, "voting is over", "before {closedAtS} (Unix seconds) and for 50 blocks"
    ),
    "VotingNotOver": Meaning(
        ValueRefused,
        "voting is not over",
        "{closesAtS} (Unix seconds) or later, and 50 blocks after the filing",
    ),
    "NoSeatAtFiling": Meaning(NotAuthorised, "{holder} had no seat when the appeal was filed"),
    "ConflictOfInterest": Meaning(
        NotAuthorised,
        "{holder} speaks for the appellant's organisation and has no vote",
        actual="organisation {organisation}",
    ),
    "VotedAlready": Meaning(AlreadyExists, "{holder} voted already"),
}
