"""The economy in plain Python integers: what the contracts must do, said a second time.

Written from the documents, not from the contracts, and slow on purpose: every figure is added up
where it is needed. `test_machine.py` drives this and the deployed contracts through the same
operations and compares everything they say. Amounts in ucr, times in Unix seconds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

GENERAL: Final = 1
EXPLORATION: Final = 2
PPM: Final = 1_000_000
WEEK_S: Final = 7 * 86_400
THURSDAY_S: Final = 3 * 86_400
"""1970 began on a Thursday, three days into its week."""


def plan_of(project: int) -> int:
    """The id of a project's plan credits."""
    return (1 << 32) + project


class Kind(IntEnum):
    """How spending is divided in time."""

    NONE = 0
    FIXED = 1
    WEEK = 2
    MONTH = 3


@dataclass(frozen=True)
class Terms:
    """What `setBudget` was told."""

    limit: int | None = None
    kind: Kind = Kind.NONE
    length_s: int = 0
    soft_ppm: int = 0
    carry_ppm: int = 0
    rate: int = 0
    rate_window_s: int = 0

    @property
    def carry_cap(self) -> int:
        """The most allowance a period may leave to the next."""
        return (self.limit or 0) * self.carry_ppm // PPM

    def period_of(self, now_s: int) -> tuple[int, int]:
        """Start and end of the period that holds a time; (0, 0) is one period for ever."""
        if self.kind is Kind.FIXED:
            start_s = now_s // self.length_s * self.length_s
            return start_s, start_s + self.length_s
        if self.kind is Kind.WEEK:
            start_s = (now_s + THURSDAY_S) // WEEK_S * WEEK_S - THURSDAY_S
            return start_s, start_s + WEEK_S
        if self.kind is Kind.MONTH:
            return _month_of(now_s)
        return 0, 0


@dataclass
class Account:
    """One account: what it spent, owes, has set aside, and may spend."""

    parent: int
    terms: Terms = field(default_factory=Terms)
    spent_lifetime: int = 0
    spent: int = 0
    """Against the limit of the running period; negative while carried-over allowance is left."""
    period_end_s: int = 0
    overdraft: int = 0
    rate_level: int = 0
    """What leases may take at once, in ucr times seconds of the window: refills are exact."""
    rate_at_s: int = 0

    def roll(self, now_s: int) -> None:
        """The running period is the one that holds `now_s`."""
        if not self.period_end_s or now_s < self.period_end_s:
            return
        _, end_s = self.terms.period_of(now_s)
        first_s, _ = self.terms.period_of(now_s)
        is_next = self.period_end_s == first_s
        self.spent = -self._carried(is_next=is_next)
        self.period_end_s = end_s

    def _carried(self, *, is_next: bool) -> int:
        if self.terms.limit is None:
            return 0
        unused = max(0, self.terms.limit - self.spent)
        return min(self.terms.carry_cap, unused) if is_next else self.terms.carry_cap

    def refill(self, now_s: int) -> None:
        """The bucket has filled since it was last touched, up to a whole window's rate."""
        full = self.terms.rate * self.terms.rate_window_s
        self.rate_level = min(full, self.rate_level + (now_s - self.rate_at_s) * self.terms.rate)
        self.rate_at_s = now_s

    @property
    def is_soft_crossed(self) -> bool:
        """Whether throttling holds."""
        terms = self.terms
        if terms.limit is None or not terms.soft_ppm:
            return False
        return self.spent * PPM >= terms.limit * terms.soft_ppm

    @property
    def frozen_why(self) -> int:
        """Bit 0 overdraft, bit 1 limit."""
        is_over = self.terms.limit is not None and self.spent >= self.terms.limit
        return (1 if self.overdraft else 0) | (2 if is_over else 0)


@dataclass
class Lease:
    """Credits of a project that one meter may admit calls against."""

    left: int = 0
    admit_until_s: int = 0
    nonce: int = 0
    last_seq: int | None = None
    is_open: bool = False


@dataclass
class Offer:
    """Credits in escrow for whoever pays their price."""

    account: int
    give_id: int
    give: int
    left: int
    want_id: int
    want: int


class Refused(Exception):
    """The contracts revert here, with this error."""


class Economy:
    """All accounts, credits, leases and offers of a network.

    Args:
        now_s: the time of the first block.
        lease_ppm: the share of the tightest room that one lease may take.
        grace_s: how long after its deadline a lease waits for settlements.
    """

    def __init__(self, now_s: int, *, lease_ppm: int, grace_s: int) -> None:
        self.now_s = now_s
        self.lease_ppm = lease_ppm
        self.grace_s = grace_s
        self.accounts: dict[int, Account] = {}
        self.balances: Counter[tuple[int, int]] = Counter()
        self.minted: Counter[int] = Counter()
        self.burned: Counter[int] = Counter()
        self.leases: dict[tuple[int, int], Lease] = {}
        self.cursors: Counter[int] = Counter()
        self.offers: dict[int, Offer] = {}
        self.escrow: Counter[int] = Counter()
        self.inventory: Counter[int] = Counter()

    # What follows from the rest

    def path_of(self, account: int) -> list[int]:
        """The account and all its ancestors."""
        path = []
        while account:
            path.append(account)
            account = self.accounts[account].parent
        return path

    def leased(self, account: int) -> int:
        """What open leases at or below the account have set aside."""
        return sum(
            lease.left
            for (project, _), lease in self.leases.items()
            if account in self.path_of(project)
        )

    def spendable(self, account: int) -> int:
        """What pays for use: plan credits and general ones."""
        return self.balances[account, GENERAL] + self.balances[account, plan_of(account)]

    def free(self, account: int) -> int:
        """What is neither spent nor set aside."""
        return self.spendable(account) - self.leased_by_project(account)

    def leased_by_project(self, project: int) -> int:
        """What the project's own leases have set aside."""
        return sum(lease.left for (owner, _), lease in self.leases.items() if owner == project)

    def room(self, project: int) -> int:
        """The most a lease of the project may take now."""
        path = [self.accounts[account] for account in self.path_of(project)]
        for entry in path:
            entry.roll(self.now_s)
            entry.refill(self.now_s)
        if any(entry.frozen_why for entry in path):
            return 0
        rooms = [self._share(path[0], self.free(project))]
        for account, entry in zip(self.path_of(project), path, strict=True):
            if entry.terms.limit is not None:
                left = entry.terms.limit - entry.spent - self.leased(account)
                rooms.append(self._share(entry, left))
            if entry.terms.rate_window_s:
                level = entry.rate_level // entry.terms.rate_window_s
                rooms.append(level // (2 if entry.is_soft_crossed else 1))
        return min(rooms)

    def _share(self, entry: Account, left: int) -> int:
        """What one lease may take of what is left; half of it past the soft threshold."""
        ppm = self.lease_ppm // 2 if entry.is_soft_crossed else self.lease_ppm
        return max(0, left) * ppm // PPM

    # Operations

    def grant(self, account: int, credit_id: int, amount: int) -> None:
        """New credits, of which an overdraft takes its part."""
        self.minted[credit_id] += amount
        self._receive(account, credit_id, amount)

    def transfer(self, source: int, target: int, amount: int) -> None:
        """General credits change hands."""
        self._give(source, GENERAL, amount)
        self._receive(target, GENERAL, amount)

    def set_budget(self, account: int, terms: Terms) -> None:
        """The account's limit and period; another period begins with nothing spent."""
        entry = self.accounts[account]
        entry.roll(self.now_s)
        entry.refill(self.now_s)
        old = entry.terms
        entry.terms = terms
        self._change_rate(entry, old)
        if (old.kind, old.length_s) == (terms.kind, terms.length_s):
            entry.spent = max(entry.spent, -terms.carry_cap)
            return
        _, entry.period_end_s = terms.period_of(self.now_s)
        entry.spent = entry.spent_lifetime if terms.kind is Kind.NONE else 0

    def charge(self, uses: dict[tuple[int, int], int]) -> None:
        """Use has settled: cost by (project, meter)."""
        for project in sorted({project for project, _ in uses}):
            lines = {meter: cost for (owner, meter), cost in uses.items() if owner == project}
            self._charge_project(project, lines)

    def open_lease(
        self, project: int, meter: int, amount: int, admit_until_s: int, nonce: int
    ) -> None:
        """The amount is set aside for the meter, on top of what its open lease has left."""
        if amount > self.room(project):
            raise Refused("LeaseRefused")
        for account in self.path_of(project):
            entry = self.accounts[account]
            taken = amount * (2 if entry.is_soft_crossed else 1)
            entry.rate_level -= taken * entry.terms.rate_window_s
        lease = self.leases.setdefault((project, meter), Lease())
        lease.left += amount
        lease.admit_until_s = max(lease.admit_until_s, admit_until_s)
        lease.nonce, lease.is_open = nonce, True

    def declare_last(self, project: int, meter: int, last_seq: int) -> None:
        """The meter has admitted its last call under the lease."""
        self.leases[project, meter].last_seq = last_seq

    def release(self, project: int, meter: int) -> None:
        """What the lease has left is free again."""
        lease = self.leases[project, meter]
        is_settled = lease.last_seq is not None and self.cursors[meter] > lease.last_seq
        if not is_settled and self.now_s < lease.admit_until_s + self.grace_s:
            raise Refused("LeaseInUse")
        self.leases[project, meter] = Lease(nonce=lease.nonce)

    def post(self, number: int, offer: Offer) -> None:
        """The offered credits lie in escrow."""
        self._give(offer.account, offer.give_id, offer.give)
        self.escrow[offer.give_id] += offer.give
        self.offers[number] = offer

    def take(self, number: int, taker: int, amount: int) -> int:
        """The taker has `amount` of what was offered; gives what it paid."""
        offer = self.offers[number]
        price = -(-amount * offer.want // offer.give)
        self._give(taker, offer.want_id, price)
        self._receive(offer.account, offer.want_id, price)
        self.escrow[offer.give_id] -= amount
        self._receive(taker, offer.give_id, amount)
        offer.left -= amount
        if not offer.left:
            del self.offers[number]
        return price

    def cancel(self, number: int) -> None:
        """What was not taken is back."""
        offer = self.offers.pop(number)
        self.escrow[offer.give_id] -= offer.left
        self._receive(offer.account, offer.give_id, offer.left)

    def convert(self, account: int, amount: int, provider_id: int, rate_ppm: int) -> None:
        """General credits have become the provider's, from what the provider deposited."""
        self._give(account, GENERAL, amount)
        self.burned[GENERAL] += amount
        self.inventory[provider_id] -= amount * rate_ppm // PPM
        self.balances[account, provider_id] += amount * rate_ppm // PPM

    # Inside

    @staticmethod
    def _change_rate(entry: Account, old: Terms) -> None:
        """A new bucket is full; a changed one keeps what it held, in ucr, up to its new size."""
        terms = entry.terms
        full = terms.rate * terms.rate_window_s
        if not old.rate_window_s or not terms.rate_window_s:
            entry.rate_level = full
        else:
            kept = entry.rate_level * terms.rate_window_s // old.rate_window_s
            entry.rate_level = min(full, kept)

    def _charge_project(self, project: int, lines: dict[int, int]) -> None:
        cost = sum(lines.values())
        for meter, used in lines.items():
            lease = self.leases.get((project, meter))
            if lease is not None:
                lease.left -= min(lease.left, used)
        for account in self.path_of(project):
            entry = self.accounts[account]
            entry.roll(self.now_s)
            entry.spent += cost
            entry.spent_lifetime += cost
        owed = cost
        payable = min(cost, self.free(project))
        for credit_id in (plan_of(project), GENERAL):
            paid = min(payable, self.balances[project, credit_id])
            self.balances[project, credit_id] -= paid
            self.burned[credit_id] += paid
            payable -= paid
            owed -= paid
        self.accounts[project].overdraft += owed

    def _give(self, account: int, credit_id: int, amount: int) -> None:
        if self.balances[account, credit_id] < amount:
            raise Refused("BalanceTooLow")
        if credit_id == GENERAL and self.free(account) < amount:
            raise Refused("CreditsLeased")
        self.balances[account, credit_id] -= amount

    def _receive(self, account: int, credit_id: int, amount: int) -> None:
        entry = self.accounts[account]
        entry.roll(self.now_s)
        repaid = 0
        if credit_id in (GENERAL, plan_of(account)):
            repaid = min(entry.overdraft, amount)
            entry.overdraft -= repaid
            self.burned[credit_id] += repaid
        self.balances[account, credit_id] += amount - repaid


def _month_of(now_s: int) -> tuple[int, int]:
    now = datetime.fromtimestamp(now_s, UTC)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    is_december = start.month == 12
    year, month = (start.year + 1, 1) if is_december else (start.year, start.month + 1)
    return int(start.timestamp()), int(start.replace(year=year, month=month).timestamp())
