"""Meters, validators and the tariff."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from tallystick_node.explorer import listings
from tallystick_node.explorer.index import Index, Row
from tallystick_node.explorer.links import link_page
from tallystick_node.explorer.render import Renderer
from tallystick_node.explorer.tables import Listing
from tallystick_node.query_parameters import parse_number, parse_time_ms

METER_RECORDS: Final = 20
TOP: Final = 10
METER_LISTS: Final = (
    (listings.LEASES, "/leases"),
    (listings.FREEZES, "/stops"),
    (listings.CORRECTIONS, "/corrections"),
)


def add_directory_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /meters, /meters/ID, /validators and /tariff."""

    @app.get("/meters", response_class=HTMLResponse)
    def list_meters() -> HTMLResponse:
        return renderer.page("meters.html", rows=index.directory.meters())

    @app.get("/meters/{meter}", response_class=HTMLResponse)
    def show_meter(meter: str) -> HTMLResponse:
        number = parse_number("meter", meter)
        known = next((row for row in index.directory.meters() if row["meter"] == number), None)
        if known is None:
            raise HTTPException(404, f"There is no meter {meter[:40]}.")
        where = index.find_filter(meter=known["name"])
        return renderer.page(
            "meter.html",
            meter=known,
            usage=index.dearest_usage((), where, limit=1)[0],
            projects=index.dearest_usage(("project",), where, limit=TOP),
            records=index.records(where, limit=METER_RECORDS),
            economy=[
                (listing, rows, link_page(path, {"meter_id": known["meter"]}))
                for listing, path in METER_LISTS
                if (rows := _read_of_meter(index, listing, known["meter"]))
            ],
        )

    @app.get("/validators", response_class=HTMLResponse)
    def list_validators() -> HTMLResponse:
        rows = index.directory.validators()
        sets = [(version, list(members)) for version, members in groupby(rows, _read_version)]
        return renderer.page("validators.html", sets=sets, state=index.chain.state())

    @app.get("/tariff", response_class=HTMLResponse)
    def show_tariff(at: str = "") -> HTMLResponse:
        state = index.chain.state()
        at_ms = parse_time_ms("at", at)
        chosen_ms = (state["block_time_s"] or 0) * 1000 if at_ms is None else at_ms
        return renderer.page(
            "tariff.html",
            at=at,
            at_ms=chosen_ms,
            tariff=index.directory.tariff(chosen_ms),
            history=index.directory.tariff_history(),
            indices=index.directory.index_history(),
            resources=index.directory.resources(),
        )


def _read_of_meter(index: Index, listing: Listing, meter: int) -> list[Row]:
    return index.rows(listing.name, where={"meter_id": str(meter)}, limit=TOP)


def _read_version(row: dict[str, int]) -> int:
    return row["set_version"]
