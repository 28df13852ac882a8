"""Official clients, wrapped: they answer as before, and every call is recorded as reported."""

import asyncio
import gc
import json
from collections.abc import Iterator
from typing import Any, TypeVar

import anthropic
import httpx
import openai
import pytest
from tests.integration.sdk.conftest import Reader
from tests.upstream.server import Upstream

import tallystick
from tallystick.core.usage import Flag

pytestmark = pytest.mark.integration

MESSAGES: Any = [{"role": "user", "content": "count to five"}]
FIELDS = ("in_fresh", "in_cached", "in_written", "out_visible", "out_reasoning")
CLAUDE = "claude-3.5-sonnet"

C = TypeVar("C", openai.OpenAI, anthropic.Anthropic)

_opened: list[openai.OpenAI | anthropic.Anthropic] = []


@pytest.fixture(autouse=True)
def close_clients() -> Iterator[None]:
    """Every client of a test is closed after it."""
    yield
    while _opened:
        _opened.pop().close()


def keep(client: C) -> C:
    """The client is closed after the test."""
    _opened.append(client)
    return client


def build_openai(meter: tallystick.Meter, upstream: Upstream, **more: Any) -> openai.OpenAI:  # noqa: ANN401 - options
    plain = openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="sk-secret", max_retries=0)
    return keep(meter.wrap(plain, **more))


def build_async_openai(meter: tallystick.Meter, upstream: Upstream) -> openai.AsyncOpenAI:
    plain = openai.AsyncOpenAI(base_url=f"{upstream.url}/v1", api_key="sk-secret", max_retries=0)
    return meter.wrap(plain)


def build_anthropic(meter: tallystick.Meter, upstream: Upstream) -> anthropic.Anthropic:
    plain = anthropic.Anthropic(base_url=upstream.url, api_key="sk-secret", max_retries=0)
    return keep(meter.wrap(plain))


def check(reader: Reader, upstream: Upstream) -> None:
    """Every record is what the provider reported of the call, in order."""
    reported = [
        tuple(call.reported[name] for name in FIELDS) for call in upstream.calls if call.reported
    ]
    assert reader.read_tokens() == reported
    assert len(reported) == len(upstream.calls)


def test_wrapped_client_keeps_its_class_and_settings(
    open_meter: tallystick.Meter, upstream: Upstream
) -> None:
    plain = openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="sk-1", max_retries=5, timeout=9.0)
    wrapped = keep(open_meter.wrap(plain))
    assert type(wrapped) is openai.OpenAI
    assert (wrapped.max_retries, wrapped.timeout, wrapped.api_key) == (5, 9.0, "sk-1")
    assert wrapped.base_url == plain.base_url


def test_openai_calls_are_recorded(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    upstream.order(in_fresh=30, in_cached=70, out_visible=5, out_reasoning=15)
    with build_openai(open_meter, upstream) as client:
        chat = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert chat.choices[0].message.content
        assert chat.usage is not None
        assert chat.usage.prompt_tokens == 100
        assert client.responses.create(model="gpt-4o", input="hello").output_text
        assert client.embeddings.create(model="gpt-4o", input="hello").data[0].embedding
        assert client.completions.create(model="gpt-4o", prompt="hello").choices[0].text
        raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
        assert raw.parse().choices
    check(reader, upstream)
    assert set(reader.read()["flags"].tolist()) <= {0, int(Flag.REASONING_NOT_REPORTED)}
    assert upstream.calls[0].headers["authorization"] == "Bearer sk-secret"


def test_client_that_nobody_else_holds_works(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    client = build_openai(open_meter, upstream)
    gc.collect()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    check(reader, upstream)


@pytest.mark.parametrize("asks", [False, True])
def test_openai_stream_is_recorded_and_its_usage_shown_to_who_asked(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream, asks: bool
) -> None:
    client = build_openai(open_meter, upstream)
    options: Any = {"stream_options": {"include_usage": True}} if asks else {}
    stream = client.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, stream=True, **options
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert any(chunk.usage for chunk in chunks) is asks
    assert all(chunk.choices for chunk in chunks) is not asks
    check(reader, upstream)
    assert json.loads(upstream.calls[0].body)["stream_options"]["include_usage"] is True


def test_stream_is_recorded_when_it_ends_and_not_before(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    client = build_openai(open_meter, upstream)
    upstream.order(delay_ms=20)
    for _ in client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
        assert len(reader.read()) == 0
    assert open_meter.parts.recorder.in_flight == 0
    check(reader, upstream)


def test_responses_stream_is_recorded(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    client = build_openai(open_meter, upstream)
    events = list(client.responses.create(model="gpt-4o", input="hello", stream=True))
    assert events[-1].type == "response.completed"
    check(reader, upstream)


def test_anthropic_calls_are_recorded(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    upstream.order(in_fresh=30, in_cached=70, in_written=11, out_visible=25)
    client = build_anthropic(open_meter, upstream)
    message = client.messages.create(model=CLAUDE, messages=MESSAGES, max_tokens=100)
    assert message.usage.cache_read_input_tokens == 70
    with client.messages.stream(model=CLAUDE, messages=MESSAGES, max_tokens=100) as stream:
        assert stream.get_final_text()
    upstream.order(in_fresh=30, in_cached=70, out_visible=25, usage_late=True)
    events = client.messages.create(model=CLAUDE, messages=MESSAGES, max_tokens=9, stream=True)
    assert [event.type for event in events][-1] == "message_stop"
    check(reader, upstream)


def test_async_clients_are_recorded(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    async def work() -> None:
        plain = anthropic.AsyncAnthropic(base_url=upstream.url, api_key="k", max_retries=0)
        async with build_async_openai(open_meter, upstream) as client:
            await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            stream = await client.chat.completions.create(
                model="gpt-4o", messages=MESSAGES, stream=True
            )
            assert [chunk async for chunk in stream]
            async with open_meter.wrap(plain) as other:
                await other.messages.create(model=CLAUDE, messages=MESSAGES, max_tokens=9)
                async with other.messages.stream(
                    model=CLAUDE, messages=MESSAGES, max_tokens=9
                ) as events:
                    assert await events.get_final_text()

    asyncio.run(work())
    check(reader, upstream)


def test_parallel_async_calls_are_recorded_for_their_own_step(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    async def call(client: openai.AsyncOpenAI, step: int) -> None:
        order = {"x-mock": json.dumps({"in_fresh": step, "out_visible": 1})}
        with open_meter.attribute(step=step):
            await client.chat.completions.create(
                model="gpt-4o", messages=MESSAGES, extra_headers=order
            )

    async def work() -> None:
        async with build_async_openai(open_meter, upstream) as client:
            await asyncio.gather(*(call(client, step) for step in range(1, 31)))

    asyncio.run(work())
    records = reader.read()
    assert sorted(records["step"].tolist()) == list(range(1, 31))
    assert records["step"].tolist() == records["in_fresh"].tolist()


def test_client_built_with_the_older_http_library_is_recorded(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    http: Any = httpx.Client(trust_env=False)
    plain = openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="k", http_client=http)
    with open_meter.wrap(plain) as client:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))
    check(reader, upstream)


def test_compressed_answer_is_read(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    upstream.order(compresses=True)
    client = build_openai(open_meter, upstream)
    assert client.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices
    check(reader, upstream)


def test_stream_that_is_left_early_is_estimated(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    upstream.order(delay_ms=20, chunks=50)
    client = build_openai(open_meter, upstream)
    with client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True) as stream:
        next(iter(stream))
    (record,) = reader.read()
    assert record["flags"] & int(Flag.ESTIMATED)
    assert record["in_fresh"] > 0


def test_async_stream_that_is_cancelled_is_estimated(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    upstream.order(delay_ms=50, chunks=100)

    async def read(client: openai.AsyncOpenAI) -> None:
        async with asyncio.timeout(0.5):
            stream = await client.chat.completions.create(
                model="gpt-4o", messages=MESSAGES, stream=True
            )
            async for _ in stream:
                pass

    async def work() -> None:
        async with build_async_openai(open_meter, upstream) as client:
            with pytest.raises(TimeoutError):
                await read(client)

    asyncio.run(work())
    (record,) = reader.read()
    assert record["flags"] & int(Flag.ESTIMATED)


def test_answer_that_breaks_off_is_recorded_and_flagged(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    upstream.order(cut_after=3)
    client = build_openai(open_meter, upstream)
    with pytest.raises(openai.APIConnectionError):
        list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))
    (record,) = reader.read()
    assert record["flags"] & int(Flag.UPSTREAM_FAILED)
    assert record["flags"] & int(Flag.ESTIMATED)


def test_absent_usage_is_estimated_and_absurd_usage_is_not_believed(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    client = build_openai(open_meter, upstream)
    for usage in ("absent", "malformed", "negative", "absurd"):
        upstream.order(usage=usage)
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    records = reader.read()
    assert len(records) == 4
    assert all(flags & int(Flag.ESTIMATED) for flags in records["flags"].tolist())
    assert int(records["out_visible"].max()) < 1_000


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_failed_call_is_not_billed(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream, status: int
) -> None:
    upstream.order(status=status)
    client = build_openai(open_meter, upstream)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert caught.value.status_code == status
    assert len(reader.read()) == 0
    assert open_meter.parts.recorder.in_flight == 0


def test_retry_of_the_client_is_billed_once(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    upstream.queue(drop=True)
    plain = openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="k", max_retries=2)
    client = keep(open_meter.wrap(plain))
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert len(reader.read()) == 1
    assert len(upstream.calls) == 2


def test_unknown_model_is_refused_before_the_call(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    client = build_openai(open_meter, upstream)
    with pytest.raises(openai.NotFoundError, match="gpt-4o"):
        client.chat.completions.create(model="gpt-4p", messages=MESSAGES)
    other = build_anthropic(open_meter, upstream)
    with pytest.raises(anthropic.NotFoundError):
        other.messages.create(model="claude-x", messages=MESSAGES, max_tokens=1)
    assert len(reader.read()) == 0
    assert len(upstream.calls) == 0


def test_named_resource_stands_for_every_model(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    client = build_openai(open_meter, upstream, resource="gpt-4o", step=9)
    client.chat.completions.create(model="my-deployment", messages=MESSAGES)
    (record,) = reader.read()
    assert record["resource"] == open_meter.parts.names.require_resource("gpt-4o").id
    assert record["step"] == 9


def test_other_requests_pass_unmetered(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    client = build_openai(open_meter, upstream)
    client.models.list()
    with pytest.raises(openai.APIStatusError):
        client.moderations.create(input="hello")
    assert len(reader.read()) == 0
    assert open_meter.parts.recorder.in_flight == 0


def test_hooks_of_the_clients_own_connections_are_called(
    open_meter: tallystick.Meter, reader: Reader, upstream: Upstream
) -> None:
    hooked: list[str] = []
    http = openai.DefaultHttpxClient(
        event_hooks={"request": [lambda request: hooked.append(request.url.path)]}
    )
    plain = openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="k", http_client=http)
    client = keep(open_meter.wrap(plain))
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert hooked == ["/v1/chat/completions"]
    check(reader, upstream)
