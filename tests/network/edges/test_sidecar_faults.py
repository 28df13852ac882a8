"""Gateways and collectors die under load."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.integration.gateway.running import wait_for_key, wait_until
from tests.integration.gpu.pages import serve_pages
from tests.network.faults import Drill, FaultTable
from tests.network.sidecars import (
    Callers,
    TokenCounter,
    count_records,
    count_tokens,
    create_key,
    kill_gateway,
    open_program,
    run_collector,
    run_named_gateway,
    wait_for_calls,
    wait_for_tokens,
    write_config,
)
from tests.unit.meter.gpu.pages import read_page, set_value
from tests.upstream.server import Upstream

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

KILLS = 3
BASE_TOKENS = 1_000_000
GENERATED = 'vllm:generation_tokens_total{engine="1"'
MODEL = "meta-llama/Llama-3.1-70B-Instruct"
LONG_S = 300.0


def test_calls_settle_once_when_their_gateway_is_killed(network: Path, upstream: Upstream) -> None:
    program, project = open_program(network), f"drills/calls/killed-{time.time_ns()}"
    recovery_s = 0.0
    with Drill(network, None) as drill:
        secret = create_key(program, project, "5000")
        config = write_config(program, "killed", upstream.url)
        callers = Callers(secret)
        for place in range(KILLS + 1):
            with run_named_gateway(program, config) as gateway:
                wait_for_key(gateway, secret)
                with callers.calling(gateway):
                    callers.wait_completed(20)
                    if place == KILLS:
                        continue
                    time.sleep(drill.chance.uniform(0.0, 1.5))
                    drill.inject()
                    kill_gateway(gateway)
            recovery_s = max(recovery_s, drill.recovered())
        settled = wait_for_calls(program, project, callers.completed)
    FaultTable().add(
        "gateway killed",
        injected=drill.injected,
        records=len(callers.completed),
        lost=len(callers.completed - set(settled)),
        doubled=sum(times > 1 for times in settled.values()),
        recovery_s=recovery_s,
    )
    assert callers.completed <= set(settled)
    assert set(settled.values()) == {1}


def test_tokens_settle_once_when_their_collector_is_killed(network: Path) -> None:
    program, project = open_program(network), f"drills/tokens/killed-{time.time_ns()}"
    page = read_page("vllm.prom")
    with Drill(network, None) as drill, serve_pages() as pages:

        def show(tokens: int) -> None:
            pages.show("/metrics", set_value(page, GENERATED, f"{tokens}.0"))

        program.ask("account", "create", project)
        program.ask("grant", project, "5000")
        counter = TokenCounter(show, BASE_TOKENS)
        show(BASE_TOKENS)
        words = ["engine", f"{pages.url}/metrics", "--project", project]
        words += ["--model", f"{MODEL}=llama-3.1-70b", "--name", f"killed-{time.time_ns()}"]
        words += ["--sample", "200ms", "--record", "1s"]
        program.ask("collect", *words, "--once")
        recovery_s = 0.0
        with counter.growing():
            for _ in range(KILLS):
                with run_collector(program, *words) as collector:
                    reads = pages.reads
                    wait_until(
                        lambda: pages.reads > reads + 3,  # noqa: B023 - waited for here
                        patience_s=LONG_S,
                    )
                    time.sleep(drill.chance.uniform(0.0, 3.0))
                    drill.inject()
                    killed_at_s = time.monotonic()
                    collector.kill()
                    collector.wait()
                before = count_tokens(program, project)
                with run_collector(program, *words):
                    wait_until(
                        lambda: count_tokens(program, project) > before,  # noqa: B023 - as above
                        patience_s=LONG_S,
                    )
                recovery_s = max(recovery_s, time.monotonic() - killed_at_s)
        program.ask("collect", *words, "--once")
        settled = wait_for_tokens(program, project, counter.value)
    FaultTable().add(
        "collector killed",
        injected=drill.injected,
        records=count_records(program, project),
        lost=max(counter.value - settled, 0),
        doubled=max(settled - counter.value, 0),
        recovery_s=recovery_s,
    )
    assert settled == counter.value > 0
