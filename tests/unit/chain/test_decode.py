"""Logs become events, events become facts, and nothing malformed crashes a reader."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.chain.abi import encode_values, load_events
from tallystick.chain.bindings.registry import Registry, encode_label
from tallystick.chain.calls import View, Write
from tallystick.chain.decode import EventDecoder, fact_of
from tallystick.chain.errors import AnswerMalformed
from tallystick.chain.network import CONTRACT_BY_FIELD, Addresses
from tallystick.core.facts import Account, Bounds, Resource, Validator, ValidatorSet

ADDRESSES = Addresses(*(f"0x{index + 1:040x}" for index in range(len(CONTRACT_BY_FIELD))))
DECODER = EventDecoder(ADDRESSES)
CONTROLLER = "0x" + "ab" * 20
BOUNDS = (1, 2, 3, 4, 5)


def make_log(contract: str, event: str, indexed: list[bytes], data: bytes) -> dict[str, Any]:
    """A log as a node gives it."""
    topic = next(t for t, shape in load_events(contract).items() if shape.name == event)
    return {
        "address": ADDRESSES.by_contract()[contract].upper().replace("0X", "0x"),
        "topics": [f"0x{part.hex()}" for part in (topic, *indexed)],
        "data": f"0x{data.hex()}",
        "blockNumber": "0x10",
        "transactionHash": "0x" + "cd" * 32,
        "transactionIndex": "0x2",
        "logIndex": "0x3",
    }


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def account_log(name: bytes = b"chat") -> dict[str, Any]:
    values = [name, CONTROLLER, True, 1_000]
    data = encode_values(["bytes", "address", "bool", "uint64"], values)
    return make_log("Registry", "AccountSet", [word(7), word(3)], data)


def test_account_becomes_a_fact() -> None:
    event = DECODER.decode(account_log())
    assert (event.contract, event.name, event.block) == ("Registry", "AccountSet", 16)
    assert (event.tx_hash, event.tx_index, event.log_index) == ("0x" + "cd" * 32, 2, 3)
    assert fact_of(event) == Account(7, 3, "chat", CONTROLLER, active=True, from_ms=1_000)


def test_resource_label_loses_its_zeros() -> None:
    types = ["string", "uint8", "uint8", "bytes32", "(uint32,uint32,uint32,uint32,uint64)"]
    values = ["h100", 3, 2, encode_label("h100"), BOUNDS, True, 0]
    log = make_log(
        "Registry", "ResourceSet", [word(9)], encode_values([*types, "bool", "uint64"], values)
    )
    expected = Resource(9, "h100", 3, 2, "h100", Bounds(*BOUNDS), active=True, from_ms=0)
    assert fact_of(DECODER.decode(log)) == expected


def test_validators_become_a_set_in_order() -> None:
    members = [(CONTROLLER, ADDRESSES.ledger, bytes([i]) * 32, f"v{i}", "http://v") for i in (1, 2)]
    data = encode_values(["uint64", "(address,address,bytes32,string,string)[]"], [5, members])
    log = make_log("ValidatorSet", "ValidatorSetChanged", [word(1)], data)
    expected = ValidatorSet(1, tuple(Validator(*member) for member in members), 5)
    assert fact_of(DECODER.decode(log)) == expected


def test_event_that_announces_nothing_is_no_fact() -> None:
    log = make_log("Budgets", "AccountUnfrozen", [word(7)], b"")
    assert fact_of(DECODER.decode(log)) is None


def test_text_that_is_no_utf8_stops_nobody() -> None:
    event = DECODER.decode(account_log(b"\xff\xfe"))
    assert event.args["name"] == "\ufffd\ufffd"


def test_usage_records_are_not_asked_for() -> None:
    shapes = load_events("UsageLedger").values()
    record = next(shape for shape in shapes if shape.name == "UsageRecorded")
    assert f"0x{record.topic.hex()}" not in DECODER.topics()
    settled = next(shape for shape in shapes if shape.name == "BatchSettled")
    assert f"0x{settled.topic.hex()}" in DECODER.topics()


@pytest.mark.parametrize(
    "change",
    [
        {"address": "0x" + "99" * 20},
        {"topics": []},
        {"topics": ["0x" + "00" * 32]},
        {"data": "0x00"},
        {"data": "zz"},
        {"blockNumber": None},
        {"topics": None},
    ],
)
def test_log_is_malformed_when_a_part_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(AnswerMalformed):
        DECODER.decode({**account_log(), **change})


def test_log_is_malformed_when_a_topic_is_missing() -> None:
    log = account_log()
    with pytest.raises(AnswerMalformed, match="topics"):
        DECODER.decode({**log, "topics": log["topics"][:2]})


@given(st.binary(max_size=400))
def test_log_data_of_any_kind_decodes_or_is_malformed(data: bytes) -> None:
    log = {**account_log(), "data": f"0x{data.hex()}"}
    try:
        DECODER.decode(log)
    except AnswerMalformed:
        return


def test_view_asks_and_understands() -> None:
    view = Registry(ADDRESSES.registry).account_by_name(3, "chat")
    assert isinstance(view, View)
    assert view.to == ADDRESSES.registry
    assert view.decode(word(7)) == 7
    with pytest.raises(AnswerMalformed):
        view.decode(b"")


def test_write_says_what_it_does() -> None:
    write = Registry(ADDRESSES.registry).create_account(3, "chat", CONTROLLER)
    assert isinstance(write, Write)
    assert write.describe() == f"Registry.createAccount(3, chat, {CONTROLLER})"
