"""LiteLLM's hook records every call once, with LiteLLM's own class where it is installed."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration.sdk.conftest import PROJECT, Reader
from tests.unit.meter.events.litellm_logs import build_entry

import tallystick
from tallystick.client.metering.errors import ProjectForeign, ProjectMissing

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
LITELLM = ROOT / ".venv" / "litellm" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"

PROGRAM = """
import asyncio, json, sys
sys.path.append(sys.argv[2])  # behind our own packages
import litellm
import tallystick
from litellm.integrations.custom_logger import CustomLogger

MESSAGES = [{"role": "user", "content": "hi"}]
PROJECT = "acme/ml/app"

async def call(**more):
    return await litellm.acompletion(
        model="gpt-4o", messages=MESSAGES, mock_response="hello there", **more
    )

async def work():
    await call(metadata={"tallystick_step": 3})
    async for _ in await call(stream=True):
        pass
    await asyncio.sleep(1)

with tallystick.Meter.open(sys.argv[1], account="acme", name="litellm") as meter:
    logger = tallystick.TallystickLogger(meter, project=PROJECT)
    assert isinstance(logger, CustomLogger)
    litellm.callbacks = [logger]
    asyncio.run(work())
    meter.wait_recorded()
    journal = meter.parts.opened.meter.journal
    records = journal.read(0, journal.next_seq)
    fields = ("in_fresh", "out_visible", "step")
    counts = [logger.counts.recorded, logger.counts.failed]
    found = [[int(record[name]) for name in fields] for record in records]
    print(json.dumps({"counts": counts, "records": found}))
"""


def send(logger: tallystick.TallystickLogger, payload: object, **more: Any) -> None:  # noqa: ANN401 - LiteLLM's
    logger.log_success_event({"standard_logging_object": payload, **more}, None, None, None)


def test_calls_are_recorded_once_whichever_hook_tells(
    open_meter: tallystick.Meter, reader: Reader
) -> None:
    logger = tallystick.TallystickLogger(open_meter)
    kwargs = {"standard_logging_object": build_entry(litellm_call_id="hook-1")}
    logger.log_success_event(kwargs, None, None, None)
    asyncio.run(logger.async_log_success_event(kwargs, None, None, None))
    failed = build_entry(
        litellm_call_id="hook-2", status="failure", metadata={"usage_object": None}
    )
    asyncio.run(
        logger.async_log_failure_event({"standard_logging_object": failed}, None, None, None)
    )
    logger.log_failure_event({}, None, None, None)
    assert reader.read_tokens() == [(400, 600, 0, 150, 50)]
    counts = logger.counts
    assert (counts.recorded, counts.repeated, counts.ignored, counts.failed) == (1, 1, 2, 0)


def test_metadata_of_a_call_says_whom_to_bill(open_meter: tallystick.Meter, reader: Reader) -> None:
    logger = tallystick.TallystickLogger(open_meter, project="acme/ml", step=2)
    metadata = {"tallystick_project": PROJECT, "tallystick_step": 7}
    send(logger, build_entry(litellm_call_id="meta-1"), litellm_params={"metadata": metadata})
    send(logger, build_entry(litellm_call_id="meta-2"), litellm_params={"metadata": None})
    records = reader.read()
    assert records["step"].tolist() == [7, 2]
    names = open_meter.parts.names
    assert records["project"].tolist() == [names.project(PROJECT), names.project("acme/ml")]


def test_what_cannot_be_recorded_is_counted_and_raises_nothing(
    open_meter: tallystick.Meter, reader: Reader
) -> None:
    logger = tallystick.TallystickLogger(open_meter)
    send(logger, build_entry({"prompt_tokens": -1}, litellm_call_id="bad-1"))
    foreign = {"tallystick_project": "acme/ml"}
    send(
        logger,
        build_entry(litellm_call_id="bad-2"),
        litellm_params={"metadata": foreign},
    )
    assert (logger.counts.failed, logger.counts.recorded) == (2, 0)
    assert len(reader.read()) == 0


def test_named_resource_stands_for_every_model_and_users_are_opt_in(
    open_meter: tallystick.Meter, reader: Reader
) -> None:
    logger = tallystick.TallystickLogger(open_meter, resource="gpt-4o")
    send(logger, build_entry(litellm_call_id="res-1", model="x", end_user="ada"))
    named = tallystick.TallystickLogger(open_meter, resource="gpt-4o", records_users=True)
    send(named, build_entry(litellm_call_id="res-2", model="x", end_user="ada"))
    users = reader.read()["user"].tolist()
    assert users[0] == 0
    assert users[1] > 0


def test_logger_needs_a_project_of_its_meter(network: Path, open_meter: tallystick.Meter) -> None:
    with pytest.raises(ProjectForeign):
        tallystick.TallystickLogger(open_meter, project="acme")
    with (
        tallystick.Meter.open(network, account="acme", name="bare") as meter,
        pytest.raises(ProjectMissing),
    ):
        tallystick.TallystickLogger(meter)


def test_litellm_itself_tells_the_logger(network: Path) -> None:
    if not LITELLM.is_dir():
        pytest.skip(f"LiteLLM is not installed in {LITELLM}: run make bench")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(network), str(LITELLM)],
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["counts"] == [2, 0]
    assert [record[2] for record in found["records"]] == [3, 0]
    assert all(record[0] > 0 and record[1] > 0 for record in found["records"])
