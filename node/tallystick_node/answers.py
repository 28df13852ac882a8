"""Errors as answers: every refusal is a JSON document with a stable code."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tallystick.core.errors import TallystickError, TemporaryFailure

DEFAULT_RETRY_S = 1

log = structlog.get_logger(__name__)


def answer_error(error: TallystickError, **more: object) -> JSONResponse:
    """The error as an answer; a temporary one says when to try again.

    Args:
        error: its status, code and words are used.
        more: further fields of the document.
    """
    headers = {}
    if isinstance(error, TemporaryFailure):
        headers["Retry-After"] = str(getattr(error, "retry_after_s", DEFAULT_RETRY_S))
    return JSONResponse({**error.as_dict(), **more}, error.http_status, headers)


def install_error_answers(app: FastAPI) -> None:
    """Whatever a route raises is answered as a document with a code."""

    @app.exception_handler(TallystickError)
    async def answer_ours(_: Request, error: TallystickError) -> JSONResponse:
        return answer_error(error)

    @app.exception_handler(HTTPException)
    async def answer_http(_: Request, error: HTTPException) -> JSONResponse:
        codes = {404: "not_found", 405: "method_not_allowed"}
        code = codes.get(error.status_code, "request_refused")
        return _answer(error.status_code, code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return _answer(422, "parameter_invalid", f"{first['loc'][-1]}: {first['msg']}")

    @app.exception_handler(Exception)
    async def answer_defect(request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return _answer(500, "internal_error", "this is a defect of the validator, see its log")


def _answer(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse(
        {"code": code, "message": message, "expected": None, "actual": None}, status
    )
