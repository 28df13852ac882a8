"""Outcomes, epochs, experiments and plans through the bindings, on a network handed over."""

from dataclasses import replace

import pytest
from eth_account import Account
from tests.integration.deployed import DeployedNetwork
from tests.integration.voting import wait_until

from tallystick.chain.bindings.credits import EXPLORATION, GENERAL, Credits
from tallystick.chain.bindings.epochs import Epochs, WhyOpen
from tallystick.chain.bindings.experiments import Experiments
from tallystick.chain.bindings.outcomes import OutcomeKind, Outcomes, OutcomeStatus, PoolMember
from tallystick.chain.bindings.plans import Plan, Plans
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.errors import (
    AlreadyExists,
    FundsInsufficient,
    NotAuthorised,
    NotFound,
    ValueRefused,
)
from tallystick.chain.reader import ask, expect, read
from tallystick.chain.transact import TransactionSender
from tallystick.core.units import UCR_PER_CREDIT

pytestmark = pytest.mark.integration

DAY_S = 86_400
REVENUE = OutcomeKind.REVENUE
EVIDENCE = bytes(range(32))
REASONS = bytes(reversed(range(32)))


def open_project(net: DeployedNetwork, name: str) -> tuple[int, int]:
    """An organisation and a project of a team of it."""
    registry = Registry(net.network.addresses.registry)
    who = net.registrar.address
    organisation = net.admit(name)
    team = net.registrar.send(registry.create_account(organisation, "team", who)).outcome
    return organisation, net.registrar.send(registry.create_account(team, "bot", who)).outcome


def create_person(net: DeployedNetwork) -> TransactionSender:
    return TransactionSender(net.w3, Account.create())


def pass_days(net: DeployedNetwork, time_s: int) -> None:
    """The chain is at this time, and fifty blocks later."""
    wait_until(net.w3, time_s)
    expect(ask(net.w3, "anvil_mine", (hex(50), "0x1")))


def test_outcome_counts_once_the_drawn_party_confirms_it(deployed: DeployedNetwork) -> None:
    outcomes = Outcomes(deployed.network.addresses.outcomes)
    organisation, project = open_project(deployed, "acme")
    other, _ = open_project(deployed, "auditors")
    source, confirmer = create_person(deployed), create_person(deployed)
    deployed.registrar.send(outcomes.set_source(organisation, REVENUE, source.address))
    deployed.vote(outcomes.set_confirmer(other, confirmer.address))
    epoch = read(deployed.w3, outcomes.current_epoch())
    assert read(deployed.w3, outcomes.pool()) == (PoolMember(other, confirmer.address.lower()),)

    report = outcomes.report(project, epoch, REVENUE, 9000, EVIDENCE)
    with pytest.raises(NotAuthorised, match="no source of kind 1"):
        deployed.registrar.send(report)
    assert source.send(report).outcome == 90_000_000
    with pytest.raises(AlreadyExists):
        source.send(report)
    assert read(deployed.w3, outcomes.value_of(project, epoch)) == (0, True)

    drawn = read(deployed.w3, outcomes.confirmer_of(project, epoch, REVENUE))
    assert drawn == confirmer.address.lower()
    with pytest.raises(NotAuthorised, match="another party was drawn"):
        source.send(outcomes.confirm(project, epoch, REVENUE))
    confirmer.send(outcomes.confirm(project, epoch, REVENUE))
    assert read(deployed.w3, outcomes.value_of(project, epoch)) == (90_000_000, False)

    deployed.guardian.send(outcomes.dispute(project, epoch, REVENUE, REASONS))
    found = read(deployed.w3, outcomes.outcome_of(project, epoch, REVENUE))
    assert found.status is OutcomeStatus.DISPUTED
    assert (found.amount, found.evidence_hash) == (9000, EVIDENCE)
    assert read(deployed.w3, outcomes.value_of(project, epoch)) == (0, False)


def test_kind_changes_from_the_next_epoch_on(deployed: DeployedNetwork) -> None:
    outcomes = Outcomes(deployed.network.addresses.outcomes)
    epoch = read(deployed.w3, outcomes.current_epoch())
    before = read(deployed.w3, outcomes.kind_at(OutcomeKind.TASKS, epoch))
    deployed.vote(
        outcomes.set_kind(OutcomeKind.TASKS, "tasks", uusd_per_unit=7, attribution_s=DAY_S)
    )
    assert read(deployed.w3, outcomes.kind_at(OutcomeKind.TASKS, epoch)) == before
    changed = read(deployed.w3, outcomes.kind_at(OutcomeKind.TASKS, epoch + 1))
    assert changed == replace(before, uusd_per_unit=7)


def test_epoch_closes_after_its_windows(deployed: DeployedNetwork) -> None:
    outcomes = Outcomes(deployed.network.addresses.outcomes)
    epochs = Epochs(deployed.network.addresses.epochs)
    held = Credits(deployed.network.addresses.credits)
    organisation, project = open_project(deployed, "globex")
    first_ucr = 900 * UCR_PER_CREDIT
    with pytest.raises(FundsInsufficient):
        deployed.registrar.send(epochs.enrol(project, first_ucr))
    minted_before = read(deployed.w3, epochs.minted_by_epochs())[0]
    deployed.vote(epochs.set_enrolment_allowance(organisation, first_ucr))
    deployed.registrar.send(epochs.enrol(project, first_ucr))
    assert read(deployed.w3, held.balance_of(project, GENERAL)) == first_ucr
    assert read(deployed.w3, epochs.minted_by_epochs())[0] == minted_before + first_ucr
    assert read(deployed.w3, epochs.enrolment_allowance_of(organisation)) == (first_ucr, first_ucr)

    epoch = read(deployed.w3, epochs.enrolment_of(project)).first_epoch
    with pytest.raises(ValueRefused, match="has not ended"):
        deployed.registrar.send(epochs.cut(epoch, [project]))
    pass_days(deployed, read(deployed.w3, outcomes.end_of(epoch)))
    assert deployed.registrar.send(epochs.cut(epoch, [project])).outcome == (project,)
    assert read(deployed.w3, epochs.why_open(project, epoch)) is WhyOpen.WINDOW_OPEN
    with pytest.raises(ValueRefused, match="cannot be closed"):
        deployed.registrar.send(epochs.close(epoch, [project]))

    pass_days(deployed, read(deployed.w3, epochs.closes_at_s(project, epoch)))
    assert read(deployed.w3, epochs.why_open(project, epoch)) is WhyOpen.NOTHING
    assert deployed.registrar.send(epochs.close(epoch, [project])).outcome == (project,)
    found = read(deployed.w3, epochs.closed_of(project, epoch))
    assert found.is_cut
    assert found.is_closed
    assert (found.credits_ucr, found.value_uusd, found.grant_ucr) == (0, 0, 0)
    assert read(deployed.w3, epochs.enrolment_of(project)).previous_grant_ucr == first_ucr


def test_terms_change_by_vote_inside_their_bounds(deployed: DeployedNetwork) -> None:
    epochs = Epochs(deployed.network.addresses.epochs)
    outcomes = Outcomes(deployed.network.addresses.outcomes)
    epoch = read(deployed.w3, outcomes.current_epoch())
    terms = read(deployed.w3, epochs.terms_at(epoch))
    harder = replace(terms, cut_ppm=500_000)
    with pytest.raises(NotAuthorised):
        deployed.registrar.send(epochs.set_terms(harder))
    deployed.vote(epochs.set_terms(harder))
    assert read(deployed.w3, epochs.terms_at(epoch)) == terms
    assert read(deployed.w3, epochs.terms_at(epoch + 1)) == harder


def test_experiment_is_paid_from_the_pool(deployed: DeployedNetwork) -> None:
    epochs = Epochs(deployed.network.addresses.epochs)
    experiments = Experiments(deployed.network.addresses.experiments)
    held = Credits(deployed.network.addresses.credits)
    organisation, project = open_project(deployed, "initech")
    deployed.vote(epochs.set_enrolment_allowance(organisation, 900 * UCR_PER_CREDIT))
    deployed.registrar.send(epochs.enrol(project, 900 * UCR_PER_CREDIT))
    open_it = experiments.open(project, protected_epochs=2, hypothesis_commitment=REASONS)
    experiment = deployed.registrar.send(open_it).outcome
    with pytest.raises(AlreadyExists):
        deployed.registrar.send(open_it)
    deployed.vote(experiments.fund(experiment, 40 * UCR_PER_CREDIT))
    held_ucr = read(deployed.w3, held.balance_of(project, EXPLORATION))
    assert held_ucr == 40 * UCR_PER_CREDIT
    found = read(deployed.w3, experiments.experiment_of(experiment))
    assert (found.is_open, found.funded_ucr) == (True, held_ucr)
    assert read(deployed.w3, experiments.is_protected(project, found.last_epoch))
    assert not read(deployed.w3, experiments.is_protected(project, found.last_epoch + 1))

    assert deployed.registrar.send(experiments.end(experiment, EVIDENCE)).outcome == held_ucr
    found = read(deployed.w3, experiments.experiment_of(experiment))
    assert (found.is_open, found.result_commitment) == (False, EVIDENCE)
    with pytest.raises(ValueRefused, match="waits as many epochs"):
        deployed.registrar.send(open_it)


def test_paid_invoice_brings_plan_credits(deployed: DeployedNetwork) -> None:
    plans = Plans(deployed.network.addresses.plans)
    organisation, project = open_project(deployed, "umbrella")
    accountant = create_person(deployed)
    with pytest.raises(NotFound):
        deployed.registrar.send(plans.report_invoice(project, EVIDENCE, 8300))
    plan = Plan(5000 * UCR_PER_CREDIT, 24_900)
    deployed.registrar.send(
        plans.set_plan(project, credits_ucr=plan.credits_ucr, price_cents=plan.price_cents)
    )
    assert read(deployed.w3, plans.plan_of(project)) == plan
    brought_ucr = 1_666_666_666
    report = plans.report_invoice(project, EVIDENCE, 8300)
    assert deployed.registrar.send(report).outcome == brought_ucr
    with pytest.raises(AlreadyExists):
        deployed.registrar.send(report)
    deployed.vote(plans.set_invoice_confirmer(organisation, accountant.address))
    with pytest.raises(FundsInsufficient, match="reach their cap"):
        accountant.send(plans.confirm_invoice(EVIDENCE))
    deployed.vote(plans.set_invoice_cap(organisation, 2 * brought_ucr))
    assert accountant.send(plans.confirm_invoice(EVIDENCE)).outcome == brought_ucr
    found = read(deployed.w3, plans.invoice_of(EVIDENCE))
    assert (found.project, found.is_confirmed) == (project, True)
