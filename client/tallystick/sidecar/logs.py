"""Logs of programs beside applications: JSON lines on stderr, readable words on a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import msgspec
import structlog
from structlog.typing import Processor

from tallystick.sidecar.log_lines import LogLines


def configure_logs(*, gathers: bool = False, **context: str | int) -> None:
    """Everything this process logs carries these fields.

    Args:
        gathers: lines are written a few times a second: for programs that log thousands of them.
        context: such as the gateway's name and the worker's number.
    """
    is_terminal = sys.stderr.isatty()
    factory: Callable[..., object] = structlog.PrintLoggerFactory(sys.stderr)
    render: Processor = structlog.processors.JSONRenderer()
    if is_terminal:
        render = structlog.dev.ConsoleRenderer()
    elif gathers:
        lines = LogLines(sys.stderr.fileno())
        factory, render = lambda *_: lines, structlog.processors.JSONRenderer(serializer=_encode)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**context)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _encode(line: object, **_: object) -> bytes:
    return msgspec.json.encode(line, enc_hook=str)
