"""LiteLLM's log entries are billed once, by the provider's own counts."""

import json
from typing import Any

import pytest
from tests.unit.meter.events.litellm_logs import build_entry

from tallystick.core.usage import Flag
from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.event import Event
from tallystick.meter.events.litellm import (
    MAX_ENTRIES,
    LogUse,
    read_litellm_entry,
    read_litellm_logs,
)

NOW_MS = 1_790_000_100_000


def read(*entries: object) -> LogUse:
    return read_litellm_logs(json.dumps(list(entries)).encode(), NOW_MS)


def read_one(usage: dict[str, Any] | None = None, **changes: object) -> Event:
    event = read_litellm_entry(build_entry(usage, **changes), NOW_MS)
    assert event is not None
    return event


def list_counts(event: Event) -> tuple[int, ...]:
    return tuple(event.quantities.values())


def test_entry_is_one_event_with_disjoint_counts() -> None:
    event = read_one()
    assert (event.source, event.id) == ("litellm", "call-1")
    assert list_counts(event) == (400, 600, 0, 150, 50)
    assert (event.time_ms, event.duration_ms) == (1_790_000_002_750, 2_500)
    assert event.models == ("gpt-4o", "chat-large")
    assert (event.user, event.project, event.step, event.tier) == ("ada", None, None, "")
    assert event.flags == Flag(0)
    assert json.loads(event.raw)["prompt_tokens_details"]["cached_tokens"] == 600


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        # Anthropic by way of LiteLLM: totals include both sides of the cache, each said twice.
        (
            {
                "prompt_tokens": 1_000,
                "completion_tokens": 20,
                "total_tokens": 1_020,
                "prompt_tokens_details": {"cached_tokens": 700, "cache_creation_tokens": 100},
                "cache_read_input_tokens": 700,
                "cache_creation_input_tokens": 100,
            },
            (200, 700, 100, 20, 0),
        ),
        (
            {
                "prompt_tokens": 1_000,
                "completion_tokens": 20,
                "total_tokens": 1_020,
                "prompt_tokens_details": {"cached_tokens": 0},
                "cache_read_input_tokens": 700,
                "cache_creation_input_tokens": 0,
            },
            (300, 700, 0, 20, 0),
        ),
        # Passed through untouched.
        (
            {
                "input_tokens": 200,
                "output_tokens": 20,
                "cache_read_input_tokens": 700,
                "cache_creation_input_tokens": 100,
            },
            (200, 700, 100, 20, 0),
        ),
        (
            {
                "input_tokens": 900,
                "output_tokens": 30,
                "total_tokens": 930,
                "input_tokens_details": {"cached_tokens": 500},
                "output_tokens_details": {"reasoning_tokens": 10},
            },
            (400, 500, 0, 20, 10),
        ),
        (
            {
                "promptTokenCount": 50,
                "cachedContentTokenCount": 20,
                "candidatesTokenCount": 7,
                "thoughtsTokenCount": 3,
                "totalTokenCount": 60,
            },
            (30, 20, 0, 7, 3),
        ),
    ],
)
def test_usage_is_read_by_its_shape(usage: dict[str, Any], expected: tuple[int, ...]) -> None:
    assert list_counts(read_one(usage)) == expected


def test_entry_with_several_tags_is_one_event() -> None:
    """Spend is a partition: tags are views of it and never added up."""
    use = read(build_entry(request_tags=["prod", "team-a", "experiment-7"]))
    assert len(use.events) == 1
    assert sum(use.events[0].quantities.values()) == 1_200


def test_embedding_is_an_event() -> None:
    """Nine calls at the provider are nine records, embeddings of passed-through routes too."""
    usage = {"prompt_tokens": 8, "completion_tokens": 0, "total_tokens": 8}
    assert list_counts(read_one(usage, call_type="aembedding")) == (8, 0, 0, 0, 0)
    assert list_counts(read_one({"prompt_tokens": 8, "total_tokens": 8})) == (8, 0, 0, 0, 0)


def test_identity_is_the_content_when_there_is_no_id() -> None:
    """Entries without an id are neither dropped nor taken for one another."""
    nameless: dict[str, Any] = {"litellm_call_id": "", "id": ""}
    first, again = read_one(**nameless), read_one(**nameless)
    other = read_one(**nameless, startTime=1_790_000_000.5)
    assert first.id == again.id != other.id
    assert first.id.startswith("sha256:")
    assert read_one(litellm_call_id=None).id == "chatcmpl-1"


def test_totals_stand_in_when_the_provider_said_nothing() -> None:
    event = read_one(metadata={"usage_object": None})
    assert list_counts(event) == (1_000, 0, 0, 200, 0)
    assert event.flags & Flag.REASONING_NOT_REPORTED


def test_reported_zero_stays_zero() -> None:
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert list_counts(read_one(usage)) == (0, 0, 0, 0, 0)


def test_use_of_nothing_is_ignored() -> None:
    failed = build_entry(status="failure", metadata={"usage_object": None}, litellm_call_id="b")
    cached = build_entry(cache_hit=True, litellm_call_id="c")
    use = read(build_entry(), failed, cached, None)
    assert [event.id for event in use.events] == ["call-1"]
    assert (use.ignored, use.problems) == (3, [])


def test_failed_call_is_billed_when_its_provider_counted() -> None:
    assert read_one(status="failure").flags & Flag.UPSTREAM_FAILED


def test_request_says_whom_to_bill() -> None:
    own = {"tallystick_project": "acme/ml/app", "tallystick_step": 4}
    event = read_one(metadata={"requester_metadata": own}, end_user="grace")
    assert (event.project, event.step, event.user) == ("acme/ml/app", 4, "grace")
    of_key = {"spend_logs_metadata": {"tallystick_project": "acme/ml/other"}}
    assert read_one(metadata=of_key).project == "acme/ml/other"


def test_model_is_found_without_its_provider() -> None:
    event = read_one(model="openai/gpt-4o", model_group="chat-large")
    assert event.models == ("openai/gpt-4o", "gpt-4o", "chat-large")


def test_tier_is_the_answers() -> None:
    event = read_one(response={"service_tier": "flex"}, model_parameters={"service_tier": "auto"})
    assert event.tier == "flex"


@pytest.mark.parametrize("body", [b"[%s,%s]", b"%s\n%s", b"%s\n\n%s\n"])
def test_all_forms_of_a_batch_are_read(body: bytes) -> None:
    entries = [json.dumps(build_entry(litellm_call_id=name)).encode() for name in ("a", "b")]
    use = read_litellm_logs(body % tuple(entries), NOW_MS)
    assert [event.id for event in use.events] == ["a", "b"]


def test_single_entry_is_read() -> None:
    assert len(read_litellm_logs(json.dumps(build_entry(), indent=1).encode(), NOW_MS).events) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"usage_object": {"prompt_tokens": -1, "completion_tokens": 2}}},
        {"metadata": {"usage_object": {"prompt_tokens": "many", "completion_tokens": 2}}},
        {"metadata": {"usage_object": {"prompt_tokens": 1.5, "completion_tokens": 2}}},
        {"model": "", "model_group": None},
        {"endTime": "yesterday"},
        {"endTime": -1.0},
        {"endTime": 1e300},
        {"metadata": {"requester_metadata": {"tallystick_step": "x"}}},
    ],
)
def test_malformed_entry_is_told_and_the_others_are_read(change: dict[str, Any]) -> None:
    use = read(build_entry(**change), build_entry(litellm_call_id="good"))
    assert [event.id for event in use.events] == ["good"]
    assert len(use.problems) == 1
    assert "entry 0" in use.problems[0]


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b"\xff", b'{"a":' * 100_000])
def test_body_is_refused_when_it_is_no_json(body: bytes) -> None:
    with pytest.raises(EventMalformed):
        read_litellm_logs(body, NOW_MS)


def test_entries_of_other_kinds_are_told() -> None:
    assert len(read(5, "x", [build_entry()]).problems) == 3


def test_batch_is_bounded() -> None:
    with pytest.raises(EventMalformed, match="at most"):
        read_litellm_logs(b"[" + b",".join([b"null"] * (MAX_ENTRIES + 1)) + b"]", NOW_MS)
