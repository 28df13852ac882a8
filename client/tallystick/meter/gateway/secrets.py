"""Keys that applications show, keys that upstreams see; neither is ever printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tallystick.meter.admission.purse import Purse

WhenUnreachable = Literal["deny", "admit"]


class Secret:
    """A secret text that prints as stars.

    Args:
        value: the text itself; read it with `reveal`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, to be sent to whom it belongs and nowhere else."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret('***')" if self._value else "Secret('')"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialised")


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """What calls that show one key may do, and whom they are billed to.

    The secret is not in here: it is known by its hash alone.
    """

    name: str
    """Of the key, for logs and metrics."""
    project: int
    """The account that is billed."""
    organisation: str
    """Whose people pseudonyms are given to."""
    models: frozenset[str] | None = None
    """Names of offers it may call; None = all."""
    user: str | None = None
    """The person behind every call of this key; None = whom the call names."""
    records_users: bool = False
    """Whether records carry a pseudonym at all."""
    is_experiment: bool = False
    """Whether records carry the exploration flag."""
    step: int = 0
    """Position in a workflow, 0..65535, where the call names none."""
    caps: tuple[Purse, ...] = field(default=(), repr=False)
    """Purses and rate buckets of the key and its user, asked after the lease."""
    when_unreachable: WhenUnreachable = "deny"
    """What happens while the network cannot be asked for a lease."""
    admit_bound_ucr: int = 0
    """How much may be admitted without a lease, in ucr, where `when_unreachable` is admit."""

    def may_call(self, model: str) -> bool:
        """Whether the key allows a model."""
        return self.models is None or model in self.models
