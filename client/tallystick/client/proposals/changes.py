"""One parameter that a vote changes, with its value before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

from tallystick.client.proposals import scalars
from tallystick.client.proposals.documents import Entries, require_known

Value = int | str | bool | None


class Unit(StrEnum):
    """What a parameter counts in."""

    COUNT = "count"
    NCR = "ncr"
    UCR = "ucr"
    UUSD = "uusd"
    FACTOR = "factor_ppm"
    SHARE = "share_ppm"
    SECONDS = "s"
    ADDRESS = "address"
    TEXT = "text"
    TIME = "ms"


class Change(msgspec.Struct, frozen=True):
    """A parameter by its path in a proposal's file; `before` is None where there was nothing."""

    parameter: str
    before: Value
    after: Value
    unit: Unit


@dataclass(frozen=True, slots=True)
class Call:
    """A call that governance makes."""

    contract: str
    function: str
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter: its name in a file, in the contract's struct, and what it counts in."""

    name: str
    member: str
    unit: Unit


PARSERS: Final[Mapping[Unit, Callable[[str, object], int | str]]] = {
    Unit.COUNT: scalars.parse_whole,
    Unit.NCR: scalars.parse_whole,
    Unit.UCR: scalars.parse_amount_ucr,
    Unit.UUSD: scalars.parse_usd_uusd,
    Unit.FACTOR: scalars.parse_ratio_ppm,
    Unit.SHARE: scalars.parse_ratio_ppm,
    Unit.SECONDS: scalars.parse_length_s,
}


class Names(Protocol):
    """Whoever knows the addresses behind names."""

    def parse_address(self, where: str, text: object) -> str:
        """An address, or what a name stands for."""


def parse_fields(
    names: Names, where: str, entries: Entries, fields: Sequence[Field]
) -> dict[str, int | str]:
    """The values given, by the contract's names.

    Raises:
        ProposalInvalid: a parameter that there is none of, or a malformed value.
    """
    require_known(where, entries, tuple(field.name for field in fields))
    return {
        field.member: _parse(names, field, f"{where}.{field.name}", entries[field.name])
        for field in fields
        if field.name in entries
    }


def compare_fields(
    where: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    fields: Sequence[Field],
) -> list[Change]:
    """The parameters that differ; all of them where nothing was before."""
    return [
        Change(
            f"{where}.{field.name}",
            None if before is None else before[field.member],
            after[field.member],
            field.unit,
        )
        for field in fields
        if before is None or before[field.member] != after[field.member]
    ]


def _parse(names: Names, field: Field, where: str, value: object) -> int | str:
    if field.unit is Unit.ADDRESS:
        return names.parse_address(where, value)
    return PARSERS[field.unit](where, value)
