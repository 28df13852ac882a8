"""Logs of programs beside applications: JSON lines on stderr, readable words on a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import msgspec
import structlog

from tallystick.sidecar.log_lines import LogLines


def configure_logs(**context: str | int) -> None:
    """Everything this process logs carries these fields.

    Args:
        context: such as the gateway's name and the worker's number.
    """
    is_terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer()
            if is_terminal
            else structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr) if is_terminal else _gather(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**context)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _gather() -> Callable[..., LogLines]:
    lines = LogLines(sys.stderr.fileno())
    return lambda *_: lines


def _encode(line: object, **_: object) -> bytes:
    return msgspec.json.encode(line, enc_hook=str)
