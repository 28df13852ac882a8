"""A state machine: the deployed contracts and a model in plain integers do and say the same.

Every rule tries an operation on both. Where the model refuses, the contracts must revert; where it
does not, they must not. After every step everything either of them knows is compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any, ClassVar, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.integration.anvil import run_anvil
from tests.integration.economy import model
from tests.integration.economy.model import GENERAL, PPM, Economy, Kind, Refused, Terms, plan_of
from tests.integration.economy.world import (
    LEASE_PPM,
    PROVIDER_CREDITS,
    RATE_PPM,
    World,
    found_world,
)

from tallystick.chain.calls import Write
from tallystick.chain.errors import TransactionReverted
from tallystick.core.usage import apply_time_ms

GRACE_S: Final = 86_400
LONGEST_LEASE_S: Final = 900
EXAMPLES: Final = 10
STEPS: Final = 40
STOCK_PPM: Final = 200
"""What projects convert before anything else, of 1,000,000 credits."""

PROJECT = st.integers(0, 2)
ACCOUNT = st.integers(0, 4)
METER = st.integers(0, 1)
SHARE = st.integers(0, PPM)
AMOUNT = st.integers(1, 3_000_000_000)
TERMS = st.builds(
    Terms,
    limit=st.none() | st.integers(0, 2_000_000_000),
    kind=st.sampled_from(Kind),
    length_s=st.integers(60, 400_000),
    soft_ppm=st.sampled_from((0, 500_000, 800_000, PPM)),
    carry_ppm=st.sampled_from((0, 200_000, PPM)),
    rate=st.sampled_from((0, 7, 1_000_003)),
    rate_window_s=st.sampled_from((0, 60, 3_607)),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A network with two teams, three projects, two meters with lease keys and a provider."""
    with run_anvil(tmp_path_factory.mktemp("chain")) as url:
        yield found_world(url)


class EconomyMachine(RuleBasedStateMachine):
    """Drives `world` and an `Economy` side by side."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.world.snapshot()
        self.economy: Economy = self.world.model(lease_ppm=LEASE_PPM, grace_s=GRACE_S)
        self.net = self.world.fresh()

    def teardown(self) -> None:
        """The chain stands where the next example begins."""
        self.world.revert(self.snapshot)

    # Rules

    @initialize(amount=AMOUNT)
    def begin_with_credits(self, amount: int) -> None:
        """Somebody has something of every kind."""
        self.grant(2, amount, is_plan=True)
        for project in range(len(self.world.projects)):
            self.convert(project, STOCK_PPM)

    @rule(account=ACCOUNT, amount=AMOUNT, is_plan=st.booleans())
    def grant(self, account: int, amount: int, *, is_plan: bool) -> None:
        """A registrar grants general or plan credits."""
        number = self.world.accounts[account]
        credit_id = plan_of(number) if is_plan else GENERAL
        write = self.world.budgets.grant(number, amount, credit_id=credit_id)
        self.both(write, lambda economy: economy.grant(number, credit_id, amount))

    @rule(source=ACCOUNT, to=ACCOUNT, share=SHARE, excess=st.integers(0, 1))
    def transfer(self, source: int, to: int, share: int, excess: int) -> None:
        """A controller moves a share of what an account holds, or one ucr too many."""
        giver, taker = self.world.accounts[source], self.world.accounts[to]
        amount = self.economy.balances[giver, GENERAL] * share // PPM + excess
        if giver == taker or not amount:
            return
        write = self.world.budgets.transfer(giver, taker, amount)
        self.both(write, lambda economy: economy.transfer(giver, taker, amount))

    @rule(account=ACCOUNT, terms=TERMS)
    def set_budget(self, account: int, terms: Terms) -> None:
        """A registrar sets a budget."""
        number, terms = self.world.accounts[account], self.world.possible(terms)
        self.both(
            self.world.set_budget(number, terms), lambda economy: economy.set_budget(number, terms)
        )

    @rule(project=PROJECT, meter=METER, share=SHARE, excess=st.integers(0, 1))
    def open_lease(self, project: int, meter: int, share: int, excess: int) -> None:
        """A meter asks for a share of the room there is, or for one ucr more."""
        owner, signer = self.world.projects[project], self.world.meters[meter]
        lease = self.economy.leases.get((owner, signer), model.Lease())
        if lease.last_seq is not None:
            return
        self.tick()
        amount = self.economy.room(owner) * share // PPM + excess
        if not amount:
            return
        until_s, nonce = self.economy.now_s + LONGEST_LEASE_S, lease.nonce + 1
        self.both(
            self.world.open_lease(owner, meter, amount, until_s, nonce),
            lambda economy: economy.open_lease(owner, signer, amount, until_s, nonce),
            is_ticking=False,
        )

    @rule(which=st.integers(0, 5), ahead=st.integers(-1, 2))
    def declare_last(self, which: int, ahead: int) -> None:
        """A meter says which number was the last under its lease."""
        for (project, meter), lease in self.pick_open(which):
            if lease.last_seq is not None:
                continue
            last = max(0, self.economy.cursors[meter] + ahead)
            self.both(
                self.world.declare_last(project, self.place_of(meter), last, lease.nonce),
                partial(Economy.declare_last, project=project, meter=meter, last_seq=last),
            )

    @rule(which=st.integers(0, 5), is_late=st.booleans())
    def release(self, which: int, *, is_late: bool) -> None:
        """Anyone releases a lease, if it may be: at once, or after its grace."""
        for (project, meter), lease in self.pick_open(which):
            if is_late:
                self.economy.now_s = max(self.economy.now_s, lease.admit_until_s + GRACE_S)
            self.both(
                self.world.release(project, self.place_of(meter)),
                partial(Economy.release, project=project, meter=meter),
            )

    @rule(uses=st.lists(st.tuples(PROJECT, METER, st.integers(0, 200_000)), min_size=1, max_size=6))
    def settle(self, uses: list[tuple[int, int, int]]) -> None:
        """Validators settle a frame of each meter that was used."""
        self.tick()
        frames = []
        for meter in sorted({meter for _, meter, _ in uses}):
            mine = [(project, tokens) for project, used, tokens in uses if used == meter]
            records = self.net.records(len(mine))
            records["project"] = [self.world.projects[project] for project, _ in mine]
            records["in_fresh"] = [tokens for _, tokens in mine]
            apply_time_ms(records, np.full(len(mine), self.economy.now_s * 1000))
            first = self.economy.cursors[self.world.meters[meter]]
            frames.append(self.net.sign(records, first_seq=first, meter=meter))
        batch = asyncio.run(self.net.judge(frames))
        self.world.at(self.economy.now_s)
        self.net.send(self.net.attest(batch))
        costs: dict[tuple[int, int], int] = {}
        for meter, project, cost in zip(
            batch.meters().tolist(),
            batch.records["project"].tolist(),
            batch.records["cost_word"].tolist(),
            strict=True,
        ):
            costs[project, meter] = costs.get((project, meter), 0) + cost
            self.economy.cursors[meter] += 1
        self.economy.charge(costs)

    @rule(account=PROJECT, share=SHARE)
    def convert(self, account: int, share: int) -> None:
        """A controller converts credits into a provider's."""
        number = self.world.projects[account]
        amount = self.economy.balances[number, GENERAL] * share // PPM
        if amount * RATE_PPM < PPM or amount > self.world.convertible_ucr:
            return
        self.both(
            self.world.convert(number, amount),
            lambda economy: economy.convert(number, amount, PROVIDER_CREDITS, RATE_PPM),
        )

    @rule(account=PROJECT, share=SHARE, price=st.integers(1_000_000, 50_000_000))
    def post(self, account: int, share: int, price: int) -> None:
        """A controller offers provider credits for general ones."""
        number = self.world.projects[account]
        amount = self.economy.balances[number, PROVIDER_CREDITS] * share // PPM
        if amount < self.world.least_offer_ucr:
            return
        offer = model.Offer(number, PROVIDER_CREDITS, amount, amount, GENERAL, price)
        posted = self.both(self.world.post(offer, self.economy.now_s), lambda _: None)
        self.economy.post(posted, offer)

    @rule(account=PROJECT, share=SHARE)
    def take(self, account: int, share: int) -> None:
        """Another controller takes a part of the oldest offer, or all of it."""
        number = self.world.projects[account]
        for posted, offer in self.economy.offers.items():
            amount = offer.left * share // PPM
            if offer.account == number or not amount:
                continue
            self.both(
                self.world.take(posted, number, amount),
                partial(Economy.take, number=posted, taker=number, amount=amount),
            )
            return

    @rule()
    def cancel(self) -> None:
        """The newest offer is taken back."""
        if not self.economy.offers:
            return
        posted = max(self.economy.offers)
        self.both(self.world.cancel(posted), lambda economy: economy.cancel(posted))

    @rule(pause_s=st.sampled_from((1, 59, 3_600, 86_400, 700_000, 40_000_000)))
    def pass_time(self, pause_s: int) -> None:
        """Nothing happens for a while."""
        self.tick(pause_s)
        self.world.mine_at(self.economy.now_s)
        for posted in list(self.economy.offers):
            if self.world.is_expired(posted, self.economy.now_s):
                self.both(self.world.expire(posted), partial(Economy.cancel, number=posted))

    # What always holds

    @invariant()
    def both_say_the_same(self) -> None:
        """Every figure of the chain is the model's."""
        self.world.compare(self.economy)

    @invariant()
    def credits_are_conserved(self) -> None:
        """I1 and I6, of the model, and so of the chain, which says the same."""
        economy = self.economy
        for credit_id in economy.minted:
            held = sum(
                amount for (_, held), amount in economy.balances.items() if held == credit_id
            )
            held += economy.escrow[credit_id] + economy.inventory[credit_id]
            assert held == economy.minted[credit_id] - economy.burned[credit_id]
        for project in self.world.projects:
            assert 0 <= economy.leased_by_project(project) <= economy.spendable(project)

    # Inside

    def pick_open(self, which: int) -> list[tuple[tuple[int, int], model.Lease]]:
        """One of the open leases, if there are any."""
        found = [(key, lease) for key, lease in self.economy.leases.items() if lease.is_open]
        return found[which % len(found) :][:1] if found else []

    def place_of(self, meter: int) -> int:
        """A meter's place among the world's."""
        return self.world.meters.index(meter)

    def tick(self, seconds: int = 1) -> None:
        """The next block comes this much later."""
        self.economy.now_s += seconds

    def both(
        self,
        write: Write[Any],
        operation: Callable[[Economy], object],
        *,
        is_ticking: bool = True,
    ) -> Any:  # noqa: ANN401 - what the transaction tells back
        """The operation on the model and on the chain; neither does what the other refuses."""
        if is_ticking:
            self.tick()
        tried = deepcopy(self.economy)
        try:
            operation(tried)
        except Refused:
            with pytest.raises(TransactionReverted):
                self.world.do(write, self.economy.now_s)
            return None
        self.economy = tried
        return self.world.do(write, self.economy.now_s)


@pytest.mark.timeout(900)
def test_contracts_and_model_agree_whatever_happens(world: World) -> None:
    EconomyMachine.world = world
    machine = EconomyMachine.TestCase
    machine.settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()


def test_model_and_contracts_part_when_one_figure_is_wrong(world: World) -> None:
    """The comparison can fail: a model that lost one ucr is caught."""
    economy = world.model(lease_ppm=LEASE_PPM, grace_s=GRACE_S)
    world.compare(economy)
    economy.accounts[world.projects[0]].spent_lifetime += 1
    with pytest.raises(AssertionError):
        world.compare(economy)
