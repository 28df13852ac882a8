"""The account tree by path: finding, listing, creating."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tallystick.chain.bindings.onboarding import Onboarding
from tallystick.chain.bindings.registry import RegisteredAccount
from tallystick.client.errors import AccountUnknown
from tallystick.client.paths import split_path
from tallystick.client.wire import Wire
from tallystick.local.roles import REGISTRAR


class AccountView(msgspec.Struct, frozen=True):
    """An account as commands show it."""

    id: int
    path: str
    parent: int
    active: bool
    controller: str


class CreatedAccount(msgspec.Struct, frozen=True):
    """An account that exists now; `created` tells whether it did not before."""

    id: int
    path: str
    created: bool


@dataclass(frozen=True)
class AccountTree:
    """Every account as it was announced last."""

    accounts: Mapping[int, RegisteredAccount]

    def path(self, account: int) -> str:
        """The account's path; empty where there is no such account."""
        names: list[str] = []
        while account in self.accounts:
            names.append(self.accounts[account].name)
            account = self.accounts[account].parent
        return "/".join(reversed(names))

    def id_by_path(self) -> dict[str, int]:
        """Ids by path."""
        return {self.path(account): account for account in self.accounts}

    def children(self, account: int) -> list[int]:
        """The accounts directly below one, in the order they were created."""
        return [child for child, found in self.accounts.items() if found.parent == account]

    def ancestors(self, account: int) -> list[int]:
        """The account and those above it, organisation last."""
        found: list[int] = []
        while account in self.accounts:
            found.append(account)
            account = self.accounts[account].parent
        return found

    def require(self, path: str) -> int:
        """The account's id.

        Raises:
            PathInvalid: no path.
            AccountUnknown: no account there; says which paths look like it.
        """
        ids = self.id_by_path()
        wanted = "/".join(split_path(path))
        if wanted not in ids:
            raise AccountUnknown("account", wanted, ids)
        return ids[wanted]


def load_tree(wire: Wire) -> AccountTree:
    """The whole tree."""
    count = wire.read(wire.registry.account_count())
    found = wire.read_all([wire.registry.account_of(account) for account in range(1, count + 1)])
    return AccountTree(dict(enumerate(found, start=1)))


def find_account(wire: Wire, path: str) -> int:
    """The account's id; see `AccountTree.require`."""
    account = 0
    for name in split_path(path):
        account = wire.read(wire.registry.account_by_name(account, name))
        if not account:
            return load_tree(wire).require(path)
    return account


def list_accounts(wire: Wire) -> list[AccountView]:
    """Every account, by path."""
    tree = load_tree(wire)
    views = [
        AccountView(account, tree.path(account), found.parent, found.active, found.controller)
        for account, found in tree.accounts.items()
    ]
    return sorted(views, key=lambda view: view.path)


def create_account(wire: Wire, path: str) -> CreatedAccount:
    """The account and everything above it exist; the folder's registrar controls what is new."""
    account, created = 0, False
    for name in split_path(path):
        found = wire.read(wire.registry.account_by_name(account, name))
        created = not found
        account = found or _create_below(wire, account, name)
    return CreatedAccount(account, path.strip("/"), created)


def _create_below(wire: Wire, parent: int, name: str) -> int:
    controller = wire.address_of(REGISTRAR)
    if parent:
        return wire.send(REGISTRAR, wire.registry.create_account(parent, name, controller))
    onboarding = Onboarding(wire.network.addresses.onboarding)
    return wire.send(REGISTRAR, onboarding.admit(name, controller, controller))
