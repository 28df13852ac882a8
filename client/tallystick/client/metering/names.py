"""Accounts and resources by name, for a process that meters: read once, then when a name is new."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final

from tallystick.client.accounts import AccountTree, load_tree
from tallystick.client.errors import ResourceUnknown, find_nearest
from tallystick.client.metering.errors import ProjectForeign
from tallystick.client.resources import ResourceView, list_resources
from tallystick.client.wire import Wire

REFRESH_S: Final = 2.0
"""How often unknown names make the chain be asked again, at most."""


class MeterNames:
    """What can be billed, by name.

    Args:
        wire: the network.
        account: path of the account that the meter is bound to.
        wait_until_known: called after reading; returns once the validators know as much.
    """

    def __init__(self, wire: Wire, account: str, wait_until_known: Callable[[], None]) -> None:
        self._wire = wire
        self._wait_until_known = wait_until_known
        self._lock = Lock()
        self._read()
        self._account = self._tree.require(account)

    def project(self, path: str) -> int:
        """The id of an account that this meter may bill.

        Raises:
            PathInvalid: no path.
            AccountUnknown: no account there; says which paths look like it.
            ProjectForeign: it lies elsewhere, or is the organisation itself.
        """
        if path not in self._id_by_path:
            self._refresh()
        account = self._id_by_path.get(path)
        account = self._tree.require(path) if account is None else account
        above = self._tree.ancestors(account)
        if self._account not in above or len(above) == 1:
            raise ProjectForeign(
                "the meter may not bill this account",
                expected=f"a project below {self.path_of(self._account)}",
                actual=path,
            )
        return account

    def is_below(self, account: int, ancestor: int) -> bool:
        """Whether an account is another one or lies below it."""
        return ancestor in self._tree.ancestors(account)

    def path_of(self, account: int) -> str:
        """The account's path."""
        return self._tree.path(account)

    def resource(self, slug: str) -> ResourceView | None:
        """The resource of this slug, None where none can be billed under it."""
        if slug not in self._resources:
            self._refresh()
        found = self._resources.get(slug)
        return found if found and found.active else None

    def require_resource(self, slug: str) -> ResourceView:
        """The resource of this slug.

        Raises:
            ResourceUnknown: there is none; says which slugs look like it.
        """
        found = self.resource(slug)
        if found is None:
            raise ResourceUnknown("resource", slug, self._resources)
        return found

    def nearest(self, slug: str) -> Sequence[str]:
        """Slugs that look most like this one."""
        return find_nearest(slug, self._resources)

    def _refresh(self) -> None:
        with self._lock:
            if time.monotonic() - self._read_at_s >= REFRESH_S:
                self._read()

    def _read(self) -> None:
        tree: AccountTree = load_tree(self._wire)
        self._resources = {view.slug: view for view in list_resources(self._wire)}
        self._tree, self._id_by_path = tree, tree.id_by_path()
        self._wait_until_known()
        self._read_at_s = time.monotonic()
