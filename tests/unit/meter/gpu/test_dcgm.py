"""Pages of the DCGM exporter: every device counts once, whoever its rows name."""

import pytest
from tests.unit.meter.gpu.pages import read_page

from tallystick.core.units import PPM
from tallystick.meter.gpu.counters import Counted
from tallystick.meter.gpu.dcgm import NAMES, DcgmSource, read_devices
from tallystick.meter.gpu.devices import Device, DevicePolicy
from tallystick.meter.gpu.scrape import parse_page
from tallystick.meter.gpu.uses import Payer
from tallystick.meter.gpu.watching import Moment, SourceMemory

MIB = 1024
"""In KiB."""


def read(page: str, *, counts_transfer: bool = False) -> list[Device]:
    return read_devices(parse_page(page, NAMES), counts_transfer=counts_transfer)


def test_devices_of_a_page_have_pods_and_jobs() -> None:
    first, second = read(read_page("dcgm.prom"))
    assert first.uuid.startswith("GPU-0f5a")
    assert first.name == "NVIDIA H100 80GB HBM3"
    assert first.memory_kib == 81_559 * MIB
    assert first.energy == Counted(15_152_422_938)
    assert first.facts == {"device": first.uuid, "host": "node-a"}
    (work,) = first.works
    assert (work.share_ppm, work.memory_kib, work.is_estimated) == (612_500, 40_000 * MIB, False)
    assert work.facts["namespace"] == "team-a"
    assert work.facts["pod"] == "train-0"
    assert second.works[0].facts == {"slurm_job": "4711"}
    assert second.energy == Counted(1_345_789_458)


def test_share_is_estimated_when_only_kernels_were_seen() -> None:
    second = read(read_page("dcgm.prom"))[1]
    assert (second.works[0].share_ppm, second.works[0].is_estimated) == (PPM, True)


@pytest.mark.parametrize(("counts", "rate"), [(False, 0), (True, 4_000_000)])
def test_transfer_is_metered_only_when_asked_for(counts: bool, rate: int) -> None:
    first = read(read_page("dcgm.prom"), counts_transfer=counts)[0]
    assert first.transfer_bytes_per_s == rate


def test_device_counts_once_when_every_pod_shows_all_of_it() -> None:
    """Three pods at "99 %" share 99 %, not 297 %."""
    (device,) = read(read_page("dcgm-time-slicing.prom"))
    assert [work.facts["pod"] for work in device.works] == ["a-0", "b-0", "b-1"]
    assert sum(work.share_ppm for work in device.works) == 990_000
    assert sum(work.memory_kib for work in device.works) == 30_000 * MIB
    assert device.energy == Counted(900_000)
    assert all(work.is_estimated for work in device.works)


def test_instances_are_charged_as_reserved() -> None:
    (device,) = read(read_page("dcgm-mig.prom"))
    by_pod = {work.facts["pod"]: work for work in device.works}
    assert by_pod["a-0"].share_ppm == 3 * PPM // 7
    assert by_pod["b-0"].share_ppm == 2 * PPM // 7
    assert by_pod["a-0"].memory_kib == 40_448 * MIB
    assert len(by_pod) == 2, "an instance that nobody holds is idle"
    assert device.energy == Counted(257_858_316)


def test_labels_are_found_in_any_case_and_under_the_names_scrapers_give_them() -> None:
    page = read_page("dcgm.prom").replace("UUID=", "uuid=").replace("modelName=", "modelname=")
    page = page.replace("namespace=", 'namespace="gpu-operator",exported_namespace=')
    first = read(page)[0]
    assert first.works[0].facts["namespace"] == "team-a"


def test_busy_device_without_a_pod_is_somebodys() -> None:
    page = 'DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-1",modelName="NVIDIA L4"} 50\n'
    (device,) = read(page)
    assert [(work.facts, work.share_ppm) for work in device.works] == [({}, 500_000)]
    assert read(page.replace(" 50", " 0"))[0].works == []


@pytest.mark.parametrize("value", ["-5", "250"])
def test_share_stays_within_the_device(value: str) -> None:
    page = f'DCGM_FI_DEV_GPU_UTIL{{UUID="GPU-1",pod="p",namespace="n"}} {value}\n'
    assert 0 <= read(page)[0].works[0].share_ppm <= PPM


def test_rows_without_a_device_are_left_out() -> None:
    assert read('DCGM_FI_DEV_GPU_UTIL{gpu="0"} 5\n') == []


def test_source_meters_its_page() -> None:
    policy = DevicePolicy(lambda _: "h100", lambda _: Payer("acme/app"), Payer("acme/ops"))
    source = DcgmSource("http://n:9400/metrics", policy, fetch=lambda _: read_page("dcgm.prom"))
    memory = SourceMemory()
    assert source.read().advance(memory, Moment(0, 1_000_000, "b")) == []
    uses = source.read().advance(memory, Moment(1_000, 2_000_000, "b"))
    assert sum(use.fine.get("compute_ms", 0) for use in uses) == 2 * PPM * 1_000_000
