"""The first page: where the network stands, what is spent, what just happened."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from tallystick_node.explorer.charts import choose_bucket_ms, draw_bars, draw_stacked_columns
from tallystick_node.explorer.index import Index
from tallystick_node.explorer.links import link_usage
from tallystick_node.explorer.pages.accounts import with_bar
from tallystick_node.explorer.render import Renderer

LATEST = 8
TOP = 6


def add_home_page(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /."""

    @app.get("/", response_class=HTMLResponse)
    def show_home() -> HTMLResponse:
        everything = index.find_filter()
        span = index.main_span_ms(everything)
        columns = None
        if span is not None:
            bucket_ms = choose_bucket_ms(*span)
            points = index.cost_series("team", bucket_ms, everything)
            columns = draw_stacked_columns(points, *span, bucket_ms)
        by_resource = index.dearest_usage(("resource",), everything, limit=TOP)
        accounts = [with_bar(row) for row in index.directory.accounts()]
        limited = [row for row in accounts if row["limit_ucr"] is not None]
        limited.sort(key=lambda row: -(row["spent_ucr"] * 1000 // max(row["limit_ucr"], 1)))
        return renderer.page(
            "home.html",
            state=index.chain.state(),
            columns=columns,
            resources=draw_bars(
                [
                    (row["resource"], row["cost_ucr"], link_usage(resource=row["resource"]))
                    for row in by_resource
                ]
            ),
            budgets=limited[:TOP],
            batches=index.chain.batches(limit=LATEST),
            alerts=index.alerts(limit=LATEST),
        )
