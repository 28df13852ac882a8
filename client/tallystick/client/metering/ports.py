"""What contexts, decorators and wrapped clients need of a meter."""

from __future__ import annotations

from typing import Protocol

from tallystick.client.metering.attribution import Attribution
from tallystick.client.metering.use import Payee, Use


class UseBook(Protocol):
    """Where use is kept; `Meter` is one."""

    def now_ms(self) -> int:
        """Unix ms, on the network."""

    def find_payee(self, attribution: Attribution, use: Use) -> Payee:
        """Whom and what the use is billed to; raises where nothing says it, or a name is wrong."""

    def begin(self, payee: Payee, estimate: Use) -> bytes:
        """The estimate is recorded should this process die before the call is kept."""

    def keep(self, payee: Payee, use: Use, time_ms: int, call: bytes = b"") -> range:
        """The use is on disk under the payee's name."""

    def drop(self, call: bytes) -> None:
        """A call that was begun used nothing."""
