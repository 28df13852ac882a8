"""Several processes admit calls of one budget at once, and never more than it holds."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.cli.program import Program
from tests.integration.gateway.running import (
    CONFIG,
    RunningGateway,
    found_project,
    run_gateway,
    wait_for_key,
    wait_for_records,
    wait_until,
)
from tests.upstream.server import Upstream

from tallystick.core.metric_table import METER_METRICS, METRIC_BY_NAME
from tallystick.core.units import parse_credits

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CALLS: Final = 240
BODY: Final = {
    "model": "gpt-4o",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Say tick."}],
}
LIMIT: Final = "1.5"
"""Credits; one call costs 0.033, so that most of them find nothing left."""


@pytest.fixture(scope="module")
def gateways(program: Program, running_upstream: Upstream) -> Iterator[list[RunningGateway]]:
    """Two gateways, three processes that know nothing of each other."""
    program.ask("account", "create", "acme/many")
    (program.folder / "gateway.yaml").write_text(CONFIG.format(url=running_upstream.url))
    words = ("--config", "gateway.yaml")
    with (
        run_gateway(program, *words, "--name", "first", "--workers", "2") as first,
        run_gateway(program, *words, "--name", "second") as second,
    ):
        yield [first, second]


async def call_all(urls: list[str], secret: str) -> list[httpx.Response]:
    """As many calls as can be, each on a connection of its own, so that every process gets some."""
    headers = {"authorization": f"Bearer {secret}"}
    limits = httpx.Limits(max_keepalive_connections=0, max_connections=80)
    async with httpx.AsyncClient(headers=headers, limits=limits, timeout=60.0) as client:
        return await asyncio.gather(
            *(
                client.post(f"{urls[number % len(urls)]}/v1/chat/completions", json=BODY)
                for number in range(CALLS)
            )
        )


def read_budget(program: Program, path: str) -> dict[str, Any]:
    found: dict[str, Any] = program.ask("budget", "show", path)
    return found


def test_processes_admit_no_more_than_the_budget(
    program: Program, gateways: list[RunningGateway], upstream: Upstream
) -> None:
    project = "acme/many/capped"
    secret = found_project(program, project, "500")
    program.ask("budget", "set", project, "--limit", LIMIT)
    for gateway in gateways:
        wait_for_key(gateway, secret)
    upstream.order(in_fresh=30, out_visible=100, first_byte_ms=50)
    answers = asyncio.run(call_all([gateway.url for gateway in gateways], secret))

    statuses = Counter(answer.status_code for answer in answers)
    # A lease that is not extended in time on a busy machine refuses with 503, for a retry.
    assert set(statuses) - {HTTPStatus.SERVICE_UNAVAILABLE} == {
        HTTPStatus.OK,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
    assert len(upstream.calls) == statuses[HTTPStatus.OK]
    records = wait_for_records(program, project, statuses[HTTPStatus.OK])
    assert len(records) == statuses[HTTPStatus.OK]
    assert {record["reason"] for record in records} == {"valued"}
    assert len({record["meter"] for record in records}) > 1
    cost_ucr = sum(record["cost_ucr"] for record in records)
    assert cost_ucr <= parse_credits(LIMIT)
    budget = read_budget(program, project)
    assert budget["spent"] == cost_ucr
    assert budget["overdraft"] == 0
    for answer in answers:
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            remaining_ucr = int(answer.headers["x-tallystick-remaining-ucr"])
            assert 0 <= remaining_ucr <= parse_credits(LIMIT)
            assert answer.json()["error"]["tallystick"]["code"] == "budget_exhausted"


def test_event_counts_once_whichever_worker_it_reaches(
    program: Program, gateways: list[RunningGateway]
) -> None:
    project = "acme/many/events"
    secret = found_project(program, project, "5")
    wait_for_key(gateways[0], secret)
    event = {
        "specversion": "1.0",
        "id": "call-1",
        "source": "/batch",
        "type": "llm.usage.v1",
        "subject": project,
        "data": {"model": "gpt-4o", "in_fresh": 12, "out_visible": 3},
    }
    for _ in range(16):
        answer = httpx.post(
            f"{gateways[0].url}/api/v1/events",
            content=json.dumps(event),
            headers={
                "authorization": f"Bearer {secret}",
                "content-type": "application/cloudevents+json",
            },
        )
        assert answer.is_success, answer.text
    (record,) = wait_for_records(program, project, 1)
    assert (record["in_fresh"], record["out_visible"]) == (12, 3)
    assert record["meter"] == "first-events"
    assert len(program.ask("records", "--project", project)) == 1


def read_page(url: str) -> str:
    return httpx.get(f"{url}/metrics").text


def test_metrics_show_every_worker_and_what_the_ledger_says(
    gateways: list[RunningGateway],
) -> None:
    url = gateways[0].url
    page = httpx.get(f"{url}/metrics")
    assert page.status_code == HTTPStatus.OK
    for worker in ("0", "1"):
        assert f'tallystick_worker_up{{worker="{worker}"}} 1' in page.text
        assert f'tallystick_gateway_in_flight{{worker="{worker}"}} 0' in page.text
    assert page.text.count("# TYPE tallystick_gateway_in_flight gauge") == 1
    shown = {family.name for family in text_string_to_metric_families(page.text)}
    assert {metric.name for metric in METER_METRICS} <= shown
    assert shown <= METRIC_BY_NAME.keys()
    assert 'tallystick_meter_sender_up{meter="first-0",worker="0"} 1.0' in page.text
    wait_until(lambda: 'tallystick_account_spent_ucr{account="acme/many/capped"' in read_page(url))
    relayed = httpx.get(f"{gateways[0].url}/metrics", headers={"x-forwarded-for": "192.0.2.1"})
    assert relayed.status_code == HTTPStatus.NOT_FOUND


def test_leases_are_given_back_when_gateways_end(
    program: Program, gateways: list[RunningGateway]
) -> None:
    for gateway in gateways:
        assert gateway.stop() == 0
    settled = program.ask("records", "--project", "acme/many/capped", "--limit", "10000")
    meters = {record["meter"] for record in settled}

    def are_given_back() -> bool:
        leases = program.ask("lease", "list", "--under", "acme/many/capped")
        # A process that has recorded nothing has no last record to declare: its lease lapses.
        kept = [
            lease for lease in leases if lease["state"] == "open" and lease["meter"] not in meters
        ]
        leased_ucr = sum(lease["left_ucr"] for lease in kept)
        return bool(read_budget(program, "acme/many")["leased"] == leased_ucr)

    wait_until(are_given_back)
