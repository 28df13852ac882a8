"""What a page of NVIDIA's DCGM exporter says of devices.

A device's value counts once, however many pods its rows name: under time-slicing every pod shows
the whole device's. Docs: docs/collect.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tallystick.core.units import PPM
from tallystick.meter.gpu.counters import Counted
from tallystick.meter.gpu.devices import Device, DevicePolicy, DevicesReading, Work
from tallystick.meter.gpu.scrape import FetchPage, Sample, fetch_page, parse_page
from tallystick.meter.gpu.shares import compute_proportional

SM_ACTIVE: Final = "dcgm_fi_prof_sm_active"
ENGINE_ACTIVE: Final = "dcgm_fi_prof_gr_engine_active"
GPU_UTIL: Final = "dcgm_fi_dev_gpu_util"
ENERGY: Final = "dcgm_fi_dev_total_energy_consumption"
MEMORY_USED: Final = "dcgm_fi_dev_fb_used"
MEMORY_PARTS: Final = (MEMORY_USED, "dcgm_fi_dev_fb_free", "dcgm_fi_dev_fb_reserved")
BUS_PARTS: Final = ("dcgm_fi_prof_pcie_tx_bytes", "dcgm_fi_prof_pcie_rx_bytes")
NAMES: Final = frozenset({SM_ACTIVE, ENGINE_ACTIVE, GPU_UTIL, ENERGY, *MEMORY_PARTS, *BUS_PARTS})
"""Lower case; values are ratios, ratios, percent, mJ, MiB, MiB, bytes per second."""

KIB_PER_MIB: Final = 1 << 10
KIB_PER_GIB: Final = 1 << 20
SLICES: Final = 7
"""Compute slices of a device that can be split into instances."""
SLICES_BY_NAME: Final = {"A30": 4}

_FACT_BY_LABEL: Final = {
    "namespace": "namespace",
    "pod": "pod",
    "pod_uid": "pod_uid",
    "container": "container",
    "hpc_job": "slurm_job",
}
_PROFILE: Final = re.compile(r"(?:(\d+)c\.)?(\d+)g\.(\d+)gb")

Sharer = tuple[tuple[str, str], ...]
"""Facts of a pod or job, in order."""


@dataclass(slots=True)
class _Rows:
    """What rows of one device, or of one instance of it, say together."""

    values: dict[str, float] = field(default_factory=dict)
    sharers: dict[Sharer, None] = field(default_factory=dict)
    profile: str = ""

    def add(self, sample: Sample) -> None:
        self.values[sample.name] = max(self.values.get(sample.name, 0.0), sample.value)
        if sharer := _read_sharer(sample.labels):
            self.sharers[sharer] = None
        self.profile = self.profile or sample.labels.get("gpu_i_profile", "")

    def memory_kib(self, names: Iterable[str]) -> int:
        return sum(int(self.values.get(name, 0.0) * KIB_PER_MIB) for name in names)


@dataclass(slots=True)
class _DeviceRows:
    name: str = ""
    host: str = ""
    whole: _Rows = field(default_factory=_Rows)
    instances: dict[str, _Rows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DcgmSource:
    """An exporter, read over HTTP.

    Args:
        url: of its page, such as http://node:9400/metrics.
        policy: who pays.
        counts_transfer: whether traffic over the bus is metered.
        fetch: reads pages.
    """

    url: str
    policy: DevicePolicy
    counts_transfer: bool = False
    fetch: FetchPage = fetch_page

    @property
    def name(self) -> str:
        """As in `watching.Source`."""
        return f"dcgm {self.url}"

    def read(self) -> DevicesReading:
        """As in `watching.Source`."""
        samples = parse_page(self.fetch(self.url), NAMES)
        devices = read_devices(samples, counts_transfer=self.counts_transfer)
        return DevicesReading(devices, self.policy)


def read_devices(samples: Iterable[Sample], *, counts_transfer: bool = False) -> list[Device]:
    """The devices of a page, in its order; rows that name none are left out.

    Args:
        samples: with names and label names in lower case.
        counts_transfer: whether traffic over the bus is metered.
    """
    rows_by_uuid: dict[str, _DeviceRows] = {}
    for sample in samples:
        labels = sample.labels
        if uuid := labels.get("uuid", ""):
            rows = rows_by_uuid.setdefault(uuid, _DeviceRows())
            rows.name = rows.name or labels.get("modelname", "")
            rows.host = rows.host or labels.get("hostname", "")
            instance = labels.get("gpu_i_id", "")
            part = rows.instances.setdefault(instance, _Rows()) if instance else rows.whole
            part.add(sample)
            if instance and sample.name in (ENERGY, *BUS_PARTS):
                rows.whole.add(Sample(sample.name, {}, sample.value))
    return [
        _build_device(uuid, rows, counts_transfer=counts_transfer)
        for uuid, rows in rows_by_uuid.items()
    ]


def _build_device(uuid: str, rows: _DeviceRows, *, counts_transfer: bool) -> Device:
    whole = rows.whole
    energy = whole.values.get(ENERGY)
    moved = sum(int(whole.values.get(name, 0.0)) for name in BUS_PARTS) if counts_transfer else 0
    instances_kib = sum(part.memory_kib(MEMORY_PARTS) for part in rows.instances.values())
    return Device(
        uuid,
        rows.name,
        memory_kib=whole.memory_kib(MEMORY_PARTS) or instances_kib,
        energy=Counted(int(energy)) if energy is not None and energy >= 0 else None,
        works=_list_reserved(rows) if rows.instances else _list_sharing(whole),
        transfer_bytes_per_s=max(moved, 0),
        facts={"device": uuid, "host": rows.host},
    )


def _list_sharing(rows: _Rows) -> Sequence[Work]:
    """Everybody on a device that is not split: nobody can tell them apart, so all get the same."""
    share_ppm, is_exact = _read_activity(rows.values)
    used_kib = max(rows.memory_kib([MEMORY_USED]), 0)
    sharers = list(rows.sharers) or ([()] if share_ppm or used_kib else [])
    return _share_out(sharers, share_ppm, used_kib, is_estimated=len(sharers) > 1 or not is_exact)


def _list_reserved(rows: _DeviceRows) -> Sequence[Work]:
    """Whoever holds an instance has that part of the device, busy or not."""
    slices = next((n for name, n in SLICES_BY_NAME.items() if name in rows.name), SLICES)
    works: list[Work] = []
    for part in rows.instances.values():
        profile = _PROFILE.fullmatch(part.profile)
        if profile is None:
            continue
        share_ppm = min(int(profile[2]), slices) * PPM // slices
        memory_kib = part.memory_kib(MEMORY_PARTS) or int(profile[3]) * KIB_PER_GIB
        sharers = list(part.sharers)
        works += _share_out(sharers, share_ppm, memory_kib, is_estimated=len(sharers) > 1)
    return works


def _share_out(
    sharers: Sequence[Sharer], share_ppm: int, memory_kib: int, *, is_estimated: bool
) -> list[Work]:
    even = dict.fromkeys(sharers, 1)
    shares = compute_proportional(share_ppm, even)
    memory = compute_proportional(memory_kib, even)
    return [
        Work(dict(sharer), shares[sharer], memory[sharer], is_estimated=is_estimated)
        for sharer in sharers
    ]


def _read_activity(values: Mapping[str, float]) -> tuple[int, bool]:
    """How busy a device was in ppm, and whether that is more than "some kernel ran"."""
    for name, ppm_per_unit, is_exact in (
        (SM_ACTIVE, PPM, True),
        (ENGINE_ACTIVE, PPM, True),
        (GPU_UTIL, PPM // 100, False),
    ):
        if name in values:
            return min(max(round(values[name] * ppm_per_unit), 0), PPM), is_exact
    return 0, True


def _read_sharer(labels: Mapping[str, str]) -> Sharer:
    """The pod or job of a row; where a scraper had to rename the exporter's labels, those."""
    found = {
        fact: labels.get(f"exported_{label}") or labels.get(label, "")
        for label, fact in _FACT_BY_LABEL.items()
    }
    return tuple((fact, value) for fact, value in found.items() if value)
