"""Records: lists of them, what is quarantined, and one page for each."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from tallystick_node.explorer.index import Index, Place, Row
from tallystick_node.explorer.links import link_page
from tallystick_node.explorer.render import Renderer
from tallystick_node.query_parameters import (
    parse_number,
    parse_place,
    parse_text,
    parse_time_ms,
    parse_user,
)

PAGE_ROWS: Final = 50

FIELDS: Final = (
    ("time_ms", "Unix ms, end of the call"),
    ("project", "the account that is billed"),
    ("user", "pseudonym inside the organisation, zero = not recorded"),
    ("resource", "model, variant or GPU type"),
    ("flags", "what the meter says about the record"),
    ("in_fresh", "tokens read uncached"),
    ("in_cached", "tokens read from cache"),
    ("in_written", "tokens written to cache"),
    ("out_visible", "tokens produced and shown"),
    ("out_reasoning", "tokens produced and hidden"),
    ("compute_ms", "GPU-milliseconds"),
    ("memory_gib_s", "GiB-seconds of accelerator memory"),
    ("transfer_kib", "KiB moved"),
    ("step", "position in a workflow, zero = none"),
    ("cost_ucr", "micro-credits, filled in by the validators"),
)


def add_record_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /records, /quarantine and /records/METER/SEQ."""

    @app.get("/records", response_class=HTMLResponse)
    def list_records(
        project: str = "",
        resource: str = "",
        user: str = "",
        meter: str = "",
        since: str = "",
        until: str = "",
        before: str = "",
    ) -> HTMLResponse:
        chosen = {
            "project": project, "resource": resource, "user": user, "meter": meter,
            "since": since, "until": until,
        }  # fmt: skip
        where = index.find_filter(
            under=parse_text("project", project),
            resource=parse_text("resource", resource),
            meter=parse_text("meter", meter),
            user=parse_user(user),
            since_ms=parse_time_ms("since", since),
            until_ms=parse_time_ms("until", until),
        )
        rows = index.records(where, limit=PAGE_ROWS + 1, before=parse_place(before))
        return renderer.page(
            "records.html",
            rows=rows[:PAGE_ROWS],
            chosen={name: value for name, value in chosen.items() if value},
            newest_href=link_page("/records", chosen) if before else "",
            older_href=_link_older("/records", rows, chosen),
        )

    @app.get("/quarantine", response_class=HTMLResponse)
    def list_quarantine(project: str = "", before: str = "") -> HTMLResponse:
        where = index.find_filter(under=parse_text("project", project), quarantined=True)
        rows = index.records(where, limit=PAGE_ROWS + 1, before=parse_place(before))
        chosen = {"project": project}
        return renderer.page(
            "quarantine.html",
            rows=rows[:PAGE_ROWS],
            state=index.chain.state(),
            newest_href=link_page("/quarantine", chosen) if before else "",
            older_href=_link_older("/quarantine", rows, chosen),
        )

    @app.get("/records/{meter}/{seq}", response_class=HTMLResponse)
    def show_record(meter: str, seq: str) -> HTMLResponse:
        record = index.record(
            parse_number("meter", meter) or 0, parse_number("sequence number", seq) or 0
        )
        if record is None:
            raise HTTPException(404, f"No record {seq} of meter {meter} has settled.")
        segments = index.chain.segments(record["batch"])
        return renderer.page(
            "record.html",
            record=record,
            fields=FIELDS,
            derived=_derive(record),
            explanation=index.explain_record(record),
            batch=index.chain.batch(record["batch"]),
            segment=next(row for row in segments if _holds(row, record)),
            attestations=index.chain.attestations(record["batch"]),
        )


def _link_older(path: str, rows: list[Row], chosen: dict[str, str]) -> str:
    """The next page's address, empty where this is the last."""
    if len(rows) <= PAGE_ROWS:
        return ""
    last: Place = (rows[PAGE_ROWS - 1]["batch"], rows[PAGE_ROWS - 1]["position"])
    return link_page(path, {**chosen, "before": f"{last[0]}.{last[1]}"})


def _holds(segment: Row, record: Row) -> bool:
    start: int = segment["start"]
    position: int = record["position"]
    return start <= position < start + int(segment["count"])


def _derive(record: Row) -> Row:
    """Totals as providers report them; the five token fields are disjoint."""
    tokens_in = record["in_fresh"] + record["in_cached"] + record["in_written"]
    tokens_out = record["out_visible"] + record["out_reasoning"]
    return {"in": tokens_in, "out": tokens_out, "context": tokens_in + tokens_out}
