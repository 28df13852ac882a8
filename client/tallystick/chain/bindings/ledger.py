"""Settlement, as the UsageLedger rules over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tallystick.chain.calls import View, first, view

_view = partial(view, "UsageLedger")


@dataclass(frozen=True, slots=True)
class Parts:
    """The contracts a ledger works with."""

    registry: str
    validators: str
    tariff: str
    cursors: str
    budgets: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The UsageLedger at an address."""

    address: str

    def parts(self) -> View[Parts]:
        """The addresses of the contracts it works with."""
        return _view(self.address, "parts", shape=lambda values: Parts(*values))

    def config_digest(self) -> View[bytes]:
        """What binds an attestation to chain, ledger, validator set and rules in force now."""
        return _view(self.address, "configDigest", shape=first)

    def attestation_digest(self, data_hash: bytes) -> View[bytes]:
        """What a validator signs for a batch under the set and rules in force now."""
        return _view(self.address, "attestationDigest", data_hash, shape=first)

    def allowance_of(self, sender: str) -> View[int]:
        """How many batches in which nothing settles a sender may send now."""
        return _view(self.address, "allowanceOf", sender, shape=first)
