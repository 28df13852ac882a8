"""Any call at all, written as code: for what has no section of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tallystick.chain.abi import load_functions
from tallystick.chain.codec import split_tuple
from tallystick.chain.decoded_calls import DecodedCall
from tallystick.client.errors import ProposalInvalid
from tallystick.client.proposals.changes import Call, Change, Unit
from tallystick.client.proposals.documents import (
    Entries,
    require_known,
    require_list,
    require_mapping,
)
from tallystick.client.proposals.scalars import parse_whole
from tallystick.client.proposals.state import Governed

CALLS: Final = "calls"
_BOOLEANS: Final = {"true": True, "false": False}


def build_calls(state: Governed, document: Entries) -> list[Call]:
    """Calls by contract, function and arguments in order."""
    if CALLS not in document:
        return []
    return [_build_call(state, entry) for entry in require_list(CALLS, document[CALLS])]


def describe(call: DecodedCall) -> list[Change]:
    """The call's arguments, as they are."""
    where = f"{call.contract}.{call.function}"
    if not call.args:
        return [Change(where, None, "()", Unit.TEXT)]
    return [
        Change(f"{where}.{name}", None, _show(value), Unit.TEXT)
        for name, value in call.args.items()
    ]


def _build_call(state: Governed, entry: object) -> Call:
    entries = require_mapping(CALLS, entry)
    require_known(CALLS, entries, ("contract", "function", "args"))
    contract, name = str(entries.get("contract")), str(entries.get("function"))
    try:
        state.address(contract)
        function = load_functions(contract)[name]
    except KeyError as error:
        raise ProposalInvalid("there is no such function", actual=f"{contract}.{name}") from error
    args = entries.get("args") or []
    if not isinstance(args, list) or len(args) != len(function.inputs):
        raise ProposalInvalid(
            f"{contract}.{name} takes other arguments", expected=", ".join(function.inputs)
        )
    parsed = [
        _parse(state, f"{CALLS}.{name}", kind, text)
        for kind, text in zip(function.inputs, args, strict=True)
    ]
    return Call(contract, name, tuple(parsed))


def _parse(state: Governed, where: str, kind: str, value: Any) -> Any:  # noqa: ANN401 - by ABI
    if kind.endswith("]"):
        item = kind[: kind.rindex("[")]
        return [_parse(state, where, item, one) for one in require_list(where, value)]
    if kind.startswith("("):
        return _parse_struct(state, where, split_tuple(kind), value)
    return _parse_scalar(state, where, kind, value)


def _parse_scalar(
    state: Governed,
    where: str,
    kind: str,
    value: Any,  # noqa: ANN401 - as it was written
) -> str | int | bool | bytes:
    if kind == "address":
        return state.parse_address(where, value)
    if kind == "bool" and value in _BOOLEANS:
        return _BOOLEANS[value]
    if kind.startswith("uint"):
        return parse_whole(where, value)
    if kind.startswith("bytes") and isinstance(value, str) and value.startswith("0x"):
        return _parse_bytes(where, value)
    if kind == "string" and isinstance(value, str):
        return value
    raise ProposalInvalid(f"{where} is malformed", expected=kind, actual=str(value)[:80])


def _parse_struct(
    state: Governed, where: str, kinds: tuple[str, ...], value: object
) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) != len(kinds):
        raise ProposalInvalid(f"{where} is malformed", expected=f"[{', '.join(kinds)}]")
    return tuple(_parse(state, where, kind, one) for kind, one in zip(kinds, value, strict=True))


def _parse_bytes(where: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text[2:])
    except ValueError as error:
        raise ProposalInvalid(f"{where} is malformed", expected="0x and hex digits") from error


def _show(value: object) -> str | int | bool:
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_show(part)}" for name, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(str(_show(part)) for part in value)}]"
    return str(value)
