"""The explorer as an application of its own, mounted behind the node's API."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from tallystick.core.errors import InvalidInput
from tallystick_node.explorer.index import Index
from tallystick_node.explorer.pages.accounts import add_account_pages
from tallystick_node.explorer.pages.alerts import add_alert_pages
from tallystick_node.explorer.pages.batches import add_batch_pages
from tallystick_node.explorer.pages.chain import add_chain_pages
from tallystick_node.explorer.pages.decisions import add_decision_pages
from tallystick_node.explorer.pages.directory import add_directory_pages
from tallystick_node.explorer.pages.home import add_home_page
from tallystick_node.explorer.pages.lists import add_list_pages
from tallystick_node.explorer.pages.records import add_record_pages
from tallystick_node.explorer.pages.search import add_search_pages
from tallystick_node.explorer.pages.usage import add_usage_page
from tallystick_node.explorer.render import Renderer, find_assets

NOT_FOUND: Final = 404
BAD_REQUEST: Final = 400


def create_explorer(index: Index, network_name: str) -> FastAPI:
    """Every page of the explorer, read from the index and nothing else.

    Args:
        index: what the pages show.
        network_name: shown in their head.
    """
    app = FastAPI(title="Tallystick explorer", docs_url=None, redoc_url=None, openapi_url=None)
    renderer = Renderer(network_name)
    app.mount("/assets", StaticFiles(directory=find_assets()), name="assets")
    for add_pages in (
        add_home_page,
        add_usage_page,
        add_record_pages,
        add_batch_pages,
        add_account_pages,
        add_directory_pages,
        add_chain_pages,
        add_list_pages,
        add_decision_pages,
        add_alert_pages,
        add_search_pages,
    ):
        add_pages(app, index, renderer)
    _add_error_pages(app, renderer)
    return app


def _add_error_pages(app: FastAPI, renderer: Renderer) -> None:
    """What cannot be shown is said in words, as a page."""

    def answer(status: int, title: str, message: str, detail: str | None = None) -> HTMLResponse:
        return renderer.page(
            "error.html", status=status, title=title, message=message, detail=detail
        )

    @app.exception_handler(HTTPException)
    def answer_http(_: Request, error: HTTPException) -> HTMLResponse:
        if error.status_code == NOT_FOUND:
            message = "" if error.detail == "Not Found" else str(error.detail)
            return answer(NOT_FOUND, "Not here", message or "There is no page at this address.")
        return answer(error.status_code, "Not possible", str(error.detail))

    @app.exception_handler(InvalidInput)
    def answer_invalid(_: Request, error: InvalidInput) -> HTMLResponse:
        detail = None if error.expected is None else f"Expected: {error.expected}."
        message = f"{error.message[:1].upper()}{error.message[1:]}"
        if error.actual is not None:
            message += f": {error.actual}"
        return answer(BAD_REQUEST, "That cannot be asked", f"{message}.", detail)

    @app.exception_handler(RequestValidationError)
    def answer_malformed(_: Request, error: RequestValidationError) -> HTMLResponse:
        first = error.errors()[0]
        return answer(BAD_REQUEST, "That cannot be asked", f"{first['loc'][-1]}: {first['msg']}.")
