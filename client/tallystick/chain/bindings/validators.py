"""Who values and attests, as the ValidatorSet keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any

from tallystick.chain.calls import View, Write, announced, first, view, write
from tallystick.core.facts import Validator

_view = partial(view, "ValidatorSet")


@dataclass(frozen=True, slots=True)
class Validators:
    """The ValidatorSet at an address."""

    address: str

    def version_count(self) -> View[int]:
        """How many versions were announced."""
        return _view(self.address, "versionCount", shape=first)

    def version_at(self, time_ms: int) -> View[int]:
        """The version in force at a time, 0 = none."""
        return _view(self.address, "versionAt", time_ms, shape=first)

    def validators_of(self, version: int) -> View[tuple[tuple[Validator, ...], int]]:
        """A version's members in the order of their indices, and since when (ms) it holds."""
        return _view(self.address, "validatorsOf", version, shape=_members)

    def lead_s(self) -> View[int]:
        """Seconds between the announcement of a set and its beginning."""
        return _view(self.address, "leadS", shape=first)

    def minimum_size(self) -> View[int]:
        """How many validators a set holds at least."""
        return _view(self.address, "minimumSize", shape=first)

    def suspension(self) -> View[tuple[str, int] | None]:
        """The suspended attesting key and when (Unix seconds) it counts again, None = none."""
        return _view(self.address, "suspension", shape=lambda v: (v[0], v[1]) if v[1] else None)

    def attesters_of(self, version: int) -> View[tuple[str, ...]]:
        """A version's attesting keys by index, the zero address in a suspended one's place."""
        return _view(self.address, "attestersOf", version, shape=lambda v: tuple(v[0]))

    def set_validators(self, members: Sequence[Validator]) -> Write[int]:
        """There is a new set; gives its version. By governance."""
        values = [astuple(member) for member in members]
        outcome = announced("ValidatorSetChanged", "version")
        return write("ValidatorSet", self.address, "setValidators", values, outcome=outcome)


def _members(values: tuple[Any, ...]) -> tuple[tuple[Validator, ...], int]:
    members, from_ms = values
    return tuple(Validator(*member) for member in members), from_ms
