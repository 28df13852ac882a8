"""Three weeks of an economy on a real chain: everything that mints, burns, holds and releases."""

from __future__ import annotations

from typing import Final

from coincurve import PrivateKey
from eth_account import Account
from tests.integration.settling import SettlingNetwork
from tests.integration.voting import read_time_s, wait_until

from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.credits import GENERAL
from tallystick.chain.bindings.epochs import Epochs
from tallystick.chain.bindings.experiments import Experiments
from tallystick.chain.bindings.leases import (
    LeaseEnd,
    LeaseRequest,
    Leases,
    sign_lease,
    sign_lease_end,
)
from tallystick.chain.bindings.outcomes import OutcomeKind, Outcomes
from tallystick.chain.bindings.plans import Plans
from tallystick.chain.bindings.price_index import PriceIndex, PriceReport, sign_report
from tallystick.chain.bindings.provider_desk import (
    DeskCaps,
    ProviderDesk,
    compute_provider_credit_id,
)
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.swap_market import SwapMarket
from tallystick.chain.reader import ask, expect, read
from tallystick.chain.transact import TransactionSender
from tallystick.core.units import UCR_PER_CREDIT

HASH: Final = bytes(range(32))
LEASE_KEY: Final = PrivateKey(bytes([91]) * 32)
INDEX_CLASS: Final = "h100"
VALUES_PPM: Final = (1_210_000, 1_190_000, 1_200_000)


async def play_economy(net: SettlingNetwork) -> None:
    """Everything below, in a row; the last epoch closes three weeks later."""
    helper = TransactionSender(net.w3, Account.create())
    _found(net, helper)
    await _lease(net)
    _trade(net, helper)
    _replenish(net, helper)
    _index(net)


def pass_time(net: SettlingNetwork, time_s: int) -> None:
    """The chain is at this time, and fifty blocks later."""
    wait_until(net.w3, time_s)
    expect(ask(net.w3, "anvil_mine", (hex(50), "0x1")))


def _found(net: SettlingNetwork, helper: TransactionSender) -> None:
    """Votes on who confirms, who provides and what may be granted; projects are enrolled."""
    at, registry = net.network.addresses, Registry(net.network.addresses.registry)
    epochs, outcomes, desk = (
        Epochs(at.epochs),
        Outcomes(at.outcomes),
        ProviderDesk(at.provider_desk),
    )
    outside = net.registrar.send(
        registry.create_account(net.organisation, "audit", helper.address)
    ).outcome
    net.vote(
        epochs.set_enrolment_allowance(net.organisation, 900 * UCR_PER_CREDIT),
        outcomes.set_confirmer(outside, helper.address),
        desk.set_provider("nimbus", helper.address),
        Plans(at.plans).set_invoice_confirmer(net.organisation, helper.address),
        Plans(at.plans).set_invoice_cap(net.organisation, 900 * UCR_PER_CREDIT),
    )
    caps = DeskCaps(50 * UCR_PER_CREDIT, 50 * UCR_PER_CREDIT)
    net.vote(desk.set_rate(1, 500_000), desk.set_caps(1, caps))
    for project in net.projects[:2]:
        net.registrar.send(epochs.enrol(project, 100 * UCR_PER_CREDIT))


async def _lease(net: SettlingNetwork) -> None:
    """A lease is opened, drawn down, ended and released."""
    leases, project, meter = Leases(net.network.addresses.leases), net.projects[0], net.meters[0]
    registry = Registry(net.network.addresses.registry)
    key = Account.from_key(LEASE_KEY.secret).address
    net.registrar.send(registry.set_lease_key(meter.id, key))
    chain_id = net.network.chain_id
    until_s = read_time_s(net.w3) + 600
    request = LeaseRequest(project, meter.id, 2 * UCR_PER_CREDIT, until_s, 1)
    net.registrar.send(
        leases.open_lease(request, sign_lease(LEASE_KEY, leases.address, chain_id, request))
    )
    await net.settle([net.sign(net.records(6), first_seq=0)])
    end = LeaseEnd(project, meter.id, 5, 1)
    net.registrar.send(
        leases.declare_last(end, sign_lease_end(LEASE_KEY, leases.address, chain_id, end))
    )
    net.registrar.send(leases.release(project, meter.id))


def _trade(net: SettlingNetwork, helper: TransactionSender) -> None:
    """Credits are converted, redeemed and swapped; an invoice is paid."""
    at, (seller, buyer, client) = net.network.addresses, net.projects
    desk, market, plans = (
        ProviderDesk(at.provider_desk),
        SwapMarket(at.swap_market),
        Plans(at.plans),
    )
    send = net.registrar.send
    helper.send(desk.deposit(1, 50 * UCR_PER_CREDIT, HASH))
    send(desk.convert(buyer, 1, 20 * UCR_PER_CREDIT, min_out_ucr=1))
    send(desk.redeem(buyer, 1, 2 * UCR_PER_CREDIT, reference=HASH))
    helper.send(desk.acknowledge(1, HASH))
    send(desk.redeem(buyer, 1, UCR_PER_CREDIT, reference=HASH))
    offer = market.post(
        seller,
        give_id=GENERAL,
        give_ucr=9 * UCR_PER_CREDIT,
        want_id=compute_provider_credit_id(1),
        want_ucr=4 * UCR_PER_CREDIT,
        min_fill_ucr=UCR_PER_CREDIT,
        expires_at_s=read_time_s(net.w3) + 86_400,
    )
    number = send(offer).outcome
    send(market.take(number, buyer, 2 * UCR_PER_CREDIT, max_want_ucr=UCR_PER_CREDIT))
    send(market.cancel(number))
    send(plans.set_plan(client, credits_ucr=1_000 * UCR_PER_CREDIT, price_cents=10_000))
    send(plans.report_invoice(client, HASH, 700))
    helper.send(plans.confirm_invoice(HASH))
    send(Budgets(at.budgets).grant(client, UCR_PER_CREDIT))


def _replenish(net: SettlingNetwork, helper: TransactionSender) -> None:
    """One project achieves something, an experiment is paid for, and the first epoch closes."""
    at, (first, second, tested) = net.network.addresses, net.projects
    epochs, outcomes, experiments = (
        Epochs(at.epochs),
        Outcomes(at.outcomes),
        Experiments(at.experiments),
    )
    send = net.registrar.send
    epoch = read(net.w3, outcomes.current_epoch())
    send(outcomes.set_source(net.organisation, OutcomeKind.REVENUE, net.registrar.address))
    send(outcomes.report(first, epoch, OutcomeKind.REVENUE, 500, HASH))
    helper.send(outcomes.confirm(first, epoch, OutcomeKind.REVENUE))
    experiment = send(
        experiments.open(tested, protected_epochs=1, hypothesis_commitment=HASH)
    ).outcome
    net.vote(experiments.fund(experiment, 3 * UCR_PER_CREDIT))
    send(experiments.end(experiment))
    pass_time(net, read(net.w3, outcomes.end_of(epoch)))
    send(epochs.cut(epoch, [first, second]))
    pass_time(net, read(net.w3, epochs.closes_at_s(first, epoch)))
    send(epochs.close(epoch, [first, second]))


def _index(net: SettlingNetwork) -> None:
    """Three of four validators report, and the index moves."""
    index = PriceIndex(net.network.addresses.price_index)
    epoch_s = read(net.w3, index.epoch_s())
    now_s = read_time_s(net.w3)
    wait_until(net.w3, (now_s // epoch_s + 1) * epoch_s + 60)
    epoch, now_s = read_time_s(net.w3) // epoch_s, read_time_s(net.w3)
    for place, value_ppm in enumerate(VALUES_PPM):
        report = PriceReport(INDEX_CLASS, epoch, value_ppm, 20_000, 5, now_s - 90, now_s - 9, HASH)
        key = net.validators[place].attest
        signature = sign_report(key, index.address, net.network.chain_id, report)
        net.registrar.send(index.report(report, place, signature))
    wait_until(net.w3, (epoch + 1) * epoch_s + 60)
    net.registrar.send(index.close(INDEX_CLASS, epoch))
