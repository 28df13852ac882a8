"""The numbers as a table for people and as a document for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.gateway import (
    CHUNK_MS,
    CHUNKS,
    CONCURRENCY,
    RATE,
    RIVAL_CONCURRENCY,
    RIVAL_RATE,
    STREAM_RATE,
)


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
        numbers = (document[section][name], goal.must, goal.aim)
        print(f"{goal.what:<40}" + "".join(f"{_format(n, goal.decimals):>12}" for n in numbers))
    used = document["settle"]["cpu_us_per_record"]
    print("CPU us per settled record: " + ", ".join(f"{who} {us:.1f}" for who, us in used.items()))
    for line in describe_gateway(document["gateway"]):
        print(line)


def describe_gateway(found: Mapping[str, Any]) -> list[str]:
    """What stands behind the gateway's rows: both sides' books, CPU and memory."""
    load, ours = found["load"], found["accounted"]
    theirs = found["litellm_accounted"]
    return [
        f"gateway at {RATE:.0f} requests/s: past it p50 {_at(load, 'plain', 'past', 'total')},"
        f" through it {_at(load, 'plain', 'through', 'total')} ms (p50 / p95 / p99);"
        f" {STREAM_RATE:.0f} streams/s of {CHUNKS} chunks, {CHUNK_MS} ms apart, first byte"
        f" {_at(load, 'streams', 'past', 'first_byte')} and"
        f" {_at(load, 'streams', 'through', 'first_byte')} ms",
        f"full: {CONCURRENCY} callers, {found['cpu_us_per_request']:.0f} us CPU a request and"
        f" {found['cpu_us_per_stream']:.0f} a stream (its chunks sent at once); meanwhile the"
        f" network took {found['network_cores']:.2f} cores; the load alone reaches"
        f" {found['load_ceiling_per_s']:,.0f}/s; {found['failed']} failed",
        f"accounted: {ours['ledger']['calls']:,} records of {ours['ledger']['tokens']:,} tokens"
        f" final on the chain, {ours['upstream']['calls']:,} calls of"
        f" {ours['upstream']['tokens']:,} reported; each durable before its answer ended",
        f"LiteLLM {found['litellm_version']}, no database, books in a file after the answer:"
        f" {theirs['file']['calls']:,} lines of {theirs['file']['tokens']:,} tokens for"
        f" {theirs['upstream']['calls']:,} calls of {theirs['upstream']['tokens']:,};"
        f" adds p50 {found['litellm_added_p50_ms']:.1f}, p95 {found['litellm_added_p95_ms']:.1f},"
        f" p99 {found['litellm_added_p99_ms']:.1f} ms at {RIVAL_RATE:.0f}/s; full:"
        f" {RIVAL_CONCURRENCY} callers, {found['litellm_cpu_us_per_request']:,.0f} us CPU a"
        f" request, {found['litellm_memory_mb']:.0f} MB; {found['litellm_failed']} failed",
    ]


def _at(load: Mapping[str, Any], kind: str, way: str, what: str) -> str:
    ranked = load[kind][way][what]
    return " / ".join(f"{ranked[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms"))


def _format(number: float | None, decimals: int) -> str:
    return "" if number is None else f"{number:,.{decimals}f}"
