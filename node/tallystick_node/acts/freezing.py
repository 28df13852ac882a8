"""Freezing: proofs of equivocation become freezes, one after the other, without anyone asking.

A meter is frozen by one proof: while it is frozen, or its key was replaced, further ones wait for
nothing. What cannot be carried out now is tried again, less and less often, and not for ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from tallystick.chain.errors import RpcRefused
from tallystick.core.errors import InvalidInput, TallystickError
from tallystick.core.facts import Facts
from tallystick.core.frames import Frame
from tallystick_node.acts.desk import Done
from tallystick_node.clock import Clock
from tallystick_node.loops import resting

MAX_WAITING: Final = 256
MAX_TRIES: Final = 10
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0

log = structlog.get_logger(__name__)


class FreezeDesk(Protocol):
    """What carries freezes out."""

    async def freeze(self, one: Frame, other: Frame) -> Done:
        """The meter is frozen."""


class KnownFacts(Protocol):
    """The chain as followed."""

    @property
    def facts(self) -> Facts:
        """What is known at the head."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Two frames that differ at a sequence number under one key."""

    one: Frame
    other: Frame

    @property
    def meter(self) -> int:
        """Whose they are."""
        return self.one.meter


class Freezer:
    """Takes proofs and freezes their meters. Run `step` in a loop.

    Args:
        desk: carries freezes out.
        chain: as followed.
        clock: this node's.
    """

    def __init__(self, desk: FreezeDesk, chain: KnownFacts, clock: Clock) -> None:
        self._desk = desk
        self._chain = chain
        self._clock = clock
        self._waiting: deque[tuple[Proof, int]] = deque()
        self._meters: set[int] = set()
        self._changed = asyncio.Event()

    def note_proof(self, one: Frame, other: Frame) -> None:
        """The proof is acted on, unless its meter's freeze is under way, or too many wait."""
        proof = Proof(one, other)
        if proof.meter in self._meters or len(self._waiting) >= MAX_WAITING:
            return
        if self._is_settled(proof):
            return
        self._meters.add(proof.meter)
        self._waiting.append((proof, 0))
        self._changed.set()

    async def step(self) -> None:
        """The proof that has waited longest was acted on, or waits again."""
        with resting():
            await self._changed.wait()
        proof, tries = self._waiting.popleft()
        if not self._waiting:
            self._changed.clear()
        is_over = self._is_settled(proof) or await self._try(proof, tries)
        if is_over or tries + 1 >= MAX_TRIES:
            self._meters.discard(proof.meter)
            return
        self._waiting.append((proof, tries + 1))
        self._changed.set()
        if len(self._waiting) == 1:
            await asyncio.sleep(min(FIRST_WAIT_S * 2**tries, LONGEST_WAIT_S))

    async def _try(self, proof: Proof, tries: int) -> bool:
        """Whether nothing is left to do."""
        try:
            with resting():  # until the chain has it
                done = await self._desk.freeze(proof.one, proof.other)
        except InvalidInput as error:
            # Proven before, or no longer a proof: the peers and the chain say the same next time.
            log.info("freeze_dropped", meter=proof.meter, **error.as_dict())
            return True
        except (TallystickError, RpcRefused) as error:
            log.warning("freeze_postponed", meter=proof.meter, tries=tries, **error.as_dict())
            return False
        log.warning("meter_frozen", meter=proof.meter, tx_hash=done.tx_hash)
        return True

    def _is_settled(self, proof: Proof) -> bool:
        """Whether the meter is frozen already, or signs with another key by now."""
        facts = self._chain.facts
        frozen = facts.frozen.get(proof.meter)
        state = frozen.at(self._clock()) if frozen is not None else None
        keys = facts.meter_keys.get(proof.meter)
        key = keys.latest() if keys is not None else None
        is_frozen = state is not None and state.frozen
        return is_frozen or key is None or key.key_index != proof.one.key_index
