"""What a meter has signed to have credits set aside, and which of it the chain took."""

from __future__ import annotations

from dataclasses import dataclass, field

from tallystick.chain.bindings.leases import LeaseRequest
from tallystick.meter.admission.ports import LeaseState


@dataclass(slots=True)
class Words:
    """What was signed under one nonce of a project: amounts in ucr by deadline in s."""

    nonce: int = 0
    amounts: dict[int, int] = field(default_factory=dict)
    is_counted: bool = True
    """Whether the one that the chain took has been reported."""

    def add(self, request: LeaseRequest) -> None:
        """The meter has given this word; of two that nothing tells apart the smaller counts."""
        if request.nonce != self.nonce:
            self.nonce, self.amounts, self.is_counted = request.nonce, {}, False
        known = self.amounts.get(request.admit_until_s, request.amount_ucr)
        self.amounts[request.admit_until_s] = min(known, request.amount_ucr)

    def take(self, lease: LeaseState) -> int:
        """What the chain has granted on one of these words, in ucr; reported once."""
        if self.is_counted or lease.nonce != self.nonce or not lease.is_open:
            return 0
        self.is_counted = True
        return self.amounts.get(lease.admit_until_s, 0)
