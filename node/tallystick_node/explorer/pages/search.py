"""The search, and how to check everything without trusting this page."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tallystick_node.explorer.index import Index
from tallystick_node.explorer.links import link_found, link_usage
from tallystick_node.explorer.render import Renderer
from tallystick_node.query_parameters import parse_text, parse_user

USER_TEXT: Final = len("0x0123456789abcdef")
SEE_OTHER: Final = 303


def add_search_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /search and /verify."""

    @app.get("/search", response_class=HTMLResponse)
    def search(q: str = "") -> Response:
        text = parse_text("q", q) or ""
        if text.lower().startswith("0x") and len(text) == USER_TEXT:
            parse_user(text)
            return RedirectResponse(link_usage(by="project", user=text), SEE_OTHER)
        found = index.chain.search(text) if text else []
        rows = [{**row, "href": link_found(row["kind"], row["key"])} for row in found]
        if len(rows) == 1:
            return RedirectResponse(rows[0]["href"], SEE_OTHER)
        return renderer.page("search.html", text=text, rows=rows)

    @app.get("/verify", response_class=HTMLResponse)
    def show_verification() -> HTMLResponse:
        return renderer.page("verify.html", state=index.chain.state())
