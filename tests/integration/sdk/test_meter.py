"""Contexts and decorators record what they are told, durably, for the right project."""

import asyncio
import multiprocessing
import os
from pathlib import Path

import pytest
from tests.integration.sdk.conftest import PROJECT, Reader

import tallystick
from tallystick.client.errors import AccountUnknown, ResourceUnknown
from tallystick.client.metering.errors import (
    BasisMismatch,
    ClientUnsupported,
    MeterClosed,
    ProjectForeign,
    ProjectMissing,
    ResourceMissing,
)
from tallystick.core.usage import Flag
from tallystick.meter.errors import RecordInvalid

pytestmark = pytest.mark.integration


def test_record_settles_on_chain(open_meter: tallystick.Meter, reader: Reader) -> None:
    before = open_meter.wait_settled()
    sequence = open_meter.record(resource="gpt-4o", in_fresh=1_000, out_visible=200, step=3)
    assert len(sequence) == 1
    after = open_meter.wait_settled()
    assert (after.settled - before.settled, after.quarantined) == (1, before.quarantined)
    assert after.cost_ucr > before.cost_ucr
    (record,) = reader.read()
    assert (record["in_fresh"], record["out_visible"], record["step"]) == (1_000, 200, 3)
    detail = open_meter.parts.details.get(sequence[0])
    assert detail is not None
    assert (detail.source, detail.model) == ("sdk", "gpt-4o")


def test_context_records_when_it_ends(open_meter: tallystick.Meter, reader: Reader) -> None:
    with open_meter.call(resource="gpt-4o") as call:
        call.use(in_fresh=1)
        assert len(reader.read()) == 0
        call.use(in_fresh=5, out_visible=2)
    assert len(call.sequence) == 1
    with open_meter.call(resource="gpt-4o"):
        pass
    assert reader.read_tokens() == [(5, 0, 0, 2, 0)]


def test_context_takes_a_providers_usage(open_meter: tallystick.Meter, reader: Reader) -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 30,
        "total_tokens": 130,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 10},
    }
    with open_meter.call() as call:
        call.use_usage("openai-chat", usage, model="gpt-4o")
    assert reader.read_tokens() == [(40, 60, 0, 20, 10)]


def test_context_that_fails_records_what_it_said(
    open_meter: tallystick.Meter, reader: Reader
) -> None:
    def fail() -> None:
        with open_meter.call(resource="gpt-4o") as call:
            call.use(in_fresh=7)
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fail()
    (record,) = reader.read()
    assert record["flags"] == int(Flag.UPSTREAM_FAILED)


def test_estimate_is_replaced_by_what_was_used(
    open_meter: tallystick.Meter, reader: Reader
) -> None:
    with open_meter.call(resource="gpt-4o", estimate={"in_fresh": 900}) as call:
        assert open_meter.parts.recorder.in_flight == 1
        call.use(in_fresh=4)
    with open_meter.call(resource="gpt-4o", estimate={"in_fresh": 900}):
        pass
    assert open_meter.parts.recorder.in_flight == 0
    assert reader.read_tokens() == [(4, 0, 0, 0, 0)]


def test_async_context_records(open_meter: tallystick.Meter, reader: Reader) -> None:
    async def work(number: int) -> None:
        with open_meter.attribute(step=number):
            async with open_meter.call(resource="gpt-4o") as call:
                await asyncio.sleep(0)
                call.use(in_fresh=number)

    async def work_together() -> None:
        await asyncio.gather(*map(work, range(1, 21)))

    asyncio.run(work_together())
    records = reader.read()
    assert sorted(records["in_fresh"].tolist()) == list(range(1, 21))
    assert records["in_fresh"].tolist() == records["step"].tolist()


def test_decorated_functions_record(open_meter: tallystick.Meter, reader: Reader) -> None:
    @open_meter.metered(resource="gpt-4o", measure=lambda answer: {"out_visible": len(answer)})
    def answer(text: str) -> str:
        """An answer."""
        return text * 2

    @open_meter.metered(resource="gpt-4o", measure=lambda answer: {"out_visible": len(answer)})
    async def answer_later(text: str) -> str:
        return text * 3

    assert answer("ab") == "abab"
    assert (answer.__name__, answer.__doc__) == ("answer", "An answer.")
    assert asyncio.run(answer_later("ab")) == "ababab"
    assert reader.read()["out_visible"].tolist() == [4, 6]


def test_decorated_function_records_its_time_on_a_gpu(
    open_meter: tallystick.Meter, reader: Reader
) -> None:
    @open_meter.metered(resource="h100")
    def train(*, fails: bool) -> None:
        if fails:
            raise ValueError("on purpose")

    train(fails=False)
    with pytest.raises(ValueError, match="on purpose"):
        train(fails=True)
    records = reader.read()
    assert (records["compute_ms"] >= 1).all()
    assert records["flags"].tolist() == [0, int(Flag.UPSTREAM_FAILED)]


def test_inner_attribution_wins(open_meter: tallystick.Meter, reader: Reader) -> None:
    with open_meter.attribute(user="ada", step=1), open_meter.attribute(step=2):
        open_meter.record(resource="gpt-4o", in_fresh=1)
        open_meter.record(resource="gpt-4o", in_fresh=1, step=3, user="grace")
    open_meter.record(resource="gpt-4o", in_fresh=1)
    records = reader.read()
    assert records["step"].tolist() == [2, 3, 0]
    users = records["user"].tolist()
    assert len(set(users)) == 3
    assert users[2] == 0


def test_wrong_names_and_quantities_record_nothing(
    open_meter: tallystick.Meter, reader: Reader
) -> None:
    with pytest.raises(AccountUnknown):
        open_meter.record(project="acme/ml/ap", resource="gpt-4o", in_fresh=1)
    with pytest.raises(ProjectForeign):
        open_meter.record(project="acme", resource="gpt-4o", in_fresh=1)
    with pytest.raises(ResourceUnknown, match="gpt-4o"):
        open_meter.record(resource="gpt-4p", in_fresh=1)
    with pytest.raises(ResourceMissing):
        open_meter.record(in_fresh=1)
    with pytest.raises(BasisMismatch):
        open_meter.record(resource="gpt-4o", compute_ms=1)
    with pytest.raises(BasisMismatch):
        open_meter.record(resource="h100", in_fresh=1)
    with pytest.raises(RecordInvalid):
        open_meter.record(resource="gpt-4o", in_fresh=-1)
    with pytest.raises(RecordInvalid):
        open_meter.record(resource="gpt-4o", tokens=1)
    with pytest.raises(ClientUnsupported):
        open_meter.wrap(object())
    assert len(reader.read()) == 0


def test_new_names_are_found(
    network: Path, open_meter: tallystick.Meter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.client.metering.names.REFRESH_S", 0.0)
    with tallystick.Client.open(network) as client:
        client.create_account("acme/ml/later")
        client.create_resource("gpt-4o@batch", like="gpt-4o")
    open_meter.record(project="acme/ml/later", resource="gpt-4o@batch", in_fresh=1)
    assert open_meter.wait_settled().quarantined == 0
    assert len(reader.read()) == 1


def test_each_process_has_a_meter_of_its_own(network: Path, open_meter: tallystick.Meter) -> None:
    with tallystick.Meter.open(network, account="acme", project=PROJECT) as second:
        assert (open_meter.name, second.name) == ("app", "app-2")
        assert second.record(resource="gpt-4o", in_fresh=1)[0] == 0


def test_project_has_to_be_said(network: Path) -> None:
    with tallystick.Meter.open(network, account="acme", name="bare") as meter:
        with pytest.raises(ProjectMissing):
            meter.record(resource="gpt-4o", in_fresh=1)
        other = meter
    with pytest.raises(MeterClosed):
        other.record(project=PROJECT, resource="gpt-4o", in_fresh=1)


def test_forked_process_is_refused(open_meter: tallystick.Meter) -> None:
    def record() -> None:
        try:
            open_meter.record(resource="gpt-4o", in_fresh=1)
        except MeterClosed:
            os._exit(7)
        os._exit(0)

    child = multiprocessing.get_context("fork").Process(target=record)
    child.start()
    child.join(30)
    assert child.exitcode == 7
