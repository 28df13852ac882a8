"""Writing to a real chain: ids come back, reverts come in words, a lost chain is made whole."""

from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from tests.integration.anvil import run_anvil
from tests.integration.deployed import DeployedNetwork, deploy_on

from tallystick.chain.bindings.budgets import (
    Budgets,
    FrozenWhy,
    PeriodKind,
    compute_idempotency_key,
)
from tallystick.chain.bindings.credits import Credits
from tallystick.chain.bindings.onboarding import Onboarding
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.calls import Write
from tallystick.chain.config import load_network_config
from tallystick.chain.errors import (
    AlreadyExists,
    ChainUnreachable,
    FundsInsufficient,
    NotAuthorised,
    NotFound,
    TransactionReverted,
    TransactionUnconfirmed,
    ValueRefused,
)
from tallystick.chain.reader import ask, connect, read, read_together
from tallystick.chain.transact import TransactionSender, resend

pytestmark = pytest.mark.integration

CREDIT = 1_000_000
BOUNDS = load_network_config().meter_bounds
ALLOWANCE_UCR = load_network_config().onboarding.allowance_ucr


class Kept:
    """A journal in memory; `is_full` makes the disk refuse."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.is_full = False

    def append(self, raw: bytes) -> None:
        if self.is_full:
            raise OSError("no space left on device")
        self.raw.append(raw)


def test_accounts_and_meters_get_ids_in_order(deployed: DeployedNetwork) -> None:
    registry = Registry(deployed.network.addresses.registry)
    acme = deployed.admit("acme")
    controller = deployed.registrar.address
    team = deployed.registrar.send(registry.create_account(acme, "support", controller)).outcome
    project = deployed.registrar.send(registry.create_account(team, "chat", controller)).outcome
    meter = deployed.registrar.send(
        registry.register_meter(team, "replay", bytes(range(32)), BOUNDS)
    ).outcome
    _, (account, by_name, registered) = read_together(
        deployed.w3,
        [
            registry.account_of(project),
            registry.account_by_name(team, "chat"),
            registry.meter_of(meter),
        ],
    )
    assert acme < team < project == by_name
    assert (account.parent, account.organisation, account.depth) == (team, acme, 3)
    assert (account.controller, account.active, account.name) == (controller, True, "chat")
    assert (registered.account, registered.name, registered.bounds) == (team, "replay", BOUNDS)


def test_grants_transfers_and_budgets_read_back(deployed: DeployedNetwork) -> None:
    addresses = deployed.network.addresses
    registry, budgets = Registry(addresses.registry), Budgets(addresses.budgets)
    who = deployed.registrar
    acme = deployed.admit("budgeted")
    team = who.send(registry.create_account(acme, "team", who.address)).outcome
    key = compute_idempotency_key("monthly")
    who.send(budgets.grant(acme, 100 * CREDIT, key=key))
    who.send(budgets.transfer(acme, team, 40 * CREDIT))
    who.send(
        budgets.set_budget(
            team, limit_ucr=10 * CREDIT, period_kind=PeriodKind.WEEK, soft_ppm=800_000
        )
    )
    _, ((above, below), held, content, allowance) = read_together(
        deployed.w3,
        [
            budgets.budgets_of([acme, team]),
            Credits(addresses.credits).balance_of(team),
            budgets.content_of_key(acme, key),
            budgets.mint_allowance_of(acme),
        ],
    )
    assert above.general_ucr == 60 * CREDIT
    assert not above.has_limit
    assert below.general_ucr == held == 40 * CREDIT
    assert (below.limit_ucr, below.period_kind, below.soft_ppm) == (
        10 * CREDIT,
        PeriodKind.WEEK,
        800_000,
    )
    assert below.period_end_s - below.period_start_s == 7 * 86_400
    assert below.frozen_why == FrozenWhy(0)
    assert content != bytes(32)
    assert allowance == (ALLOWANCE_UCR, 100 * CREDIT)
    with pytest.raises(AlreadyExists) as caught:
        who.send(budgets.grant(acme, 100 * CREDIT, key=key))
    assert caught.value.error_name == "KeyUsed"
    assert caught.value.arguments["content"] == content


def test_reverts_come_as_leaves_in_words(deployed: DeployedNetwork) -> None:
    addresses = deployed.network.addresses
    registry, budgets = Registry(addresses.registry), Budgets(addresses.budgets)
    who = deployed.registrar
    acme = deployed.admit("refusing")
    stranger = TransactionSender(deployed.w3, Account.create())
    cases: list[tuple[TransactionSender, Write[Any], type[TransactionReverted], str]] = [
        (stranger, registry.create_account(acme, "team", who.address), NotAuthorised, "authority"),
        (stranger, registry.create_account(0, "mine", who.address), NotAuthorised, "authority"),
        (
            stranger,
            registry.set_rules(frame_versions=2, defined_flags=255, window_ms=1, ahead_ms=1),
            NotAuthorised,
            "lacks the role",
        ),
        (who, registry.create_account(acme, "Team!", who.address), ValueRefused, "no name"),
        (who, registry.create_account(99_999, "x", who.address), NotFound, "no account"),
        (who, budgets.grant(acme, ALLOWANCE_UCR + 1), FundsInsufficient, "mint allowance"),
        (who, budgets.grant(acme, 0), ValueRefused, "zero or too large"),
        (who, budgets.transfer(acme, acme, 1), ValueRefused, "are the same"),
    ]
    for sender, write, leaf, words in cases:
        with pytest.raises(leaf, match=words):
            sender.send(write)
    head = deployed.w3.eth.block_number
    with pytest.raises(AlreadyExists, match="the name refusing is taken"):
        deployed.admit("refusing")
    assert deployed.w3.eth.block_number == head, "a refused transaction was sent"


def test_transactions_in_a_row_succeed_in_their_order(deployed: DeployedNetwork) -> None:
    registry, who = Registry(deployed.network.addresses.registry), deployed.registrar
    acme = deployed.admit("rowing")
    nonce = who.read_nonce()
    writes = [registry.create_account(acme, name, who.address) for name in ("one", "two", "three")]
    sent = who.send_all(writes)
    outcomes = [each.outcome for each in sent]
    assert outcomes == sorted(outcomes)
    assert who.read_nonce() == nonce + 3


def test_first_that_fails_is_named_when_transactions_are_sent_in_a_row(
    deployed: DeployedNetwork,
) -> None:
    registry, who = Registry(deployed.network.addresses.registry), deployed.registrar
    acme = deployed.admit("stumbling")
    writes = [
        registry.create_account(acme, "fine", who.address),
        registry.create_account(acme, "Not fine", who.address),
        registry.create_account(99_999, "later", who.address),
    ]
    with pytest.raises(ValueRefused, match="no name"):
        who.send_all(writes)
    assert read(deployed.w3, registry.account_by_name(acme, "fine"))


def test_view_of_what_is_not_there_says_so(deployed: DeployedNetwork) -> None:
    with pytest.raises(NotFound, match="no meter has this id"):
        read(deployed.w3, Registry(deployed.network.addresses.registry).meter_of(4_000))


def test_nothing_is_sent_when_the_journal_cannot_keep_it(deployed: DeployedNetwork) -> None:
    journal = Kept()
    journal.is_full = True
    sender = TransactionSender(deployed.w3, Account.create(), journal=journal)
    admit = Onboarding(deployed.network.addresses.onboarding).admit(
        "lost", sender.address, sender.address
    )
    head = deployed.w3.eth.block_number
    with pytest.raises(NotAuthorised):  # simulated first, so a refusal is never kept
        sender.send(admit)
    registrar = TransactionSender(deployed.w3, deployed.registrar._key, journal=journal)
    with pytest.raises(OSError, match="no space"):
        registrar.send(admit)
    assert deployed.w3.eth.block_number == head


def test_journal_makes_a_lost_chain_whole(tmp_path: Path) -> None:
    journal = Kept()
    with run_anvil(tmp_path) as url:
        before = deploy_on(url, journal=journal)
        registry = Registry(before.network.addresses.registry)
        organisation = before.admit("acme")
    with run_anvil(tmp_path) as url:
        w3 = connect(url)
        assert resend(w3, journal.raw[:5]) == 5
        assert resend(w3, journal.raw) == len(journal.raw) - 5
        assert resend(w3, journal.raw) == 0
        account = read(w3, registry.account_of(organisation))
    assert (account.name, account.controller) == ("acme", before.registrar.address)


def test_send_waits_no_longer_than_told_when_no_block_is_mined(
    deployed: DeployedNetwork,
) -> None:
    ask(deployed.w3, "evm_setAutomine", (False,))
    try:
        sender = TransactionSender(deployed.w3, deployed.registrar._key, confirm_s=0.1)
        onboarding = Onboarding(deployed.network.addresses.onboarding)
        with pytest.raises(TransactionUnconfirmed):
            sender.send(onboarding.admit("slow", sender.address, sender.address))
    finally:
        ask(deployed.w3, "evm_setAutomine", (True,))
        ask(deployed.w3, "evm_mine", ())


def test_reads_say_when_the_chain_is_gone(tmp_path: Path) -> None:
    with run_anvil(tmp_path) as url:
        w3 = connect(url)
        assert w3.eth.block_number == 0
    with pytest.raises(ChainUnreachable):
        ask(w3, "eth_blockNumber", ())
