"""A call of one of the network's contracts, told by names for JSON: what a proposal would do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tallystick.chain.decoded_calls import decode_call
from tallystick.chain.errors import AnswerMalformed

_LABEL: Final = re.compile(rb"(?=.{32}\Z)[!-~]{1,31}\0+", re.DOTALL)
"""32 bytes that hold a short text and zeros after it."""


def describe_call(contract_by_address: Mapping[str, str], target: str, data: str) -> dict[str, Any]:
    """The call as the contract's ABI reads it: {target, contract, function, arguments, data}.

    `contract` and `function` are empty where nobody knows what it is. Bytes are hexadecimal, labels
    text, structs mappings by name.

    Args:
        contract_by_address: the network's contracts, lower case.
        target: an address, lower case.
        data: calldata in hexadecimal.
    """
    contract = contract_by_address.get(target, "")
    try:
        call = decode_call(contract, bytes.fromhex(data[2:])) if contract else None
    except AnswerMalformed:
        call = None
    return {
        "target": target,
        "contract": contract,
        "function": call.function if call else "",
        "arguments": _show(call.args) if call else {},
        "data": data,
    }


def _show(value: Any) -> Any:  # noqa: ANN401 - any ABI value
    """The value as JSON can hold it."""
    match value:
        case Mapping():
            return {name: _show(each) for name, each in value.items()}
        case tuple() | list():
            return [_show(each) for each in value]
        case bytes():
            is_label = _LABEL.fullmatch(value)
            return value.rstrip(b"\0").decode() if is_label else f"0x{value.hex()}"
        case _:
            return value
