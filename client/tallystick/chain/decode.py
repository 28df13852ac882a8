"""Logs become events, events become facts (docs/protocol.md sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.chain.abi import EventShape, decode_values, load_events
from tallystick.chain.errors import AnswerMalformed
from tallystick.chain.network import Addresses
from tallystick.core.facts import (
    Account,
    Bounds,
    Experiment,
    Fact,
    Meter,
    MeterFrozen,
    MeterKey,
    PriceIndex,
    Resource,
    ResourceRates,
    Rules,
    Suspension,
    Validator,
    ValidatorSet,
)
from tallystick.core.tariff import Rates

READ_FROM_CALLDATA: Final = "UsageRecorded"
"""The one event that nobody here asks for: records are read from calldata, 1,800 at a time."""


@dataclass(frozen=True, slots=True)
class Log:
    """One log as the node gave it, in bytes."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    tx_hash: str
    tx_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class Event:
    """One event of ours; `args` by Solidity names, structs as tuples, addresses lower case."""

    name: str
    contract: str
    args: Mapping[str, Any]
    block: int
    tx_hash: str
    tx_index: int
    log_index: int


class EventDecoder:
    """Tells our contracts' events by address and first topic.

    Args:
        addresses: the network's.
        former_ledgers: read like the one in force.
    """

    def __init__(self, addresses: Addresses, former_ledgers: Sequence[str] = ()) -> None:
        former = (("UsageLedger", ledger) for ledger in former_ledgers)
        self._shapes = {
            (address, topic): shape
            for contract, address in (*former, *addresses.by_contract().items())
            for topic, shape in load_events(contract).items()
            if shape.name != READ_FROM_CALLDATA
        }

    def addresses(self) -> list[str]:
        """The contracts to ask for logs of."""
        return sorted({address for address, _ in self._shapes})

    def topics(self) -> list[str]:
        """Every first topic wanted, UsageRecorded left out."""
        return sorted({f"0x{topic.hex()}" for _, topic in self._shapes})

    def decode(self, raw_log: Mapping[str, Any]) -> Event:
        """The event in a log of `eth_getLogs`.

        Raises:
            AnswerMalformed: the log is of no contract or event of ours, or does not decode.
        """
        log = parse_log(raw_log)
        shape = self._shapes.get((log.address, log.topics[0] if log.topics else b""))
        if shape is None:
            raise AnswerMalformed(
                "a log is none of ours", expected="a contract's event", actual=log.address
            )
        return decode_event(shape, log)


def parse_log(raw_log: Mapping[str, Any]) -> Log:
    """A log in bytes and integers.

    Raises:
        AnswerMalformed: a field is missing or no hexadecimal.
    """
    try:
        return Log(
            address=raw_log["address"].lower(),
            topics=tuple(bytes.fromhex(topic[2:]) for topic in raw_log["topics"]),
            data=bytes.fromhex(raw_log["data"][2:]),
            block=int(raw_log["blockNumber"], 16),
            tx_hash=raw_log["transactionHash"],
            tx_index=int(raw_log["transactionIndex"], 16),
            log_index=int(raw_log["logIndex"], 16),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnswerMalformed("a log is malformed", actual=repr(raw_log)[:120]) from error


def decode_event(shape: EventShape, log: Log) -> Event:
    """The event of this shape in a log.

    Raises:
        AnswerMalformed: topics or data are not the shape's.
    """
    if len(log.topics) != len(shape.indexed) + 1:
        raise AnswerMalformed(
            f"a log of {shape.name} has a wrong number of topics",
            expected=len(shape.indexed) + 1,
            actual=len(log.topics),
        )
    indexed = decode_values([kind for _, kind in shape.indexed], b"".join(log.topics[1:]))
    plain = decode_values([kind for _, kind in shape.plain], log.data)
    names = [name for name, _ in (*shape.indexed, *shape.plain)]
    return Event(
        name=shape.name,
        contract=shape.contract,
        args=dict(zip(names, (*indexed, *plain), strict=True)),
        block=log.block,
        tx_hash=log.tx_hash,
        tx_index=log.tx_index,
        log_index=log.log_index,
    )


def fact_of(event: Event) -> Fact | None:
    """The fact that an event announces, None where it announces none."""
    build = _FACT_BY_EVENT.get((event.contract, event.name))
    return build(event.args) if build else None


def read_label(label: bytes) -> str:
    """A bytes32 label as text without its zeros; different labels stay different."""
    return label.rstrip(b"\0").decode("latin-1")


def _account(args: Mapping[str, Any]) -> Account:
    return Account(
        args["id"],
        args["parent"],
        args["name"],
        args["controller"],
        args["active"],
        args["fromMs"],
    )


def _meter(args: Mapping[str, Any]) -> Meter:
    return Meter(
        args["id"],
        args["account"],
        args["name"],
        args["leaseKey"],
        Bounds(*args["bounds"]),
        args["active"],
        args["fromMs"],
    )


def _resource(args: Mapping[str, Any]) -> Resource:
    return Resource(
        args["id"],
        args["slug"],
        args["kind"],
        args["basis"],
        read_label(args["indexClass"]),
        Bounds(*args["bounds"]),
        args["active"],
        args["fromMs"],
    )


def _rules(args: Mapping[str, Any]) -> Rules:
    return Rules(
        args["version"],
        args["frameVersions"],
        args["definedFlags"],
        args["windowMs"],
        args["aheadMs"],
        args["fromMs"],
    )


def _index(args: Mapping[str, Any]) -> PriceIndex:
    return PriceIndex(
        read_label(args["indexClass"]), args["epoch"], args["indexPpm"], args["fromMs"]
    )


def _validators(args: Mapping[str, Any]) -> ValidatorSet:
    members = tuple(Validator(*member) for member in args["validators"])
    return ValidatorSet(args["version"], members, args["fromMs"])


_FACT_BY_EVENT: Final[Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Fact]]] = {
    ("Registry", "AccountSet"): _account,
    ("Registry", "MeterSet"): _meter,
    ("Registry", "MeterKeySet"): lambda args: MeterKey(
        args["meter"], args["keyIndex"], args["key"], args["firstSeq"]
    ),
    ("Registry", "MeterFrozenSet"): lambda args: MeterFrozen(
        args["meter"], args["frozen"], args["fromMs"]
    ),
    ("Registry", "ResourceSet"): _resource,
    ("Registry", "ExperimentSet"): lambda args: Experiment(
        args["project"], args["open"], args["fromMs"]
    ),
    ("Registry", "RulesSet"): _rules,
    ("ValidatorSet", "ValidatorSetChanged"): _validators,
    ("ValidatorSet", "KeySuspended"): lambda args: Suspension(
        args["attester"], args["untilS"] * 1000
    ),
    ("Tariff", "RatesSet"): lambda args: ResourceRates(
        args["version"], args["resource"], Rates(*args["rates"]), args["fromMs"]
    ),
    ("Tariff", "IndexSet"): _index,
}
