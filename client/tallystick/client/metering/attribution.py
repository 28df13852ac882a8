"""Whom and what use is billed to, said once for everything inside a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whom and what use is billed to; None = not said here.

    Args:
        project: path of the account that pays.
        resource: slug of the model or GPU type; None where the call itself names its model.
        user: who is behind it; becomes a pseudonym before it leaves this process.
        step: position in a workflow, 1..65535; 0 = none.
    """

    project: str | None = None
    resource: str | None = None
    user: str | None = None
    step: int | None = None

    def over(self, base: Attribution) -> Attribution:
        """What is said here, and what `base` says where nothing is."""
        return Attribution(
            base.project if self.project is None else self.project,
            base.resource if self.resource is None else self.resource,
            base.user if self.user is None else self.user,
            base.step if self.step is None else self.step,
        )


NOTHING: Final = Attribution()

_current: ContextVar[Attribution] = ContextVar("tallystick_attribution", default=NOTHING)


def get_current() -> Attribution:
    """What the blocks around the caller say, the innermost first."""
    return _current.get()


@contextmanager
def attributing(attribution: Attribution) -> Iterator[None]:
    """What is metered inside the block is billed so, unless a call says otherwise.

    Threads and tasks that are started inside carry it along as far as Python copies contexts.
    """
    token = _current.set(attribution.over(_current.get()))
    try:
        yield
    finally:
        _current.reset(token)
