"""Our own errors, in the shape that the client's library knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from tallystick.core.errors import TallystickError, TemporaryFailure
from tallystick.meter.admission.errors import BudgetExhausted
from tallystick.meter.parse.dialects import Dialect

_JSON: Final = "application/json"
_SOON_S: Final = 1
_LONGEST_RETRY_S: Final = 60
"""The official clients of OpenAI and Anthropic wait no longer between two attempts."""


def create_refusal(dialect: Dialect, error: TallystickError, now_ms: int) -> web.Response:
    """The answer to a call that was not relayed, or whose answer cannot be passed on.

    Args:
        dialect: what the client speaks.
        error: ours.
        now_ms: Unix ms, for Retry-After.
    """
    details = _list_details(error)
    body = dialect.format_refusal(error.http_status, error.code, str(error), details)
    headers = {"Content-Type": _JSON, "x-tallystick-error": error.code}
    if isinstance(error, BudgetExhausted):
        headers |= _create_budget_headers(error, now_ms)
    elif isinstance(error, TemporaryFailure):
        headers["Retry-After"] = str(_SOON_S)
    return web.Response(status=error.http_status, body=body, headers=headers)


def _create_budget_headers(error: BudgetExhausted, now_ms: int) -> dict[str, str]:
    """What is left, and whether waiting helps; no client repeats a call that no time heals."""
    headers = {
        "x-tallystick-remaining-ucr": str(error.remaining_ucr),
        "x-tallystick-needed-ucr": str(error.needed_ucr),
    }
    wait_s = None
    if error.reset_ms is not None:
        wait_s = max(-(-(error.reset_ms - now_ms) // 1000), _SOON_S)
        headers["Retry-After"] = str(wait_s)
        headers["x-tallystick-reset"] = _format_time(error.reset_ms)
    if wait_s is None or wait_s > _LONGEST_RETRY_S:
        headers["x-should-retry"] = "false"
    return headers


def _list_details(error: TallystickError) -> dict[str, int | str]:
    details: dict[str, int | str] = {}
    for name in ("expected", "actual"):
        if (value := getattr(error, name)) is not None:
            details[name] = value
    if isinstance(error, BudgetExhausted):
        details |= {
            "why": str(error.why),
            "account": error.account,
            "remaining_ucr": error.remaining_ucr,
            "needed_ucr": error.needed_ucr,
        }
        if error.reset_ms is not None:
            details["reset_ms"] = error.reset_ms
    return details


def _format_time(time_ms: int) -> str:
    """RFC 3339, in UTC, to the second."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
