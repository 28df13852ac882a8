"""How long a peer that failed is left alone."""

import asyncio

from nacl.signing import SigningKey
from tests.unit.core.builders import NOW_MS

from tallystick.core.facts import Validator
from tallystick_node.peers.client import LONGEST_REST_MS, PeerClient

PEER = Validator("0x" + "11" * 20, "0x" + "22" * 20, bytes(32), "validator-2", "http://127.0.0.1:1")
HOURS_MS = 5 * 3_600_000


class Asking:
    """A client whose clock is set by hand."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.client = PeerClient(
            SigningKey(bytes(32)), bytes(32), lambda: self.now_ms, {}, timeout_s=1.0
        )

    def close(self) -> None:
        asyncio.run(self.client.aclose())


def test_peer_that_failed_rests_for_a_while() -> None:
    asking = Asking()
    asking.client.note_lie(PEER)
    assert asking.client.is_resting(PEER)
    asking.now_ms += LONGEST_REST_MS
    assert not asking.client.is_resting(PEER)
    asking.close()


def test_peer_does_not_rest_for_hours_when_the_clock_was_set_back() -> None:
    asking = Asking()
    asking.now_ms += HOURS_MS
    asking.client.note_lie(PEER)
    assert asking.client.is_resting(PEER)
    asking.now_ms -= HOURS_MS
    assert not asking.client.is_resting(PEER)
    asking.close()
