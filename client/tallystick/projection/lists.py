"""Lists: what happened or holds, one row each, newest first, for API, SDK and explorer alike.

A list is one statement over the event views. Every row has block and ordinal (its place, for
paging), time_s and tx_hash; amounts are in ucr; an account column `x` is a path beside `x_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.projection.economy_views import ECONOMY_VIEWS
from tallystick.projection.errors import UnknownKey
from tallystick.projection.event_views import with_views
from tallystick.projection.governance_views import CORRECTION_VIEWS, GOVERNANCE_VIEWS
from tallystick.projection.market_views import MARKET_VIEWS
from tallystick.projection.reader import Place, Reader, Row

END: Final[Place] = (2**62, 0)
VIEWS: Final = (*ECONOMY_VIEWS, *MARKET_VIEWS, *GOVERNANCE_VIEWS, *CORRECTION_VIEWS)


@dataclass(frozen=True, slots=True)
class Context:
    """What a row's finish may need besides the row."""

    now_s: int
    """The newest block's time: what is over by then is over."""
    contract_by_address: Mapping[str, str]


def _keep(row: Row, _: Context) -> Row:
    return row


@dataclass(frozen=True, slots=True)
class ListSpec:
    """One list.

    Args:
        name: as it is asked for.
        statement: SQL; may use `$now_s`.
        accounts: its columns of account ids, by which `account` narrows it.
        filters: further columns it can be narrowed by.
        finish: what SQL does not say about a row.
    """

    name: str
    statement: str
    accounts: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    finish: Callable[[Row, Context], Row] = _keep


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """Which rows of a list. `under` is an account's id, `where` values by column as text."""

    under: int | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    limit: int = 50
    before: Place | None = None


def read_list(
    reader: Reader, spec: ListSpec, question: ListQuestion, context: Context
) -> list[Row]:
    """The list's rows, newest first.

    Raises:
        UnknownKey: it is not narrowed by one of the columns.
    """
    for column in question.where:
        if column not in spec.filters:
            raise UnknownKey(
                f"{spec.name} are not narrowed by this",
                expected=", ".join(spec.filters) or "no column",
                actual=column[:40],
            )
    block, ordinal = question.before or END
    conditions = ["(block < $block OR (block = $block AND ordinal < $ordinal))"]
    values: dict[str, Any] = {"block": block, "ordinal": ordinal, "limit": question.limit}
    if question.under is not None and spec.accounts:
        below = "(SELECT account FROM ancestors WHERE ancestor = $under)"
        conditions.append(f"({' OR '.join(f'{name} IN {below}' for name in spec.accounts)})")
        values["under"] = question.under
    for place, (column, value) in enumerate(question.where.items()):
        conditions.append(f'CAST("{column}" AS VARCHAR) = $value_{place}')
        values[f"value_{place}"] = value
    if "$now_s" in spec.statement:
        values["now_s"] = context.now_s
    statement = with_views(
        f"SELECT * FROM ({spec.statement}) listed WHERE {' AND '.join(conditions)}"  # noqa: S608
        " ORDER BY block DESC, ordinal DESC LIMIT $limit",
        VIEWS,
    )
    return [spec.finish(row, context) for row in reader.fetch_all(statement, values)]


def newest(view: str, key: str, where: str = "true", order: str = "block") -> str:
    """SQL: of each `key` the row of the view that came last, by `order`."""
    return (
        f"(FROM {view} WHERE {where} QUALIFY row_number() OVER"
        f" (PARTITION BY {key} ORDER BY {order} DESC, block DESC, ordinal DESC) = 1)"
    )


def path_of(column: str, name: str) -> str:
    """SQL: the path of the account with the id in `column`, as `name`, and the id as `name_id`."""
    return (
        f"coalesce((SELECT path FROM accounts WHERE accounts.account = {column}),"  # noqa: S608
        f" '#' || {column}) AS {name}, {column} AS {name}_id"
    )


def name_of_meter(column: str) -> str:
    """SQL: the name of the meter with the id in `column`, and the id."""
    return (
        f"coalesce((SELECT name FROM meters WHERE meters.meter = {column}), '#' || {column})"  # noqa: S608
        f" AS meter, {column} AS meter_id"
    )


def name_of_credit(column: str, name: str) -> str:
    """SQL: what kind of credits the id in `column` stands for, as `name`, and the id.

    `general`, `exploration`, `plan:<path>` or `provider:<name>`.
    """
    number = f"({column} & {2**32 - 1})"
    return f"""CASE WHEN {column} = 1 THEN 'general' WHEN {column} = 2 THEN 'exploration'
        WHEN {column} >> 32 = 1 THEN 'plan:' || coalesce(
            (SELECT path FROM accounts WHERE account = {number}), '#' || {number})
        WHEN {column} >> 32 = 2 THEN 'provider:' || coalesce(
            (SELECT arg_max(name, block) FROM provider_set WHERE provider = {number}),
            '#' || {number})
        ELSE '#' || {column} END AS {name}, {column}::VARCHAR AS {name}_id"""  # noqa: S608
