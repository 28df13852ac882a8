"""What can go wrong between a device and its records."""

from __future__ import annotations

from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure


class NvmlUnavailable(TemporaryFailure):
    """NVIDIA's management library, its driver or the devices cannot be asked."""

    code = "nvml_unavailable"


class ScrapeFailed(TemporaryFailure):
    """An exporter did not answer, or not with a page of metrics."""

    code = "scrape_failed"


class ScrapeMalformed(TemporaryFailure):
    """A page of metrics is too large, or no Prometheus text."""

    code = "scrape_malformed"


class GpuTypeUnknown(InvalidInput):
    """No resource is known for what a device calls itself."""

    code = "gpu_type_unknown"


class BasisConflict(InvalidInput):
    """A resource is charged by one basis and would be metered by the other."""

    code = "basis_conflict"


class CollectorBusy(TemporaryFailure):
    """Another collector meters this machine's devices from the same folder."""

    code = "collector_busy"


class CollectorStateCorrupt(FatalFailure):
    """What a collector remembers between runs cannot be read."""

    code = "collector_state_corrupt"


class CollectorStateUnsaved(TemporaryFailure):
    """What a collector remembers cannot be written; nothing is recorded until it can."""

    code = "collector_state_unsaved"
    http_status = 507
