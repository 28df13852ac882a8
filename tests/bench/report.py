"""The numbers as a table for people and as a document for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.relayed import describe_gateway


@dataclass(frozen=True, slots=True)
class Goal:
    """A row of the table: where the number lies, and what it must and should be."""

    key: str
    what: str
    must: float | None = None
    aim: float | None = None
    decimals: int = 0


GOALS: Final = (
    Goal("settle.records_per_s", "settled records/s, 4 validators", 25_000, 80_000),
    Goal("settle.naive_records_per_s", "one transaction per record, records/s"),
    Goal("settle.ratio", "ratio of the two", 10, None, 1),
    Goal("settle.gas_per_record", "gas per settled record, at most", 4_000, 3_400),
    Goal("settle.chain_records_per_s", "the chain alone, records/s"),
    Goal("settle.chain_share", "share of that", None, 0.33, 2),
    Goal("valuation.records_per_s", "valuation on one core, records/s", 3_000_000, 8_000_000),
    Goal("valuation.verdicts_per_s", "whole verdicts on one core, records/s"),
    Goal("verify.records_per_s", "verification, records/s", 100_000, 400_000),
    Goal("admission.decisions_per_s", "admission on one core, decisions/s", 500_000, 1_500_000),
    Goal("admission.p99_us", "admission p99, us, at most", 10, 3, 1),
    Goal("gateway.added_p50_ms", "gateway adds p50, ms, at most", 1.5, 0.7, 2),
    Goal("gateway.added_p99_ms", "gateway adds p99, ms, at most", 5, 3, 2),
    Goal("gateway.first_byte_p50_ms", "adds to first byte p50, ms, at most", 1, 0.6, 2),
    Goal("gateway.first_byte_p99_ms", "adds to first byte p99, ms, at most", 5, 3, 2),
    Goal("gateway.requests_per_s", "gateway, one worker, requests/s", 1_500, 4_000),
    Goal("gateway.streams_per_s", "gateway, one worker, streams/s", 400, 1_000),
    Goal("gateway.memory_mb", "memory at 1,000 streams, MB, at most", 150, None),
    Goal("gateway.litellm_requests_per_s", "LiteLLM proxy, one worker, requests/s"),
    Goal("gateway.litellm_streams_per_s", "LiteLLM proxy, one worker, streams/s"),
    Goal("gateway.ratio", "ratio of requests", 10, 20, 1),
    Goal("gateway.streams_ratio", "ratio of streams", 10, 20, 1),
)

Document = Mapping[str, Mapping[str, Any]]


def write_report(document: Document, path: Path) -> None:
    """The numbers are in `path`, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def print_report(document: Document) -> None:
    """The numbers stand beside what they must and should be."""
    machine = document["machine"]
    print(
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, "
        f"disk sync {machine['disk_sync_ms']} ms, load average {machine['load_average']}"
    )
    print(f"{'':<40}{'measured':>12}{'must':>12}{'aim':>12}")
    for goal in GOALS:
        section, _, name = goal.key.partition(".")
        numbers = (document[section].get(name), goal.must, goal.aim)
        print(f"{goal.what:<40}" + "".join(f"{_format(n, goal.decimals):>12}" for n in numbers))
    used = document["settle"]["cpu_us_per_record"]
    print("CPU us per settled record: " + ", ".join(f"{who} {us:.1f}" for who, us in used.items()))
    for line in describe_gateway(document["gateway"]):
        print(line)


def _format(number: float | None, decimals: int) -> str:
    return "" if number is None else f"{number:,.{decimals}f}"
