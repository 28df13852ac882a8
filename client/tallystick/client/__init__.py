"""The network as a library: what the command line does, for programs.

Each name is imported when it is first asked for: most programs need few of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tallystick.client.budgets import BudgetChange, BudgetView, Period, PeriodKind
    from tallystick.client.facade import Client
    from tallystick.client.outcomes import Outcomes
    from tallystick.client.reads import RecordQuery, UsageQuery
    from tallystick.client.replay import ReplayReport
    from tallystick.client.replay_options import ReplayOptions
    from tallystick.client.submission import OpenMeter

__all__ = [
    "BudgetChange",
    "BudgetView",
    "Client",
    "OpenMeter",
    "Outcomes",
    "Period",
    "PeriodKind",
    "RecordQuery",
    "ReplayOptions",
    "ReplayReport",
    "UsageQuery",
]

_MODULE_BY_NAME = {
    "BudgetChange": "budgets",
    "BudgetView": "budgets",
    "Client": "facade",
    "OpenMeter": "submission",
    "Outcomes": "outcomes",
    "Period": "budgets",
    "PeriodKind": "budgets",
    "RecordQuery": "reads",
    "ReplayOptions": "replay_options",
    "ReplayReport": "replay",
    "UsageQuery": "reads",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _MODULE_BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_BY_NAME[name]}"), name)
