"""A refused call explained: the revert data an engine answers with, as an error of our tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.chain.abi import decode_values, load_errors
from tallystick.chain.errors import AnswerMalformed, RpcRefused, TransactionReverted
from tallystick.chain.meanings import MEANINGS
from tallystick.core.errors import TallystickError

_ERROR_STRING: Final = bytes.fromhex("08c379a0")
_PANIC: Final = bytes.fromhex("4e487b71")
_SELECTOR_BYTES: Final = 4


def explain_refusal(refusal: RpcRefused) -> TallystickError:
    """The error to raise for a refused call: its revert explained, or the refusal itself."""
    data = find_revert_data(refusal)
    return explain_revert(data) if data is not None else refusal


def find_revert_data(refusal: RpcRefused) -> bytes | None:
    """The revert data that engines put into an error; None where the call did not revert."""
    found = refusal.data
    if isinstance(found, Mapping):
        found = found.get("data", found.get("result"))
    if isinstance(found, str):
        found = found.removeprefix("Reverted ")
        if found.startswith("0x"):
            return bytes.fromhex(found[2:])
    return b"" if "revert" in refusal.rpc_message.lower() else None


def explain_revert(data: bytes) -> TransactionReverted:
    """The leaf of our tree for a contract's revert data, in words."""
    selector, rest = data[:_SELECTOR_BYTES], data[_SELECTOR_BYTES:]
    if selector == _ERROR_STRING:
        return TransactionReverted(f"the contract refused: {decode_values(['string'], rest)[0]}")
    if selector == _PANIC:
        code = decode_values(["uint256"], rest)[0]
        return TransactionReverted("the contract panicked", error_name="Panic", actual=hex(code))
    shape = load_errors().get(selector)
    if shape is None:
        return TransactionReverted(
            "the contract refused without a reason we know", actual=f"0x{data[:36].hex()}"
        )
    try:
        values = decode_values([kind for _, kind in shape.arguments], rest)
    except AnswerMalformed:
        return TransactionReverted(f"the contract refused: {shape.name}", error_name=shape.name)
    names = [name for name, _ in shape.arguments]
    return _phrase(shape.name, dict(zip(names, values, strict=True)))


def _phrase(error_name: str, arguments: dict[str, Any]) -> TransactionReverted:
    meaning = MEANINGS.get(error_name)
    if meaning is None:
        listed = ", ".join(f"{name} {value}" for name, value in arguments.items())
        return TransactionReverted(
            f"the contract refused: {error_name} {listed}".rstrip(),
            error_name=error_name,
            arguments=arguments,
        )
    shown = {name: _show(value) for name, value in arguments.items()}
    return meaning.leaf(
        meaning.words.format_map(shown),
        error_name=error_name,
        arguments=arguments,
        expected=meaning.expected.format_map(shown) or None,
        actual=meaning.actual.format_map(shown) or None,
    )


def _show(value: object) -> object:
    return f"0x{value.hex()}" if isinstance(value, bytes) else value
