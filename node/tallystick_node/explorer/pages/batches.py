"""Batches: what was settled together, who attested it, and what it holds."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from tallystick_node.explorer.charts import draw_bars
from tallystick_node.explorer.index import Index
from tallystick_node.explorer.links import link_page
from tallystick_node.explorer.render import Renderer
from tallystick_node.query_parameters import parse_number

PAGE_ROWS: Final = 40
RECORD_ROWS: Final = 50
CHARTED: Final = 40
END: Final = 2**62
SKIP_ROWS: Final = 10


def add_batch_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /batches and /batches/NUMBER."""

    @app.get("/batches", response_class=HTMLResponse)
    def list_batches(before: str = "") -> HTMLResponse:
        start = parse_number("before", before)
        rows = index.chain.batches(limit=PAGE_ROWS + 1, before=END if start is None else start)
        shown = rows[:PAGE_ROWS]
        sizes = [
            (f"batch {row['number']}", row["records"], f"/batches/{row['number']}")
            for row in reversed(shown)
        ]
        has_more = len(rows) > PAGE_ROWS
        older = {"before": shown[-1]["number"]} if has_more else {}
        return renderer.page(
            "batches.html",
            rows=shown,
            sizes=draw_bars(sizes[-CHARTED:]),
            skips=index.chain.skips(limit=SKIP_ROWS) if start is None else [],
            newest_href="/batches" if before else "",
            older_href=link_page("/batches", older) if has_more else "",
        )

    @app.get("/batches/{number}", response_class=HTMLResponse)
    def show_batch(number: str, first: str = "") -> HTMLResponse:
        batch_number = parse_number("batch number", number) or 0
        batch = index.chain.batch(batch_number)
        if batch is None:
            raise HTTPException(404, f"No batch {number} has settled.")
        start = parse_number("first", first) or 0
        records = index.batch_records(batch_number, limit=RECORD_ROWS + 1, first=start)
        has_more = len(records) > RECORD_ROWS
        following = records[RECORD_ROWS]["position"] if has_more else None
        return renderer.page(
            "batch.html",
            batch=batch,
            segments=index.chain.segments(batch_number),
            attestations=index.chain.attestations(batch_number),
            records=records[:RECORD_ROWS],
            first_href=f"/batches/{batch_number}" if start else "",
            next_href=link_page(f"/batches/{batch_number}", {"first": following})
            if has_more
            else "",
        )
