"""Tallystick: a permissioned ledger for AI compute.

The names of `__init__.pyi` are what programs use. Each is imported when it is first asked for, so
that a part of the package can be used without all of it.
"""

from importlib import import_module
from typing import Any

_MODULE_BY_NAME = {
    "BudgetChange": "tallystick.client",
    "Client": "tallystick.client",
    "Meter": "tallystick.client.metering.meter",
    "Period": "tallystick.client",
    "PeriodKind": "tallystick.client",
    "RecordQuery": "tallystick.client",
    "ReplayOptions": "tallystick.client",
    "TallystickLogger": "tallystick.client.metering.litellm",
    "UsageQuery": "tallystick.client",
    "format_credits": "tallystick.core.units",
    "parse_credits": "tallystick.core.units",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _MODULE_BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_BY_NAME[name]), name)
