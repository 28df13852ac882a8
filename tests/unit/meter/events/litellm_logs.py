"""Entries of LiteLLM's log, shaped as its proxy writes them."""

from typing import Any


def build_entry(usage: dict[str, Any] | None = None, **changes: object) -> dict[str, Any]:
    """One StandardLoggingPayload; `changes` are members of it, `metadata` is merged."""
    metadata = {
        "user_api_key_hash": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
        "user_api_key_alias": "chat",
        "user_api_key_team_id": "team-1",
        "user_api_key_user_id": "ada",
        "user_api_key_org_id": None,
        "spend_logs_metadata": None,
        "requester_metadata": None,
        "usage_object": usage
        or {
            "prompt_tokens": 1_000,
            "completion_tokens": 200,
            "total_tokens": 1_200,
            "prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 50},
        },
    }
    entry = {
        "id": "chatcmpl-1",
        "trace_id": "t-1",
        "litellm_call_id": "call-1",
        "call_type": "acompletion",
        "stream": False,
        "response_cost": 0.0045,
        "status": "success",
        "custom_llm_provider": "openai",
        "total_tokens": 1_200,
        "prompt_tokens": 1_000,
        "completion_tokens": 200,
        "startTime": 1_790_000_000.25,
        "endTime": 1_790_000_002.75,
        "completionStartTime": 1_790_000_001.0,
        "response_time": 2.5,
        "model": "gpt-4o",
        "model_id": "m-1",
        "model_group": "chat-large",
        "api_base": "https://api.openai.com",
        "metadata": metadata,
        "cache_hit": None,
        "request_tags": [],
        "end_user": "",
        "messages": [{"role": "user", "content": "hello"}],
        "response": {"id": "chatcmpl-1", "service_tier": "default"},
        "model_parameters": {},
        "hidden_params": {},
    }
    more = changes.pop("metadata", {})
    assert isinstance(more, dict)
    return {**entry, **changes, "metadata": {**metadata, **more}}
