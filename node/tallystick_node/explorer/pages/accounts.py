"""Accounts: the tree with its budgets, and one page for each account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from tallystick_node.explorer import listings
from tallystick_node.explorer.charts import (
    choose_bucket_ms,
    draw_bars,
    draw_budget,
    draw_stacked_columns,
)
from tallystick_node.explorer.index import Index, Row
from tallystick_node.explorer.links import link_page, link_usage
from tallystick_node.explorer.pages.lists import PAGES
from tallystick_node.explorer.render import Renderer
from tallystick_node.explorer.tables import Listing

TOP: Final = 8
ALERT_ROWS: Final = 10
NO_USER: Final = "0x0000000000000000"
ECONOMY_ROWS: Final = 5
ON_ACCOUNT: Final = (listings.LEASES, listings.EPOCHS, listings.APPEALS, listings.OFFERS)
BY_ACCOUNT: Final = (
    *ON_ACCOUNT,
    listings.OUTCOMES,
    listings.REVIEWS,
    listings.EXPERIMENTS,
    listings.PLANS,
    listings.QUOTES,
    listings.CONVERSIONS,
    listings.REDEMPTIONS,
    listings.CORRECTIONS,
)


def add_account_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /accounts and /accounts/PATH."""

    @app.get("/accounts", response_class=HTMLResponse)
    def list_accounts() -> HTMLResponse:
        everything = index.find_filter()
        spent = {
            row["account"]: row
            for row in index.dearest_usage(("account",), everything, limit=10**6)
        }
        rows = [
            {**with_bar(row), "usage": spent.get(row["path"])} for row in index.directory.accounts()
        ]
        return renderer.page("accounts.html", rows=rows)

    @app.get("/accounts/{path:path}", response_class=HTMLResponse)
    def show_account(path: str) -> HTMLResponse:
        accounts = index.directory.accounts()
        account = next((row for row in accounts if row["path"] == path), None)
        if account is None:
            raise HTTPException(404, f"There is no account {path[:80]}.")
        where = index.find_filter(under=path)
        span = index.main_span_ms(where)
        columns = None
        if span is not None:
            bucket_ms = choose_bucket_ms(*span)
            points = index.cost_series("resource", bucket_ms, where)
            columns = draw_stacked_columns(points, *span, bucket_ms)
        return renderer.page(
            "account.html",
            account=with_bar(account),
            crumbs=_list_crumbs(path),
            children=[with_bar(row) for row in accounts if row["parent"] == account["account"]],
            usage=index.dearest_usage((), where, limit=1)[0],
            columns=columns,
            users=draw_bars(
                [
                    (
                        "not recorded" if row["user"] == NO_USER else row["user"],
                        row["cost_ucr"],
                        link_usage(under=path, user=row["user"]),
                    )
                    for row in index.dearest_usage(("user",), where, limit=TOP)
                ]
            ),
            meters=[row for row in index.directory.meters() if row["account_path"] == path],
            alerts=index.alerts(account=path, limit=ALERT_ROWS),
            economy=list(_list_economy(index, path)),
            links=[
                (link_page(each.path, {"account": path}), each.section)
                for each in PAGES
                if each.listing in BY_ACCOUNT
            ],
        )


def _list_economy(index: Index, path: str) -> Iterator[tuple[Listing, list[Row], str]]:
    """What the account's economy did last, as far as it did anything: list, rows, page."""
    for page in PAGES:
        if page.listing in ON_ACCOUNT:
            rows = index.rows(page.listing.name, account=path, limit=ECONOMY_ROWS)
            if rows:
                yield page.listing, rows, link_page(page.path, {"account": path})


def with_bar(account: Row) -> Row:
    """The account with its budget as a bar; None without a limit."""
    if account["limit_ucr"] is None:
        return {**account, "bar": None}
    soft_ppm = account["soft_ppm"] or 0
    return {**account, "bar": draw_budget(account["spent_ucr"], account["limit_ucr"], soft_ppm)}


def _list_crumbs(path: str) -> list[tuple[str, str]]:
    """(name, path) of every account above and of the account itself."""
    names = path.split("/")
    return [(name, "/".join(names[: place + 1])) for place, name in enumerate(names)]
