"""What was proposed, appealed or offered, one page each, with everything that followed."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from tallystick_node.explorer import listings
from tallystick_node.explorer.index import Index, Row
from tallystick_node.explorer.render import Renderer
from tallystick_node.query_parameters import parse_text

MAX_VOTES: Final = 200


def add_decision_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /proposals/ID, /appeals/ID and /offers/ID."""

    @app.get("/proposals/{proposal}", response_class=HTMLResponse)
    def show_proposal(proposal: str) -> HTMLResponse:
        where = {"proposal_id": parse_text("proposal", proposal) or ""}
        return renderer.page(
            "proposal.html",
            proposal=_find_one(index, "proposals", where, f"There is no proposal {proposal[:80]}."),
            listing=listings.VOTES,
            votes=index.rows("votes", where=where, limit=MAX_VOTES),
        )

    @app.get("/appeals/{appeal}", response_class=HTMLResponse)
    def show_appeal(appeal: str) -> HTMLResponse:
        where = {"appeal": parse_text("appeal", appeal) or ""}
        return renderer.page(
            "appeal.html",
            appeal=_find_one(index, "appeals", where, f"There is no appeal {appeal[:40]}."),
            listing=listings.APPEAL_VOTES,
            votes=index.rows("appeal-votes", where=where, limit=MAX_VOTES),
        )

    @app.get("/offers/{offer}", response_class=HTMLResponse)
    def show_offer(offer: str) -> HTMLResponse:
        where = {"offer": parse_text("offer", offer) or ""}
        return renderer.page(
            "offer.html",
            offer=_find_one(index, "offers", where, f"There is no offer {offer[:40]}."),
            listing=listings.TAKES,
            takes=index.rows("takes", where=where, limit=MAX_VOTES),
        )


def _find_one(index: Index, name: str, where: dict[str, str], missing: str) -> Row:
    found = index.rows(name, where=where, limit=1)
    if not found:
        raise HTTPException(404, missing)
    return found[0]
