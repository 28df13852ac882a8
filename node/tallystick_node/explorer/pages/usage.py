"""Usage: who spent what, by whatever one asks for."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from tallystick_node.errors import ParameterInvalid
from tallystick_node.explorer.charts import choose_bucket_ms, draw_bars, draw_stacked_columns
from tallystick_node.explorer.index import Filter, Index, Row
from tallystick_node.explorer.links import link_account, link_page, link_usage
from tallystick_node.explorer.render import Renderer
from tallystick_node.query_parameters import parse_text, parse_time_ms, parse_user

GROUPINGS: Final = {
    "account": "account, with all below it",
    "project": "project",
    "team": "team",
    "resource": "resource",
    "user": "user",
    "step": "step",
    "meter": "meter",
    "hour": "hour",
    "day": "day",
    "week": "week",
    "month": "month",
    "tariff_version": "tariff version",
}
TIME_GROUPINGS: Final = frozenset({"hour", "day", "week", "month"})
MAX_ROWS: Final = 200
CHARTED_ROWS: Final = 12


def add_usage_page(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /usage."""

    @app.get("/usage", response_class=HTMLResponse)
    def show_usage(
        by: str = "project",
        under: str = "",
        resource: str = "",
        user: str = "",
        since: str = "",
        until: str = "",
    ) -> HTMLResponse:
        if by not in GROUPINGS:
            raise ParameterInvalid(
                "usage is not grouped by this", expected=", ".join(GROUPINGS), actual=by[:40]
            )
        chosen = {
            "under": under, "resource": resource, "user": user, "since": since, "until": until
        }  # fmt: skip
        where = index.find_filter(
            under=parse_text("under", under),
            resource=parse_text("resource", resource),
            user=parse_user(user),
            since_ms=parse_time_ms("since", since),
            until_ms=parse_time_ms("until", until),
        )
        rows = index.dearest_usage((by,), where, limit=MAX_ROWS + 1)
        shown = rows[:MAX_ROWS]
        if by in TIME_GROUPINGS:
            shown.sort(key=lambda row: str(row[by]))
        total = index.dearest_usage((), where, limit=1)[0]
        return renderer.page(
            "usage.html",
            by=by,
            chosen=chosen,
            groupings=GROUPINGS,
            rows=[{**row, "href": _link_row(by, row, chosen)} for row in shown],
            is_cut=len(rows) > MAX_ROWS,
            total=total,
            is_corrected=bool(total["released_ucr"] or total["credited_ucr"]),
            accounts=index.directory.accounts(),
            resources=index.directory.resources(),
            columns=_draw_time(index, where) if by in TIME_GROUPINGS else None,
            bars=() if by in TIME_GROUPINGS else _draw_rows(by, shown, chosen),
            records_href=link_page("/records", {**chosen, "project": under, "under": None}),
        )


def _draw_time(index: Index, where: Filter) -> Any:  # noqa: ANN401 - a chart or None
    span = index.main_span_ms(where)
    if span is None:
        return None
    bucket_ms = choose_bucket_ms(*span)
    return draw_stacked_columns(index.cost_series("project", bucket_ms, where), *span, bucket_ms)


def _draw_rows(by: str, rows: list[Row], chosen: dict[str, str]) -> Any:  # noqa: ANN401 - bars
    return draw_bars(
        [(str(row[by]), row["cost_ucr"], _link_row(by, row, chosen)) for row in rows[:CHARTED_ROWS]]
    )


def _link_row(by: str, row: Row, chosen: dict[str, str]) -> str:
    """Where a row leads: one step further in, or to its records."""
    value = str(row[by])
    if value.startswith("#"):
        return link_page("/quarantine", {})
    if by in {"account", "team"}:
        return link_account(value)
    if by == "project":
        return link_page("/records", {**chosen, "under": None, "project": value})
    if by == "meter":
        return link_page("/records", {**chosen, "under": None, "meter": value})
    if by in {"resource", "user"}:
        return link_usage(**{**chosen, "by": "project", by: value})
    return ""
