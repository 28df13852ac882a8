"""This machine's devices, process by process, through a library that answers like the real one."""

import inspect
from typing import cast

import pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.gpu.fake_nvml import Card, FakeNvml, Instance, Process, Sampled

from tallystick.core.units import PPM
from tallystick.meter.gpu import nvml_library
from tallystick.meter.gpu.attribution import Facts
from tallystick.meter.gpu.counters import Counted
from tallystick.meter.gpu.devices import Device, DevicePolicy
from tallystick.meter.gpu.errors import NvmlUnavailable
from tallystick.meter.gpu.nvml import NvmlSource, compute_mean_shares, opened_nvml
from tallystick.meter.gpu.nvml_library import NvmlLibrary
from tallystick.meter.gpu.uses import Payer

POLICY = DevicePolicy(lambda _: "h100", lambda _: Payer("acme/app"), Payer("acme/ops"))
GIB = 1 << 30
KIB_PER_GIB = 1 << 20


def create_source(*cards: Card, alive: set[int] | None = None) -> NvmlSource:
    library = FakeNvml(cards, is_open=True)

    def read_facts(pid: int) -> Facts:
        return {"command": f"job {pid}"} if alive is None or pid in alive else {}

    return NvmlSource(cast("NvmlLibrary", library), read_facts, POLICY, "node-a")


def read(*cards: Card) -> list[Device]:
    return list(create_source(*cards).read().devices)


FUNCTIONS = [name for name in vars(NvmlLibrary) if name.startswith("nvml")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_library_has_the_functions_that_are_called(name: str) -> None:
    ours = list(inspect.signature(getattr(NvmlLibrary, name)).parameters)[1:]
    theirs = inspect.signature(getattr(pynvml, name)).parameters
    needed = [each for each, known in theirs.items() if known.default is inspect.Parameter.empty]
    assert needed == ours[: len(needed)]
    assert list(inspect.signature(getattr(FakeNvml, name)).parameters)[1:] == ours


@pytest.mark.parametrize(
    "name", ["NOT_SUPPORTED", "NO_PERMISSION", "NOT_FOUND", "FUNCTION_NOT_FOUND"]
)
def test_library_has_the_error_codes_that_are_looked_for(name: str) -> None:
    code = getattr(nvml_library, name)
    assert getattr(pynvml, f"NVML_ERROR_{name}") == code
    assert nvml_library.read_code(pynvml.NVMLError(code)) == code


@pytest.mark.parametrize(
    ("structure", "protocol"),
    [
        ("c_nvmlProcessUtilizationSample_t", nvml_library.ProcessSample),
        ("c_nvmlAccountingStats_t", nvml_library.AccountedProcess),
        ("c_nvmlDeviceAttributes", nvml_library.InstanceAttributes),
        ("c_nvmlProcessInfo_v3_t", nvml_library.ProcessInfo),
        ("c_nvmlMemory_t", nvml_library.MemoryInfo),
        ("c_nvmlUtilization_t", nvml_library.Rates),
    ],
)
def test_library_answers_with_the_fields_that_are_read(structure: str, protocol: type) -> None:
    fields = {name for name, *_ in getattr(pynvml, structure)._fields_}
    assert set(protocol.__annotations__) <= fields


def test_processes_have_what_they_kept_busy_and_hold() -> None:
    card = Card(
        energy_mj=500,
        processes=[Process(11, 20 * GIB), Process(12, None)],
        samples=[Sampled(11, 1_000, 30), Sampled(12, 1_000, 25)],
    )
    (device,) = read(card)
    assert (device.uuid, device.name) == ("GPU-1", "NVIDIA H100 80GB HBM3")
    assert (device.memory_kib, device.energy) == (80 * KIB_PER_GIB, Counted(500))
    assert [(work.facts["command"], work.share_ppm, work.memory_kib) for work in device.works] == [
        ("job 11", 300_000, 20 * KIB_PER_GIB),
        ("job 12", 250_000, 0),
    ]
    assert not any(work.is_estimated for work in device.works)
    assert device.facts == {"device": "GPU-1", "host": "node-a"}


def test_device_without_samples_is_idle() -> None:
    (device,) = read(Card(processes=[Process(11, GIB)], busy_percent=90))
    assert [(work.share_ppm, work.is_estimated) for work in device.works] == [(0, False)]


def test_samples_are_taken_once() -> None:
    card = Card(samples=[Sampled(11, 1_000, 40)], processes=[Process(11)])
    source = create_source(card)
    assert source.read().devices[0].works[0].share_ppm == 400_000
    assert source.read().devices[0].works[0].share_ppm == 0
    card.samples = [Sampled(11, 1_000, 40), Sampled(11, 2_000, 10)]
    assert source.read().devices[0].works[0].share_ppm == 100_000


def test_process_that_has_just_ended_is_still_known() -> None:
    alive = {11}
    card = Card(samples=[Sampled(11, 1_000, 40)], processes=[Process(11)])
    source = create_source(card, alive=alive)
    source.read()
    alive.clear()
    card.processes, card.samples = [], [Sampled(11, 2_000, 70)]
    (work,) = source.read().devices[0].works
    assert (work.facts, work.share_ppm) == ({"command": "job 11"}, 700_000)


@pytest.mark.parametrize("code", [pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_NO_PERMISSION])
def test_device_that_cannot_tell_processes_apart_is_shared_evenly(code: int) -> None:
    card = Card(samples=code, busy_percent=90, processes=[Process(11), Process(12)])
    (device,) = read(card)
    assert [(work.share_ppm, work.is_estimated) for work in device.works] == [(450_000, True)] * 2


def test_device_that_says_nothing_is_idle() -> None:
    card = Card(
        samples=pynvml.NVML_ERROR_NOT_SUPPORTED,
        busy_percent=None,
        energy_mj=None,
        processes=[Process(11, GIB)],
    )
    (device,) = read(card)
    assert device.energy is None
    assert [(work.share_ppm, work.memory_kib) for work in device.works] == [(0, KIB_PER_GIB)]


def test_instances_are_their_holders_busy_or_not() -> None:
    card = Card(
        instances=[
            Instance(3, 40_448, [Process(11)]),
            None,
            Instance(2, 19_968, [Process(12), Process(13)]),
            Instance(1, 9_728),
        ]
    )
    (device,) = read(card)
    assert [(work.facts["command"], work.share_ppm) for work in device.works] == [
        ("job 11", 3 * PPM // 7),
        ("job 12", 2 * PPM // 7 // 2),
        ("job 13", 2 * PPM // 7 // 2),
    ]
    assert device.works[0].memory_kib == 40_448 * 1024
    assert sum(work.share_ppm for work in device.works) <= 5 * PPM // 7
    assert [work.is_estimated for work in device.works] == [False, True, True]


def test_device_that_fell_off_the_bus_does_not_hide_the_others() -> None:
    devices = read(Card(failure=pynvml.NVML_ERROR_GPU_IS_LOST), Card(uuid="GPU-2"))
    assert [device.uuid for device in devices] == ["GPU-2"]


def test_source_fails_when_no_device_answers() -> None:
    source = create_source(Card(failure=pynvml.NVML_ERROR_GPU_IS_LOST))
    with pytest.raises(NvmlUnavailable, match="NVML error 15"):
        source.read()


def test_library_is_open_inside_the_block_only() -> None:
    library = FakeNvml([])
    with opened_nvml(cast("NvmlLibrary", library)):
        assert library.is_open
    assert not library.is_open


def test_library_without_a_driver_says_so() -> None:
    library = FakeNvml([], init_failure=pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
    with (
        pytest.raises(NvmlUnavailable, match="Shared Library Not Found"),
        opened_nvml(cast("NvmlLibrary", library)),
    ):
        pass


@given(
    st.lists(
        st.builds(Sampled, st.integers(1, 6), st.integers(1, 99), st.integers(0, 100)), max_size=20
    )
)
def test_shares_of_processes_never_add_up_to_more_than_the_device(samples: list[Sampled]) -> None:
    shares = compute_mean_shares(samples)
    assert sum(shares.values()) <= PPM
    assert shares.keys() == {sample.pid for sample in samples}
    assert min(shares.values(), default=0) >= 0
