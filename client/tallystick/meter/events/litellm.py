"""Use out of LiteLLM's logs: its StandardLoggingPayload, from its `generic_api` callback.

Counts come from `metadata.usage_object`, the provider's own, never from the three totals beside it:
those do not tell cached tokens from fresh ones. Tags are views: an entry is billed once, however
many it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tallystick.core.hashes import compute_sha256
from tallystick.core.usage import MAX_TIME_MS, TOKEN_FIELDS, Flag
from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.event import Event, encode_raw
from tallystick.meter.litellm_usage import read_litellm_usage
from tallystick.meter.nesting import bound_nesting
from tallystick.meter.parse.errors import UsageMalformed

SOURCE: Final = "litellm"
MAX_ENTRIES: Final = 10_000
MAX_STEP: Final = 2**16 - 1
MS_PER_S: Final = 1_000
MAX_NAME: Final = 512

PROJECT_KEY: Final = "tallystick_project"
STEP_KEY: Final = "tallystick_step"
"""Members of a request's metadata, or of its key's, that say whom to bill."""

FAILURE: Final = "failure"

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogUse:
    """What a request's entries hold.

    Args:
        events: one for every entry that used something.
        ignored: entries that used nothing: answers from LiteLLM's own cache, calls that failed
            before their provider counted anything, and `null`s.
        problems: of entries that cannot be read, one sentence each.
    """

    events: list[Event]
    ignored: int
    problems: list[str]


def read_litellm_logs(body: bytes, now_ms: int) -> LogUse:
    """The use in a body of log entries: an array, one a line, or a single one.

    Args:
        body: decompressed.
        now_ms: the time of entries that name none, Unix ms.

    Raises:
        EventMalformed: the body is no JSON of that kind.
    """
    events: list[Event] = []
    problems: list[str] = []
    ignored = 0
    for index, entry in enumerate(_split_entries(body)):
        try:
            event = read_litellm_entry(entry, now_ms, f"entry {index}")
        except EventMalformed as error:
            problems.append(str(error))
            continue
        if event is None:
            ignored += 1
        else:
            events.append(event)
    return LogUse(events, ignored, problems)


def read_litellm_entry(entry: object, now_ms: int, place: str = "the entry") -> Event | None:
    """The use of one StandardLoggingPayload, None where nothing was used.

    Raises:
        EventMalformed: it cannot be read.
    """
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        raise EventMalformed(place, expected="an object", actual=type(entry).__name__)
    metadata = _find_object(entry, "metadata")
    usage = _find_usage(entry, metadata)
    if entry.get("cache_hit") in (True, "True", "true") or usage is None:
        return None
    has_failed = entry.get("status") == FAILURE
    try:
        reading = read_litellm_usage(usage, tier=_find_tier(entry))
    except UsageMalformed as error:
        raise EventMalformed(
            f"usage of {place}", expected=str(error.expected), actual=str(error)
        ) from error
    return Event(
        source=SOURCE,
        id=_find_id(entry),
        time_ms=_read_time_ms(place, entry.get("endTime"), now_ms),
        models=_list_models(place, entry),
        quantities={name: getattr(reading, name) for name in TOKEN_FIELDS},
        flags=reading.flags | (Flag.UPSTREAM_FAILED if has_failed else Flag(0)),
        tier=reading.tier,
        project=_find_own(metadata, PROJECT_KEY),
        user=_find_text(entry, "end_user") or _find_text(metadata, "user_api_key_user_id"),
        step=_read_step(place, _find_own(metadata, STEP_KEY)),
        duration_ms=_read_seconds_ms(entry.get("response_time")) or 0,
        raw=encode_raw(usage),
    )


def _split_entries(body: bytes) -> list[object]:
    bound_nesting()
    text = body.strip()
    try:
        if text[:1] == b"[":
            entries: list[object] = msgspec.json.decode(text, type=list[Any])
        elif b"\n" in text:
            entries = msgspec.json.Decoder().decode_lines(text)
        else:
            entries = [msgspec.json.decode(text)]
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise EventMalformed(
            "the body", expected="log entries in JSON: an array, lines or one", actual=str(error)
        ) from error
    if len(entries) > MAX_ENTRIES:
        raise EventMalformed(
            "the body", expected=f"at most {MAX_ENTRIES} entries", actual=str(len(entries))
        )
    return entries


def _find_usage(entry: Entry, metadata: Entry) -> Mapping[str, Any] | None:
    """The provider's own object; the totals stand in where a call that succeeded lacks it."""
    usage = metadata.get("usage_object")
    if isinstance(usage, Mapping) and usage:
        return usage
    if entry.get("status") == FAILURE:
        return None
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    totals = {name: entry[name] for name in names if entry.get(name) is not None}
    return totals or None


def _find_id(entry: Entry) -> str:
    """What tells the call from every other; its content where LiteLLM gave it no id."""
    for name in ("litellm_call_id", "id"):
        text = entry.get(name)
        if isinstance(text, str) and 0 < len(text) <= MAX_NAME:
            return text
    content = msgspec.json.encode(entry, order="sorted")
    return f"sha256:{compute_sha256(content).hex()}"


def _list_models(place: str, entry: Entry) -> tuple[str, ...]:
    """What the provider calls it, then what LiteLLM's users call it."""
    names: list[str] = []
    provider = _find_text(entry, "custom_llm_provider")
    for member in ("model", "model_group"):
        name = _find_text(entry, member)
        if name:
            names += [name, name.removeprefix(f"{provider}/")] if provider else [name]
    if not names:
        raise EventMalformed(f"model of {place}", expected="a name", actual="none")
    return tuple(dict.fromkeys(names))


def _find_tier(entry: Entry) -> str:
    parameters = _find_object(entry, "model_parameters")
    response = _find_object(entry, "response")
    return _find_text(response, "service_tier") or _find_text(parameters, "service_tier") or ""


def _find_own(metadata: Entry, key: str) -> str | None:
    """A member that the call's metadata or the key's has for us."""
    for name in ("requester_metadata", "spend_logs_metadata", "user_api_key_auth_metadata"):
        value = _find_object(metadata, name).get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return None


def _read_step(place: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_STEP)):
        raise EventMalformed(f"step of {place}", expected=f"0..{MAX_STEP}", actual=text)
    return min(int(text), MAX_STEP)


def _read_time_ms(place: str, value: object, now_ms: int) -> int:
    if value is None:
        return now_ms
    time_ms = _read_seconds_ms(value)
    if time_ms is None:
        raise EventMalformed(
            f"endTime of {place}", expected="Unix seconds", actual=repr(value)[:MAX_NAME]
        )
    return time_ms


def _read_seconds_ms(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value * MS_PER_S) if 0 <= value < MAX_TIME_MS // MS_PER_S else None


def _find_object(entry: Entry, name: str) -> Entry:
    value = entry.get(name)
    return value if isinstance(value, Mapping) else {}


def _find_text(entry: Entry, name: str) -> str | None:
    value = entry.get(name)
    return value[:MAX_NAME] if isinstance(value, str) and value else None
