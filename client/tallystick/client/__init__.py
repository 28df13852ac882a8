"""The network as a library: what the command line does, for programs."""

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
