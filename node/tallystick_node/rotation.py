"""Rotation: the keys in use follow the validator set in force."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from tallystick_node.chain_view import ChainView
from tallystick_node.keys import KeysInUse
from tallystick_node.membership import MembershipReader

INTERVAL_S: Final = 0.2

log = structlog.get_logger(__name__)


class RotationWatch:
    """Has the validator built anew once the set in force holds its other keys.

    Args:
        keys: in use, and the others.
        members: the set in force.
        view: of the chain; what it shows on its way to the head decides nothing.
        rebuild: set when the validator is to be built anew, with the keys then in use.
    """

    def __init__(
        self,
        keys: KeysInUse,
        members: MembershipReader,
        view: ChainView,
        rebuild: asyncio.Event,
    ) -> None:
        self._keys = keys
        self._members = members
        self._view = view
        self._rebuild = rebuild

    async def step(self) -> None:
        """The set in force was looked at once."""
        is_known = self._view.synced_at_ms is not None and not self._rebuild.is_set()
        if is_known and self._keys.are_rotated(self._members.read().validators):
            self._keys.rotate()
            log.warning("keys_rotated", attester=self._keys.keys.attester)
            self._rebuild.set()
        await asyncio.sleep(INTERVAL_S)
