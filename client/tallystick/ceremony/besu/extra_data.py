"""Who makes the first blocks of a QBFT chain, as the genesis block says it. Pure.

Source: Besu's documentation, "Configure QBFT consensus", section Extra data:
RLP([32 bytes of vanity, validators, no vote, round 0, no seals]).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import rlp

VANITY: Final = bytes(32)
NO_VOTE: Final[list[bytes]] = []
FIRST_ROUND: Final = b""
NO_SEALS: Final[list[bytes]] = []


def encode_extra_data(validators: Sequence[str]) -> str:
    """The genesis block's extraData: 0x and the validators in the order given.

    Args:
        validators: addresses of node keys; a chain wants them ascending.
    """
    addresses = [bytes.fromhex(address.removeprefix("0x")) for address in validators]
    encoded: bytes = rlp.encode([VANITY, addresses, NO_VOTE, FIRST_ROUND, NO_SEALS])
    return "0x" + encoded.hex()
