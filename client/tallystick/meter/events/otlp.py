"""Use out of OpenTelemetry's GenAI spans (docs/events.md says which spans count)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tallystick.core.usage import MAX_TIME_MS, Flag
from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.event import Event, encode_raw
from tallystick.meter.events.gen_ai_attributes import (
    GEN_AI,
    INFERENCE_OPERATIONS,
    USAGE_KEYS,
    USAGE_PREFIX,
)
from tallystick.meter.events.spans import CLIENT, NS_PER_MS, Span, Value
from tallystick.meter.parse.json_parts import read_tier

SOURCE: Final = "otlp"
MAX_COUNT: Final = 2**53
MAX_STEP: Final = 2**16 - 1


@dataclass(frozen=True, slots=True)
class SpanUse:
    """What a request's spans hold.

    Args:
        events: one for every call to a model.
        problems: of spans that are such calls and cannot be read, one sentence each.
        unread: usage attributes that hold numbers and that nothing is known of.
    """

    events: list[Event]
    problems: list[str]
    unread: list[str]


def read_span_use(spans: Iterable[Span], now_ms: int) -> SpanUse:
    """The use that spans report: of every client span that is one call to a model and has usage.

    Args:
        spans: of one request.
        now_ms: the time of spans that have none, Unix ms.
    """
    events, problems, unread = [], [], set[str]()
    for span in spans:
        if not _is_metered(span):
            continue
        unread |= _list_unread(span)
        try:
            events.append(_read_event(span, now_ms))
        except EventMalformed as error:
            problems.append(str(error))
    return SpanUse(events, problems, sorted(unread))


def _is_metered(span: Span) -> bool:
    if span.kind != CLIENT or (_find(span, "input") is None and _find(span, "output") is None):
        return False
    operation = _find(span, "operation")
    return operation is None or operation in INFERENCE_OPERATIONS


def _read_event(span: Span, now_ms: int) -> Event:
    if not span.has_identity:
        raise EventMalformed(
            "the ids of a span", expected="16 and 8 bytes", actual=f"{span.trace_id} {span.span_id}"
        )
    quantities, flags = _read_quantities(span)
    end_ns = span.end_ns or span.start_ns
    tier, step = _find(span, "tier"), _read_count(span, "step", MAX_STEP)
    return Event(
        source=SOURCE,
        id=f"{span.trace_id}:{span.span_id}",
        time_ms=min(end_ns // NS_PER_MS, MAX_TIME_MS) or now_ms,
        models=_list_models(span),
        quantities=quantities,
        flags=flags | (Flag.UPSTREAM_FAILED if span.is_error else Flag(0)),
        tier=read_tier(tier),
        project=_find_text(span, "project"),
        user=_find_text(span, "user"),
        step=step,
        duration_ms=max(span.end_ns - span.start_ns, 0) // NS_PER_MS if span.start_ns else 0,
        raw=encode_raw(_collect_usage(span)),
    )


def _read_quantities(span: Span) -> tuple[dict[str, int], Flag]:
    """Disjoint counts: input includes what was cached, output includes reasoning."""
    said = {name: _read_count(span, name, MAX_COUNT) for name in _COUNTS}
    total_in, total_out = said["input"] or 0, said["output"] or 0
    cached, written = said["cached"] or 0, said["written"] or 0
    reasoning = said["reasoning"] or 0
    flags = Flag(0)
    fresh = total_in - cached - written
    if fresh < 0:
        # Whoever reports this takes input without the cache; both numbers are kept as they are.
        fresh, flags = total_in, Flag.USAGE_MISMATCH
    if reasoning > total_out:
        reasoning, flags = total_out, Flag.USAGE_MISMATCH
    total = said["total"]
    if total is not None and total != total_in + total_out:
        flags |= Flag.USAGE_MISMATCH
    if said["reasoning"] is None and total_out:
        flags |= Flag.REASONING_NOT_REPORTED
    quantities = {
        "in_fresh": fresh,
        "in_cached": cached,
        "in_written": written,
        "out_visible": total_out - reasoning,
        "out_reasoning": reasoning,
    }
    return quantities, flags


def _list_models(span: Span) -> tuple[str, ...]:
    """The resource where the span names it, else the models it names."""
    resource = _find_text(span, "resource")
    names = [resource] if resource else [_find_text(span, name) for name in _MODELS]
    models = tuple(dict.fromkeys(name for name in names if name))
    if not models:
        raise EventMalformed(
            f"span {span.span_id}", expected="a model in gen_ai.response.model", actual="none"
        )
    return models


def _read_count(span: Span, meaning: str, maximum: int) -> int | None:
    value = _find(span, meaning)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= maximum:
        raise EventMalformed(
            f"{meaning} of span {span.span_id}",
            expected=f"a whole number from 0 to {maximum}",
            actual=repr(value),
        )
    return value


def _find(span: Span, meaning: str) -> Value | None:
    """The attribute of the newest name that the span has, or else its program's."""
    for attributes in (span.attributes, span.resource):
        for name in GEN_AI[meaning]:
            if name.key in attributes:
                return attributes[name.key]
    return None


def _find_text(span: Span, meaning: str) -> str | None:
    value = _find(span, meaning)
    return value or None if isinstance(value, str) else None


def _list_unread(span: Span) -> set[str]:
    return {
        key
        for key, value in _collect_usage(span).items()
        if key not in USAGE_KEYS and isinstance(value, int | float) and value
    }


def _collect_usage(span: Span) -> dict[str, Value]:
    return {key: value for key, value in span.attributes.items() if key.startswith(USAGE_PREFIX)}


_COUNTS: Final = ("input", "output", "cached", "written", "reasoning", "total")
_MODELS: Final = ("response_model", "request_model")
