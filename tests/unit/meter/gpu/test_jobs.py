"""A job is billed for its own processes, and for what readings of them missed."""

from typing import cast

import pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.gpu.fake_nvml import Accounted, Card, FakeNvml, Process, Sampled

from tallystick.core.units import PPM
from tallystick.core.usage import Flag
from tallystick.meter.gpu.devices import DevicePolicy
from tallystick.meter.gpu.errors import NvmlUnavailable
from tallystick.meter.gpu.jobs import PID, AccountsSource, JobSource
from tallystick.meter.gpu.nvml_library import NvmlLibrary
from tallystick.meter.gpu.uses import Payer, Use
from tallystick.meter.gpu.watching import Moment, SourceMemory

JOB = Payer("acme/research", "ada", 2)
POLICY = DevicePolicy(lambda _: "h100", lambda facts: JOB if PID in facts else None, None)
SECOND = 1_000_000


def create_job(*cards: Card, pids: set[int]) -> JobSource:
    library = cast("NvmlLibrary", FakeNvml(cards, is_open=True))
    return JobSource(library, lambda: pids, POLICY)


def advance(job: JobSource, memory: SourceMemory, at_s: int) -> list[Use]:
    return job.read().advance(memory, Moment(at_s * 1_000, at_s * SECOND, "b"))


def test_job_pays_for_its_processes_and_nobody_elses() -> None:
    card = Card(samples=[Sampled(11, 1, 30), Sampled(12, 1, 50)], processes=[Process(11)])
    job, memory = create_job(card, pids={11}), SourceMemory()
    advance(job, memory, 1)
    card.samples = [Sampled(11, 2, 30), Sampled(12, 2, 50)]
    (use,) = advance(job, memory, 3)
    assert (use.key.payer, use.fine["compute_ms"]) == (JOB, 300_000 * 2 * SECOND)
    assert memory.carried == {
        "GPU-1 11": 300_000 * 2 * SECOND,
        "GPU-1 idle": 200_000 * 2 * SECOND,
    }


def test_job_pays_for_a_process_that_has_ended_since() -> None:
    pids = {11}
    card = Card(processes=[Process(11)])
    job, memory = create_job(card, pids=pids), SourceMemory()
    advance(job, memory, 1)
    pids.clear()
    card.processes, card.samples = [], [Sampled(11, 2, 40)]
    (use,) = advance(job, memory, 2)
    assert use.fine["compute_ms"] == 400_000 * SECOND


@given(
    percent=st.integers(0, 100),
    seconds=st.integers(1, 60),
    busy=st.integers(0, 100),
    time_ms=st.integers(0, 200_000),
)
def test_accounts_never_give_a_job_more_than_the_device_had_left(
    percent: int, seconds: int, busy: int, time_ms: int
) -> None:
    card = Card(processes=[Process(11)], accounted={11: Accounted(busy, 0, time_ms)})
    job, memory = create_job(card, pids={11}), SourceMemory()
    advance(job, memory, 0)
    card.samples = [Sampled(11, 5, percent), Sampled(12, 5, (100 - percent) // 2)]
    used = sum(use.fine.get("compute_ms", 0) for use in advance(job, memory, seconds))
    taken = AccountsSource(job).read().advance(memory, Moment(0, 0, "b"))
    more = sum(use.fine["compute_ms"] for use in taken)
    others = (100 - percent) // 2 * PPM // 100 * seconds * SECOND
    assert used + more + others <= PPM * seconds * SECOND
    assert used + more <= max(used, busy * PPM // 100 * time_ms * 1_000)
    assert AccountsSource(job).read().advance(memory, Moment(0, 0, "b")) == []


def test_accounts_are_flagged_as_estimates() -> None:
    card = Card(processes=[Process(11)], accounted={11: Accounted(50, 0, 1_000)})
    job, memory = create_job(card, pids={11}), SourceMemory()
    advance(job, memory, 0)
    advance(job, memory, 2)
    (use,) = AccountsSource(job).read().advance(memory, Moment(0, 0, "b"))
    assert use.key.flags == Flag.AGGREGATE | Flag.ESTIMATED
    assert use.fine == {"compute_ms": 500_000 * SECOND}


@pytest.mark.parametrize(
    "accounted",
    [
        None,
        {},
        {12: Accounted(50, 0, 1_000)},
        {11: Accounted(50, 0, 0, 0, isRunning=1)},
        {11: Accounted(2**32 - 1, 0, 1_000)},
    ],
)
def test_accounts_say_nothing_when_there_are_none(accounted: dict[int, Accounted] | None) -> None:
    card = Card(processes=[Process(11)], accounted=accounted)
    job, memory = create_job(card, pids={11}), SourceMemory()
    advance(job, memory, 0)
    advance(job, memory, 2)
    assert AccountsSource(job).read().advance(memory, Moment(0, 0, "b")) == []


def test_accounts_cannot_be_read_when_the_driver_is_gone() -> None:
    card = Card()
    job = create_job(card, pids=set())
    card.failure = pynvml.NVML_ERROR_GPU_IS_LOST
    with pytest.raises(NvmlUnavailable):
        AccountsSource(job).read()
