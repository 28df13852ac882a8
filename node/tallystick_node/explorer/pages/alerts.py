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
GROUPS: Final = {
    "budgets": ("soft_threshold", "frozen", "unfrozen", "overdraft"),
    "records": ("early", "late", "quarantine", "record_released", "record_credited"),
    "replenishment": (
        "outcome_disputed",
        "review_opened",
        "grant_cut",
        "appeal_filed",
        "appeal_resolved",
    ),
    "markets": (
        "inventory_low",
        "redemption_overdue",
        "index_clamped",
        "index_held",
        "index_refused",
    ),
    "governance": (
        "proposal_created",
        "proposal_queued",
        "proposal_executed",
        "meter_paused",
        "meter_frozen",
        "meter_unfrozen",
        "key_suspended",
        "contract_closed",
        "validator_set_changed",
    ),
}
KINDS: Final = tuple(kind for kinds in GROUPS.values() for kind in kinds)


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
            alert_groups=GROUPS,
            kind=kind,
            account=account,
            newest_href=link_page("/alerts", chosen) if before else "",
            older_href=link_page("/alerts", older) if has_more else "",
        )
