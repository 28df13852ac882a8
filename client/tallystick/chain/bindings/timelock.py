"""What waits between a vote and its effect, as the TimelockController keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from tallystick.chain.calls import View, Write, first, nothing, view, write
from tallystick.core.hashes import compute_keccak256

ADMIN: Final = bytes(32)
"""May grant and revoke roles of the timelock: the timelock itself, and nobody else."""
PROPOSER: Final = compute_keccak256(b"PROPOSER_ROLE")
CANCELLER: Final = compute_keccak256(b"CANCELLER_ROLE")
EXECUTOR: Final = compute_keccak256(b"EXECUTOR_ROLE")
ANYONE: Final = "0x" + "00" * 20
"""Holds EXECUTOR: whatever has waited long enough may be executed by anyone."""

_view = partial(view, "TimelockController")
_write = partial(write, "TimelockController")


@dataclass(frozen=True, slots=True)
class Timelock:
    """The TimelockController at an address. It holds governance."""

    address: str

    def minimum_delay_s(self) -> View[int]:
        """Seconds between the queueing of a proposal and its execution at least."""
        return _view(self.address, "getMinDelay", shape=first)

    def has_role(self, role: bytes, who: str) -> View[bool]:
        """Whether someone holds a role of the timelock."""
        return _view(self.address, "hasRole", role, who, shape=first)

    def grant_role(self, role: bytes, who: str) -> Write[None]:
        """Someone holds a role of the timelock. By its admin, in the end itself alone."""
        return _write(self.address, "grantRole", role, who, outcome=nothing)

    def revoke_role(self, role: bytes, who: str) -> Write[None]:
        """Someone no longer holds a role of the timelock. By its admin."""
        return _write(self.address, "revokeRole", role, who, outcome=nothing)

    def renounce_role(self, role: bytes, who: str) -> Write[None]:
        """The sender, named again as `who`, no longer holds a role of the timelock."""
        return _write(self.address, "renounceRole", role, who, outcome=nothing)

    def set_delay(self, delay_s: int) -> Write[None]:
        """Later proposals wait this long. By a vote."""
        return _write(self.address, "updateDelay", delay_s, outcome=nothing)
