"""What can be wrong with metering from inside an application."""

from __future__ import annotations

from tallystick.core.errors import FatalFailure, InvalidInput


class ProjectMissing(InvalidInput):
    """Nothing says which project use is billed to."""

    code = "project_missing"


class ResourceMissing(InvalidInput):
    """Nothing says which resource use is recorded as."""

    code = "resource_missing"


class ProjectForeign(InvalidInput):
    """The meter's account lies elsewhere: validators would refuse what it records there."""

    code = "project_foreign"
    http_status = 403


class BasisMismatch(InvalidInput):
    """Use of a kind that its resource is not charged by would cost nothing."""

    code = "basis_mismatch"


class ClientUnsupported(InvalidInput):
    """The object is no client that can be wrapped."""

    code = "client_unsupported"


class MeterClosed(FatalFailure):
    """The meter was closed, or belongs to the process that this one was forked from."""

    code = "meter_closed"
