"""A deployed network whose every block comes at a second of the test's choosing."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from coincurve import PrivateKey
from eth_account import Account
from tests.integration.anvil import CHAIN_ID
from tests.integration.economy.model import GENERAL, Economy, Kind, Lease, Offer, Terms, plan_of
from tests.integration.economy.model import Account as ModelAccount
from tests.integration.settling import REGISTRAR_KEY, SettlingNetwork, found_network
from tests.integration.voting import read_time_s

from tallystick.chain.bindings.budgets import Budgets, PeriodKind
from tallystick.chain.bindings.credits import Credits
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.leases import (
    LeaseEnd,
    LeaseRequest,
    Leases,
    sign_lease,
    sign_lease_end,
)
from tallystick.chain.bindings.provider_desk import (
    DeskCaps,
    ProviderDesk,
    compute_provider_credit_id,
)
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.swap_market import MIN_SIZE_UCR, SwapMarket
from tallystick.chain.calls import View, Write
from tallystick.chain.reader import ask, expect, read
from tallystick.chain.transact import TransactionSender
from tallystick.core.attestation import compute_address

LEASE_PPM: Final = 100_000
PROVIDER: Final = 1
PROVIDER_CREDITS: Final = compute_provider_credit_id(PROVIDER)
RATE_PPM: Final = 400_003
INVENTORY_UCR: Final = 10**15
OFFER_S: Final = 20 * 86_400
LEASE_KEY: Final = 80
SWAP_ESCROW: Final = (1 << 32) + 2
INVENTORY: Final = (1 << 32) + 3


@dataclass(slots=True)
class World:
    """One network, and who is who in it.

    Accounts are the organisation, its team and the team's projects.
    """

    net: SettlingNetwork
    lease_keys: tuple[PrivateKey, ...]

    # Who and where

    @property
    def accounts(self) -> list[int]:
        """Every account, parents first."""
        team = self.net.projects[0] - 1
        return [self.net.organisation, team, *self.net.projects]

    @property
    def projects(self) -> tuple[int, ...]:
        """The accounts that are billed."""
        return self.net.projects

    @property
    def meters(self) -> list[int]:
        """The meters' ids."""
        return [meter.id for meter in self.net.meters]

    @property
    def budgets(self) -> Budgets:
        """The Budgets contract."""
        return Budgets(self.net.network.addresses.budgets)

    @property
    def leases(self) -> Leases:
        """The Leases contract."""
        return Leases(self.net.network.addresses.leases)

    @property
    def desk(self) -> ProviderDesk:
        """The ProviderDesk contract."""
        return ProviderDesk(self.net.network.addresses.provider_desk)

    @property
    def market(self) -> SwapMarket:
        """The SwapMarket contract."""
        return SwapMarket(self.net.network.addresses.swap_market)

    @property
    def convertible_ucr(self) -> int:
        """No single conversion of the test comes near the inventory."""
        return INVENTORY_UCR // 1_000

    @property
    def least_offer_ucr(self) -> int:
        """The market takes no smaller ones."""
        return MIN_SIZE_UCR

    # The chain's time

    def snapshot(self) -> str:
        """What `revert` goes back to."""
        return str(expect(ask(self.net.w3, "evm_snapshot", ())))

    def revert(self, snapshot: str) -> None:
        """The chain stands where it stood."""
        expect(ask(self.net.w3, "evm_revert", (snapshot,)))

    def fresh(self) -> SettlingNetwork:
        """The network with what it knows of the chain as of its founding."""
        return replace(self.net, book=deepcopy(self.net.book))

    def at(self, now_s: int) -> None:
        """The next block is of this second."""
        expect(ask(self.net.w3, "evm_setNextBlockTimestamp", (now_s,)))

    def mine_at(self, now_s: int) -> None:
        """An empty block of this second is the newest."""
        self.at(now_s)
        expect(ask(self.net.w3, "evm_mine", ()))

    def do(self, write: Write[Any], now_s: int) -> Any:  # noqa: ANN401 - what it tells back
        """The transaction has happened at this second.

        Raises:
            TransactionReverted: the contracts refuse it.
        """
        if read_time_s(self.net.w3) < now_s - 1:  # what is simulated first is at the newest time
            self.mine_at(now_s - 1)
        self.at(now_s)
        return self.net.registrar.send(write).outcome

    # Writes

    def possible(self, terms: Terms) -> Terms:
        """The terms without what belongs to no period of their kind, or to no rate."""
        length_s = terms.length_s if terms.kind is Kind.FIXED else 0
        is_rate = terms.rate > 0 and terms.rate_window_s > 0
        has_limit = terms.limit is not None
        return replace(
            terms,
            length_s=length_s,
            carry_ppm=terms.carry_ppm if has_limit and terms.kind is not Kind.NONE else 0,
            rate=terms.rate if is_rate else 0,
            rate_window_s=terms.rate_window_s if is_rate else 0,
        )

    def set_budget(self, account: int, terms: Terms) -> Write[None]:
        """As `Economy.set_budget`."""
        return self.budgets.set_budget(
            account,
            limit_ucr=terms.limit,
            period_kind=PeriodKind(terms.kind),
            period_length_s=terms.length_s,
            soft_ppm=terms.soft_ppm,
            carry_ppm=terms.carry_ppm,
            rate_ucr=terms.rate,
            rate_window_s=terms.rate_window_s,
        )

    def open_lease(
        self, project: int, meter: int, amount: int, until_s: int, nonce: int
    ) -> Write[int]:
        """As `Economy.open_lease`, signed by the meter's lease key."""
        request = LeaseRequest(project, self.meters[meter], amount, until_s, nonce)
        key = self.lease_keys[meter]
        signature = sign_lease(key, self.leases.address, CHAIN_ID, request)
        return self.leases.open_lease(request, signature)

    def declare_last(self, project: int, meter: int, last_seq: int, nonce: int) -> Write[None]:
        """As `Economy.declare_last`, signed by the meter's lease key."""
        end = LeaseEnd(project, self.meters[meter], last_seq, nonce)
        key = self.lease_keys[meter]
        signature = sign_lease_end(key, self.leases.address, CHAIN_ID, end)
        return self.leases.declare_last(end, signature)

    def release(self, project: int, meter: int) -> Write[int]:
        """As `Economy.release`."""
        return self.leases.release(project, self.meters[meter])

    def convert(self, account: int, amount: int) -> Write[int]:
        """As `Economy.convert`."""
        return self.desk.convert(account, PROVIDER, amount, min_out_ucr=0)

    def post(self, offer: Offer, now_s: int) -> Write[int]:
        """As `Economy.post`."""
        return self.market.post(
            offer.account,
            give_id=offer.give_id,
            give_ucr=offer.give,
            want_id=offer.want_id,
            want_ucr=offer.want,
            expires_at_s=now_s + OFFER_S,
        )

    def take(self, offer: int, account: int, amount: int) -> Write[int]:
        """As `Economy.take`, at any price."""
        return self.market.take(offer, account, amount, max_want_ucr=(1 << 128) - 1)

    def cancel(self, offer: int) -> Write[int]:
        """As `Economy.cancel`."""
        return self.market.cancel(offer)

    def expire(self, offer: int) -> Write[int]:
        """As `Economy.cancel`, by anyone, of an offer past its end."""
        return self.market.expire(offer)

    def is_expired(self, offer: int, now_s: int) -> bool:
        """Whether nobody can take it any more."""
        return bool(now_s >= self._ask(self.market.offer_of(offer)).expires_at_s)

    # Both sides

    def model(self, *, lease_ppm: int, grace_s: int) -> Economy:
        """The model of the network as it stands."""
        economy = Economy(read_time_s(self.net.w3), lease_ppm=lease_ppm, grace_s=grace_s)
        parents = {self.net.organisation: 0, self.net.projects[0] - 1: self.net.organisation}
        for account in self.accounts:
            economy.accounts[account] = ModelAccount(
                parents.get(account, self.net.projects[0] - 1), rate_at_s=economy.now_s
            )
        ledger = Credits(self.net.network.addresses.credits)
        for account in self.projects:
            economy.balances[account, GENERAL] = self._ask(ledger.balance_of(account))
        economy.minted[GENERAL] = self._ask(ledger.minted())
        economy.minted[PROVIDER_CREDITS] = INVENTORY_UCR
        economy.inventory[PROVIDER_CREDITS] = INVENTORY_UCR
        return economy

    def compare(self, economy: Economy) -> None:
        """Everything the chain says is what the model says."""
        economy = deepcopy(economy)
        for entry in economy.accounts.values():
            entry.roll(economy.now_s)
            entry.refill(economy.now_s)
        self._compare_budgets(economy)
        self._compare_credits(economy)
        self._compare_leases(economy)
        for number, offer in economy.offers.items():
            assert self._ask(self.market.offer_of(number)).left_ucr == offer.left

    def _compare_budgets(self, economy: Economy) -> None:
        found = self._ask(self.budgets.budgets_of(self.accounts))
        for account, actual in zip(self.accounts, found, strict=True):
            entry = economy.accounts[account]
            expected = {
                "spent_ucr": max(0, entry.spent),
                "carried_ucr": max(0, -entry.spent),
                "spent_lifetime_ucr": entry.spent_lifetime,
                "leased_ucr": economy.leased(account),
                "general_ucr": economy.balances[account, GENERAL],
                "plan_ucr": economy.balances[account, plan_of(account)],
                "overdraft_ucr": entry.overdraft,
                "is_soft_crossed": entry.is_soft_crossed,
                "frozen_why": entry.frozen_why,
                "period_end_s": entry.period_end_s,
                "rate_level_ucr": (
                    entry.rate_level // entry.terms.rate_window_s
                    if entry.terms.rate_window_s
                    else 0
                ),
            }
            assert {name: getattr(actual, name) for name in expected} == expected, account

    def _compare_credits(self, economy: Economy) -> None:
        ledger = Credits(self.net.network.addresses.credits)
        ids = [GENERAL, PROVIDER_CREDITS, *map(plan_of, self.accounts)]
        for credit_id in ids:
            assert self._ask(ledger.minted(credit_id)) == economy.minted[credit_id]
            assert self._ask(ledger.burned(credit_id)) == economy.burned[credit_id]
            escrowed = self._ask(ledger.balance_of(SWAP_ESCROW, credit_id))
            assert escrowed == economy.escrow[credit_id]
        stocked = self._ask(ledger.balance_of(INVENTORY, PROVIDER_CREDITS))
        assert stocked == economy.inventory[PROVIDER_CREDITS]
        for account in self.accounts:
            held = self._ask(ledger.balance_of(account, PROVIDER_CREDITS))
            assert held == economy.balances[account, PROVIDER_CREDITS]

    def _compare_leases(self, economy: Economy) -> None:
        for project in self.projects:
            for meter in self.meters:
                actual = self._ask(self.leases.lease_of(project, meter))
                expected = economy.leases.get((project, meter), Lease())
                assert (actual.left_ucr, actual.nonce, actual.is_open) == (
                    expected.left,
                    expected.nonce,
                    expected.is_open,
                )
        cursors = self._ask(Cursors(self.net.network.addresses.cursors).cursors_of(self.meters))
        assert [cursor.next_seq for cursor in cursors] == [
            economy.cursors[meter] for meter in self.meters
        ]

    def _ask(self, view: View[Any]) -> Any:  # noqa: ANN401 - what the view says
        return read(self.net.w3, view)


def found_world(url: str) -> World:
    """A network with leases, a provider with stock, and nothing used yet."""
    net = found_network(url)
    lease_keys = tuple(PrivateKey(bytes([LEASE_KEY + i]) * 32) for i in range(len(net.meters)))
    registry = Registry(net.network.addresses.registry)
    for meter, key in zip(net.meters, lease_keys, strict=True):
        net.registrar.send(registry.set_lease_key(meter.id, compute_address(key.public_key)))
    world = World(net, lease_keys)
    provider = TransactionSender(net.w3, Account.from_key(REGISTRAR_KEY))
    unlimited = DeskCaps((1 << 128) - 1, (1 << 128) - 1)
    net.vote(world.desk.set_provider("cloud", provider.address))
    net.vote(world.desk.set_rate(PROVIDER, RATE_PPM), world.desk.set_caps(PROVIDER, unlimited))
    provider.send(world.desk.deposit(PROVIDER, INVENTORY_UCR, bytes([1]) * 32))
    return world
