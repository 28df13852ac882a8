"""Streams: every byte as it comes, the record before the end, whoever leaves meanwhile."""

import asyncio
import gzip
import json

import aiohttp
import httpx
import pytest
from tests.integration.gateway.calls import (
    CHAT,
    GEMINI,
    MESSAGE,
    OLLAMA,
    STREAMS,
    Sample,
    name_sample,
)
from tests.integration.gateway.relaying import (
    PLENTY_UCR,
    PROJECT,
    RATES,
    SECRET,
    Relaying,
    Reply,
    run_gateway,
    wait_for,
)
from tests.upstream.server import Upstream

from tallystick.core.usage import TOKEN_FIELDS, Flag
from tallystick.core.valuation import compute_cost_ucr
from tallystick.meter.errors import StorageFailed
from tallystick.meter.gateway.gateway import GatewaySettings

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

CHAT_STREAM = CHAT.streamed
ASKING = CHAT_STREAM.body | {"stream_options": {"include_usage": True}}


async def ask_directly(upstream: Upstream, path: str, body: object) -> bytes:
    async with httpx.AsyncClient() as client:
        answer = await client.post(upstream.url + path, json=body)
        return answer.content


async def open_stream(relaying: Relaying, sample: Sample) -> aiohttp.ClientResponse:
    return await relaying.session.post(
        relaying.url + sample.path,
        json=sample.body,
        headers={"Authorization": f"Bearer {SECRET}"},
    )


@pytest.mark.parametrize("sample", STREAMS, ids=name_sample)
@pytest.mark.parametrize("split_bytes", [0, 1, 7, 1000])
async def test_stream_passes_byte_for_byte_when_cut_anywhere(
    upstream: Upstream, sample: Sample, split_bytes: int
) -> None:
    upstream.order(split_bytes=split_bytes, in_fresh=1234)
    body = sample.body
    if "/completions" in sample.path:
        body = sample.body | {"stream_options": {"include_usage": True}}
    direct = await ask_directly(upstream, sample.path, body)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(sample.path, body)
        assert reply.body == direct
        reported = upstream.calls[-1].reported
        row = relaying.book.row
        assert {name: row[name] for name in TOKEN_FIELDS} == reported
        assert not row["flags"] & Flag.ESTIMATED
        assert relaying.gate.lease(PROJECT).used_ucr == compute_cost_ucr(row, RATES)


@pytest.mark.parametrize("split_bytes", [0, 1, 9, 300])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
async def test_chunk_asked_for_on_the_clients_behalf_is_left_out(
    upstream: Upstream, split_bytes: int, line_end: str
) -> None:
    upstream.order(split_bytes=split_bytes, line_end=line_end)
    unasked = await ask_directly(upstream, CHAT_STREAM.path, CHAT_STREAM.body)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT_STREAM.path, CHAT_STREAM.body)
    sent = json.loads(upstream.calls[-1].body)
    assert sent["stream_options"] == {"include_usage": True}
    assert b'"choices":[]' not in reply.body.replace(b" ", b"")
    assert reply.text.count("data:") == unasked.decode().count("data:")
    assert relaying.book.row["in_fresh"] == 21


async def test_packed_stream_passes_packed_and_is_read(upstream: Upstream) -> None:
    upstream.order(compresses=True, split_bytes=11)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT_STREAM.path, ASKING)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(reply.body).rstrip().endswith(b"[DONE]")
    assert relaying.book.row["in_fresh"] == 21


async def test_packed_stream_passes_unpacked_when_a_chunk_is_left_out(upstream: Upstream) -> None:
    upstream.order(compresses=True)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT_STREAM.path, CHAT_STREAM.body)
    assert "Content-Encoding" not in reply.headers
    assert reply.text.rstrip().endswith("[DONE]")
    assert '"usage": {' not in reply.text
    assert relaying.book.row["in_fresh"] == 21


@pytest.mark.parametrize("sample", [CHAT_STREAM, MESSAGE.streamed, OLLAMA.streamed])
async def test_first_piece_comes_before_the_upstream_has_finished(
    upstream: Upstream, sample: Sample
) -> None:
    upstream.order(delay_ms=200)
    async with run_gateway(upstream.url) as relaying:
        answer = await open_stream(relaying, sample)
        assert await answer.content.readany()
        assert not upstream.calls[0].is_complete
        await answer.read()


async def test_head_comes_before_the_first_piece(upstream: Upstream) -> None:
    upstream.order(stall_after=0)
    settings = GatewaySettings(drain_s=0.1)
    async with run_gateway(upstream.url, settings=settings, stop_s=0.1) as relaying:
        async with asyncio.timeout(10):
            answer = await open_stream(relaying, CHAT_STREAM)
        assert answer.status == 200
        assert len(answer.headers["x-tallystick-call"]) == 32
        assert int(answer.headers["x-tallystick-remaining-ucr"]) < PLENTY_UCR
        answer.close()


async def test_end_waits_until_the_record_is_durable(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        relaying.book.holds = True
        answer = await open_stream(relaying, CHAT_STREAM)
        seen = bytearray()
        reading = asyncio.create_task(_read_into(answer, seen))
        await wait_for(lambda: bool(relaying.book.waiting))
        await asyncio.sleep(0.05)
        assert not reading.done()
        assert b"[DONE]" not in seen
        relaying.book.sync()
        await reading
        assert b"[DONE]" in seen


async def _read_into(answer: aiohttp.ClientResponse, seen: bytearray) -> None:
    async for data in answer.content.iter_any():
        seen.extend(data)


async def test_stream_breaks_off_when_its_record_is_not_durable(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        relaying.book.failure = StorageFailed("the disk is gone")
        with pytest.raises(aiohttp.ClientPayloadError):
            await relaying.post(CHAT_STREAM.path, CHAT_STREAM.body)


@pytest.mark.parametrize("sample", [CHAT_STREAM, MESSAGE.streamed, GEMINI.streamed])
async def test_stream_is_billed_as_reported_when_its_client_leaves(
    upstream: Upstream, sample: Sample
) -> None:
    upstream.order(delay_ms=40, chunks=8)
    async with run_gateway(upstream.url) as relaying:
        answer = await open_stream(relaying, sample)
        await answer.content.readany()
        answer.close()
        await relaying.wait_until_idle()
        row = relaying.book.row
        assert {name: row[name] for name in TOKEN_FIELDS} == upstream.calls[0].reported
        assert not row["flags"] & Flag.ESTIMATED
        assert b"clients_gone_total 1.0" in relaying.server.render_metrics()


async def test_stream_is_estimated_when_its_client_leaves_and_nothing_more_comes(
    upstream: Upstream,
) -> None:
    upstream.order(delay_ms=40, chunks=20, stall_after=12, chunk_text="tick tick tick tick ")
    settings = GatewaySettings(drain_s=1.0)
    async with run_gateway(upstream.url, settings=settings) as relaying:
        answer = await open_stream(relaying, CHAT_STREAM)
        await answer.content.readany()
        answer.close()
        await relaying.wait_until_idle()
        row = relaying.book.row
    assert row["flags"] & Flag.ESTIMATED
    assert row["out_visible"] >= 20
    assert row["in_fresh"] > 0


async def test_stream_is_estimated_when_too_many_are_read_on(upstream: Upstream) -> None:
    upstream.order(delay_ms=40, chunks=8)
    settings = GatewaySettings(max_drains=0)
    async with run_gateway(upstream.url, settings=settings) as relaying:
        answer = await open_stream(relaying, CHAT_STREAM)
        await answer.content.readany()
        answer.close()
        await relaying.wait_until_idle()
        assert relaying.book.row["flags"] & Flag.ESTIMATED


@pytest.mark.parametrize("cuts_inside", [False, True])
@pytest.mark.parametrize("sample", [CHAT_STREAM, MESSAGE.streamed, OLLAMA.streamed])
async def test_stream_breaks_off_for_the_client_when_the_upstream_is_cut(
    upstream: Upstream, sample: Sample, *, cuts_inside: bool
) -> None:
    upstream.order(cut_after=6, chunks=9, chunk_text="tick " * 8, cuts_inside=cuts_inside)
    async with run_gateway(upstream.url) as relaying:
        with pytest.raises(aiohttp.ClientPayloadError):
            await relaying.post(sample.path, sample.body)
        await relaying.wait_until_idle()
        row = relaying.book.row
        assert row["flags"] & Flag.UPSTREAM_FAILED
        assert row["flags"] & Flag.ESTIMATED
        assert row["in_fresh"] > 0
        assert row["out_visible"] >= 20
        assert relaying.gate.lease(PROJECT).reserved_ucr == 0


async def test_stream_keeps_what_was_reported_when_cut_after_it(upstream: Upstream) -> None:
    upstream.order(usage_running=True, cut_after=4)
    async with run_gateway(upstream.url) as relaying:
        with pytest.raises(aiohttp.ClientPayloadError):
            await relaying.post(CHAT_STREAM.path, ASKING)
        await relaying.wait_until_idle()
        row = relaying.book.row
    assert row["flags"] & Flag.UPSTREAM_FAILED
    assert row["in_fresh"] == 21


async def test_stream_is_answered_with_an_error_when_the_upstream_refuses(
    upstream: Upstream,
) -> None:
    upstream.order(status=429)
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT_STREAM.path, CHAT_STREAM.body)
        assert reply.status == 429
        assert "error" in json.loads(reply.body)
        assert relaying.book.rows == []


async def test_end_is_passed_on_when_the_upstream_keeps_the_connection(
    upstream: Upstream,
) -> None:
    # Everything is sent but the end of the transfer: the last piece must not wait for it.
    pieces = (await ask_directly(upstream, CHAT_STREAM.path, ASKING)).count(b"data:")
    upstream.order(stall_after=pieces)
    settings = GatewaySettings(drain_s=0.1)
    async with run_gateway(upstream.url, settings=settings, stop_s=0.1) as relaying:
        answer = await open_stream(relaying, CHAT_STREAM)
        seen = bytearray()
        reading = asyncio.create_task(_read_into(answer, seen))
        await wait_for(lambda: b"[DONE]" in seen)
        reading.cancel()
        answer.close()


async def test_stream_is_cut_off_when_it_passes_its_reservation(upstream: Upstream) -> None:
    upstream.order(chunks=500, chunk_text="tick tick tick tick ", delay_ms=1)
    settings = GatewaySettings(cuts_off=True)
    body = CHAT_STREAM.body | {"max_tokens": 1}
    async with run_gateway(upstream.url, settings=settings) as relaying:
        reply = await relaying.post(CHAT_STREAM.path, body)
        assert reply.text.count("tick tick") < 500
        last = reply.text.rstrip().rpartition("data: ")[2]
        assert json.loads(last)["error"]["code"] == "stream_cut_off"
        row = relaying.book.row
        assert row["flags"] & Flag.ESTIMATED
        assert b"cut_off_total 1.0" in relaying.server.render_metrics()


async def test_stream_goes_on_beyond_its_reservation_when_not_cut_off(upstream: Upstream) -> None:
    upstream.order(chunks=500, chunk_text="tick tick tick tick ")
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT_STREAM.path, CHAT_STREAM.body | {"max_tokens": 1})
        assert reply.text.count("tick tick tick tick ") == 500


async def test_client_that_takes_nothing_counts_as_gone(upstream: Upstream) -> None:
    upstream.order(chunks=400, chunk_text="x" * 20_000)
    settings = GatewaySettings(send_timeout_s=0.2)
    request = (
        f"POST {CHAT_STREAM.path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {SECRET}\r\n"
    )
    body = json.dumps(CHAT_STREAM.body)
    async with run_gateway(upstream.url, settings=settings) as relaying:
        reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port, limit=1024)
        writer.write(f"{request}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await wait_for(lambda: bool(relaying.book.finished))
        row = relaying.book.row
        assert {name: row[name] for name in TOKEN_FIELDS} == upstream.calls[0].reported
        writer.close()
        del reader


async def test_calls_under_way_end_when_the_gateway_stops(upstream: Upstream) -> None:
    upstream.order(delay_ms=40, chunks=8)
    async with run_gateway(upstream.url) as relaying:
        answer = await open_stream(relaying, CHAT_STREAM)
        stopping = asyncio.create_task(relaying.server.relay.stop(10))
        await asyncio.sleep(0)
        refused: Reply = await relaying.post(CHAT.path, CHAT.body)
        assert refused.status == 503
        assert (await answer.read()).rstrip().endswith(b"[DONE]")
        assert await stopping == 0


async def test_calls_that_do_not_end_are_billed_when_the_gateway_stops(upstream: Upstream) -> None:
    upstream.order(stall_after=3)
    async with run_gateway(upstream.url, stop_s=0.1) as relaying:
        answer = await open_stream(relaying, CHAT_STREAM)
        await answer.content.readany()
    assert relaying.book.open_calls == 0
    assert relaying.book.row["flags"] & Flag.ESTIMATED
    answer.close()


async def test_many_streams_at_once_are_recorded_each_once(upstream: Upstream) -> None:
    upstream.order(delay_ms=2, chunks=10)
    async with run_gateway(upstream.url) as relaying:
        bodies = [CHAT_STREAM.body | {"seed": seed} for seed in range(200)]
        replies = await asyncio.gather(*(relaying.post(CHAT_STREAM.path, body) for body in bodies))
        assert all(reply.text.rstrip().endswith("[DONE]") for reply in replies)
        assert len(relaying.book.rows) == 200
        assert {row["in_fresh"] for row in relaying.book.rows} == {21}
        assert relaying.gate.lease(PROJECT).reserved_ucr == 0
