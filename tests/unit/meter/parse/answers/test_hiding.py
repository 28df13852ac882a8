"""The chunk that only we asked for is left out; every other byte goes on as it came, at once."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.parse.dialects import AnswerReader, CallRequest
from tallystick.meter.parse.providers.openai_chat import OPENAI_CHAT

REQUEST = CallRequest("m", True, b"{}", True, None, 1, 2, False, None)
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def create_reader() -> AnswerReader:
    return OPENAI_CHAT.create_reader(REQUEST, "text/event-stream")


def event(document: object, end: str = "\n") -> bytes:
    return f"data: {json.dumps(document)}{end}{end}".encode()


CHUNK = event({"model": "m", "choices": [{"index": 0, "delta": {"content": "hazel"}}]})
INJECTED = event({"model": "m", "choices": [], "usage": USAGE})
DONE = b"data: [DONE]\n\n"

line_ends = st.sampled_from(["\n", "\r\n", "\r"])
texts = st.text(max_size=20)
documents = st.one_of(
    st.builds(lambda text: {"choices": [{"delta": {"content": text}}]}, texts),
    st.builds(lambda text: {"choices": [], "usage": USAGE, "model": text}, texts),
    st.just({"choices": [], "usage": None, "prompt_filter_results": []}),
    st.just({"choices": [{"delta": {}}], "usage": USAGE}),
    st.just({"usage": USAGE, "choices": []}),
)
blocks = st.one_of(
    st.builds(event, documents, line_ends),
    st.sampled_from(
        [DONE, b": comment\n\n", b"\n", b"event: x\ndata: {}\n\n", b"data:{}\r\r", b": c\n"]
    ),
    st.binary(max_size=12),
)
bodies = st.lists(blocks, max_size=8).map(b"".join)


def cut(body: bytes, places: set[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[a:b] for a, b in pairwise(edges)]


def run(pieces: list[bytes]) -> tuple[bytes, AnswerReader]:
    reader = create_reader()
    passed = b"".join(reader.feed(piece) for piece in pieces) + reader.flush()
    return passed, reader


def test_injected_chunk_is_left_out() -> None:
    passed, reader = run([CHUNK, INJECTED, DONE])
    reading = reader.finish()
    assert passed == CHUNK + DONE
    assert reading is not None
    assert (reading.in_fresh, reading.out_visible) == (3, 2)


@pytest.mark.parametrize("place", range(1, len(INJECTED)))
def test_injected_chunk_is_left_out_when_a_read_ends_inside(place: int) -> None:
    passed, _ = run([CHUNK + INJECTED[:place], INJECTED[place:] + DONE])
    assert passed == CHUNK + DONE


def test_injected_chunk_is_left_out_when_nothing_ends_it() -> None:
    passed, reader = run([CHUNK, INJECTED[:-2]])
    assert passed == CHUNK
    assert reader.finish() is not None


def test_half_of_an_injected_chunk_is_passed_on_when_the_stream_is_cut() -> None:
    passed, reader = run([CHUNK, INJECTED[:40]])
    assert passed == CHUNK + INJECTED[:40]
    assert reader.finish() is None


def test_caller_sees_usage_when_a_choice_comes_with_it() -> None:
    both = event({"choices": [{"index": 0, "delta": {}}], "usage": USAGE})
    assert run([both, DONE])[0] == both + DONE


@pytest.mark.parametrize("place", range(len(CHUNK)))
def test_chunk_is_not_delayed_once_it_shows_a_choice(place: int) -> None:
    """Only what may be the start of a usage chunk waits for the rest."""
    reader = create_reader()
    shown = CHUNK.index(b'"choices": [{') + len(b'"choices": [{')
    assert reader.feed(CHUNK[:place]) == (CHUNK[:place] if place >= shown else b"")


@pytest.mark.parametrize("start", [b": ping", b"event: x\n", b"data: [DO", b"data: 7", b"\n"])
def test_bytes_are_not_delayed_when_no_usage_chunk_starts_so(start: bytes) -> None:
    assert create_reader().feed(start) == start


def test_bytes_are_not_held_beyond_any_usage_chunk() -> None:
    start = b'data: {"model": "' + b"m" * 70_000
    assert create_reader().feed(start) == start


@pytest.mark.parametrize("place", range(1, 5))
def test_no_half_line_end_is_left_when_a_read_ends_inside_one(place: int) -> None:
    injected = event({"choices": [], "usage": USAGE}, "\r\n")
    for rest in (CHUNK, DONE):  # what may be usage takes another way than what cannot be
        first, second = CHUNK + injected[:-place], injected[-place:] + rest
        assert run([first, second])[0] == CHUNK + rest


def test_usage_behind_a_comment_is_passed_on_however_it_is_cut() -> None:
    """The comment went on at once, so the rest of its event has to follow."""
    body = b": comment\n" + INJECTED
    assert run([body])[0] == body
    assert run([body[:5], body[5:]])[0] == body


def test_event_beyond_every_bound_is_passed_on_whole() -> None:
    pieces = [b'data: {"x":"', *[b"y" * 1024 * 1024] * 5, b'"}\n', b"\n", INJECTED, DONE]
    passed, reader = run(pieces)
    assert passed == b"".join(pieces[:-2]) + DONE
    assert reader.finish() is not None


@given(bodies, st.sets(st.integers(0, 2000), max_size=10))
def test_pieces_pass_the_same_bytes_as_the_whole(body: bytes, places: set[int]) -> None:
    whole, whole_reader = run([body])
    passed, reader = run(cut(body, places))
    assert passed == whole
    assert reader.finish() == whole_reader.finish()
    assert reader.is_complete == whole_reader.is_complete


@given(bodies)
def test_only_whole_events_are_left_out(body: bytes) -> None:
    """What is missing is a usage chunk; without one nothing is missing."""
    passed, _ = run([body])
    if b'"usage": {' not in body:
        assert passed == body
    assert len(passed) <= len(body)


@given(bodies, st.sets(st.integers(0, 2000), max_size=10))
def test_caller_who_asked_gets_every_byte(body: bytes, places: set[int]) -> None:
    reader = OPENAI_CHAT.create_reader(None, "text/event-stream")
    pieces = cut(body, places)
    assert all(reader.feed(piece) is piece for piece in pieces)
    assert reader.flush() == b""
