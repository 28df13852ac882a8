"""How a record's cost came about, line by line. Pure; the sum is `core.valuation`'s to the ucr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.core.tariff import ResolvedRates, div_up
from tallystick.core.units import NCR_PER_UCR
from tallystick.core.usage import NO_MCI_FLAGS, TOKEN_FIELDS

_LINES: Final = (
    ("in_fresh", "w_in", "tokens"),
    ("in_cached", "w_cached", "tokens"),
    ("in_written", "w_written", "tokens"),
    ("out_visible", "w_out", "tokens"),
    ("out_reasoning", "w_reason", "tokens"),
    ("compute_ms", "g", "GPU-ms"),
    ("memory_gib_s", "m", "GiB-s"),
    ("transfer_kib", "t", "KiB"),
)


@dataclass(frozen=True, slots=True)
class CostLine:
    """One term of the formula: quantity x rate = amount, in ncr."""

    term: str
    rate_name: str
    unit: str
    quantity: int
    rate_ncr: int

    @property
    def amount_ncr(self) -> int:
        """What the term adds."""
        return self.quantity * self.rate_ncr


@dataclass(frozen=True, slots=True)
class CostExplanation:
    """All terms that add something, their sum, and the cost it rounds up to."""

    lines: tuple[CostLine, ...]

    @property
    def total_ncr(self) -> int:
        """The terms added up."""
        return sum(line.amount_ncr for line in self.lines)

    @property
    def cost_ucr(self) -> int:
        """The cost, rounded up once."""
        return div_up(self.total_ncr, NCR_PER_UCR)


def explain_cost(
    quantities: Mapping[str, int], rates: ResolvedRates, *, flags: int = 0
) -> CostExplanation:
    """The terms of a record's cost that are not zero.

    Args:
        quantities: record fields by name; a missing one is 0.
        rates: resolved, as in force at the time the record was charged at.
        flags: the record's; a continuation or aggregate carries no MCI.

    Source: docs/protocol.md section 6.
    """
    lines = [
        CostLine(field, rate, unit, quantities.get(field, 0), getattr(rates, rate))
        for field, rate, unit in _LINES
    ]
    if not flags & NO_MCI_FLAGS:
        kilo = sum(quantities.get(field, 0) for field in TOKEN_FIELDS) // 1000
        lines.append(CostLine("complexity, per call", "mci_base", "call", 1, rates.mci_base))
        lines.append(CostLine("complexity, context", "mci_quad", "ktok²", kilo**2, rates.mci_quad))
    return CostExplanation(tuple(line for line in lines if line.amount_ncr))
