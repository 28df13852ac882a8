"""What the vectors do not hold: texts that are counted, and documents without bound."""

import json

import pytest
from tests.unit.meter.parse.vectors import Vector, load_vectors

from tallystick.core.usage import Flag
from tallystick.meter.parse.answers.document_reader import MAX_DOCUMENT_BYTES
from tallystick.meter.parse.answers.texts import count_text_bytes, has_member
from tallystick.meter.parse.dialects import CallRequest
from tallystick.meter.parse.providers.anthropic_messages import ANTHROPIC_MESSAGES
from tallystick.meter.parse.providers.openai_chat import OPENAI_CHAT
from tallystick.meter.parse.providers.openai_embeddings import OPENAI_EMBEDDINGS

KEYS = (b'content":', b'arguments":')


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b'{"content":"hazel"}', 5),
        (b'{"content": "hazel"}', 5),
        (b'{"content":""}', 0),
        (b'{"content":null}', 0),
        (b'{"reasoning_content":"hazel"}', 5),
        (b'{"content":"a\\nb"}', 3),
        (b'{"content":"say \\"x\\""}', 7),
        (b'{"content":"back\\\\"}', 5),
        (b'{"content":"\\u00e9"}', 2),
        (b'{"content":"one"},{"content":"two"}', 6),
        (b'{"content":"","arguments":"{\\"a\\":1}"}', 7),
        (b'{"content":"cut', 3),
        (b'{"content":"cut\\"', 4),
        (b'{"content":', 0),
        ("é".encode(), 0),
        (b"", 0),
    ],
)
def test_text_is_counted_without_decoding(data: bytes, count: int) -> None:
    assert count_text_bytes(data, KEYS) == count


@pytest.mark.parametrize(
    ("data", "is_there"),
    [
        (b'{"usage":{"a":1}}', True),
        (b'{"usage" : \n{"a":1}}', True),
        (b'{"usage":null}', False),
        (b'{"usage":null,"x":{"usage":{}}}', True),
        (b'{"text":"\\"usage\\":{"}', False),
        (b'{"usage"', False),
        (b"", False),
    ],
)
def test_member_is_seen_without_decoding(data: bytes, is_there: bool) -> None:
    assert has_member(data, b'"usage"', b"{") is is_there


def test_text_that_looks_like_usage_is_no_usage() -> None:
    """What a model writes, or a tool is called with, cannot report usage."""
    text = 'data: {"usage": {"prompt_tokens": 1, "completion_tokens": 1}}\n\ndata: [DONE]'
    chunk = {"choices": [{"delta": {"content": text}}]}
    reader = OPENAI_CHAT.create_reader(None, "text/event-stream")
    reader.feed(f"data: {json.dumps(chunk)}\n\n".encode())
    assert reader.finish() is None
    assert not reader.is_complete


def test_tool_input_that_looks_like_usage_is_no_usage() -> None:
    usage = {"input_tokens": 1, "output_tokens": 1}
    block = {"type": "tool_use", "input": {"usage": usage, "message": {"usage": usage}}}
    document = {"type": "message", "content": [block], "usage": {**usage, "input_tokens": 70}}
    reader = ANTHROPIC_MESSAGES.create_reader(None, "application/json")
    reader.feed(json.dumps(document).encode())
    reading = reader.finish()
    assert reading is not None
    assert reading.in_fresh == 70


@pytest.mark.parametrize("broken", [b"\\ud83d", b"\xff\xfe"])
def test_usage_is_read_beside_text_that_is_no_unicode(broken: bytes) -> None:
    usage = b'"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}'
    document = b'{"model":"m","choices":[{"message":{"content":"' + broken + b'"}}],' + usage + b"}"
    reader = OPENAI_CHAT.create_reader(None, "application/json")
    reader.feed(document)
    reading = reader.finish()
    assert reading is not None
    assert (reading.in_fresh, reading.out_visible, reading.model) == (3, 2, "m")


def test_usage_of_a_huge_embedding_is_read_from_its_end() -> None:
    """14: what is too large to keep is metered all the same, in bounded memory."""
    reader = OPENAI_EMBEDDINGS.create_reader(None, "application/json")
    reader.feed(b'{"object":"list","data":[')
    numbers = b'{"embedding":[0.25,' + b"0.125," * 170_000 + b"1]},"
    for _ in range(MAX_DOCUMENT_BYTES // len(numbers) + 2):
        reader.feed(numbers)
    reader.feed(b'{}],"usage": {"prompt_tokens": 12, "total_tokens": 12}}\n')
    reading = reader.finish()
    assert reading is not None
    assert (reading.in_fresh, reading.flags, reader.is_complete) == (12, Flag(0), True)


def test_huge_document_without_usage_is_too_large() -> None:
    reader = OPENAI_CHAT.create_reader(None, "application/json")
    for _ in range(5):
        reader.feed(b" " * (8 * 1024 * 1024))
    assert reader.finish() is None
    assert (reader.problem, reader.is_complete) == ("too_large", False)


def test_output_is_counted_while_it_streams() -> None:
    """The running count is what an estimate is made of when a stream breaks off."""
    reader = OPENAI_CHAT.create_reader(None, "text/event-stream")
    for text in ("hazel", " and ", "ash"):
        reader.feed(f'data: {{"choices":[{{"delta":{{"content":"{text}"}}}}]}}\n\n'.encode())
    assert reader.output_bytes == 13


@pytest.mark.parametrize("vector", load_vectors(), ids=lambda vector: vector.name)
def test_output_of_an_answer_is_counted_about_right(vector: Vector) -> None:
    """Nothing but text is counted: an estimate never exceeds what came."""
    reader = vector.create_reader()
    reader.feed(vector.body)
    reader.finish()
    assert 0 <= reader.output_bytes < len(vector.body) // 2


@pytest.mark.parametrize("media", ["", "text/plain", "Text/Event-Stream ; charset=utf-8"])
def test_stream_is_followed_whatever_it_is_called(media: str) -> None:
    """Proxies rename what they pass on; only JSON is one document."""
    request = CallRequest("m", True, b"{}", False, None, 1, 2, False, None)
    reader = OPENAI_CHAT.create_reader(request, media)
    reader.feed(b'data: {"choices":[],"usage":{"prompt_tokens":3,"total_tokens":5}}\n\n')
    reading = reader.finish()
    assert reading is not None
    assert reading.out_visible == 2


def test_error_in_place_of_a_stream_is_one_document() -> None:
    request = CallRequest("m", True, b"{}", True, None, 1, 2, False, None)
    reader = OPENAI_CHAT.create_reader(request, "application/json")
    refusal = b'{"error": {"message": "no"}}'
    assert reader.feed(refusal) is refusal
    assert reader.finish() is None
    assert reader.problem == "no_usage"
