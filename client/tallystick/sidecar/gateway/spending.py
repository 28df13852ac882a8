"""What the ledger says that projects have spent, beside what this process has counted.

Counts of a process start at 0 with it; these come from the chain, the same from every process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from tallystick.chain.bindings.budgets import Budget, Budgets
from tallystick.chain.reader import read_view
from tallystick.meter.admission.keeper import LeaseKeeper
from tallystick.meter.exposition import create_gauge
from tallystick.sidecar.site import Site

EVERY: Final = 10
"""Readings are asked for once in so many times."""
PREFIX: Final = "tallystick_account_"


class Spending(Collector):
    """Gauges of the budgets of the projects that keys bill.

    Args:
        site: the network.
        projects: their ids, as of now.
    """

    def __init__(self, site: Site, projects: Callable[[], Sequence[int]]) -> None:
        self._site = site
        self._projects = projects
        self._budgets = Budgets(site.network.addresses.budgets)
        self._budget_by_path: dict[str, Budget] = {}
        self._turn = 0

    async def refresh(self) -> None:
        """Now and then: the gauges say what the chain says.

        Raises:
            ChainUnreachable: they stay as they were.
        """
        self._turn += 1
        projects = self._projects()
        if self._turn % EVERY != 1 or not projects:
            return
        found = await read_view(self._site.rpc, self._budgets.budgets_of(projects))
        paths = map(self._site.directory.path_of, projects)
        self._budget_by_path = dict(zip(paths, found, strict=True))

    def collect(self) -> Iterator[Metric]:
        """One gauge for each amount, one sample for each project."""
        for name, read in _AMOUNTS:
            amounts = ((path, read(budget)) for path, budget in self._budget_by_path.items())
            samples = (((path,), amount) for path, amount in amounts if amount is not None)
            yield create_gauge(PREFIX + name, samples)


class NetworkState(Collector):
    """Whether the network's leases can be asked for.

    Args:
        keeper: of the process's leases.
    """

    def __init__(self, keeper: LeaseKeeper) -> None:
        self._keeper = keeper

    def collect(self) -> Iterator[Metric]:
        """One gauge, 0 or 1."""
        is_up = not self._keeper.is_unreachable
        yield create_gauge("tallystick_gateway_network_up", [((), float(is_up))])


_AMOUNTS: Final[Sequence[tuple[str, Callable[[Budget], int | None]]]] = (
    ("spent_ucr", lambda found: found.spent_ucr),
    ("limit_ucr", lambda found: found.limit_ucr if found.has_limit else None),
    ("leased_ucr", lambda found: found.leased_ucr),
    ("overdraft_ucr", lambda found: found.overdraft_ucr),
)
