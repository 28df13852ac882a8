"""Alerts, newest first, by kind."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from tallystick_node.errors import ParameterInvalid
from tallystick_node.explorer.index import Index
from tallystick_node.explorer.links import link_page
from tallystick_node.explorer.render import Renderer
from tallystick_node.query_parameters import parse_place, parse_text

PAGE_ROWS: Final = 50
KINDS: Final = (
    "soft_threshold",
    "frozen",
    "unfrozen",
    "overdraft",
    "early",
    "late",
    "quarantine",
)


def add_alert_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /alerts."""

    @app.get("/alerts", response_class=HTMLResponse)
    def list_alerts(kind: str = "", account: str = "", before: str = "") -> HTMLResponse:
        if kind and kind not in KINDS:
            raise ParameterInvalid(
                "there are no alerts of this kind", expected=", ".join(KINDS), actual=kind[:40]
            )
        chosen = {"kind": kind, "account": account}
        rows = index.alerts(
            kind=kind or None,
            account=parse_text("account", account),
            limit=PAGE_ROWS + 1,
            before=parse_place(before),
        )
        has_more = len(rows) > PAGE_ROWS
        last = rows[PAGE_ROWS - 1] if has_more else {}
        older = {**chosen, "before": f"{last['block']}.{last['ordinal']}"} if has_more else {}
        return renderer.page(
            "alerts.html",
            rows=rows[:PAGE_ROWS],
            kinds=KINDS,
            kind=kind,
            account=account,
            newest_href=link_page("/alerts", chosen) if before else "",
            older_href=link_page("/alerts", older) if has_more else "",
        )
