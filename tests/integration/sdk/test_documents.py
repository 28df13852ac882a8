"""The examples of docs/sdk.md and docs/events.md work as they stand."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.integration.sdk.conftest import PROJECT
from tests.upstream.server import Upstream

import tallystick
from tallystick.core.usage import TOKEN_FIELDS
from tallystick.meter.events.cloudevents import ONE, read_cloudevents
from tallystick.meter.events.event import Event
from tallystick.meter.events.otlp import read_span_use
from tallystick.meter.events.otlp_json import read_json_spans

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW_MS = 1_795_305_600_000


def list_blocks(page: str, language: str) -> list[tuple[str, str]]:
    """The page's blocks in a language: name and text."""
    found = BLOCK.findall((DOCS / page).read_text())
    return [(name, text) for known, name, text in found if known == language]


def test_examples_of_the_sdk_run(
    network: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(network.parent)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{upstream.url}/v1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", upstream.url)
    names: dict[str, Any] = {}
    try:
        for _, text in list_blocks("sdk.md", "python"):
            exec(text, names)  # noqa: S102 - our own page
        assert asyncio.run(names["ask"]("why?")) == "it depends"
        meter: tallystick.Meter = names["meter"]
        outcomes = meter.wait_settled()
        assert (outcomes.settled, outcomes.quarantined) == (8, 0)
        assert names["text"]
    finally:
        for name in ("openai_client", "claude", "meter"):
            if name in names:
                names[name].close()


def test_examples_of_events_are_the_same_use() -> None:
    examples = dict(list_blocks("events.md", "json"))
    use = read_span_use(read_json_spans(examples["otlp"].encode()), NOW_MS)
    assert (use.problems, use.unread) == ([], [])
    (span,) = use.events
    (event,) = read_cloudevents(examples["cloudevent"].encode(), ONE, NOW_MS)
    assert list_counts(span) == [400, 600, 0, 200, 0]
    assert list_counts(event) == [400, 600, 0, 150, 50]
    assert span.project == event.project == PROJECT
    assert json.loads(examples["cloudevent"])["specversion"] == "1.0"


def list_counts(event: Event) -> list[int]:
    return [event.quantities[name] for name in TOKEN_FIELDS]
