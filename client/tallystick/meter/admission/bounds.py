"""The most a call can use and cost, known before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tallystick.core.tariff import ResolvedRates, div_up
from tallystick.core.units import NCR_PER_UCR
from tallystick.core.usage import MAX_CONTEXT

HIDDEN_TOKENS: Final = 1_024
"""What a provider may add to a request's own text: roles, separators, instructions for tools."""


class BoundedRequest(Protocol):
    """What of a request bounds its use; `parse.dialects.CallRequest` has it."""

    @property
    def input_bytes(self) -> int:
        """Bytes of everything the model reads as text."""

    @property
    def has_opaque_input(self) -> bool:
        """Whether it reads something else too, whose tokens no byte count bounds."""

    @property
    def max_output_tokens(self) -> int | None:
        """What was asked for over all choices, None = nothing."""

    @property
    def choices(self) -> int:
        """How many answers were asked for."""


class OfferLimits(Protocol):
    """A model's own limits; `gateway.offers.Offer` has them."""

    @property
    def max_input_tokens(self) -> int:
        """Of one request."""

    @property
    def max_output_tokens(self) -> int:
        """Of one choice, hidden ones included."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The most a call can use, in LLM tokens."""

    in_tokens: int
    out_tokens: int


def compute_bound(request: BoundedRequest, limits: OfferLimits) -> Bound:
    """No answer of an honest provider reports more than this.

    A token of text stands for at least one byte, so the bytes bound the input; images, files and
    what the provider itself has stored are bounded by the model's limit alone.

    Args:
        request: as read from the wire.
        limits: the model's.
    """
    in_tokens = limits.max_input_tokens
    if not request.has_opaque_input:
        in_tokens = min(request.input_bytes + HIDDEN_TOKENS, in_tokens)
    out_tokens = limits.max_output_tokens * max(request.choices, 1)
    asked = request.max_output_tokens
    if asked is not None and 0 <= asked < out_tokens:
        out_tokens = asked
    return Bound(min(in_tokens, MAX_CONTEXT), min(out_tokens, MAX_CONTEXT))


def compute_max_cost_ucr(rates: Sequence[ResolvedRates], bound: Bound) -> int:
    """No record inside the bound costs more, in ucr, rounded up.

    Args:
        rates: every set that may apply: in force, announced, and of price variants.
        bound: the call's.
    """
    return max((_compute_cost_ucr(each, bound) for each in rates), default=0)


def _compute_cost_ucr(rates: ResolvedRates, bound: Bound) -> int:
    """Every token at the dearest weight of its side, complexity at the full context."""
    context = bound.in_tokens + bound.out_tokens
    cost_ncr = (
        bound.in_tokens * max(rates.w_in, rates.w_cached, rates.w_written)
        + bound.out_tokens * max(rates.w_out, rates.w_reason)
        + rates.mci_base
        + rates.mci_quad * (context // 1000) ** 2
    )
    return div_up(cost_ncr, NCR_PER_UCR)
