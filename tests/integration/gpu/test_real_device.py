"""Real devices, where this machine has any: the library answers as the fake one does."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tallystick.core.units import PPM
from tallystick.meter.gpu.devices import DevicePolicy
from tallystick.meter.gpu.nvml import NvmlSource
from tallystick.meter.gpu.nvml_library import NvmlLibrary
from tallystick.meter.gpu.processes import read_facts
from tallystick.meter.gpu.uses import Payer
from tallystick.meter.gpu.watching import SourceMemory
from tallystick.sidecar.collect.collector import read_moment

pytestmark = [pytest.mark.integration, pytest.mark.gpu]

BUSY = Path(__file__).with_name("keep_busy.py")
BUSY_S = 12.0
SAMPLES = 8
GIB = 1 << 30
KIB_PER_GIB = 1 << 20
POLICY = DevicePolicy(lambda _: "h100", lambda _: Payer("acme/app"), Payer("acme/ops"))


def clock() -> int:
    return time.time_ns() // 1_000_000


def test_device_says_what_it_is(real_nvml: NvmlLibrary) -> None:
    devices = NvmlSource(real_nvml, read_facts, POLICY, "here").read().devices
    assert devices
    for device in devices:
        assert device.uuid.startswith("GPU-")
        assert device.name
        assert device.memory_kib > KIB_PER_GIB
        assert sum(work.share_ppm for work in device.works) <= PPM


def test_work_on_a_device_is_seen_and_adds_up(real_nvml: NvmlLibrary) -> None:
    source, memory = NvmlSource(real_nvml, read_facts, POLICY, "here"), SourceMemory()
    command = [sys.executable, str(BUSY), str(BUSY_S), str(2 * GIB)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "busy\n", "the driver runs no work here"
        begun_us = read_moment(clock).steady_us
        uses = source.read().advance(memory, read_moment(clock))
        assert uses == []
        busiest, largest = 0, 0
        for _ in range(SAMPLES):
            time.sleep(1.0)
            reading = source.read()
            uses += reading.advance(memory, read_moment(clock))
            works = reading.devices[0].works
            busiest = max([busiest, *(work.share_ppm for work in works)])
            largest = max([largest, *(work.memory_kib for work in works)])
        ended_us = read_moment(clock).steady_us
        child.wait(60)
    first = source.read().devices[0].uuid
    total = sum(use.fine.get("compute_ms", 0) for use in uses if use.key.origin == first)
    assert (SAMPLES - 1) * 1_000_000 * PPM < total <= (ended_us - begun_us) * PPM
    assert busiest > PPM // 4
    if not largest:
        pytest.skip("the driver shows no processes here: is this a container of its own?")
    assert largest >= 2 * KIB_PER_GIB
    assert sum(use.energy_mj for use in uses if use.key.origin == first) > 0
