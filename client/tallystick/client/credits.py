"""Credits given and moved, each at most once per key."""

from __future__ import annotations

from typing import Any

import msgspec

from tallystick.chain.abi import encode_values
from tallystick.chain.bindings.budgets import NO_KEY, compute_idempotency_key
from tallystick.chain.bindings.credits import GENERAL
from tallystick.chain.calls import Write
from tallystick.chain.errors import AlreadyExists
from tallystick.client.accounts import find_account
from tallystick.client.errors import KeyUsedOtherwise
from tallystick.client.wire import Wire
from tallystick.core.hashes import compute_keccak256
from tallystick.local.roles import REGISTRAR


class Moved(msgspec.Struct, frozen=True):
    """Credits that lie where they were wanted; `done_before` where an earlier call had done it."""

    path: str
    amount_ucr: int
    done_before: bool


def grant(wire: Wire, path: str, amount_ucr: int, key: str | None) -> Moved:
    """The account holds new credits, by its organisation's registrar."""
    account = find_account(wire, path)
    write = wire.budgets.grant(account, amount_ucr, key=_encode_key(key))
    content = encode_values(
        ("string", "uint32", "uint256", "uint256"), ("grant", account, GENERAL, amount_ucr)
    )
    return Moved(path, amount_ucr, _send_once(wire, write, key, content))


def transfer(wire: Wire, source: str, target: str, amount_ucr: int, key: str | None) -> Moved:
    """Credits lie with another account of the same organisation."""
    giver, taker = find_account(wire, source), find_account(wire, target)
    write = wire.budgets.transfer(giver, taker, amount_ucr, key=_encode_key(key))
    content = encode_values(
        ("string", "uint32", "uint32", "uint256", "uint256"),
        ("transfer", giver, taker, GENERAL, amount_ucr),
    )
    return Moved(target, amount_ucr, _send_once(wire, write, key, content))


def _encode_key(key: str | None) -> bytes:
    return NO_KEY if key is None else compute_idempotency_key(key)


def _send_once(wire: Wire, write: Write[Any], key: str | None, content: bytes) -> bool:
    """Whether an earlier call under the same key had done this already; else it is done now.

    Raises:
        KeyUsedOtherwise: the key stands for something else.
    """
    try:
        wire.send(REGISTRAR, write)
    except AlreadyExists as error:
        if error.error_name != "KeyUsed":
            raise
        if error.arguments["content"] != compute_keccak256(content):
            raise KeyUsedOtherwise(
                "this key was used before for something else",
                expected="the same accounts and amount, or another key",
                actual=key,
            ) from error
        return True
    return False
