"""A chain stalls under gateways that take calls."""

from __future__ import annotations

import time
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from tests.integration.gateway.running import RunningGateway, wait_for_key
from tests.network.chaos_faults import hold_chain, stall_chain
from tests.network.faults import Drill
from tests.network.sidecars import (
    Callers,
    ask,
    create_key,
    open_program,
    run_named_gateway,
    wait_for_calls,
    write_config,
)
from tests.upstream.server import Upstream

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

LONG_S = 300.0
NOBODYS_NUMBER = 900
"""Input tokens of calls that are not kept count of; enough for a lease to be used up soon."""


def test_gateways_follow_their_policy_when_the_chain_stalls(
    network: Path, upstream: Upstream
) -> None:
    program, stamp = open_program(network), time.time_ns()
    project = f"drills/calls/stalled-{stamp}"
    with Drill(network, "chain stalled under gateways") as drill:
        stall = hold_chain if drill.parts.engine == "anvil" else stall_chain
        secret = create_key(program, project, "50")
        denying = write_config(program, "denying", upstream.url)
        terms = {"when_unreachable": "admit", "admit_bound": "1000"}
        admitting = write_config(program, "admitting", upstream.url, **terms)
        callers = Callers(secret)
        with (
            run_named_gateway(program, denying) as first,
            run_named_gateway(program, admitting) as second,
        ):
            for gateway in (first, second):
                wait_for_key(gateway, secret)
                with callers.calling(gateway):
                    callers.wait_completed(3)
            with stall(drill):
                recorded = drill.load.acknowledged
                call_until_refused(first, secret, "network_unreachable")
                admitted = call_until_unleased(second, secret, callers)
                assert drill.load.acknowledged > recorded
            drill.heal()
            drill.recovered()
            with callers.calling(first):
                callers.wait_completed(3)
        settled = wait_for_calls(program, project, callers.completed)
    assert admitted
    assert callers.completed <= set(settled)
    assert set(settled.values()) == {1}


def call_until_refused(gateway: RunningGateway, secret: str, code: str) -> None:
    """A call was refused with 503 for this reason; until then leases last."""
    deadline = time.monotonic() + LONG_S
    with httpx.Client(timeout=60.0, trust_env=False) as client:
        while True:
            answer = ask(client, gateway.url, secret, NOBODYS_NUMBER)
            if answer.headers.get("x-tallystick-error") == code:
                assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
                return
            assert time.monotonic() < deadline, f"{answer.status_code} {answer.text}"


def call_until_unleased(gateway: RunningGateway, secret: str, callers: Callers) -> int:
    """How many calls were admitted without a lease, once one was; all of them are kept count of."""
    deadline = time.monotonic() + LONG_S
    with httpx.Client(timeout=60.0, trust_env=False) as client:
        while True:
            number = next(callers.numbers)
            answer = ask(client, gateway.url, secret, number)
            if answer.status_code == HTTPStatus.OK:
                callers.completed.add(number)
            found = read_unleased(client, gateway)
            if found:
                return found
            assert time.monotonic() < deadline, f"{answer.status_code} {answer.text}"


def read_unleased(client: httpx.Client, gateway: RunningGateway) -> int:
    """What the gateway's metrics say of calls without a lease."""
    lines = client.get(f"{gateway.url}/metrics").text.splitlines()
    values = [line.rpartition(" ")[2] for line in lines if "unleased" in line and line[0] != "#"]
    return int(sum(map(float, values)))
