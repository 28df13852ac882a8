"""Plain answers: passed on as they are, recorded once, as reported, before anyone has them."""

import asyncio
import gzip
import json
import socket
from dataclasses import replace

import pytest
from tests.integration.gateway.calls import CHAT, EMBEDDING, PLAIN, Sample, name_sample
from tests.integration.gateway.relaying import (
    KEY,
    NOW_MS,
    PLENTY_UCR,
    PROJECT,
    RATES,
    RESOURCES,
    SECRET,
    UPSTREAM_SECRET,
    create_offers,
    run_gateway,
    wait_for,
)
from tests.upstream.server import Upstream

from tallystick.core.usage import TOKEN_FIELDS, Flag
from tallystick.core.valuation import compute_cost_ucr
from tallystick.meter.errors import StorageFailed
from tallystick.meter.gateway.gateway import GatewaySettings
from tallystick.meter.gateway.offers import Offer

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

DOUBTFUL = int(Flag.ESTIMATED | Flag.USAGE_MISMATCH)


@pytest.mark.parametrize("sample", PLAIN, ids=name_sample)
async def test_record_equals_what_was_reported(upstream: Upstream, sample: Sample) -> None:
    upstream.order(in_fresh=1234, out_visible=56)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(sample.path, sample.body)
        assert reply.status == 200, reply.text
        reported = upstream.calls[0].reported
        assert reported is not None
        row = relaying.book.row
        assert {name: row[name] for name in TOKEN_FIELDS} == reported
        assert row["resource"] == RESOURCES[sample.model]
        assert row["project"] == PROJECT
        assert row["flags"] & ~int(Flag.REASONING_NOT_REPORTED) == 0
        assert relaying.book.times_ms == [NOW_MS]


@pytest.mark.parametrize("sample", PLAIN, ids=name_sample)
async def test_cost_is_settled_alike_on_every_route(upstream: Upstream, sample: Sample) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(sample.path, sample.body)
        cost_ucr = compute_cost_ucr(relaying.book.row, RATES)
        assert cost_ucr > 0
        assert reply.headers["x-tallystick-cost-ucr"] == str(cost_ucr)
        assert reply.headers["x-tallystick-remaining-ucr"] == str(PLENTY_UCR - cost_ucr)
        lease = relaying.gate.lease(PROJECT)
        assert (lease.used_ucr, lease.reserved_ucr) == (cost_ucr, 0)


async def test_answer_and_request_pass_byte_for_byte(upstream: Upstream) -> None:
    answer = '{ "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7},\n\t"x":1.0e2 }'
    body = b'{"model" :"gpt-4o",  "messages":[], "temperature": 1.00, "unknown": "\\u00e9"}\n'
    upstream.order(body=answer)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, data=body)
    assert reply.body == answer.encode()
    assert reply.headers["Content-Type"] == "application/json"
    assert upstream.calls[0].body == body
    assert relaying.book.row["in_fresh"] == 3


async def test_body_of_megabytes_passes(upstream: Upstream) -> None:
    body = CHAT.body | {"messages": [{"role": "user", "content": "tick " * 500_000}]}
    async with run_gateway(upstream.url) as relaying:
        assert (await relaying.post(CHAT.path, body)).status == 200
    assert json.loads(upstream.calls[0].body) == body


async def test_packed_request_is_read_and_sent_unpacked(upstream: Upstream) -> None:
    packed = gzip.compress(json.dumps(CHAT.body).encode())
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, data=packed, headers={"Content-Encoding": "gzip"})
        assert reply.status == 200
    assert json.loads(upstream.calls[0].body) == CHAT.body
    assert "content-encoding" not in upstream.calls[0].headers


async def test_packed_answer_is_read_and_passed_on_packed(upstream: Upstream) -> None:
    upstream.order(compresses=True, in_fresh=77)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(reply.body))["object"] == "chat.completion"
    assert relaying.book.row["in_fresh"] == 77
    assert upstream.calls[0].headers["accept-encoding"] == "identity"


async def test_answer_waits_until_its_record_is_durable(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        relaying.book.holds = True
        call = asyncio.create_task(relaying.post(CHAT.path, CHAT.body))
        await wait_for(lambda: bool(relaying.book.waiting))
        await asyncio.sleep(0.05)
        assert not call.done()
        relaying.book.sync()
        assert (await call).status == 200


async def test_answer_is_refused_when_its_record_is_not_durable(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        relaying.book.failure = StorageFailed("the disk is gone")
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 500
    assert reply.headers["x-tallystick-error"] == "storage_failed"


async def test_call_is_noted_before_it_is_sent(upstream: Upstream) -> None:
    upstream.order(first_byte_ms=300)
    async with run_gateway(upstream.url) as relaying:
        call = asyncio.create_task(relaying.post(CHAT.path, CHAT.body | {"max_tokens": 10}))
        await asyncio.to_thread(upstream.wait_for, bool)
        (estimate,) = relaying.book.begun.values()
        await call
    assert int(estimate[0]["out_visible"]) == 10
    assert int(estimate[0]["in_fresh"]) > 0
    assert int(estimate[0]["flags"]) & Flag.ESTIMATED


async def test_call_is_sent_again_and_billed_once_when_the_connection_drops(
    upstream: Upstream,
) -> None:
    upstream.queue(drop=True)
    async with run_gateway(upstream.url) as relaying:
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200
        assert relaying.book.row["in_fresh"] == 21
    assert len(upstream.calls) == 2


async def test_nothing_is_billed_when_the_upstream_drops_twice(upstream: Upstream) -> None:
    upstream.order(drop=True)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
        assert reply.status == 502
        assert reply.headers["x-tallystick-error"] == "upstream_unreachable"
        assert relaying.book.rows == []
        assert relaying.book.open_calls == 0
        assert relaying.gate.left_ucr(PROJECT) == PLENTY_UCR
    assert len(upstream.calls) == 2


async def test_nothing_is_billed_when_the_upstream_cannot_be_reached(upstream: Upstream) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{sock.getsockname()[1]}"
        async with run_gateway(closed) as relaying:
            reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 502
    assert relaying.book.rows == []
    assert relaying.gate.left_ucr(PROJECT) == PLENTY_UCR


async def test_input_is_billed_when_the_upstream_stays_silent(upstream: Upstream) -> None:
    offers = create_offers(upstream.url)
    quiet = offers["gpt-4o"].upstream
    timeouts = replace(quiet.timeouts, idle_s=0.2)
    offers["gpt-4o"] = replace(offers["gpt-4o"], upstream=replace(quiet, timeouts=timeouts))
    upstream.order(first_byte_ms=5_000)
    async with run_gateway(upstream.url, offers=offers) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 504
    row = relaying.book.row
    assert row["in_fresh"] > 0
    assert row["out_visible"] == 0
    assert row["flags"] == int(Flag.ESTIMATED | Flag.UPSTREAM_FAILED)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 529])
async def test_error_of_the_upstream_passes_and_is_not_billed(
    upstream: Upstream, status: int
) -> None:
    upstream.order(status=status)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
        assert reply.status == status
        assert "error" in json.loads(reply.body)
        assert "x-tallystick-error" not in reply.headers
        assert relaying.book.rows == []
        assert relaying.book.open_calls == 0
        assert relaying.gate.left_ucr(PROJECT) == PLENTY_UCR


@pytest.mark.parametrize("status", [401, 302, 307])
async def test_answer_that_would_mislead_the_client_becomes_502(
    upstream: Upstream, status: int
) -> None:
    upstream.order(status=status)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 502
    assert reply.headers["x-tallystick-error"] == "upstream_broken"
    assert "Location" not in reply.headers
    assert relaying.book.rows == []


@pytest.mark.parametrize("usage", ["malformed", "negative", "absurd"])
async def test_broken_usage_is_estimated_flagged_and_kept(upstream: Upstream, usage: str) -> None:
    upstream.order(usage=usage)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 200
    row = relaying.book.row
    assert row["flags"] & DOUBTFUL == DOUBTFUL
    assert 0 < row["in_fresh"] < 1000
    assert row["out_visible"] < 1000
    (detail,) = relaying.book.details
    assert b"tokens" in detail.raw
    assert detail.note == "usage_malformed"


@pytest.mark.parametrize("usage", ["absent", "null"])
async def test_missing_usage_is_estimated(upstream: Upstream, usage: str) -> None:
    upstream.order(usage=usage)
    async with run_gateway(upstream.url) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
    row = relaying.book.row
    assert row["flags"] & DOUBTFUL == int(Flag.ESTIMATED)
    assert row["in_fresh"] > 0


async def test_explicit_zero_is_no_missing_usage(upstream: Upstream) -> None:
    upstream.order(in_fresh=0, out_visible=0)
    async with run_gateway(upstream.url) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
    row = relaying.book.row
    assert (row["in_fresh"], row["out_visible"]) == (0, 0)
    assert not row["flags"] & Flag.ESTIMATED


async def test_mismatch_is_flagged(upstream: Upstream) -> None:
    upstream.order(usage="mismatch")
    async with run_gateway(upstream.url) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
    assert relaying.book.row["flags"] & Flag.USAGE_MISMATCH
    assert not relaying.book.row["flags"] & Flag.ESTIMATED


async def test_tier_of_the_answer_decides_the_resource(upstream: Upstream) -> None:
    offers = create_offers(upstream.url)
    offers["gpt-4o"] = replace(offers["gpt-4o"], variants={"flex": 21})
    upstream.order(tier="flex")
    async with run_gateway(upstream.url, offers=offers) as relaying:
        await relaying.post(CHAT.path, CHAT.body | {"service_tier": "auto"})
        assert relaying.book.row["resource"] == 21
        assert relaying.book.details[0].tier == "flex"


async def test_tier_without_a_price_is_billed_as_the_base_and_counted(upstream: Upstream) -> None:
    upstream.order(tier="priority")
    async with run_gateway(upstream.url) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
        assert relaying.book.row["resource"] == RESOURCES["gpt-4o"]
        metrics = relaying.server.render_metrics().decode()
    assert 'unpriced_tier_total{model="gpt-4o",tier="priority"} 1.0' in metrics


async def test_record_carries_user_step_and_experiment(upstream: Upstream) -> None:
    key = replace(KEY, records_users=True, is_experiment=True, step=3)
    async with run_gateway(upstream.url, key=key) as relaying:
        await relaying.post(CHAT.path, CHAT.body, headers={"x-tallystick-user": "ann"})
        await relaying.post(CHAT.path, CHAT.body | {"user": "bob"}, headers=STEP_9)
    first, second = relaying.book.rows
    assert (first["user"], first["step"]) == (4242, 3)
    assert second["step"] == 9
    assert first["flags"] & Flag.EXPLORATION
    assert relaying.people.given == [("acme", "ann"), ("acme", "bob")]
    assert "x-tallystick-user" not in upstream.calls[0].headers


STEP_9 = {"x-tallystick-step": "9"}


async def test_record_carries_no_user_when_the_key_does_not_record_users(
    upstream: Upstream,
) -> None:
    key = replace(KEY, user="ann")
    async with run_gateway(upstream.url, key=key) as relaying:
        await relaying.post(CHAT.path, CHAT.body, headers={"x-tallystick-user": "bob"})
    assert relaying.book.row["user"] == 0
    assert relaying.people.given == []


async def test_time_is_coarsened(upstream: Upstream) -> None:
    settings = GatewaySettings(granularity_ms=3_600_000)
    async with run_gateway(upstream.url, settings=settings) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
    assert relaying.book.times_ms == [NOW_MS - NOW_MS % 3_600_000]


async def test_upstream_sees_its_own_key_and_not_the_clients(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        for sample in PLAIN:
            await relaying.post(sample.path, sample.body)
    for call in upstream.calls:
        shown = " ".join(call.headers.values())
        assert SECRET not in shown
        assert UPSTREAM_SECRET in shown


async def test_key_in_the_query_goes_no_further(upstream: Upstream) -> None:
    path = "/v1beta/models/gemini:generateContent"
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(f"{path}?key={SECRET}", {"contents": []}, secret=None)
        assert reply.status == 200
    assert SECRET not in upstream.calls[0].path


async def test_upstreams_key_is_in_no_answer(upstream: Upstream) -> None:
    upstream.order(body=json.dumps({"error": f"no such key: {UPSTREAM_SECRET}"}), status=403)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert UPSTREAM_SECRET not in reply.text
    assert "no such key: ***" in reply.text


@pytest.mark.usefixtures("logged")
async def test_secrets_and_prompts_are_in_no_log(
    upstream: Upstream, capfd: pytest.CaptureFixture[str]
) -> None:
    async with run_gateway(upstream.url) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
        upstream.order(drop=True)
        await relaying.post(CHAT.path, CHAT.body)
        await relaying.post(CHAT.path, CHAT.body, secret="tsk_wrong")
    out, err = capfd.readouterr()
    assert "call_relayed" in out + err
    for secret in (SECRET, UPSTREAM_SECRET, "tsk_wrong", "Say tick"):
        assert secret not in out + err


async def test_upstreams_name_of_a_model_is_asked_for(upstream: Upstream) -> None:
    offers = create_offers(upstream.url)
    for model in ("gpt-4o", "gemini"):
        offers[model] = replace(offers[model], upstream_model=f"{model}-2026")
    async with run_gateway(upstream.url, offers=offers) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
        await relaying.post("/v1beta/models/gemini:generateContent", {"contents": []})
    assert [call.model for call in upstream.calls] == ["gpt-4o-2026", "gemini-2026"]
    assert [row["resource"] for row in relaying.book.rows] == [1, 3]


async def test_answer_beyond_the_bound_is_refused_and_estimated(upstream: Upstream) -> None:
    upstream.order(body=json.dumps({"x": "y" * 50_000}))
    settings = GatewaySettings(max_answer_bytes=10_000)
    async with run_gateway(upstream.url, settings=settings) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 502
    assert relaying.book.row["flags"] & Flag.ESTIMATED


async def test_call_is_billed_when_its_client_leaves_before_the_answer(
    upstream: Upstream,
) -> None:
    upstream.order(first_byte_ms=300)
    async with run_gateway(upstream.url) as relaying:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.15):
                await relaying.post(CHAT.path, CHAT.body)
        await relaying.wait_until_idle()
        assert relaying.book.row["in_fresh"] == 21
        assert not relaying.book.row["flags"] & Flag.ESTIMATED


async def test_embedding_is_recorded(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        await relaying.post(EMBEDDING.path, EMBEDDING.body)
    row = relaying.book.row
    assert row["in_fresh"] == 21
    assert row["out_visible"] == 0


def test_offer_has_the_limits_that_admission_asks_for(upstream: Upstream) -> None:
    offer: Offer = create_offers(upstream.url)["gpt-4o"]
    assert (offer.max_input_tokens, offer.max_output_tokens) == (100_000, 4_000)
