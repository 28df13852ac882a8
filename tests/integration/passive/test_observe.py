"""Passive meters on a network: what settles is what the mock upstream reported."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.integration.cli.program import Program
from tests.integration.gateway.running import run_network, wait_until
from tests.unit.meter.passive.wire import (
    Wire,
    answer_call,
    encode_answer,
    encode_request,
    write_capture,
)
from tests.upstream.orders import Order

from tallystick.core.usage import TOKEN_FIELDS

pytestmark = pytest.mark.integration

CHAT: Final = "/v1/chat/completions"
END_S: Final = 60.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with run_network(tmp_path_factory.mktemp("user")) as program:
        yield program


@pytest.fixture
def project(program: Program, request: pytest.FixtureRequest) -> str:
    path = f"acme/passive/{request.node.originalname.replace('_', '-')[5:45].rstrip('-')}"
    program.ask("account", "create", path)
    program.ask("grant", path, "100")
    return path


def read_sums(program: Program, project: str) -> dict[str, int]:
    """What has settled: records and tokens."""
    rows: list[dict[str, int]] = program.ask("usage", "--under", project)
    return {
        name: sum(row[name] for row in rows) for name in ("records", "quarantined", *TOKEN_FIELDS)
    }


def wait_for_records(program: Program, project: str, count: int) -> dict[str, int]:
    found: dict[str, int] = {}

    def are_there() -> bool:
        found.update(read_sums(program, project))
        return found["records"] >= count

    wait_until(are_there)
    return found


@contextmanager
def mirroring(program: Program, project: str) -> Iterator[tuple[httpx.Client, dict[str, Any]]]:
    """A client of an observer in a process of its own, and what that counted, at the end."""
    words = ("mirror", "--project", project, "--port", "0", "--json")
    counts: dict[str, Any] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tallystick.cli.main", "observe", *words],
        cwd=program.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            url = process.stderr.readline().rpartition(" ")[2].strip()
            with httpx.Client(base_url=url, trust_env=False) as client:
                yield client, counts
        finally:
            process.send_signal(signal.SIGINT)
            counts.update(json.loads(process.communicate(timeout=END_S)[0]))


def test_capture_settles_once_however_often_it_is_read(program: Program, project: str) -> None:
    wire, sums = Wire().open(), dict.fromkeys(TOKEN_FIELDS, 0)
    for number in range(20):
        order = Order(in_fresh=100 + number, in_cached=number, out_visible=7, out_reasoning=number)
        answer = answer_call("/v1/responses", "gpt-4o", order, is_stream=bool(number % 2))
        wire.send(encode_request("/v1/responses", {"model": "gpt-4o", "input": "x"}))
        wire.answer(encode_answer(answer))
        assert answer.reported is not None
        sums = {name: sums[name] + answer.reported[name] for name in sums}
    path = program.folder / "traffic.pcap"
    path.write_bytes(write_capture(wire.end().segments).getvalue())
    first = program.ask("observe", "capture", str(path), "--project", project)
    again = program.ask("observe", "capture", str(path), "--project", project)
    assert (first["recorded"], first["estimated"], first["gaps"]) == (20, 0, 0)
    assert (again["recorded"], again["repeated"]) == (0, 20)
    assert wait_for_records(program, project, 20) == {"records": 20, "quarantined": 0, **sums}


def test_log_goes_on_where_it_was_left(program: Program, project: str) -> None:
    log = program.folder / "calls.log"
    row = {"ts": "2026-11-22T10:00:00Z", "model": "llama", "in": 300, "out": 20}
    columns = ["time=ts", "model=model", "in_total=in", "out_total=out"]
    words = [
        *("observe", "log", str(log), "--project", project, "--model", "llama=llama-3.1-70b"),
        *(word for column in columns for word in ("-c", column)),
    ]
    log.write_text((json.dumps(row) + "\n") * 3)
    assert program.ask(*words)["recorded"] == 3
    log.rename(log.with_name("calls.log.1"))
    with log.with_name("calls.log.1").open("a") as file:
        file.write(json.dumps(row) + "\n")
    log.write_text(json.dumps(row | {"in": 1}) + "\n{}\n")
    counts = program.ask(*words)
    assert (counts["recorded"], counts["malformed"]) == (2, 1)
    settled = wait_for_records(program, project, 5)
    assert (settled["in_fresh"], settled["out_visible"]) == (4 * 300 + 1, 5 * 20)


def test_mirror_records_requests_and_exchanges(program: Program, project: str) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 400}]}
    answer = answer_call(CHAT, "gpt-4o", Order(in_fresh=55, out_visible=6))
    exchange = {
        "id": "one",
        "request": {"method": "POST", "target": CHAT, "body": json.dumps(body)},
        "answer": {"status": 200, "body": answer.pieces[0].decode()},
    }
    with mirroring(program, project) as (client, counts):
        for _ in range(2):
            assert client.post("/tallystick/exchange", json=exchange).status_code == 204
        mirrored = client.post(CHAT, json=body, headers={"x-observed-id": "two"})
        assert mirrored.status_code == 204
        refused = client.post("/tallystick/envoy-tap", content=b"{}")
        assert refused.json()["code"] == "observation_malformed"
        assert client.get("/tallystick/status").json()["repeated"] == 1
    assert (counts["recorded"], counts["estimated"], counts["malformed"]) == (2, 1, 1)
    settled = wait_for_records(program, project, 2)
    assert settled["in_fresh"] > 55 + 100
    assert settled["out_visible"] == 6


def test_model_without_a_resource_is_recorded_once_there_is_one(
    program: Program, project: str, tmp_path: Path
) -> None:
    wire = Wire().open().send(encode_request(CHAT, {"model": "late-model", "messages": []}))
    wire.answer(encode_answer(answer_call(CHAT, "late-model", Order(in_fresh=9)))).end()
    path = tmp_path / "late.pcap"
    path.write_bytes(write_capture(wire.segments).getvalue())
    counts = program.ask("observe", "capture", str(path), "--project", project)
    assert (counts["held"], counts["recorded"]) == (1, 0)
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(write_capture([]).getvalue())
    program.ask("resource", "create", "late-model", "--like", "gpt-4o")
    released = program.ask("observe", "capture", str(empty), "--project", project)
    assert released["recorded"] == 1
    assert wait_for_records(program, project, 1)["in_fresh"] == 9


def test_observer_refuses_projects_that_cannot_be_billed(program: Program, project: str) -> None:
    answer = program.run("observe", "capture", "none.pcap", "--project", f"{project}/nobody")
    assert (answer.exit_code, "none.pcap" in answer.stderr) == (2, True)
    path = program.folder / "empty.pcap"
    path.write_bytes(write_capture([]).getvalue())
    refused = program.run("observe", "capture", str(path), "--project", f"{project}/nobody")
    assert refused.exit_code == 2
    assert "account_unknown" in refused.stderr
