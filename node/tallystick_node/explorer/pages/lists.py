"""Pages of one list each, with what belongs beside it; all parameters are columns of the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from tallystick_node.explorer import listings
from tallystick_node.explorer.index import Index, Row
from tallystick_node.explorer.links import link_page
from tallystick_node.explorer.render import Renderer
from tallystick_node.explorer.tables import Listing
from tallystick_node.query_parameters import parse_place, parse_text

PAGE_ROWS: Final = 50
BESIDE_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """A shorter list under the page's own.

    `where` narrows it; `filters` are parameters of the page that narrow it, too.
    """

    listing: Listing
    where: tuple[tuple[str, str], ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page: its address, its name in the navigation, its list, and what stands beside."""

    path: str
    section: str
    listing: Listing
    beside: tuple[Beside, ...] = ()


PAGES: Final = (
    ListPage("/leases", "Leases", listings.LEASES),
    ListPage(
        "/epochs",
        "Epochs",
        listings.EPOCHS,
        (
            Beside(listings.CUTS, (("is_closed", "false"),), ("epoch",)),
            Beside(listings.TERMS),
            Beside(listings.ENROLMENTS),
        ),
    ),
    ListPage(
        "/outcomes",
        "Outcomes",
        listings.OUTCOMES,
        (Beside(listings.KINDS), Beside(listings.CONFIRMERS)),
    ),
    ListPage("/reviews", "Reviews", listings.REVIEWS),
    ListPage("/experiments", "Experiments", listings.EXPERIMENTS),
    ListPage("/plans", "Plans", listings.PLANS, (Beside(listings.INVOICES),)),
    ListPage("/offers", "Offers", listings.OFFERS, (Beside(listings.TAKES),)),
    ListPage("/quotes", "Quotes", listings.QUOTES),
    ListPage(
        "/providers",
        "Providers",
        listings.PROVIDERS,
        (Beside(listings.DEPOSITS, filters=("provider",)),),
    ),
    ListPage("/conversions", "Conversions", listings.CONVERSIONS),
    ListPage("/redemptions", "Redemptions", listings.REDEMPTIONS),
    ListPage(
        "/index", "Price index", listings.INDEX, (Beside(listings.REPORTS, filters=("epoch",)),)
    ),
    ListPage("/proposals", "Proposals", listings.PROPOSALS),
    ListPage("/appeals", "Appeals", listings.APPEALS),
    ListPage("/seats", "Seats", listings.SEATS),
    ListPage(
        "/stops",
        "Stops",
        listings.FREEZES,
        (Beside(listings.CLOSURES), Beside(listings.SUSPENSIONS)),
    ),
    ListPage("/corrections", "Corrections", listings.CORRECTIONS),
)


def add_list_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /leases, /epochs and so on."""
    for page in PAGES:
        _add_page(app, index, renderer, page)


def _add_page(app: FastAPI, index: Index, renderer: Renderer, page: ListPage) -> None:
    @app.get(page.path, response_class=HTMLResponse, name=page.path)
    def show_list(request: Request) -> HTMLResponse:
        given = {
            name: parse_text(name, value) or "" for name, value in request.query_params.items()
        }
        before = parse_place(given.pop("before", None))
        chosen = {name: value for name, value in given.items() if value}
        account = chosen.get("account")
        where = {name: value for name, value in chosen.items() if name != "account"}
        rows = index.rows(
            page.listing.name, account=account, where=where, limit=PAGE_ROWS + 1, before=before
        )
        beside = [(each.listing, _read_beside(index, each, chosen)) for each in page.beside]
        return renderer.page(
            "list.html",
            section=page.section,
            path=page.path,
            listing=page.listing,
            rows=rows[:PAGE_ROWS],
            chosen=chosen,
            state=chosen.get("state", ""),
            all_href=link_page(page.path, {**chosen, "state": ""}),
            state_hrefs=[
                (state, link_page(page.path, {**chosen, "state": state}))
                for state in page.listing.states
            ],
            newest_href=link_page(page.path, chosen) if before else "",
            older_href=_link_older(page.path, rows, chosen),
            beside=[] if before else beside,
        )


def _read_beside(index: Index, beside: Beside, chosen: dict[str, str]) -> list[Row]:
    narrowed = {name: chosen[name] for name in beside.filters if name in chosen}
    return index.rows(
        beside.listing.name,
        account=chosen.get("account"),
        where={**dict(beside.where), **narrowed},
        limit=BESIDE_ROWS,
    )


def _link_older(path: str, rows: list[Row], chosen: dict[str, str]) -> str:
    """The next page's address, empty where this is the last."""
    if len(rows) <= PAGE_ROWS:
        return ""
    last = rows[PAGE_ROWS - 1]
    return link_page(path, {**chosen, "before": f"{last['block']}.{last['ordinal']}"})
