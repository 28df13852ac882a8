"""What can go wrong between a program beside applications and the network it records for."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class ProjectNotBillable(InvalidInput):
    """Records of this account would be quarantined: it is no project, inactive, or out of reach."""

    code = "project_not_billable"


class MeterNameTaken(InvalidInput):
    """The folder's meter of this name belongs to another organisation or network."""

    code = "meter_name_taken"
    http_status = 409
