"""The contracts' functions, events and errors, encoded and decoded by their ABI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from tallystick.chain.artifacts import load_artifact
from tallystick.chain.codec import decode_abi, encode_abi
from tallystick.chain.network import CONTRACT_BY_FIELD
from tallystick.chain.words import WORD_BYTES, find_word_readers, read_words
from tallystick.core.hashes import compute_keccak256

SELECTOR_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a contract."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def encode(self, *args: object) -> bytes:
        """Calldata."""
        return self.selector + encode_values(self.inputs, args)


@dataclass(frozen=True, slots=True)
class EventShape:
    """An event of a contract: names and types of its indexed and its other arguments."""

    contract: str
    name: str
    topic: bytes
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """A custom error: names and types of its arguments."""

    name: str
    selector: bytes
    arguments: tuple[tuple[str, str], ...]


@cache
def load_functions(contract: str) -> Mapping[str, Function]:
    """A contract's functions by name. None of ours is overloaded."""
    return {
        part["name"]: Function(
            name=part["name"],
            selector=_hash_signature(part)[:SELECTOR_BYTES],
            inputs=tuple(map(type_of, part["inputs"])),
            outputs=tuple(map(type_of, part["outputs"])),
        )
        for part in load_artifact(contract).abi
        if part["type"] == "function"
    }


@cache
def load_constructor_inputs(contract: str) -> tuple[str, ...]:
    """The types of a contract's constructor arguments."""
    for part in load_artifact(contract).abi:
        if part["type"] == "constructor":
            return tuple(map(type_of, part["inputs"]))
    return ()


@cache
def load_events(contract: str) -> Mapping[bytes, EventShape]:
    """A contract's events by their first topic."""
    shapes = (
        EventShape(
            contract=contract,
            name=part["name"],
            topic=_hash_signature(part),
            indexed=tuple((i["name"], type_of(i)) for i in part["inputs"] if i["indexed"]),
            plain=tuple((i["name"], type_of(i)) for i in part["inputs"] if not i["indexed"]),
        )
        for part in load_artifact(contract).abi
        if part["type"] == "event"
    )
    return {shape.topic: shape for shape in shapes}


@cache
def load_errors() -> Mapping[bytes, ErrorShape]:
    """The custom errors of all contracts by selector."""
    shapes = (
        ErrorShape(
            name=part["name"],
            selector=_hash_signature(part)[:SELECTOR_BYTES],
            arguments=tuple((i["name"], type_of(i)) for i in part["inputs"]),
        )
        for contract in CONTRACT_BY_FIELD.values()
        for part in load_artifact(contract).abi
        if part["type"] == "error"
    )
    return {shape.selector: shape for shape in shapes}


def encode_values(types: Sequence[str], values: Sequence[object]) -> bytes:
    """The values, ABI-encoded.

    Raises:
        ArgumentInvalid: a value does not fit its type.
    """
    return encode_abi(types, values)


def decode_values(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The ABI-encoded values.

    Raises:
        AnswerMalformed: the data does not decode.
    """
    readers = find_word_readers(tuple(types))
    if readers is not None and len(data) == len(readers) * WORD_BYTES:
        return read_words(readers, data)
    return decode_abi(types, data)


def type_of(parameter: Mapping[str, Any]) -> str:
    """A parameter's canonical type, structs written out as tuples."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    inside = ",".join(map(type_of, parameter["components"]))
    return f"({inside}){kind.removeprefix('tuple')}"


def _hash_signature(part: Mapping[str, Any]) -> bytes:
    signature = f"{part['name']}({','.join(map(type_of, part['inputs']))})"
    return compute_keccak256(signature.encode())
