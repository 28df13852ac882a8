"""Where every credit came from and went: transfers held to the events that speak of them.

One transaction at a time, for each holder and credit id: what the Transfer events moved is what the
events of the same transaction say. So nothing is minted without a rule, nothing is burned that paid
for nothing, and no pool or account gets another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.chain.bindings.credits import EXPLORATION, GENERAL, PLAN, PROVIDER
from tallystick.chain.decode import Event
from tallystick.verify.books.finding import Finding
from tallystick.verify.books.markets import DeskBook, SwapBook
from tallystick.verify.credit_book import NOBODY
from tallystick.verify.verdict import Check

Args = Mapping[str, Any]

_ACCOUNTS: Final = b"tallystick/acct:".hex()
_POOLS: Final = b"tallystick/pool:".hex()


def _address_of_pool(number: int) -> str:
    return f"0x{_POOLS}{number:08x}"


EXPLORATION_POOL: Final = _address_of_pool(1)
SWAP_ESCROW: Final = _address_of_pool(2)
PROVIDER_INVENTORY: Final = _address_of_pool(3)
PENDING_REDEMPTIONS: Final = _address_of_pool(4)


def address_of(account: int) -> str:
    """Where an account's credits lie."""
    return f"0x{_ACCOUNTS}{account:08x}"


@dataclass(frozen=True, slots=True)
class Flow:
    """Credits that moved; `NOBODY` made or took them."""

    sender: str
    receiver: str
    credit_id: int
    amount_ucr: int


def _mint(account: int, credit_id: int, amount_ucr: int) -> Flow:
    return Flow(NOBODY, address_of(account), credit_id, amount_ucr)


def _provider_id(args: Args) -> int:
    return PROVIDER + int(args["provider"])


def _return_exploration(args: Args) -> list[Flow]:
    project = address_of(args["project"])
    return [Flow(project, EXPLORATION_POOL, EXPLORATION, args["returnedUcr"])]


_PLAIN: Final[Mapping[tuple[str, str], Callable[[Args], list[Flow]]]] = {
    ("Budgets", "Granted"): lambda a: [_mint(a["account"], a["id"], a["amountUcr"])],
    ("Budgets", "Transferred"): lambda a: [
        Flow(address_of(a["from"]), address_of(a["to"]), a["id"], a["amountUcr"])
    ],
    ("Budgets", "OverdraftRepaid"): lambda a: [
        Flow(address_of(a["account"]), NOBODY, a["id"], a["amountUcr"])
    ],
    ("Epochs", "Enrolled"): lambda a: [_mint(a["project"], GENERAL, a["firstGrantUcr"])],
    ("Epochs", "EpochClosed"): lambda a: [_mint(a["project"], GENERAL, a["grantUcr"])],
    ("Epochs", "GrantRestored"): lambda a: [_mint(a["project"], GENERAL, a["addedUcr"])],
    ("Epochs", "ExplorationMinted"): lambda a: [
        Flow(NOBODY, EXPLORATION_POOL, EXPLORATION, a["addedUcr"])
    ],
    ("Experiments", "ExperimentFunded"): lambda a: [
        Flow(EXPLORATION_POOL, address_of(a["project"]), EXPLORATION, a["amountUcr"])
    ],
    ("Experiments", "ExperimentEnded"): _return_exploration,
    ("Experiments", "ExperimentSwept"): _return_exploration,
    ("Plans", "InvoiceConfirmed"): lambda a: [
        _mint(a["project"], PLAN + a["project"], a["creditsUcr"])
    ],
    ("Corrections", "RecordCredited"): lambda a: [_mint(a["project"], GENERAL, a["amountUcr"])],
    ("SwapMarket", "OfferPosted"): lambda a: [
        Flow(address_of(a["account"]), SWAP_ESCROW, a["giveId"], a["giveUcr"])
    ],
    ("SwapMarket", "QuoteFilled"): lambda a: [
        Flow(address_of(a["maker"]), address_of(a["taker"]), a["giveId"], a["giveUcr"]),
        Flow(address_of(a["taker"]), address_of(a["maker"]), a["wantId"], a["wantUcr"]),
    ],
    ("ProviderDesk", "InventoryDeposited"): lambda a: [
        Flow(NOBODY, PROVIDER_INVENTORY, _provider_id(a), a["amountUcr"])
    ],
    ("ProviderDesk", "Converted"): lambda a: [
        Flow(address_of(a["account"]), NOBODY, GENERAL, a["creditsUcr"]),
        Flow(PROVIDER_INVENTORY, address_of(a["account"]), _provider_id(a), a["outUcr"]),
    ],
    ("ProviderDesk", "RedemptionRequested"): lambda a: [
        Flow(address_of(a["account"]), PENDING_REDEMPTIONS, _provider_id(a), a["amountUcr"])
    ],
}
"""What an event says by itself, by contract and name."""

_Deltas = Counter[tuple[str, int]]
"""By holder and credit id; what was minted comes from `_MADE`, what was burned goes to `_GONE`."""
_MADE: Final = "minted"
_GONE: Final = "burned"


class FlowBook:
    """The transfers of a block beside what its other events say; empty between blocks."""

    def __init__(self) -> None:
        self._told: dict[str, _Deltas] = {}
        self._moved: dict[str, _Deltas] = {}
        self._charged: dict[str, Counter[str]] = {}

    def apply(self, event: Event, swaps: SwapBook, desk: DeskBook) -> None:
        """The book knows of one event.

        Args:
            event: any.
            swaps: as they stand before it.
            desk: likewise.
        """
        place, args = (event.contract, event.name), event.args
        if place == ("Credits", "Transfer"):
            deltas = self._moved.setdefault(event.tx_hash, Counter())
            _move(deltas, args["sender"], args["receiver"], args["id"], args["amount"])
        elif place == ("Budgets", "ProjectCharged"):
            charged = self._charged.setdefault(event.tx_hash, Counter())
            charged[address_of(args["project"])] += args["fromBalanceUcr"]
        elif (read := _PLAIN.get(place)) is not None:
            _add(self._told, event.tx_hash, read(args))
        else:
            _add(self._told, event.tx_hash, _list_ends(place, args, swaps, desk))

    def check_block(self) -> Iterator[Finding]:
        """Transaction by transaction, what moved is what was told."""
        for tx_hash in dict.fromkeys((*self._told, *self._moved, *self._charged)):
            deltas = self._moved.get(tx_hash, Counter())
            deltas.subtract(self._told.get(tx_hash, Counter()))
            _take_charges(self._charged.get(tx_hash, Counter()), deltas)
            yield from _explain(deltas)
        self._told.clear()
        self._moved.clear()
        self._charged.clear()


def _take_charges(charged: Counter[str], deltas: _Deltas) -> None:
    """A charge does not say which credits paid it: any that its project may spend."""
    for holder, credit_id in [key for key in deltas if key[0] in charged]:
        paid_ucr = min(-deltas[holder, credit_id], charged[holder])
        if credit_id < PROVIDER and paid_ucr > 0:
            charged[holder] -= paid_ucr
            deltas[holder, credit_id] += paid_ucr
            deltas[_GONE, credit_id] -= paid_ucr
    for payer, left_ucr in charged.items():
        if left_ucr:
            deltas[payer, GENERAL] += left_ucr
            deltas[_GONE, GENERAL] -= left_ucr


def _list_ends(place: tuple[str, str], args: Args, swaps: SwapBook, desk: DeskBook) -> list[Flow]:
    """What the end of an offer or a redemption moves, which began in an earlier event."""
    match place:
        case "SwapMarket", "OfferTaken" if (offer := swaps.offers.get(args["offer"])) is not None:
            maker, taker = address_of(offer.account), address_of(args["taker"])
            return [
                Flow(SWAP_ESCROW, taker, offer.give_id, args["giveUcr"]),
                Flow(taker, maker, offer.want_id, args["wantUcr"]),
            ]
        case "SwapMarket", "OfferClosed" if (offer := swaps.offers.get(args["offer"])) is not None:
            maker = address_of(offer.account)
            return [Flow(SWAP_ESCROW, maker, offer.give_id, args["returnedUcr"])]
        case "ProviderDesk", "RedemptionAcknowledged" | "RedemptionReclaimed":
            waiting = desk.waiting.get(args["redemption"])
            if waiting is None:
                return []
            is_back = place[1] == "RedemptionReclaimed"
            receiver = address_of(waiting.account) if is_back else NOBODY
            credit_id = PROVIDER + waiting.provider
            return [Flow(PENDING_REDEMPTIONS, receiver, credit_id, waiting.amount_ucr)]
    return []


def _add(by_tx: dict[str, _Deltas], tx_hash: str, flows: list[Flow]) -> None:
    for flow in flows:
        deltas = by_tx.setdefault(tx_hash, Counter())
        _move(deltas, flow.sender, flow.receiver, flow.credit_id, flow.amount_ucr)


def _move(deltas: _Deltas, sender: str, receiver: str, credit_id: int, amount_ucr: int) -> None:
    deltas[_MADE if sender == NOBODY else sender, credit_id] -= amount_ucr
    deltas[_GONE if receiver == NOBODY else receiver, credit_id] += amount_ucr


def _explain(deltas: _Deltas) -> Iterator[Finding]:
    """What moved too much or too little: minted, burned, or between holders."""
    off = {key: ucr for key, ucr in deltas.items() if ucr}
    ends = [key for key in off if key[0] in {_MADE, _GONE}]
    for holder, credit_id in ends or list(off)[:1]:
        check = {_MADE: Check.MINTED, _GONE: Check.BURNED}.get(holder, Check.MOVES)
        what = f"{check} of credit id {credit_id} beyond what events say, ucr"
        where = f", {holder}" if check is Check.MOVES else ""
        yield Finding(check, 0, off[holder, credit_id], what + where)
