"""The official clients through a gateway, on a network: what settles is what was reported."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import anthropic
import mistralai.client
import ollama
import openai
import pytest
from google import genai
from google.genai import types
from tests.integration.cli.program import Program
from tests.integration.gateway.running import (
    CONFIG,
    UPSTREAM_KEY,
    RunningGateway,
    found_project,
    list_tokens,
    run_gateway,
    wait_for_key,
    wait_for_records,
)
from tests.upstream.server import Upstream

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MESSAGES: Final[Any] = [{"role": "user", "content": "Say tick."}]
RESOURCE_BY_MODEL: Final = {
    "gpt-4o": "gpt-4o",
    "embedder": "gpt-4o",
    "claude": "claude-3.5-sonnet",
    "gemini": "gemini-1.5-pro",
    "mistral-large": "mistral-large-2",
    "llama3": "llama-3.1-70b",
}


@dataclass(frozen=True)
class Site:
    """A gateway on a network, and who calls it."""

    program: Program
    gateway: RunningGateway
    upstream: Upstream

    def found(self, name: str, amount: str = "500", *options: str) -> tuple[str, str]:
        """A project and the secret of its key."""
        path = f"acme/clients/{name}"
        secret = found_project(self.program, path, amount, *options)
        wait_for_key(self.gateway, secret)
        return path, secret


@pytest.fixture(scope="module")
def running(program: Program, running_upstream: Upstream) -> Iterator[RunningGateway]:
    program.ask("account", "create", "acme/clients")
    config = program.folder / "gateway.yaml"
    config.write_text(CONFIG.format(url=running_upstream.url))
    with run_gateway(program, "--config", "gateway.yaml") as gateway:
        yield gateway


@pytest.fixture
def site(program: Program, running: RunningGateway, upstream: Upstream) -> Site:
    return Site(program, running, upstream)


@pytest.fixture(scope="module")
def stranger(program: Program, running: RunningGateway) -> str:
    """The secret of a key whose calls are not to be sent."""
    secret = found_project(program, "acme/clients/stranger", "500")
    wait_for_key(running, secret)
    return secret


def check_settled(site: Site, project: str) -> list[dict[str, Any]]:
    """What the mock has reported since it was reset is on the chain, record by record."""
    calls = [call for call in site.upstream.calls if call.reported is not None]
    assert calls
    records = wait_for_records(site.program, project, len(calls))
    assert list_tokens(records) == list_tokens([call.reported or {} for call in calls])
    assert sorted(record["resource"] for record in records) == sorted(
        RESOURCE_BY_MODEL[call.model] for call in calls
    )
    assert {record["reason"] for record in records} == {"valued"}
    for call in calls:
        assert "tsk_" not in str(call.headers)
    return records


def test_openai_is_settled_as_reported(site: Site) -> None:
    project, secret = site.found("openai")
    with openai.OpenAI(base_url=f"{site.gateway.url}/v1", api_key=secret, max_retries=0) as client:
        site.upstream.queue(in_fresh=100, in_cached=28, out_visible=7, out_reasoning=64)
        plain = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, max_tokens=90)
        assert plain.usage is not None
        assert (plain.usage.prompt_tokens, plain.usage.completion_tokens) == (128, 71)

        site.upstream.queue(in_fresh=31, in_cached=1024, out_visible=12)
        chunks = list(
            client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        )
        assert "".join(each.choices[0].delta.content or "" for each in chunks).startswith("tick")
        assert all(each.usage is None for each in chunks)

        site.upstream.queue(in_fresh=33, out_visible=13, out_reasoning=3)
        *_, last = client.chat.completions.create(
            model="gpt-4o",
            messages=MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
        )
        assert last.usage is not None
        assert last.usage.completion_tokens == 16

        site.upstream.queue(in_fresh=41, in_cached=2, out_visible=5, out_reasoning=6)
        response = client.responses.create(model="gpt-4o", input="Say tick.")
        assert response.usage is not None
        assert response.usage.total_tokens == 54
        site.upstream.queue(in_fresh=42, out_visible=8)
        assert list(client.responses.create(model="gpt-4o", input="Say tick.", stream=True))
        site.upstream.queue(in_fresh=43, out_visible=9)
        assert client.completions.create(model="gpt-4o", prompt="Say tick.").choices
        site.upstream.queue(in_fresh=44)
        assert client.embeddings.create(model="embedder", input="tick").data
    records = check_settled(site, project)
    assert len(records) == 7
    authorisations = {call.headers["authorization"] for call in site.upstream.calls}
    assert authorisations == {f"Bearer {UPSTREAM_KEY}"}


def test_openai_asked_many_times_at_once_is_settled_as_reported(site: Site) -> None:
    project, secret = site.found("openai-async")

    async def call_all() -> None:
        async with openai.AsyncOpenAI(
            base_url=f"{site.gateway.url}/v1", api_key=secret, max_retries=0
        ) as client:
            await asyncio.gather(*(call(client, number) for number in range(40)))

    async def call(client: openai.AsyncOpenAI, number: int) -> None:
        if number % 2:
            await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            return
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=MESSAGES, stream=True
        )
        assert [chunk async for chunk in stream]

    for number in range(40):
        site.upstream.queue(in_fresh=100 + number, out_visible=number)
    asyncio.run(call_all())
    assert len(check_settled(site, project)) == 40


def test_anthropic_is_settled_as_reported(site: Site) -> None:
    project, secret = site.found("anthropic")
    with anthropic.Anthropic(base_url=site.gateway.url, api_key=secret, max_retries=0) as client:
        site.upstream.queue(in_fresh=50, in_cached=2000, in_written=300, out_visible=40)
        plain = client.messages.create(model="claude", max_tokens=64, messages=MESSAGES)
        assert plain.usage.cache_read_input_tokens == 2000

        site.upstream.queue(in_fresh=51, in_cached=7, out_visible=41)
        with client.messages.stream(model="claude", max_tokens=64, messages=MESSAGES) as stream:
            assert "".join(stream.text_stream)
        site.upstream.queue(in_fresh=52, in_cached=8, in_written=9, out_visible=42, usage_late=True)
        with client.messages.stream(model="claude", max_tokens=64, messages=MESSAGES) as stream:
            assert stream.get_final_message().usage.output_tokens == 42
    assert len(check_settled(site, project)) == 3


def test_gemini_is_settled_as_reported(site: Site) -> None:
    project, secret = site.found("gemini")
    options = types.HttpOptions(base_url=site.gateway.url)
    with genai.Client(api_key=secret, http_options=options) as client:
        site.upstream.queue(in_fresh=60, in_cached=600, out_visible=50, out_reasoning=500)
        plain = client.models.generate_content(model="gemini", contents="Say tick.")
        assert plain.usage_metadata is not None
        assert plain.usage_metadata.thoughts_token_count == 500

        site.upstream.queue(in_fresh=61, in_cached=601, out_visible=51, out_reasoning=501)
        assert list(client.models.generate_content_stream(model="gemini", contents="Say tick."))
    assert len(check_settled(site, project)) == 2


def test_mistral_is_settled_as_reported(site: Site) -> None:
    project, secret = site.found("mistral")
    with mistralai.client.Mistral(api_key=secret, server_url=site.gateway.url) as client:
        site.upstream.queue(in_fresh=70, out_visible=60)
        plain = client.chat.complete(model="mistral-large", messages=MESSAGES)
        assert plain.usage.prompt_tokens == 70

        site.upstream.queue(in_fresh=71, out_visible=61)
        with client.chat.stream(model="mistral-large", messages=MESSAGES) as events:
            assert [event.data.choices[0].delta.content for event in events]
    assert len(check_settled(site, project)) == 2


def test_ollama_is_settled_as_reported(site: Site) -> None:
    project, secret = site.found("ollama")
    headers = {"Authorization": f"Bearer {secret}"}
    with ollama.Client(host=site.gateway.url, headers=headers) as client:
        site.upstream.queue(in_fresh=80, out_visible=70)
        assert client.chat("llama3", MESSAGES).prompt_eval_count == 80
        site.upstream.queue(in_fresh=81, out_visible=71)
        *_, last = client.chat("llama3", MESSAGES, stream=True)
        assert last.eval_count == 71
        site.upstream.queue(in_fresh=82, out_visible=72)
        assert client.generate("llama3", "Say tick.").eval_count == 72
        site.upstream.queue(in_fresh=83, out_visible=73)
        assert list(client.generate("llama3", "Say tick.", stream=True))
        assert [model.model for model in client.list().models]
    assert len(check_settled(site, project)) == 4


def test_person_step_and_exploration_reach_the_chain(site: Site) -> None:
    project, secret = site.found("headers", "500", "--step", "3")
    with openai.OpenAI(base_url=f"{site.gateway.url}/v1", api_key=secret, max_retries=0) as client:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES, user="ada")
        client.chat.completions.create(
            model="gpt-4o",
            messages=MESSAGES,
            extra_headers={"x-tallystick-user": "ada", "x-tallystick-step": "9"},
        )
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    records = check_settled(site, project)
    assert sorted(record["step"] for record in records) == [3, 3, 9]
    users = [record["user"] for record in records]
    assert len(set(users)) == 2
    assert users.count("0x0000000000000000") == 1
    assert all("x-tallystick-user" not in call.headers for call in site.upstream.calls)


def refuse_openai(url: str, secret: str, model: str) -> tuple[int, str]:
    kinds = (openai.AuthenticationError, openai.NotFoundError, openai.RateLimitError)
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key=secret, max_retries=0) as client,
        pytest.raises(kinds) as refusal,
    ):
        client.chat.completions.create(model=model or "gpt-4o", messages=MESSAGES)
    return refusal.value.status_code, str(refusal.value)


def refuse_anthropic(url: str, secret: str, model: str) -> tuple[int, str]:
    kinds = (anthropic.AuthenticationError, anthropic.NotFoundError, anthropic.RateLimitError)
    with (
        anthropic.Anthropic(base_url=url, api_key=secret, max_retries=0) as client,
        pytest.raises(kinds) as refusal,
    ):
        client.messages.create(model=model or "claude", max_tokens=64, messages=MESSAGES)
    return refusal.value.status_code, str(refusal.value)


def refuse_gemini(url: str, secret: str, model: str) -> tuple[int, str]:
    options = types.HttpOptions(base_url=url)
    with (
        genai.Client(api_key=secret, http_options=options) as client,
        pytest.raises(genai.errors.ClientError) as refusal,
    ):
        client.models.generate_content(model=model or "gemini", contents="Say tick.")
    return refusal.value.code, str(refusal.value)


def refuse_mistral(url: str, secret: str, model: str) -> tuple[int, str]:
    with (
        mistralai.client.Mistral(api_key=secret, server_url=url) as client,
        pytest.raises(mistralai.client.errors.MistralError) as refusal,
    ):
        client.chat.complete(model=model or "mistral-large", messages=MESSAGES)
    return refusal.value.status_code, str(refusal.value)


def refuse_ollama(url: str, secret: str, model: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {secret}"}
    with (
        ollama.Client(host=url, headers=headers) as client,
        pytest.raises(ollama.ResponseError) as refusal,
    ):
        client.chat(model or "llama3", MESSAGES)
    return refusal.value.status_code, str(refusal.value)


CLIENTS: Final = {
    "openai": refuse_openai,
    "anthropic": refuse_anthropic,
    "gemini": refuse_gemini,
    "mistral": refuse_mistral,
    "ollama": refuse_ollama,
}


@pytest.mark.parametrize("name", CLIENTS)
def test_client_raises_its_own_error_when_the_budget_is_spent(site: Site, name: str) -> None:
    _, secret = site.found(f"poor-{name}", "0.0005")
    status, words = CLIENTS[name](site.gateway.url, secret, "")
    assert status == 429
    assert "credits" in words or "ucr" in words
    assert not site.upstream.calls


@pytest.mark.parametrize("name", CLIENTS)
def test_client_raises_its_own_error_when_the_key_is_unknown(site: Site, name: str) -> None:
    status, _ = CLIENTS[name](site.gateway.url, "tsk_unknown", "")
    assert status == 401
    assert not site.upstream.calls


@pytest.mark.parametrize("name", CLIENTS)
def test_client_raises_its_own_error_when_the_model_is_unknown(
    site: Site, stranger: str, name: str
) -> None:
    status, words = CLIENTS[name](site.gateway.url, stranger, "mistral-lagre")
    assert status == 404
    assert "mistral-large" in words
    assert not site.upstream.calls
