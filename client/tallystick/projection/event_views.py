"""Events as rows with typed columns: named queries over the table `events`.

What happened is an event, what holds is a query over them: nothing is held twice, forgetting blocks
needs no more than deleting events, and settling pays nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

AMOUNT: Final = "UHUGEINT"
"""Any uint128 fits; a uint256 that nothing bounds travels as TEXT."""
ID: Final = "UINTEGER"
LONG: Final = "UBIGINT"
FLAG: Final = "BOOLEAN"
TEXT: Final = "VARCHAR"


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of one contract as a named query.

    Besides its own columns it has block, ordinal (its place in the block), tx_hash and time_s.

    Args:
        name: the view's.
        contract: whose event.
        event: its Solidity name.
        columns: SQL type by column. A column `amount_ucr` is the argument `amountUcr`.
        paths: for columns that lie deeper, such as `terms[0]`, where.
    """

    name: str
    contract: str
    event: str
    columns: Mapping[str, str]
    paths: Mapping[str, str] | None = None

    def define(self) -> str:
        """The view as a part of `WITH`. All names in it are ours."""
        columns = "".join(
            f""", CAST(args ->> '$.{self._path(column)}' AS {kind}) AS "{column}\""""
            for column, kind in self.columns.items()
        )
        return (
            f"{self.name} AS (SELECT events.block, log_index AS ordinal, tx_hash,"  # noqa: S608
            f" time_s{columns} FROM events JOIN blocks ON blocks.block = events.block"
            f" WHERE contract = '{self.contract}' AND name = '{self.event}')"
        )

    def _path(self, column: str) -> str:
        return (self.paths or {}).get(column) or to_camel_case(column)


def to_camel_case(column: str) -> str:
    """The Solidity name of what a column holds."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), column)


def with_views(statement: str, views: Iterable[EventView]) -> str:
    """The statement with those views defined that it names."""
    named = set(re.findall(r"\w+", statement))
    parts = [view.define() for view in views if view.name in named]
    return f"WITH {', '.join(parts)} {statement}" if parts else statement
