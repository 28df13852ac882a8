"""Who may do what, as the AccessManager keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tallystick.chain.abi import load_functions
from tallystick.chain.calls import View, Write, announced, nothing, view, write
from tallystick.chain.network import PLACES

GOVERNANCE: Final = 0
"""The manager's own admin role: whatever asks for no other role is a vote's to do."""
GUARDIAN: Final = 1
"""People who stop things in an emergency, through the Guardian contract."""
REGISTRAR: Final = 2
"""The network's registrar: resources, and organisations that join."""
LEDGER: Final = 3
BUDGETS: Final = 4
REGISTRY: Final = 5
LIMITS: Final = 6
"""Organisations' registrars, who give budgets more room after a delay; guardians may cancel it."""
ISSUER: Final = 7
"""Contracts that make credits and take them back."""
ESCROW: Final = 8
"""Contracts that hold accounts' credits in a pool."""
STATE: Final = 9
"""Contracts that write the state of budgets."""
EXPERIMENTS: Final = 10
WARDEN: Final = 11
"""Contracts that freeze meters and suspend attesting keys."""
APPEALS: Final = 12
CHARGER: Final = 13
"""Contracts that charge budgets."""
INDEX: Final = 14
PUBLIC: Final = 2**64 - 1
"""Everyone has it."""

FIRST_PLACE: Final = 1 << 16
"""Roles from here on open no door: their only member is the contract that holds that place."""
FIRST_REGISTRAR: Final = 1 << 32

_view = partial(view, "AccessManager")
_write = partial(write, "AccessManager")


def registrar_of(organisation: int) -> int:
    """The role of one organisation's registrar."""
    return FIRST_REGISTRAR + organisation


def place_of(field: str) -> int:
    """The role whose member is the contract in this field of `Addresses`."""
    return FIRST_PLACE + PLACES.index(field)


@dataclass(frozen=True, slots=True)
class Authority:
    """The AccessManager at an address."""

    address: str

    def has_role(self, role: int, who: str) -> View[bool]:
        """Whether someone holds a role and may use it at once."""
        return _view(self.address, "hasRole", role, who, shape=lambda v: v[0] and v[1] == 0)

    def role_of(self, contract: str, target: str, function: str) -> View[int]:
        """The role that a restricted function asks for."""
        selector = load_functions(contract)[function].selector
        return _view(self.address, "getTargetFunctionRole", target, selector, shape=lambda v: v[0])

    def grant_role(self, role: int, who: str) -> Write[None]:
        """Someone holds a role from now on, without delay."""
        return _write(self.address, "grantRole", role, who, 0, outcome=nothing)

    def revoke_role(self, role: int, who: str) -> Write[None]:
        """Someone no longer holds a role."""
        return _write(self.address, "revokeRole", role, who, outcome=nothing)

    def renounce_role(self, role: int, who: str) -> Write[None]:
        """The sender no longer holds a role."""
        return _write(self.address, "renounceRole", role, who, outcome=nothing)

    def set_role_guardian(self, role: int, guardian: int) -> Write[None]:
        """Members of one role may cancel what members of another have scheduled."""
        return _write(self.address, "setRoleGuardian", role, guardian, outcome=nothing)

    def execute(self, write: Write[Any]) -> Write[None]:
        """A restricted call made through the authority, so that `all_of` takes it too."""
        return _write(self.address, "execute", write.to, write.data, outcome=nothing)

    def schedule(self, write: Write[Any]) -> Write[int]:
        """A restricted call may be made once its sender's delay has passed; gives when.

        Returns:
            Through the transaction's outcome: Unix seconds.
        """
        outcome = announced("OperationScheduled", "schedule")
        return _write(self.address, "schedule", write.to, write.data, 0, outcome=outcome)

    def set_function_role(
        self, contract: str, target: str, functions: Sequence[str], role: int
    ) -> Write[None]:
        """These restricted functions of a contract ask for this role."""
        known = load_functions(contract)
        selectors = [known[function].selector for function in functions]
        return _write(
            self.address, "setTargetFunctionRole", target, selectors, role, outcome=nothing
        )

    def all_of(self, writes: Sequence[Write[None]]) -> Write[None]:
        """These writes to the authority in one transaction: all of them or none."""
        calls = [write.data for write in writes]
        return _write(self.address, "multicall", calls, outcome=nothing)
