"""The fields we read are those that the providers' official packages declare."""

from typing import Any

import anthropic.types
import ollama
import openai.types
import pytest
from google.genai import types as gemini_types
from mistralai.client.models import UsageInfo
from openai.types import completion_usage
from openai.types import responses as openai_responses
from openai.types.responses import response_usage

from tallystick.core.usage import Flag
from tallystick.meter.parse.documents import read_usage_document
from tallystick.meter.parse.errors import DialectUnknown, UsageMalformed
from tallystick.meter.parse.providers.openai_usage import CHAT, RESPONSES, FieldNames
from tallystick.meter.parse.reading import MAX_RAW_BYTES, Reading

Counts = tuple[int, int, int, int, int]


def counts(reading: Reading) -> Counts:
    return (
        reading.in_fresh,
        reading.in_cached,
        reading.in_written,
        reading.out_visible,
        reading.out_reasoning,
    )


def test_chat_usage_is_read_as_openai_declares_it() -> None:
    usage = openai.types.CompletionUsage(
        prompt_tokens=100,
        completion_tokens=50,
        total_tokens=150,
        prompt_tokens_details=completion_usage.PromptTokensDetails(
            cached_tokens=60, cache_write_tokens=10
        ),
        completion_tokens_details=completion_usage.CompletionTokensDetails(
            reasoning_tokens=20, rejected_prediction_tokens=5
        ),
    )
    reading = read_usage_document("openai-chat", usage.model_dump())
    assert (counts(reading), reading.flags) == ((30, 60, 10, 30, 20), Flag(0))


def test_response_usage_is_read_as_openai_declares_it() -> None:
    usage = openai_responses.ResponseUsage(
        input_tokens=100,
        input_tokens_details=response_usage.InputTokensDetails(
            cached_tokens=60, cache_write_tokens=10
        ),
        output_tokens=50,
        output_tokens_details=response_usage.OutputTokensDetails(reasoning_tokens=20),
        total_tokens=150,
    )
    reading = read_usage_document("openai-responses", usage.model_dump())
    assert (counts(reading), reading.flags) == ((30, 60, 10, 30, 20), Flag(0))


@pytest.mark.parametrize(
    ("names", "kind"),
    [(CHAT, openai.types.CompletionUsage), (RESPONSES, openai_responses.ResponseUsage)],
)
def test_every_field_name_is_declared_by_openai(names: FieldNames, kind: type) -> None:
    paths = (
        names.read,
        names.cached[0],
        names.written,
        names.produced,
        names.reasoning,
        names.total,
    )
    for path in paths:
        found: Any = kind
        for part in path.split("."):
            annotation = found.model_fields[part].annotation
            inner = [arg for arg in getattr(annotation, "__args__", ()) if arg is not type(None)]
            found = inner[0] if inner else annotation
        assert found is int


def test_message_usage_is_read_as_anthropic_declares_it() -> None:
    usage = anthropic.types.Usage(
        input_tokens=30,
        cache_read_input_tokens=60,
        cache_creation_input_tokens=10,
        cache_creation=anthropic.types.CacheCreation(
            ephemeral_1h_input_tokens=4, ephemeral_5m_input_tokens=6
        ),
        output_tokens=50,
        output_tokens_details=anthropic.types.OutputTokensDetails(thinking_tokens=20),
        service_tier="batch",
    )
    reading = read_usage_document("anthropic-messages", usage.model_dump())
    assert (counts(reading), reading.flags) == ((30, 60, 10, 30, 20), Flag(0))
    assert reading.tier == "batch"


def test_generation_usage_is_read_as_google_declares_it() -> None:
    usage = gemini_types.GenerateContentResponseUsageMetadata(
        prompt_token_count=90,
        cached_content_token_count=60,
        tool_use_prompt_token_count=10,
        candidates_token_count=30,
        thoughts_token_count=20,
        total_token_count=150,
        traffic_type=gemini_types.TrafficType.ON_DEMAND_PRIORITY,
    )
    dumped = usage.model_dump(by_alias=True, exclude_none=True, mode="json")
    reading = read_usage_document("gemini", dumped)
    assert (counts(reading), reading.flags) == ((40, 60, 0, 30, 20), Flag(0))
    assert reading.tier == "priority"


def test_every_traffic_type_of_google_is_a_tier() -> None:
    tiers = {
        kind.value: read_usage_document("gemini", {"promptTokenCount": 1, "trafficType": kind}).tier
        for kind in gemini_types.TrafficType
    }
    assert tiers["TRAFFIC_TYPE_UNSPECIFIED"] == tiers["ON_DEMAND"] == ""
    assert tiers["ON_DEMAND_FLEX"] == "flex"
    assert tiers["PROVISIONED_THROUGHPUT"] == "provisioned_throughput"


def test_chat_usage_is_read_as_mistral_declares_it() -> None:
    usage = UsageInfo(
        prompt_tokens=100, completion_tokens=50, total_tokens=150, service_tier="priority"
    )
    reading = read_usage_document("mistral-chat", usage.model_dump())
    assert counts(reading) == (100, 0, 0, 50, 0)
    assert (reading.flags, reading.tier) == (Flag.REASONING_NOT_REPORTED, "priority")


def test_answer_is_read_as_ollama_declares_it() -> None:
    answer = ollama.ChatResponse(
        model="m",
        message=ollama.Message(role="assistant", content="x"),
        done=True,
        prompt_eval_count=100,
        eval_count=50,
    )
    reading = read_usage_document("ollama", answer.model_dump(exclude={"message"}), model="m")
    assert counts(reading) == (100, 0, 0, 50, 0)
    assert reading.model == "m"


@pytest.mark.parametrize("field", ["prompt_cache_hit_tokens", "cached_tokens"])
def test_cached_tokens_are_read_where_servers_of_openais_api_put_them(field: str) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10, field: 6}
    assert counts(read_usage_document("openai-chat", usage)) == (3, 6, 0, 1, 0)


def test_document_of_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(DialectUnknown):
        read_usage_document("telegraph", {})


@pytest.mark.parametrize(
    ("dialect", "usage"),
    [
        ("openai-chat", {}),
        ("openai-chat", {"prompt_tokens": 5}),
        ("openai-chat", {"prompt_tokens": 9, "total_tokens": 5}),
        ("openai-responses", {"prompt_tokens": 5, "completion_tokens": 5}),
        ("openai-embeddings", {}),
        ("anthropic-messages", {"input_tokens": 5}),
        ("anthropic-messages", {"output_tokens": 5}),
        ("gemini", {"trafficType": "ON_DEMAND"}),
        ("ollama", {"total_duration": 9}),
        ("bedrock-converse", {"inputTokens": 5}),
    ],
)
def test_document_is_refused_when_a_side_is_missing(dialect: str, usage: dict[str, Any]) -> None:
    with pytest.raises(UsageMalformed):
        read_usage_document(dialect, usage)


def test_side_that_is_missing_is_what_the_total_leaves() -> None:
    usage = {"prompt_tokens": 5, "total_tokens": 9}
    assert counts(read_usage_document("openai-chat", usage)) == (5, 0, 0, 4, 0)


@pytest.mark.parametrize("tier", ["default", "standard", "auto", "on_demand", "DEFAULT", ""])
def test_standard_tier_has_no_name(tier: str) -> None:
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    assert read_usage_document("openai-embeddings", usage, tier=tier).tier == ""


def test_usage_object_is_kept_up_to_its_bound() -> None:
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    assert read_usage_document("openai-embeddings", usage).raw == (
        b'{"prompt_tokens":5,"total_tokens":5}'
    )
    long = {**usage, "note": "x" * MAX_RAW_BYTES}
    assert read_usage_document("openai-embeddings", long).raw == b""
