"""What the gateway adds to a call and how many it takes, next to the same calls without it.

Past and through take turns, so that both see the same machine. Everything runs on this machine: the
load, the mock upstream, the gateway's one worker, and its network. That is held still while the
gateway is timed, as if it were on other machines; then it settles what the gateway kept, to the
last record. A rival proxy gets the same calls from the same mock in the same run.

    python -m tests.bench.gateway [--quick]     this part of the bench alone
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.http_load import Outcome
from tests.bench.metered import Metered, run_metered
from tests.bench.processes import order_answers, run_mock
from tests.bench.rival import Rival, make_environment, run_rival
from tests.bench.turns import Side, wait_for

RATE: Final = 500.0
STREAM_RATE: Final = 300.0
CHUNKS: Final = 50
CHUNK_MS: Final = 2
"""Between two chunks where latency is measured; where capacity is, they come at once."""
CONCURRENCY: Final = 64
OPEN_STREAMS: Final = 1_000
OPEN_CHUNK_MS: Final = 100
"""Between two chunks of streams that are all open at once, for five seconds."""
RIVAL_RATE: Final = 50.0
"""Calls a second; at 100 it queues without end."""
RIVAL_CONCURRENCY: Final = 16
VALIDATORS: Final = 4
WARM_UP_S: Final = 2.0
SETTLE_S: Final = 60.0
RIVAL_WRITES_S: Final = 5.0

Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long each load is, and how often past and through take turns."""

    seconds: float
    rounds: int


FULL: Final = Sizes(seconds=5.0, rounds=3)
QUICK: Final = Sizes(seconds=2.0, rounds=1)


def measure_gateway(sizes: Sizes, folder: Path) -> Numbers:
    """All numbers of the gateway, and of the rival beside it.

    Args:
        sizes: of the loads.
        folder: empty.
    """
    ours, theirs = folder / "gateway", folder / "rival"
    ours.mkdir()
    theirs.mkdir()
    is_compared = make_environment()
    with run_mock(folder) as mock:
        with run_metered(ours, mock, validators=VALIDATORS) as metered:
            side = Side(
                mock, metered.url, metered.key, sizes.seconds, sizes.rounds, metered.read_gateway
            )
            numbers = _measure_ours(side, metered)
        if not is_compared:
            return numbers
        with run_rival(theirs, mock) as proxy:
            side = Side(mock, proxy.url, proxy.key, sizes.seconds, sizes.rounds, proxy.read_proxy)
            numbers |= _measure_rival(side, proxy)
    return numbers | {
        "ratio": numbers["requests_per_s"] / numbers["litellm_requests_per_s"],
        "streams_ratio": numbers["streams_per_s"] / numbers["litellm_streams_per_s"],
    }


def _measure_ours(side: Side, metered: Metered) -> Numbers:
    order_answers(side.mock)
    side.send(side.load(rate=RATE / 5, seconds=WARM_UP_S))
    side.send(side.load(concurrency=2 * CONCURRENCY, seconds=WARM_UP_S))
    with metered.network_held():
        plain = side.take_turns(rate=RATE)
        order_answers(side.mock, chunks=CHUNKS, delay_ms=CHUNK_MS)
        streams = side.take_turns(rate=STREAM_RATE, is_stream=True)
        filled = _fill(side)
    numbers = {
        **_compare(plain, "total", ""),
        **_compare(streams, "first_byte", "first_byte_"),
        **filled,
        **_hold_open(side),
        "load": {"plain": _show(plain), "streams": _show(streams)},
    }
    ledger = wait_for(metered.read_accounted, side.reported, SETTLE_S)
    return numbers | {"accounted": {"ledger": asdict(ledger), "upstream": asdict(side.reported)}}


def _fill(side: Side) -> Numbers:
    """The gateway's one worker with as much as it takes."""
    order_answers(side.mock)
    requests, request_us = side.fill(concurrency=CONCURRENCY)
    order_answers(side.mock, chunks=CHUNKS)
    streams, stream_us = side.fill(concurrency=CONCURRENCY, is_stream=True)
    order_answers(side.mock)
    ceiling = side.send_past(side.load(concurrency=CONCURRENCY))
    return {
        "requests_per_s": requests.per_s,
        "streams_per_s": streams.per_s,
        "requests_p99_ms": requests.total.p99_ms,
        "cpu_us_per_request": request_us,
        "cpu_us_per_stream": stream_us,
        "failed": requests.failed + streams.failed,
        "load_ceiling_per_s": ceiling.per_s,
    }


def _hold_open(side: Side) -> Numbers:
    order_answers(side.mock, chunks=CHUNKS, delay_ms=OPEN_CHUNK_MS)
    held, memory_mb = side.hold_open(OPEN_STREAMS, is_stream=True)
    return {"memory_mb": memory_mb, "open_streams": held.answered, "open_failed": held.failed}


def _measure_rival(side: Side, proxy: Rival) -> Numbers:
    order_answers(side.mock)
    side.send(side.load(rate=RIVAL_RATE / 5, seconds=WARM_UP_S))
    plain = side.take_turns(rate=RIVAL_RATE)
    requests, request_us = side.fill(concurrency=RIVAL_CONCURRENCY)
    order_answers(side.mock, chunks=CHUNKS)
    streams, stream_us = side.fill(concurrency=RIVAL_CONCURRENCY, is_stream=True)
    lines = wait_for(proxy.read_accounted, side.reported, RIVAL_WRITES_S)
    return {
        "litellm_version": proxy.version,
        **{f"litellm_{name}": value for name, value in _compare(plain, "total", "").items()},
        "litellm_requests_per_s": requests.per_s,
        "litellm_streams_per_s": streams.per_s,
        "litellm_cpu_us_per_request": request_us,
        "litellm_cpu_us_per_stream": stream_us,
        "litellm_memory_mb": side.read_used().memory_mb,
        "litellm_failed": plain[1].failed + requests.failed + streams.failed,
        "litellm_accounted": {"file": asdict(lines), "upstream": asdict(side.reported)},
    }


def _compare(pair: tuple[Outcome, Outcome], what: str, prefix: str) -> dict[str, float]:
    """What the way through adds: the difference of the two distributions' percentiles."""
    past, through = (getattr(outcome, what) for outcome in pair)
    start = prefix or "added_"
    return {
        f"{start}{name}": round(getattr(through, name) - getattr(past, name), 3)
        for name in ("p50_ms", "p95_ms", "p99_ms")
    }


def _show(pair: tuple[Outcome, Outcome]) -> Mapping[str, Any]:
    """Both ways in full."""
    return {
        name: {
            "answered": outcome.answered,
            "failed": outcome.failed,
            "total": _as_dict(outcome.total),
            "first_byte": _as_dict(outcome.first_byte),
            "late_p99_ms": outcome.late_p99_ms,
        }
        for name, outcome in zip(("past", "through"), pair, strict=True)
    }


def _as_dict(latencies: object) -> dict[str, float]:
    return {name: getattr(latencies, name) for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")}


def main() -> None:
    """This part alone; the numbers go to stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer, while developing")
    sizes = QUICK if parser.parse_args().quick else FULL
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-") as folder:
        found = measure_gateway(sizes, Path(folder))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
