"""What the sender needs of the outside world; whoever starts it brings these along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tallystick.core.settlement import Cursor


@dataclass(frozen=True, slots=True)
class ValidatorEndpoint:
    """Where a validator takes frames."""

    index: int
    name: str
    url: str
    """Without a final slash; `/v1/frames` is added."""
    transport_key: bytes
    """32 bytes, ed25519; decides whose home the validator is."""


class ValidatorDirectory(Protocol):
    """The active validator set, as it stands now."""

    def validators(self) -> Sequence[ValidatorEndpoint]:
        """All of them, by index."""


class CursorSource(Protocol):
    """The chain's cursors at the engine's finality."""

    async def read_cursors(self, meters: Sequence[int]) -> dict[int, Cursor]:
        """The final cursor of each meter.

        Raises:
            TemporaryFailure: the chain cannot be asked just now.
        """
