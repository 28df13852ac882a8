"""A raw page made into blocks: events become facts, calldata becomes settlements. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tallystick.chain.abi import SELECTOR_BYTES, load_functions
from tallystick.chain.blocks import Block, Settlement, Skip, Transaction
from tallystick.chain.decode import Event, fact_of
from tallystick.chain.errors import AnswerMalformed, CalldataMalformed, SettlementUnreadable
from tallystick.chain.network import Network
from tallystick.chain.pages import SETTLED_EVENT, SKIPPED_EVENT, Header, Page
from tallystick.chain.settle_calldata import SettleCall, decode_settle
from tallystick.core.hashes import compute_keccak256

LEDGER_CONTRACT: Final = "UsageLedger"

OnUnreadable = Callable[[SettlementUnreadable], None]


class Assembler:
    """Knows a network's contracts by address and their functions by selector.

    Args:
        network: see there.
        on_unreadable: told of each settlement whose transaction does not show its records, which is
            then left out; without it the error is raised.
    """

    def __init__(self, network: Network, on_unreadable: OnUnreadable | None) -> None:
        self._ledgers = network.ledgers
        self._on_unreadable = on_unreadable
        former = ((LEDGER_CONTRACT, ledger) for ledger in network.former_ledgers)
        self._method_by_place = {
            (address, function.selector.hex()): function.name
            for contract, address in (*former, *network.addresses.by_contract().items())
            for function in load_functions(contract).values()
        }

    def assemble(self, page: Page) -> tuple[Block, ...]:
        """The page's blocks.

        Raises:
            SettlementUnreadable: see the class.
        """
        events_by_block: defaultdict[int, list[Event]] = defaultdict(list)
        for event in page.events:
            events_by_block[event.block].append(event)
        return tuple(
            self._assemble_block(header, events_by_block[header.number], page.transactions)
            for header in page.headers
        )

    def _assemble_block(
        self,
        header: Header,
        events: Sequence[Event],
        transactions: Mapping[str, Mapping[str, Any]],
    ) -> Block:
        indices = {event.tx_hash: event.tx_index for event in events}
        facts = (fact_of(event) for event in events)
        return Block(
            number=header.number,
            hash=header.hash,
            parent_hash=header.parent_hash,
            time_s=header.time_s,
            gas_used=header.gas_used,
            gas_limit=header.gas_limit,
            transactions=tuple(
                self._read_transaction(header, tx_index, transactions[tx_hash])
                for tx_hash, tx_index in indices.items()
            ),
            events=tuple(events),
            facts=tuple(fact for fact in facts if fact is not None),
            settlements=self._read_settlements(header, events, transactions),
            skips=tuple(_read_skip(event) for event in events if event.name == SKIPPED_EVENT),
        )

    def _read_transaction(
        self, header: Header, tx_index: int, raw: Mapping[str, Any]
    ) -> Transaction:
        to = raw["to"].lower() if raw["to"] else None
        selector = raw["input"][2 : 2 + 2 * SELECTOR_BYTES]
        return Transaction(
            hash=raw["hash"],
            block=header.number,
            index=tx_index,
            sender=raw["from"].lower(),
            to=to,
            method=self._method_by_place.get((to or "", selector), ""),
            gas_used=header.gas_used if header.transactions == 1 else None,
            succeeded=True,  # a transaction that failed leaves no event
        )

    def _read_settlements(
        self,
        header: Header,
        events: Sequence[Event],
        transactions: Mapping[str, Mapping[str, Any]],
    ) -> tuple[Settlement, ...]:
        settlements = []
        for event in events:
            if event.name != SETTLED_EVENT or event.contract != LEDGER_CONTRACT:
                continue
            try:
                settlements.append(
                    read_settlement(header, event, transactions[event.tx_hash], self._ledgers)
                )
            except SettlementUnreadable as error:
                if self._on_unreadable is None:
                    raise
                self._on_unreadable(error)
        return tuple(settlements)


def read_settlement(
    header: Header, event: Event, raw: Mapping[str, Any], ledgers: Sequence[str]
) -> Settlement:
    """The settlement that an event announced, with the calldata of its transaction.

    Args:
        header: its block's.
        event: BatchSettled.
        raw: its transaction as the node gave it.
        ledgers: the network's, one of which it was sent to.

    Raises:
        SettlementUnreadable: made from inside another call, not canonically encoded, or of other
            data than the event says.
    """
    number = event.args["number"]

    def require(check: str, expected: str, actual: str) -> None:
        if expected != actual:
            raise SettlementUnreadable(
                f"batch {number} is not what its transaction shows",
                check=check,
                number=number,
                tx_hash=event.tx_hash,
                expected=expected,
                actual=actual,
            )

    to = (raw["to"] or "").lower()
    require("direct_call", to if to in ledgers else ledgers[-1], to)
    require("direct_call", event.args["sender"], raw["from"].lower())
    call = _decode_call(event, raw)
    data_hash = compute_keccak256(call.data)
    require("data_hash", event.args["dataHash"].hex(), data_hash.hex())
    return Settlement(
        tx_hash=event.tx_hash,
        block=header.number,
        block_time_s=header.time_s,
        tx_index=event.tx_index,
        sender=event.args["sender"],
        number=number,
        data=call.data,
        data_hash=data_hash,
        signer_bitmap=call.signer_bitmap,
        attestations=call.attestations,
        settled_bitmap=event.args["settledBitmap"],
        accumulator=event.args["accumulator"],
        records=event.args["records"],
        quarantined=event.args["quarantined"],
        cost_ucr=event.args["costUcr"],
        ledger=to,
    )


def _decode_call(event: Event, raw: Mapping[str, Any]) -> SettleCall:
    try:
        return decode_settle(bytes.fromhex(raw["input"].removeprefix("0x")))
    except CalldataMalformed as error:
        raise SettlementUnreadable(
            f"batch {event.args['number']} was sent in another encoding",
            check="calldata",
            number=event.args["number"],
            tx_hash=event.tx_hash,
            expected=error.expected,
            actual=error.actual,
        ) from error
    except ValueError as error:
        raise AnswerMalformed("calldata is no hexadecimal", actual=event.tx_hash) from error


def _read_skip(event: Event) -> Skip:
    return Skip(
        event.tx_hash,
        event.block,
        event.args["sender"],
        event.args["dataHash"],
        event.args["reason"],
    )
