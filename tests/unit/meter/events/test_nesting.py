"""Nested JSON is refused, also where an import has raised Python's own limit."""

import sys
from collections.abc import Callable, Iterator

import pytest

from tallystick.meter.events.cloudevents import BATCH, ONE, read_cloudevents
from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.litellm import read_litellm_logs
from tallystick.meter.events.otlp_json import read_json_spans

DEEP = 200_000


@pytest.fixture(autouse=True)
def raised_limit() -> Iterator[None]:
    """As the libraries of the chain leave it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("level", [b'{"data":', b"[", b'{"resourceSpans":['])
@pytest.mark.parametrize(
    "read",
    [
        read_json_spans,
        lambda body: read_litellm_logs(body, 1),
        lambda body: read_cloudevents(body, ONE, 1),
        lambda body: read_cloudevents(body, BATCH, 1),
    ],
)
def test_deep_nesting_is_refused(level: bytes, read: Callable[[bytes], object]) -> None:
    with pytest.raises(EventMalformed):
        read(level * DEEP)
