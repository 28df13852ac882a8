"""What can go wrong between a program beside applications and the network it records for."""

from __future__ import annotations

from tallystick.client.errors import NameUnknown
from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure


class ProjectNotBillable(InvalidInput):
    """Records of this account would be quarantined: it is no project, inactive, or out of reach."""

    code = "project_not_billable"


class MeterNameTaken(InvalidInput):
    """The folder's meter of this name belongs to another organisation or network."""

    code = "meter_name_taken"
    http_status = 409


class ConfigInvalid(InvalidInput):
    """A program's configuration is no YAML, or says what cannot be."""

    code = "config_invalid"


class KeyExists(InvalidInput):
    """The gateway has a key of this name with other properties."""

    code = "key_exists"
    http_status = 409


class KeyNameUnknown(NameUnknown):
    """The gateway has no key of this name."""

    code = "key_name_unknown"


class ExtraMissing(InvalidInput):
    """A program needs packages that an installation without its extra lacks."""

    code = "extra_missing"


class WorkersFailing(FatalFailure):
    """A gateway's workers end again and again right after their start."""

    code = "workers_failing"


class GatewayRunning(TemporaryFailure):
    """Another program runs a gateway of this name in this folder."""

    code = "gateway_running"


class CommandNotFound(InvalidInput):
    """A job's command cannot be started."""

    code = "command_not_found"


class JobsFull(TemporaryFailure):
    """More jobs run at once from one folder than there may be meters for."""

    code = "jobs_full"
