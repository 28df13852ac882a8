"""Logs: one JSON object a line on stdout, readable words on a terminal."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(name: str) -> None:
    """Everything this process logs carries the validator's name.

    Args:
        name: the validator's.
    """
    renderer = (
        structlog.dev.ConsoleRenderer()
        if sys.stdout.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(validator=name)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
