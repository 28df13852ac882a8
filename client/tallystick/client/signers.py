"""Which key of the folder may do something for an account."""

from __future__ import annotations

from collections.abc import Callable

from tallystick.chain.calls import View
from tallystick.client.accounts import AccountTree
from tallystick.client.errors import KeyMissing
from tallystick.client.wire import Wire
from tallystick.local.roles import REGISTRAR


def find_controller(wire: Wire, tree: AccountTree, account: int) -> str:
    """The key that controls an account or one above it, the nearest first.

    Raises:
        KeyMissing: the folder holds none of them, and the caller named no other key.
    """
    if wire.signer is not None:
        return wire.signer
    controllers = [tree.accounts[ancestor].controller for ancestor in tree.ancestors(account)]
    held = wire.keys.held(controllers)
    if not held:
        raise KeyMissing(
            f"this folder lacks the key that controls {tree.path(account)}",
            expected=controllers[0],
        )
    return held[0]


def find_registrar(wire: Wire, account: int) -> str:
    """The key that is registrar of the account's organisation.

    Raises:
        KeyMissing: the folder holds none.
    """
    return find_key(
        wire,
        lambda address: wire.registry.is_registrar(address, account),
        "this folder lacks the key of the organisation's registrar",
    )


def find_key(wire: Wire, may: Callable[[str], View[bool]], missing: str) -> str:
    """The first key for which a view says yes, the folder's registrar before the others.

    Raises:
        KeyMissing: it says no to all of them, and the caller named no other key.
    """
    if wire.signer is not None:
        return wire.signer
    names = sorted(wire.keys.names(), key=lambda name: (name != REGISTRAR, name))
    answers = wire.read_all([may(wire.keys.address_of(name)) for name in names])
    for name, answer in zip(names, answers, strict=True):
        if answer:
            return name
    raise KeyMissing(missing, expected="its key, or --as NAME")
