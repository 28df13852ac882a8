"""Calls to contracts as values: bindings build them, a reader or a sender carries them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from tallystick.chain.abi import (
    decode_values,
    encode_values,
    load_constructor_inputs,
    load_events,
    load_functions,
)
from tallystick.chain.artifacts import load_artifact
from tallystick.chain.decode import Event, Log, decode_event

T = TypeVar("T")

_BRIEF_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """A read: what to ask which contract, and what the answer means."""

    to: str
    function: str
    data: bytes
    outputs: tuple[str, ...]
    shape: Callable[[tuple[Any, ...]], T]

    def decode(self, answer: bytes) -> T:
        """The value in the contract's answer.

        Raises:
            AnswerMalformed: the answer does not decode; an empty one means no contract is there.
        """
        return self.shape(decode_values(self.outputs, answer))


@dataclass(frozen=True, slots=True)
class Write(Generic[T]):
    """A transaction to be: what to tell which contract, and what its events tell back.

    `to` is None where the transaction deploys `contract`.
    """

    to: str | None
    contract: str
    function: str
    data: bytes
    args: tuple[object, ...]
    outcome: Callable[[tuple[Event, ...]], T]
    value_wei: int = 0
    """Moved along with it; only what lets senders in moves any."""

    def describe(self) -> str:
        """The call as one reads it in code."""
        return f"{self.contract}.{self.function}({', '.join(map(_brief, self.args))})"

    def read_events(self, logs: tuple[Log, ...]) -> tuple[Event, ...]:
        """The contract's own events among a receipt's logs, where the outcome asks for any."""
        if self.outcome is nothing:
            return ()
        shapes = load_events(self.contract)
        return tuple(
            decode_event(shapes[log.topics[0]], log)
            for log in logs
            if log.address == self.to and log.topics and log.topics[0] in shapes
        )


def view(
    contract: str,
    to: str,
    function: str,
    *args: object,
    shape: Callable[[tuple[Any, ...]], T],
) -> View[T]:
    """A read of a contract's function."""
    found = load_functions(contract)[function]
    return View(to, function, found.encode(*args), found.outputs, shape)


def first(values: tuple[Any, ...]) -> Any:  # noqa: ANN401 - the ABI says what it is
    """The only value of an answer that has one."""
    return values[0]


def write(
    contract: str,
    to: str,
    function: str,
    *args: object,
    outcome: Callable[[tuple[Event, ...]], T],
) -> Write[T]:
    """A transaction to a contract's function."""
    data = load_functions(contract)[function].encode(*args)
    return Write(to, contract, function, data, args, outcome)


def deployment(contract: str, *args: object) -> Write[None]:
    """The transaction that deploys a contract."""
    data = load_artifact(contract).bytecode + encode_values(load_constructor_inputs(contract), args)
    return Write(None, contract, "constructor", data, args, nothing)


def nothing(_: tuple[Event, ...]) -> None:
    """The outcome of a transaction that tells nothing back."""


def announced(event: str, argument: str) -> Callable[[tuple[Event, ...]], Any]:
    """The outcome that is one argument of an event, such as the id of what was created."""

    def read(events: tuple[Event, ...]) -> Any:  # noqa: ANN401 - the ABI says what it is
        return next(found.args[argument] for found in events if found.name == event)

    return read


def _brief(value: object) -> str:
    text = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
    return text if len(text) <= _BRIEF_CHARACTERS else f"{text[: _BRIEF_CHARACTERS - 3]}..."
