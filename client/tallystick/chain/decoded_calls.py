"""Calls and answers in words: which function of which contract, arguments and results by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tallystick.chain.abi import SELECTOR_BYTES, decode_values, load_functions, type_of
from tallystick.chain.artifacts import load_artifact
from tallystick.chain.calls import View, view

Parameter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """A call in words: arguments by their Solidity names, structs as mappings, lists as tuples."""

    contract: str
    function: str
    args: Mapping[str, Any]


def decode_call(contract: str, data: bytes) -> DecodedCall | None:
    """The call that calldata makes to a contract of ours; None where it has no such function.

    Raises:
        AnswerMalformed: the arguments do not decode.
    """
    for function in load_functions(contract).values():
        if function.selector == data[:SELECTOR_BYTES]:
            parameters = _load_part(contract, function.name)["inputs"]
            values = decode_values(function.inputs, data[SELECTOR_BYTES:])
            return DecodedCall(contract, function.name, _name_values(parameters, values))
    return None


def ask_by_name(contract: str, to: str, function: str, *args: object) -> View[Any]:
    """A read whose answer has names: the only result itself, several as a mapping."""
    outputs = _load_part(contract, function)["outputs"]

    def shape(values: tuple[Any, ...]) -> Any:  # noqa: ANN401 - the ABI says what it is
        if len(outputs) == 1:
            return _name_value(type_of(outputs[0]), outputs[0], values[0])
        return _name_values(outputs, values)

    return view(contract, to, function, *args, shape=shape)


@cache
def _load_part(contract: str, function: str) -> Mapping[str, Any]:
    for part in load_artifact(contract).abi:
        if part["type"] == "function" and part["name"] == function:
            found: Mapping[str, Any] = part
            return found
    raise KeyError(function)


def _name_values(parameters: Sequence[Parameter], values: Sequence[Any]) -> dict[str, Any]:
    return {
        parameter["name"]: _name_value(type_of(parameter), parameter, value)
        for parameter, value in zip(parameters, values, strict=True)
    }


def _name_value(kind: str, parameter: Parameter, value: Any) -> Any:  # noqa: ANN401 - the ABI says
    if kind.endswith("]"):
        item = kind[: kind.rindex("[")]
        return tuple(_name_value(item, parameter, one) for one in value)
    if "components" in parameter:
        return _name_values(parameter["components"], value)
    return value
