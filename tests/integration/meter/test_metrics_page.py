"""The page of metrics of programs that have no server of their own."""

import asyncio
import contextlib
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from tallystick.meter.exposition import create_counter
from tallystick.meter.passive.tally import Tally
from tallystick.sidecar.errors import ConfigInvalid
from tallystick.sidecar.metrics_page import MAX_HEAD_BYTES, parse_loopback, serve_metrics
from tallystick.sidecar.observe.metrics import ObserverMetrics

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


class Invented(Collector):
    """Shows what the table of metrics lacks."""

    def collect(self) -> Iterator[Metric]:
        yield create_counter("tallystick_invented", [((), 1)])


async def test_page_shows_what_was_counted() -> None:
    tally = Tally()
    tally.add("seen", 3)
    async with (
        serve_metrics("127.0.0.1:0", [ObserverMetrics(tally)]) as url,
        httpx.AsyncClient() as http,
    ):
        answer = await http.get(url)
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert 'tallystick_observer_calls_total{outcome="seen"} 3.0' in answer.text
        assert (await http.get(url.replace("/metrics", "/keys"))).status_code == 404


async def test_page_cuts_off_a_head_that_does_not_end() -> None:
    async with serve_metrics("127.0.0.1:0", []) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 2 * MAX_HEAD_BYTES)
        with contextlib.suppress(ConnectionError):  # what it had not read resets the connection
            assert await reader.read() == b""
        writer.close()


async def test_nothing_listens_where_nobody_asked() -> None:
    async with serve_metrics("", []) as url:
        assert url == ""


async def test_metric_outside_the_table_cannot_be_made() -> None:
    with pytest.raises(KeyError, match="tallystick_invented"):
        list(Invented().collect())


@pytest.mark.parametrize("text", ["0.0.0.0:9105", "10.0.0.1:9105", "9105", "127.0.0.1:x", ""])
async def test_only_this_machine_is_an_address(text: str) -> None:
    with pytest.raises(ConfigInvalid, match="this machine alone"):
        parse_loopback(text)
