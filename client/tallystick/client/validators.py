"""Validators as the chain names them, and the suspension of one leaked key."""

from __future__ import annotations

from typing import Final

import msgspec

from tallystick.chain.bindings.guardian import Guardian
from tallystick.client.errors import KeyMissing, NameUnknown
from tallystick.client.wire import Wire
from tallystick.core.facts import Validator
from tallystick.core.typed_data import sign_typed_digest
from tallystick.local.roles import GUARDIAN

MS_PER_S: Final = 1_000


class ValidatorUnknown(NameUnknown):
    """No validator in force has this name."""

    code = "validator_unknown"


class ValidatorView(msgspec.Struct, frozen=True):
    """A validator in force; `suspended_until` in Unix ms, None where its key counts."""

    index: int
    name: str
    url: str
    attester: str
    sender: str
    suspended_until: int | None


class ValidatorBook:
    """Who values and attests.

    Args:
        wire: the network.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._guardian = Guardian(wire.address("Guardian"))

    def validators(self) -> list[ValidatorView]:
        """The validators in force, in the order of their indices."""
        suspension = self._wire.read(self._wire.validators.suspension())
        now_ms = self._wire.clock()
        suspended, until_ms = ("", 0)
        if suspension is not None and suspension[1] * MS_PER_S > now_ms:
            suspended, until_ms = suspension[0], suspension[1] * MS_PER_S
        return [
            ValidatorView(
                index,
                member.name,
                member.url,
                member.attester,
                member.sender,
                until_ms if member.attester == suspended else None,
            )
            for index, member in enumerate(self._load())
        ]

    def suspend(self, name: str, lasts_s: int, *, witness: str | None = None) -> ValidatorView:
        """A validator's attesting key counts for nothing for a while; by a guardian.

        Args:
            name: whose key leaked.
            lasts_s: seconds, at most 7 days.
            witness: another validator of this folder who signs it too, None = the first one.

        Raises:
            KeyMissing: no other validator's keys lie in this folder.
        """
        found = self._find(name)
        if found.suspended_until is not None:
            return found
        others = [other for other in self._wire.keys.validators() if other != name]
        signing = witness or next(iter(others), None)
        if signing is None:
            raise KeyMissing("another validator signs a suspension too", expected="its keys here")
        until_s = self._wire.clock() // MS_PER_S + lasts_s
        digest = self._wire.read(self._guardian.suspension_digest(found.attester, until_s))
        signature = sign_typed_digest(self._wire.keys.load_attester(signing), digest)
        index = self._find(signing).index
        write = self._guardian.suspend_key(found.attester, until_s, index, signature)
        self._wire.send(GUARDIAN, write)
        return self._find(name)

    def resume(self, name: str) -> ValidatorView:
        """A suspended key counts again; by a guardian."""
        if self._find(name).suspended_until is not None:
            self._wire.send(GUARDIAN, self._guardian.end_suspension())
        return self._find(name)

    def _find(self, name: str) -> ValidatorView:
        known = self.validators()
        for one in known:
            if one.name == name:
                return one
        raise ValidatorUnknown("validator in force", name, [one.name for one in known])

    def _load(self) -> tuple[Validator, ...]:
        version = self._wire.read(self._wire.validators.version_at(self._wire.clock()))
        return self._wire.read(self._wire.validators.validators_of(version))[0]
