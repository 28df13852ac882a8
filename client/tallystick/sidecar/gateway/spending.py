"""What the ledger says that projects have spent, beside what this process has counted.

Counts of a process start at 0 with it; these come from the chain, the same from every process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tallystick.chain.bindings.budgets import Budget, Budgets
from tallystick.chain.reader import read_view
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
        for name, text, read in _AMOUNTS:
            family = GaugeMetricFamily(PREFIX + name, text, labels=["account"])
            for path, budget in self._budget_by_path.items():
                amount = read(budget)
                if amount is not None:
                    family.add_metric([path], amount)
            yield family


_AMOUNTS: Final[Sequence[tuple[str, str, Callable[[Budget], int | None]]]] = (
    ("spent_ucr", "Spent in this period, by the ledger", lambda found: found.spent_ucr),
    (
        "limit_ucr",
        "Limit of this period, where there is one",
        lambda found: found.limit_ucr if found.has_limit else None,
    ),
    ("leased_ucr", "Set aside for meters", lambda found: found.leased_ucr),
    ("overdraft_ucr", "Owed", lambda found: found.overdraft_ucr),
)
