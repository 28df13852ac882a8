"""CloudEvents are taken whole, or say which of them is wrong."""

import json
from typing import Any

import pytest

from tallystick.core.usage import Flag
from tallystick.meter.events.cloudevents import BATCH, MAX_EVENTS, ONE, read_cloudevents
from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.event import Event

NOW_MS = 1_790_000_000_000
DATA = {"model": "gpt-4o", "in_fresh": 10, "in_cached": 4, "out_visible": 3, "out_reasoning": 0}


def build_event(data: dict[str, Any] | None = None, **changes: object) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:acme:batch",
        "type": "llm.usage.v1",
        "subject": "acme/ml/app",
        "time": "2026-11-22T10:00:00.250+01:00",
        "data": DATA if data is None else data,
    }
    return {name: value for name, value in {**event, **changes}.items() if value is not None}


def read(*events: dict[str, Any]) -> list[Event]:
    body, kind = (events[0], ONE) if len(events) == 1 else (list(events), BATCH)
    return read_cloudevents(json.dumps(body).encode(), kind, NOW_MS)


def test_event_carries_identity_project_and_counts() -> None:
    (event,) = read(build_event(comtenant="extension attributes are ignored"))
    assert (event.source, event.id, event.project) == ("urn:acme:batch", "e-1", "acme/ml/app")
    assert (event.models, event.time_ms) == (("gpt-4o",), 1_795_338_000_250)
    assert event.quantities == {
        "in_fresh": 10,
        "in_cached": 4,
        "in_written": 0,
        "out_visible": 3,
        "out_reasoning": 0,
    }
    assert event.flags == Flag(0)


def test_missing_reasoning_is_flagged() -> None:
    (event,) = read(build_event({"model": "gpt-4o", "in_fresh": 1, "out_visible": 2}))
    assert event.flags == Flag.REASONING_NOT_REPORTED


def test_time_is_now_when_the_event_has_none() -> None:
    assert read(build_event(time=None))[0].time_ms == NOW_MS


def test_gpu_use_is_read() -> None:
    data = {"resource": "h100", "compute_ms": 60_000, "memory_gib_s": 4_800, "step": 3}
    (event,) = read(build_event(data, type="gpu.usage.v1"))
    assert event.quantities == {"compute_ms": 60_000, "memory_gib_s": 4_800, "transfer_kib": 0}
    assert (event.models, event.step, event.counts_tokens) == (("h100",), 3, False)


def test_batch_keeps_its_order() -> None:
    events = read(build_event(id="a"), build_event(id="b"))
    assert [event.id for event in events] == ["a", "b"]


def test_provider_usage_is_read_by_its_dialect() -> None:
    usage = {
        "input_tokens": 20,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 5,
        "output_tokens": 9,
    }
    data = {"model": "claude-sonnet-4", "dialect": "anthropic-messages", "usage": usage}
    (event,) = read(build_event(data))
    assert (event.quantities["in_fresh"], event.quantities["in_cached"]) == (20, 100)
    assert (event.quantities["in_written"], event.quantities["out_visible"]) == (5, 9)
    assert json.loads(event.raw) == usage


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": ""},
        {"id": "x" * 513},
        {"source": None},
        {"subject": None},
        {"subject": ""},
        {"specversion": "0.3"},
        {"type": "request"},
        {"datacontenttype": "text/plain"},
        {"time": "yesterday"},
        {"time": "2026-11-22T10:00:00"},
        {"time": "0001-01-01T00:00:00Z"},
        {"data": {}},
        {"data": {"model": ""}},
        {"data": {"in_fresh": 1}},
        {"data": {"model": "m", "in_fresh": -1}},
        {"data": {"model": "m", "in_fresh": 1.5}},
        {"data": {"model": "m", "in_fresh": True}},
        {"data": {"model": "m", "in_fresh": 2**60}},
        {"data": {"model": "m", "in_total": 5}},
        {"data": {"model": "m", "step": 65_536}},
        {"data": {"model": "m", "usage": {"prompt_tokens": 1}}},
        {"data": {"model": "m", "usage": {"prompt_tokens": 1}, "dialect": "nobody's"}},
        {"data": {"model": "m", "usage": {}, "dialect": "openai-chat", "in_fresh": 3}},
        {"data": {"model": "m", "usage": {"prompt_tokens": -1}, "dialect": "openai-chat"}},
        {"data": {"resource": "h100", "compute_ms": -5}, "type": "gpu.usage.v1"},
    ],
)
def test_batch_is_refused_with_the_place_of_what_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(EventMalformed) as caught:
        read(build_event(), build_event(**{"data": DATA, **change}))
    assert "event 1" in caught.value.place


@pytest.mark.parametrize("body", [b"", b"{", b"5", b"null", b'"x"', b'{"a":' * 100_000, b"\xff"])
def test_body_is_refused_when_it_is_no_event(body: bytes) -> None:
    for kind in (ONE, BATCH):
        with pytest.raises(EventMalformed):
            read_cloudevents(body, kind, NOW_MS)


def test_batch_is_bounded() -> None:
    body = b"[" + b",".join([b"{}"] * (MAX_EVENTS + 1)) + b"]"
    with pytest.raises(EventMalformed, match="at most"):
        read_cloudevents(body, BATCH, NOW_MS)


def test_empty_batch_holds_nothing() -> None:
    assert read_cloudevents(b"[]", BATCH, NOW_MS) == []
