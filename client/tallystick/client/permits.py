"""Letting a key send where the chain itself asks who sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tallystick.client.errors import SenderNotPermitted
from tallystick.local.names import AVALANCHE
from tallystick.local.roles import CHAIN_MANAGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from web3 import Web3

    from tallystick.chain.transact import TransactionSender
    from tallystick.local.folder import NetworkFile

LEAST_BALANCE_WEI: Final = 10**18
"""Whoever has less is given more, long before it could matter."""


def asks_who_sends(network: NetworkFile) -> bool:
    """Whether the network's chain lets in nobody but those it was told of."""
    return network.engine == AVALANCHE


def permit_sender(
    w3: Web3, address: str, open_manager: Callable[[], TransactionSender | None]
) -> bool:
    """The chain takes transactions of the address, and it can pay for them; tells what was new.

    Args:
        w3: the chain, which asks who sends.
        address: whose transactions.
        open_manager: gives the sender of whoever may let others in, None where its key is not here.

    Raises:
        SenderNotPermitted: the address is not let in, and the key that could is not here.
    """
    from tallystick.chain import permissions  # noqa: PLC0415 - as all that needs web3
    from tallystick.chain.reader import ask, expect, read  # noqa: PLC0415

    standing = read(w3, permissions.standing_of(address))
    balance_wei = int(expect(ask(w3, "eth_getBalance", (address, "latest"))), 16)
    writes = [] if standing.may_send else [permissions.enable(address)]
    if balance_wei < LEAST_BALANCE_WEI:
        writes.append(permissions.fund(address, permissions.SENDER_BALANCE_WEI))
    if not writes:
        return False
    manager = open_manager()
    if manager is None:
        raise SenderNotPermitted(
            "the chain takes no transactions of this key",
            expected=f"whoever holds the network's {CHAIN_MANAGER} key lets it in",
            actual=address,
        )
    manager.send_all(writes)
    return True
