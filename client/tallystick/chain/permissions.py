"""Who may send transactions on a chain that asks: its allow list, and the money to pay with.

Source: subnet-evm, precompile TransactionAllowList.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from tallystick.chain.abi import SELECTOR_BYTES, encode_values
from tallystick.chain.calls import View, Write, nothing
from tallystick.core.hashes import compute_keccak256

ALLOW_LIST: Final = "0x0200000000000000000000000000000000000002"
SENDER_BALANCE_WEI: Final = 10**21
"""What a sender is given: at 1 wei for a unit of gas, more than all blocks of a century take."""
_NAME: Final = "TransactionAllowList"


class Standing(IntEnum):
    """What the chain lets an address do."""

    NONE = 0
    ENABLED = 1
    ADMIN = 2
    MANAGER = 3

    @property
    def may_send(self) -> bool:
        """Whether it may send transactions."""
        return self is not Standing.NONE

    @property
    def may_permit(self) -> bool:
        """Whether it may let others send."""
        return self in (Standing.ADMIN, Standing.MANAGER)


def standing_of(address: str) -> View[Standing]:
    """What the chain lets an address do; a chain without an allow list answers nothing."""
    return View(
        ALLOW_LIST,
        "readAllowList",
        _encode("readAllowList", address),
        ("uint256",),
        lambda values: Standing(values[0]),
    )


def enable(address: str) -> Write[None]:
    """From the next block on the address may send."""
    return _write("setEnabled", address)


def disable(address: str) -> Write[None]:
    """From the next block on the address may not send any more."""
    return _write("setNone", address)


def fund(address: str, wei: int) -> Write[None]:
    """The address has this much more to pay with; the sender has less."""
    return Write(address, _NAME, "fund", b"", (address, wei), nothing, value_wei=wei)


def _write(function: str, address: str) -> Write[None]:
    return Write(ALLOW_LIST, _NAME, function, _encode(function, address), (address,), nothing)


def _encode(function: str, address: str) -> bytes:
    selector = compute_keccak256(f"{function}(address)".encode())[:SELECTOR_BYTES]
    return selector + encode_values(("address",), (address,))
