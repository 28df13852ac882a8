"""Alerts that depend on more than one event: thresholds, inventories, what waits too long. Pure.

The book is told every event in the chain's order. It can be told the past again, which is how it is
restored after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from tallystick.chain.blocks import Block
from tallystick.chain.decode import Event
from tallystick.core.tariff import div_up
from tallystick.core.units import PPM
from tallystick.projection.alert_readers import ALERT_READERS, MS_PER_S
from tallystick.projection.alerts import RECLAIM_AFTER_S, Alert

FROZEN_BY_LIMIT: Final = 2
APPEAL_OF_FREEZE: Final = 2

BookReader = Callable[[Event, int], Iterator[Alert] | None]


class AlertBook:
    """Alerts of a chain's events, one block after the other.

    Args:
        contract_by_address: the network's contracts, lower case.
    """

    def __init__(self, contract_by_address: Mapping[str, str]) -> None:
        self._contract_by_address = contract_by_address
        self._soft_ppm: dict[int, int] = {}
        self._softened: set[int] = set()
        self._meter_accounts: dict[int, int] = {}
        self._appeals: dict[int, tuple[int, int]] = {}
        self._providers: dict[int, str] = {}
        self._daily_ucr: dict[int, int] = {}
        self._inventory_ucr: dict[int, int] = {}
        self._redemptions: dict[int, tuple[int, int, int, str]] = {}
        """Those that wait: when overdue, account, amount, transaction."""
        self._readers: Mapping[tuple[str, str], BookReader] = {
            ("Budgets", "BudgetSet"): self._note_budget,
            ("Budgets", "PeriodRolled"): self._note_roll,
            ("Budgets", "SoftThresholdCrossed"): self._read_soft,
            ("Budgets", "AccountFrozen"): self._read_frozen,
            ("Registry", "MeterSet"): self._note_meter,
            ("Registry", "MeterFrozenSet"): self._read_freeze,
            ("Guardian", "MeterPaused"): self._read_pause,
            ("Guardian", "ContractClosed"): self._read_closure,
            ("ValidatorSet", "KeySuspended"): self._read_suspension,
            ("Appeals", "AppealFiled"): self._read_appeal,
            ("Appeals", "AppealResolved"): self._read_appeal_end,
            ("ProviderDesk", "ProviderSet"): self._note_provider,
            ("ProviderDesk", "DeskCapsSet"): self._note_caps,
            ("ProviderDesk", "InventoryDeposited"): self._note_deposit,
            ("ProviderDesk", "Converted"): self._read_conversion,
            ("ProviderDesk", "RedemptionRequested"): self._note_redemption,
            ("ProviderDesk", "RedemptionAcknowledged"): self._note_redeemed,
            ("ProviderDesk", "RedemptionReclaimed"): self._note_redeemed,
        }

    @property
    def restored_by(self) -> Collection[tuple[str, str]]:
        """Contract and name of the events that the book has to be told of again."""
        return self._readers.keys()

    def read_block(self, block: Block) -> Iterator[Alert]:
        """The alerts of the block's events in their order, then of what its time made overdue."""
        for event in block.events:
            yield from self._read_event(event, block.time_s)
        yield from self._find_overdue(block.time_s)

    def restore(self, events: Iterable[tuple[Event, int]], now_s: int) -> None:
        """The book stands where it stood after these events, with their times, at `now_s`."""
        for event, time_s in events:
            for _ in self._read_event(event, time_s):
                pass
        for _ in self._find_overdue(now_s):
            pass

    def _read_event(self, event: Event, time_s: int) -> Iterator[Alert]:
        place = event.contract, event.name
        if (read := ALERT_READERS.get(place)) is not None:
            if (alert := read(event)) is not None:
                yield alert
        elif (note := self._readers.get(place)) is not None:
            yield from note(event, time_s) or ()

    def _find_overdue(self, now_s: int) -> Iterator[Alert]:
        due = [number for number, (at_s, *_) in self._redemptions.items() if at_s <= now_s]
        for number in due:
            _, account, amount_ucr, tx_hash = self._redemptions.pop(number)
            subject = str(number)
            yield Alert("redemption_overdue", account, amount_ucr, 0, tx_hash, subject=subject)

    def _note_budget(self, event: Event, _: int) -> None:
        self._soft_ppm[event.args["account"]] = event.args["softPpm"]
        self._softened.discard(event.args["account"])

    def _note_roll(self, event: Event, _: int) -> None:
        self._softened.discard(event.args["account"])

    def _read_soft(self, event: Event, _: int) -> Iterator[Alert]:
        account = event.args["account"]
        self._softened.add(account)
        soft_ppm = self._soft_ppm.get(account, PPM)
        soft_ucr = div_up(event.args["limitUcr"] * soft_ppm, PPM)
        yield Alert("soft_threshold", account, event.args["spentUcr"], soft_ucr, event.tx_hash)

    def _read_frozen(self, event: Event, time_s: int) -> Iterator[Alert]:
        """Frozen by the limit stands for the soft threshold, too, where that went by unsaid."""
        args = event.args
        account, is_by_limit = args["account"], bool(args["why"] & FROZEN_BY_LIMIT)
        if is_by_limit and self._soft_ppm.get(account) and account not in self._softened:
            yield from self._read_soft(event, time_s)
        value = args["spentUcr"] if is_by_limit else args["overdraftUcr"]
        threshold = args["limitUcr"] if is_by_limit else 0
        yield Alert("frozen", account, value, threshold, event.tx_hash)

    def _note_meter(self, event: Event, _: int) -> None:
        self._meter_accounts[event.args["id"]] = event.args["account"]

    def _read_freeze(self, event: Event, _: int) -> Iterator[Alert]:
        meter = event.args["meter"]
        kind = "meter_frozen" if event.args["frozen"] else "meter_unfrozen"
        account, from_ms = self._meter_accounts.get(meter, 0), event.args["fromMs"]
        yield Alert(kind, account, from_ms, 0, event.tx_hash, meter, subject=str(meter))

    def _read_pause(self, event: Event, _: int) -> Iterator[Alert]:
        meter, until_ms = event.args["meter"], event.args["untilS"] * MS_PER_S
        account = self._meter_accounts.get(meter, 0)
        yield Alert("meter_paused", account, until_ms, 0, event.tx_hash, meter, subject=str(meter))

    def _read_closure(self, event: Event, _: int) -> Iterator[Alert]:
        target, until_ms = event.args["target"], event.args["untilS"] * MS_PER_S
        subject = self._contract_by_address.get(target, target)
        yield Alert("contract_closed", 0, until_ms, 0, event.tx_hash, subject=subject)

    def _read_suspension(self, event: Event, time_s: int) -> Iterator[Alert]:
        attester, until_s = event.args["attester"], event.args["untilS"]
        if until_s > time_s:
            until_ms = until_s * MS_PER_S
            yield Alert("key_suspended", 0, until_ms, 0, event.tx_hash, subject=attester)

    def _read_appeal(self, event: Event, _: int) -> Iterator[Alert]:
        args = event.args
        meter = args["id"] if args["subject"][0] == APPEAL_OF_FREEZE else 0
        account = self._meter_accounts.get(meter, 0) if meter else args["id"]
        self._appeals[args["appeal"]] = (account, meter)
        closes_ms, subject = args["closesAtS"] * MS_PER_S, str(args["appeal"])
        yield Alert("appeal_filed", account, closes_ms, 0, event.tx_hash, meter, subject=subject)

    def _read_appeal_end(self, event: Event, _: int) -> Iterator[Alert]:
        args = event.args
        account, meter = self._appeals.pop(args["appeal"], (0, 0))
        upheld, subject = int(args["isUpheld"]), str(args["appeal"])
        yield Alert("appeal_resolved", account, upheld, 0, event.tx_hash, meter, subject=subject)

    def _note_provider(self, event: Event, _: int) -> None:
        self._providers[event.args["provider"]] = event.args["name"]

    def _note_caps(self, event: Event, _: int) -> None:
        self._daily_ucr[event.args["provider"]] = event.args["dailyUcr"]

    def _note_deposit(self, event: Event, _: int) -> None:
        self._inventory_ucr[event.args["provider"]] = event.args["inventoryUcr"]

    def _read_conversion(self, event: Event, _: int) -> Iterator[Alert]:
        """The inventory no longer covers what may be converted in a day, told once."""
        provider, cap_ucr = event.args["provider"], self._daily_ucr.get(event.args["provider"], 0)
        before_ucr = self._inventory_ucr.get(provider, 0)
        left_ucr = self._inventory_ucr[provider] = before_ucr - event.args["outUcr"]
        if left_ucr < cap_ucr <= before_ucr:
            name = self._providers.get(provider, str(provider))
            yield Alert("inventory_low", 0, left_ucr, cap_ucr, event.tx_hash, subject=name)

    def _note_redemption(self, event: Event, time_s: int) -> None:
        args = event.args
        self._redemptions[args["redemption"]] = (
            time_s + RECLAIM_AFTER_S, args["account"], args["amountUcr"], event.tx_hash,
        )  # fmt: skip

    def _note_redeemed(self, event: Event, _: int) -> None:
        self._redemptions.pop(event.args["redemption"], None)
