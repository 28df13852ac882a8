"""Seats, guardians and appeals through the bindings, on a network that was handed over."""

import pytest
from coincurve import PrivateKey
from tests.integration.deployed import DeployedNetwork
from tests.integration.voting import read_time_s, wait_until

from tallystick.chain.bindings.appeals import AppealKind, Appeals, AppealState, Subject
from tallystick.chain.bindings.governor import (
    Governor,
    ProposalState,
    Support,
    Tally,
    build_proposal,
    compute_proposal_id,
)
from tallystick.chain.bindings.guardian import Guardian, compute_suspension_digest, sign_suspension
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.seats import Seats
from tallystick.chain.bindings.timelock import Timelock
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.config import load_tariff_config
from tallystick.chain.errors import NotAuthorised, TransactionReverted
from tallystick.chain.reader import ask, expect, read

pytestmark = pytest.mark.integration

NEWCOMER = "0x" + "5e" * 20
DAY_S = 86_400
REASONS = bytes(31) + b"\x01"


def test_proposal_lives_from_seat_to_effect(deployed: DeployedNetwork) -> None:
    w3, at = deployed.w3, deployed.network.addresses
    governor, seats, (proposer, *others) = Governor(at.governor), Seats(at.seats), deployed.seats
    wait_until(w3, read_time_s(w3) + 1)
    proposal = build_proposal([seats.grant_seat(NEWCOMER, 7)], "one more seat", proposer.address)
    with pytest.raises(NotAuthorised, match="names another proposer"):
        others[0].send(governor.propose(proposal))

    number = proposer.send(governor.propose(proposal)).outcome
    assert number == compute_proposal_id(proposal)
    assert read(w3, governor.state(number)) is ProposalState.PENDING
    wait_until(w3, read(w3, governor.snapshot_s(number)) + 1)
    proposer.send(governor.cast_vote(number, Support.FOR))
    others[0].send(governor.cast_vote(number, Support.FOR))
    others[1].send(governor.cast_vote(number, Support.AGAINST))
    others[2].send(governor.cast_vote(number, Support.ABSTAIN))
    assert read(w3, governor.votes(number)) == Tally(against=1, in_favour=2, abstaining=1)
    assert read(w3, governor.state(number)) is ProposalState.ACTIVE
    wait_until(w3, read(w3, governor.deadline_s(number)) + 1)
    assert read(w3, governor.state(number)) is ProposalState.SUCCEEDED
    others[0].send(governor.queue(proposal))
    queued_at_s = read_time_s(w3)
    delay_s = read(w3, Timelock(at.timelock).minimum_delay_s())
    assert read(w3, governor.executable_at_s(number)) == queued_at_s + delay_s
    wait_until(w3, queued_at_s + delay_s)
    deployed.guardian.send(governor.execute(proposal))
    assert read(w3, governor.state(number)) is ProposalState.EXECUTED
    assert read(w3, seats.organisation_of(NEWCOMER)) == 7
    assert NEWCOMER in read(w3, seats.holders())


def test_guardian_suspends_a_key_that_another_validator_gives_up(
    deployed: DeployedNetwork,
) -> None:
    w3, at = deployed.w3, deployed.network.addresses
    guardian, validators = Guardian(at.guardian), Validators(at.validators)
    leaked, other = (key.attester for key in deployed.validators[:2])
    until_s = read_time_s(w3) + DAY_S
    digest = compute_suspension_digest(at.guardian, w3.eth.chain_id, leaked.address, until_s)
    assert read(w3, guardian.suspension_digest(leaked.address, until_s)) == digest

    key = PrivateKey(bytes(other.key))
    signature = sign_suspension(key, at.guardian, w3.eth.chain_id, leaked.address, until_s)
    with pytest.raises(NotAuthorised, match="lacks the role"):
        deployed.registrar.send(guardian.suspend_key(leaked.address, until_s, 1, signature))
    deployed.guardian.send(guardian.suspend_key(leaked.address, until_s, 1, signature))
    assert read(w3, validators.suspension()) == (leaked.address.lower(), until_s)
    assert read(w3, validators.attesters_of(1))[0] == "0x" + "00" * 20
    deployed.guardian.send(guardian.end_suspension())
    assert read(w3, validators.suspension()) is None
    assert read(w3, guardian.suspension_of(leaked.address)).ended_s == read_time_s(w3)


def test_seats_thaw_a_meter_on_appeal(deployed: DeployedNetwork) -> None:
    w3, at = deployed.w3, deployed.network.addresses
    registry, guardian, appeals = Registry(at.registry), Guardian(at.guardian), Appeals(at.appeals)
    owner, (seat, *_) = deployed.registrar, deployed.seats
    organisation = deployed.admit("appellants")
    bounds = load_tariff_config().bounds["tokens"]
    register = registry.register_meter(organisation, "meter", bytes(31) + b"\x07", bounds)
    meter = owner.send(register).outcome
    deployed.guardian.send(guardian.pause_meter(meter))

    subject = Subject(AppealKind.FREEZE, meter)
    appeal = owner.send(appeals.file(subject, REASONS)).outcome
    filed = read(w3, appeals.appeal_of(appeal))
    assert filed.subject == subject
    assert filed.eligible_seats >= len(deployed.seats)
    assert filed.state is AppealState.OPEN
    assert filed.commitment == REASONS
    for voter in deployed.seats:
        voter.send(appeals.vote(appeal, is_upheld=True))
    with pytest.raises(TransactionReverted, match="voting is not over"):
        seat.send(appeals.resolve(appeal))
    expect(ask(w3, "anvil_mine", (hex(50),)))
    wait_until(w3, read(w3, appeals.voting_ends_at_s(appeal)))
    assert seat.send(appeals.resolve(appeal)).outcome is True
    assert read(w3, appeals.appeal_of(appeal)).state is AppealState.UPHELD
    assert not read(w3, registry.meter_of(meter)).frozen
