"""Use in CloudEvents 1.0, as usage-metering services take them: one, or a batch.

`subject` is the project's path, `type` says what was used, `data` how much of it (docs/events.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tallystick.core.usage import MAX_TIME_MS, Flag
from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.event import Event, encode_raw
from tallystick.meter.nesting import bound_nesting
from tallystick.meter.parse.documents import read_usage_document
from tallystick.meter.parse.errors import DialectUnknown, UsageMalformed
from tallystick.meter.parse.json_parts import read_tier

ONE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
LLM_USAGE: Final = "llm.usage.v1"
GPU_USAGE: Final = "gpu.usage.v1"
MAX_EVENTS: Final = 10_000
MAX_TEXT: Final = 512
MAX_COUNT: Final = 2**53
MAX_STEP: Final = 2**16 - 1


class _Envelope(msgspec.Struct):
    """Extension attributes may come beside these; CloudEvents has receivers ignore them."""

    id: str
    source: str
    specversion: str
    type: str
    subject: str
    data: msgspec.Raw
    time: str | None = None
    datacontenttype: str | None = None


class _LlmUse(msgspec.Struct, forbid_unknown_fields=True):
    model: str
    in_fresh: int = 0
    in_cached: int = 0
    in_written: int = 0
    out_visible: int = 0
    out_reasoning: int | None = None
    dialect: str | None = None
    usage: dict[str, Any] | None = None
    """A provider's own usage object, in place of the counts."""
    tier: str = ""
    user: str | None = None
    step: int | None = None
    duration_ms: int = 0


class _GpuUse(msgspec.Struct, forbid_unknown_fields=True):
    resource: str
    compute_ms: int = 0
    memory_gib_s: int = 0
    transfer_kib: int = 0
    user: str | None = None
    step: int | None = None
    duration_ms: int = 0


_COUNTS: Final = ("in_fresh", "in_cached", "in_written", "out_visible")
_GPU_COUNTS: Final = ("compute_ms", "memory_gib_s", "transfer_kib")


def read_cloudevents(body: bytes, content_type: str, now_ms: int) -> list[Event]:
    """The events of a request's body.

    Args:
        body: decompressed.
        content_type: `application/cloudevents+json` or `application/cloudevents-batch+json`,
            without parameters.
        now_ms: the time of events that name none, Unix ms.

    Raises:
        EventMalformed: one of them cannot be read; says which.
    """
    bound_nesting()
    if content_type == BATCH:
        raw = _decode("the body", list[msgspec.Raw], body)
    else:
        raw = [msgspec.Raw(body)]
    if len(raw) > MAX_EVENTS:
        raise EventMalformed(
            "the batch", expected=f"at most {MAX_EVENTS} events", actual=str(len(raw))
        )
    return [_read_event(f"event {index}", each, now_ms) for index, each in enumerate(raw)]


def _read_event(place: str, raw: msgspec.Raw, now_ms: int) -> Event:
    envelope = _decode(place, _Envelope, raw)
    _check_envelope(place, envelope)
    build = _BUILDERS.get(envelope.type)
    if build is None:
        raise EventMalformed(
            f"type of {place}", expected=" or ".join(_BUILDERS), actual=envelope.type
        )
    time_ms = now_ms if envelope.time is None else _read_time_ms(place, envelope.time)
    return build(place, envelope, time_ms)


def _check_envelope(place: str, envelope: _Envelope) -> None:
    for name in ("id", "source", "subject", "type"):
        text = getattr(envelope, name)
        if not 0 < len(text) <= MAX_TEXT:
            raise EventMalformed(
                f"{name} of {place}",
                expected=f"1 to {MAX_TEXT} characters",
                actual=f"{len(text)} characters",
            )
    if envelope.specversion != "1.0":
        raise EventMalformed(f"specversion of {place}", expected="1.0", actual=envelope.specversion)
    if envelope.datacontenttype not in (None, "application/json"):
        raise EventMalformed(
            f"datacontenttype of {place}",
            expected="application/json",
            actual=str(envelope.datacontenttype),
        )


def _build_llm_event(place: str, envelope: _Envelope, time_ms: int) -> Event:
    use = _decode(f"data of {place}", _LlmUse, envelope.data)
    quantities, flags, tier = _read_tokens(place, use)
    return Event(
        source=envelope.source,
        id=envelope.id,
        time_ms=time_ms,
        models=(_check_name(place, "model", use.model),),
        quantities=quantities,
        flags=flags,
        tier=read_tier(tier),
        project=envelope.subject,
        user=use.user or None,
        step=_check_step(place, use.step),
        duration_ms=_check_count(place, "duration_ms", use.duration_ms),
        raw=encode_raw(use.usage) if use.usage else b"",
    )


def _read_tokens(place: str, use: _LlmUse) -> tuple[dict[str, int], Flag, str]:
    counts = {name: _check_count(place, name, getattr(use, name)) for name in _COUNTS}
    counts["out_reasoning"] = _check_count(place, "out_reasoning", use.out_reasoning or 0)
    if use.usage is None and use.dialect is None:
        is_silent = use.out_reasoning is None and counts["out_visible"] > 0
        return counts, Flag.REASONING_NOT_REPORTED if is_silent else Flag(0), use.tier
    if use.usage is None or use.dialect is None or any(counts.values()):
        raise EventMalformed(
            f"data of {place}",
            expected="counts, or dialect and usage",
            actual="something of both",
        )
    try:
        reading = read_usage_document(use.dialect, use.usage, model=use.model, tier=use.tier)
    except (UsageMalformed, DialectUnknown) as error:
        raise EventMalformed(
            f"usage of {place}", expected=str(error.expected), actual=str(error)
        ) from error
    found = {name: getattr(reading, name) for name in (*_COUNTS, "out_reasoning")}
    return found, reading.flags, reading.tier


def _build_gpu_event(place: str, envelope: _Envelope, time_ms: int) -> Event:
    use = _decode(f"data of {place}", _GpuUse, envelope.data)
    return Event(
        source=envelope.source,
        id=envelope.id,
        time_ms=time_ms,
        models=(_check_name(place, "resource", use.resource),),
        quantities={name: _check_count(place, name, getattr(use, name)) for name in _GPU_COUNTS},
        project=envelope.subject,
        user=use.user or None,
        step=_check_step(place, use.step),
        duration_ms=_check_count(place, "duration_ms", use.duration_ms),
    )


_Builder = Callable[[str, _Envelope, int], Event]
_BUILDERS: Final[Mapping[str, _Builder]] = {
    LLM_USAGE: _build_llm_event,
    GPU_USAGE: _build_gpu_event,
}


def _decode(place: str, kind: Any, raw: bytes | msgspec.Raw) -> Any:  # noqa: ANN401 - as `kind`
    try:
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise EventMalformed(place, expected=_describe(kind), actual=str(error)) from error


def _describe(kind: Any) -> str:  # noqa: ANN401 - a type
    if kind is _Envelope:
        return "a CloudEvent with id, source, specversion, type, subject and data"
    return "an array of CloudEvents" if kind not in (_LlmUse, _GpuUse) else "the type's own members"


def _check_name(place: str, name: str, value: str) -> str:
    if not 0 < len(value) <= MAX_TEXT:
        raise EventMalformed(
            f"{name} of {place}", expected=f"1 to {MAX_TEXT} characters", actual=value
        )
    return value


def _check_count(place: str, name: str, value: int, maximum: int = MAX_COUNT) -> int:
    if not 0 <= value <= maximum:
        raise EventMalformed(
            f"{name} of {place}",
            expected=f"a whole number from 0 to {maximum}",
            actual=str(value),
        )
    return value


def _check_step(place: str, step: int | None) -> int | None:
    return None if step is None else _check_count(place, "step", step, MAX_STEP)


def _read_time_ms(place: str, text: str) -> int:
    """RFC 3339; a time without a zone is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year < _FIRST_YEAR:
        raise EventMalformed(
            f"time of {place}", expected="RFC 3339, such as 2026-11-22T10:00:00Z", actual=text
        )
    since = moment - _EPOCH
    return min(
        since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000, MAX_TIME_MS
    )


_FIRST_YEAR: Final = 1971
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
