"""Swaps, a provider and the price index through the bindings, on a network that was handed over."""

from dataclasses import replace

import pytest
from coincurve import PrivateKey
from eth_account import Account
from tests.integration.deployed import DeployedNetwork
from tests.integration.voting import read_time_s, wait_until

from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.credits import GENERAL, Credits
from tallystick.chain.bindings.price_index import (
    Closing,
    Held,
    PriceIndex,
    PriceReport,
    sign_report,
)
from tallystick.chain.bindings.provider_desk import (
    DeskCaps,
    DeskRate,
    ProviderDesk,
    RedemptionState,
    compute_provider_credit_id,
)
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.swap_market import Quote, SwapMarket, sign_quote
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.errors import (
    AlreadyExists,
    FundsInsufficient,
    NotAuthorised,
    TransactionReverted,
    ValueRefused,
)
from tallystick.chain.reader import read
from tallystick.chain.transact import TransactionSender
from tallystick.core.price_index import compute_next_index
from tallystick.core.units import UCR_PER_CREDIT

pytestmark = pytest.mark.integration

DAY_S = 86_400
INDEX_CLASS = "h100"
RECEIPT = b"receipt".ljust(32, b"\0")


def open_project(net: DeployedNetwork, name: str, amount_ucr: int) -> tuple[int, int]:
    """An organisation and its project, which holds this much."""
    organisation = net.admit(name)
    registry = Registry(net.network.addresses.registry)
    who = net.registrar.address
    project = net.registrar.send(registry.create_account(organisation, "project", who)).outcome
    budgets = Budgets(net.network.addresses.budgets)
    net.registrar.send(budgets.grant(project, amount_ucr))
    return organisation, project


def open_provider(net: DeployedNetwork, name: str) -> tuple[int, TransactionSender]:
    """A provider at two for one and the sender of its key, its inventory full."""
    desk = ProviderDesk(net.network.addresses.provider_desk)
    key = TransactionSender(net.w3, Account.create())
    net.vote(desk.set_provider(name, key.address))
    provider = read(net.w3, desk.provider_by_name(name))
    caps = DeskCaps(1_000 * UCR_PER_CREDIT, 600 * UCR_PER_CREDIT)
    net.vote(desk.set_rate(provider, 2_000_000), desk.set_caps(provider, caps))
    key.send(desk.deposit(provider, 500 * UCR_PER_CREDIT, RECEIPT))
    return provider, key


def test_credits_become_compute_and_are_swapped(deployed: DeployedNetwork) -> None:
    w3, at, people = deployed.w3, deployed.network.addresses, deployed.registrar
    desk, market, held = (
        ProviderDesk(at.provider_desk),
        SwapMarket(at.swap_market),
        Credits(at.credits),
    )
    organisation, maker = open_project(deployed, "swap-one", 200 * UCR_PER_CREDIT)
    _, taker = open_project(deployed, "swap-two", 100 * UCR_PER_CREDIT)
    provider, key = open_provider(deployed, "lambda")
    provider_id = compute_provider_credit_id(provider)
    assert read(w3, desk.rate_of(provider)) == DeskRate(2_000_000, 0, 0, 2_000_000)

    with pytest.raises(ValueRefused, match="yields too little"):
        people.send(desk.convert(taker, provider, 5_000_001, min_out_ucr=10_000_003))
    convert = desk.convert(taker, provider, 30 * UCR_PER_CREDIT, min_out_ucr=60 * UCR_PER_CREDIT)
    assert people.send(convert).outcome == 60 * UCR_PER_CREDIT
    assert read(w3, desk.inventory_of(provider)) == 440 * UCR_PER_CREDIT
    with pytest.raises(AlreadyExists, match="deposited this receipt"):
        key.send(desk.deposit(provider, 1, RECEIPT))

    post = market.post(
        maker,
        give_id=GENERAL,
        give_ucr=10_000_000,
        want_id=provider_id,
        want_ucr=3_000_001,
        expires_at_s=read_time_s(w3) + DAY_S,
        min_fill_ucr=1_000_000,
    )
    offer = people.send(post).outcome
    found = read(w3, market.offer_of(offer))
    assert (found.account, found.left_ucr, found.want_ucr) == (maker, 10_000_000, 3_000_001)
    with pytest.raises(ValueRefused, match="costs more"):
        people.send(market.take(offer, taker, 4_000_000, max_want_ucr=1_200_000))
    take = market.take(offer, taker, 4_000_000, max_want_ucr=found.compute_price_up(4_000_000))
    assert people.send(take).outcome == 1_200_001
    assert people.send(market.cancel(offer)).outcome == 6_000_000
    assert read(w3, market.open_offers_of(organisation)) == 0
    assert read(w3, held.balance_of(maker)) == 196 * UCR_PER_CREDIT
    assert read(w3, held.balance_of(maker, provider_id)) == 1_200_001

    redeem = desk.redeem(maker, provider, 1_200_001, reference=b"job".ljust(32, b"\0"))
    redemption = people.send(redeem).outcome
    with pytest.raises(NotAuthorised, match="not the key of provider"):
        people.send(desk.acknowledge(redemption, RECEIPT))
    with pytest.raises(ValueRefused, match="may still acknowledge"):
        people.send(desk.reclaim(redemption))
    key.send(desk.acknowledge(redemption, RECEIPT))
    assert read(w3, desk.redemption_of(redemption)).state is RedemptionState.ACKNOWLEDGED
    assert read(w3, held.burned(provider_id)) == 1_200_001


def test_quote_is_filled_once_for_its_taker(deployed: DeployedNetwork) -> None:
    w3, at, people = deployed.w3, deployed.network.addresses, deployed.registrar
    market, held = SwapMarket(at.swap_market), Credits(at.credits)
    _, maker = open_project(deployed, "quote-one", 50 * UCR_PER_CREDIT)
    _, taker = open_project(deployed, "quote-two", UCR_PER_CREDIT)
    key = PrivateKey()
    signer = Account.from_key(key.secret).address
    people.send(Registry(at.registry).set_controller(maker, signer))
    quote = Quote(
        maker=maker,
        taker=taker,
        give_id=GENERAL,
        give_ucr=20 * UCR_PER_CREDIT,
        want_id=0,
        want_ucr=0,
        expires_at_s=read_time_s(w3) + 600,
        nonce=2**200,
    )
    chain_id = w3.eth.chain_id
    signature = sign_quote(key, at.swap_market, chain_id, quote)
    with pytest.raises(ValueRefused, match="not signed by a controller"):
        people.send(market.fill(replace(quote, give_ucr=30_000_000), signature))
    people.send(market.fill(quote, signature))
    assert read(w3, held.balance_of(taker)) == 21 * UCR_PER_CREDIT
    assert read(w3, market.is_nonce_used(maker, 2**200))
    with pytest.raises(AlreadyExists, match="nonce"):
        people.send(market.fill(quote, signature))
    second = replace(quote, nonce=1)
    people.send(market.cancel_quote(maker, 1))
    with pytest.raises(AlreadyExists, match="nonce"):
        people.send(market.fill(second, sign_quote(key, at.swap_market, chain_id, second)))
    third = replace(quote, nonce=2, give_ucr=40 * UCR_PER_CREDIT)
    with pytest.raises(FundsInsufficient):
        people.send(market.fill(third, sign_quote(key, at.swap_market, chain_id, third)))


def test_index_follows_the_validators_reports(deployed: DeployedNetwork) -> None:
    w3, at, people = deployed.w3, deployed.network.addresses, deployed.registrar
    index, tariff = PriceIndex(at.price_index), Tariff(at.tariff)
    epoch_s = read(w3, index.epoch_s())
    days = [
        (1_310_000, 1_250_000, 1_280_000, 9_000_000),
        (1_310_000, 1_250_000, 1_280_000, 9_000_000),
        (1_000_000, None, None, 1_000_000),
        (500_000, 600_000, None, 400_000),
    ]
    last = 1_000_000
    wait_until(w3, (read_time_s(w3) // epoch_s + 1) * epoch_s + 60)
    for values in days:
        now_s = read_time_s(w3)
        epoch = read(w3, index.epoch_at(now_s))
        for number, value in enumerate(values):
            if value is None:
                continue
            report = PriceReport(
                INDEX_CLASS, epoch, value, 40_000, 5, now_s - 3600, now_s, bytes(range(32))
            )
            key = PrivateKey(bytes(deployed.validators[number].attester.key))
            signature = sign_report(key, at.price_index, w3.eth.chain_id, report)
            with pytest.raises(TransactionReverted, match="not signed by validator"):
                people.send(index.report(report, (number + 1) % 4, signature))
            people.send(index.report(report, number, signature))
            kept = read(
                w3,
                index.report_of(INDEX_CLASS, epoch, deployed.validators[number].attester.address),
            )
            assert (kept.value_ppm, kept.venues) == (value, 5)
        wait_until(w3, (epoch + 1) * epoch_s + 60)
        reports = [value for value in values if value is not None]
        expected = compute_next_index(reports, validators=4, last_ppm=last)
        outcome = people.send(index.close(INDEX_CLASS, epoch)).outcome
        from_ms = (epoch + 2) * epoch_s * 1000
        if expected is None:
            assert outcome == Held(reports=2, needed=3)
        else:
            assert isinstance(outcome, Closing)
            assert (outcome.clamped_ppm, outcome.from_ms) == (expected, from_ms)
            assert outcome == read(w3, index.latest_of(INDEX_CLASS))
            last = expected
        assert read(w3, tariff.index_at(INDEX_CLASS, from_ms))[0] == last
        with pytest.raises(AlreadyExists, match="closed already"):
            people.send(index.close(INDEX_CLASS, epoch))
    assert last == 1_113_044
