"""The book of events: each one recorded once, or held until its resource exists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tallystick.meter.events.event import Event
from tallystick.meter.events.ports import EventDirectory, EventKey, EventPseudonyms
from tallystick.meter.held import HeldEvents
from tallystick.meter.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of some events."""

    recorded: int = 0
    repeated: int = 0
    """Had been entered before; nothing was recorded."""
    held: int = 0
    """Of models that no resource is known for; recorded as soon as there is one."""


class EventBook:
    """Turns events into records, each once.

    Args:
        directory: accounts and resources by name.
        recorder: the meter's.
        held: where events of unknown models wait.
        pseudonyms: of people.
        clock: Unix ms, of the network.
        find_resource: slug that a model's name and price tier are recorded as, where
            configuration says so; None = the directory alone.
    """

    def __init__(
        self,
        directory: EventDirectory,
        recorder: Recorder,
        held: HeldEvents,
        pseudonyms: EventPseudonyms,
        clock: Callable[[], int],
        find_resource: Callable[[str, str], str | None] | None = None,
    ) -> None:
        raise NotImplementedError

    async def enter(self, events: Sequence[Event], key: EventKey) -> Entered:
        """Every event is durable: recorded, held, or known from before.

        Raises:
            EventRefused: one of them cannot be recorded; nothing of any of them was.
        """
        raise NotImplementedError

    async def release(self) -> int:
        """Events whose resource exists by now are recorded; tells how many."""
        raise NotImplementedError
