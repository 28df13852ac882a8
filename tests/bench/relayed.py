"""What stands behind the gateway's rows: both sides' books, CPU and memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.bench.gateway import (
    CHUNK_MS,
    CHUNKS,
    CONCURRENCY,
    RATE,
    RIVAL_CONCURRENCY,
    RIVAL_RATE,
    STREAM_RATE,
)


def describe_gateway(found: Mapping[str, Any]) -> list[str]:
    """Lines to print below the table."""
    ours = [
        _describe_latency(found["load"]),
        _describe_capacity(found),
        _describe_books(found["accounted"]),
    ]
    if "litellm_accounted" not in found:
        return [*ours, "LiteLLM could not be installed and was not measured"]
    return [*ours, _describe_rival(found, found["litellm_accounted"])]


def _describe_latency(load: Mapping[str, Any]) -> str:
    return (
        f"gateway at {RATE:.0f} requests/s: past it {_at(load, 'plain', 'past', 'total')}, through"
        f" it {_at(load, 'plain', 'through', 'total')} ms (p50 / p95 / p99);"
        f" {STREAM_RATE:.0f} streams/s of {CHUNKS} chunks {CHUNK_MS} ms apart: first byte"
        f" {_at(load, 'streams', 'past', 'first_byte')} and"
        f" {_at(load, 'streams', 'through', 'first_byte')} ms"
    )


def _describe_capacity(found: Mapping[str, Any]) -> str:
    return (
        f"full, {CONCURRENCY} callers: {found['cpu_us_per_request']:.0f} us CPU a request and"
        f" {found['cpu_us_per_stream']:.0f} a stream, whose chunks come at once; its network is"
        " held still meanwhile, and settles everything afterwards; the load alone reaches"
        f" {found['load_ceiling_per_s']:,.0f}/s; {found['failed']} failed"
    )


def _describe_books(books: Mapping[str, Any]) -> str:
    ledger, upstream = books["ledger"], books["upstream"]
    return (
        f"accounted: {ledger['calls']:,} records of {ledger['tokens']:,} tokens final on the chain"
        f" for {upstream['calls']:,} calls of {upstream['tokens']:,} tokens, each durable before"
        " its answer ended"
    )


def _describe_rival(found: Mapping[str, Any], books: Mapping[str, Any]) -> str:
    lines, upstream = books["file"], books["upstream"]
    return (
        f"LiteLLM {found['litellm_version']} without a database, its books a file written after"
        f" the answer: {lines['calls']:,} lines of {lines['tokens']:,} tokens for"
        f" {upstream['calls']:,} calls of {upstream['tokens']:,};"
        f" adds {found['litellm_added_p50_ms']:.1f} / {found['litellm_added_p95_ms']:.1f} /"
        f" {found['litellm_added_p99_ms']:.1f} ms at {RIVAL_RATE:.0f}/s; full,"
        f" {RIVAL_CONCURRENCY} callers: {found['litellm_cpu_us_per_request']:,.0f} us CPU a"
        f" request, {found['litellm_memory_mb']:.0f} MB; {found['litellm_failed']} failed"
    )


def _at(load: Mapping[str, Any], kind: str, way: str, what: str) -> str:
    ranked = load[kind][way][what]
    return " / ".join(f"{ranked[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms"))
