"""Bodies are cut into the same events whatever the reads, and memory stays bounded."""

import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.meter.parse.framing.event_stream import EventStreamSplitter
from tallystick.meter.parse.framing.json_array import ArraySplitter, read_element
from tallystick.meter.parse.framing.ndjson import LineSplitter
from tallystick.meter.parse.framing.pieces import MAX_EVENT_BYTES, Splitter
from tallystick.meter.parse.framing.sse import SseSplitter, read_event_data

SPLITTERS = [SseSplitter, LineSplitter, ArraySplitter, EventStreamSplitter]

noise = st.one_of(
    st.binary(max_size=60),
    st.text('data: {}[],:"\\\r\n', max_size=60).map(str.encode),
    st.lists(st.sampled_from([b"data: a", b"\n", b"\r", b"\r\n", b'{"a":"}"}', b","])).map(
        b"".join
    ),
)

FILLERS = [
    b"x",
    b'{"' + b"a" * 62,
    b'\\"' + b"a" * 62,
    b"data: ",
    b"\x00\x10\x00\x00",
    b"\x7f\xff\xff\xff\x00\x00\x00\x00",
    b"\r",
]


def split(splitter: Splitter, pieces: list[bytes]) -> tuple[list[bytes], bytes]:
    given_out = [piece for data in pieces for piece in splitter.feed(data)] + splitter.flush()
    events = [piece.data for piece in given_out if piece.is_event]
    return events, b"".join(piece.data for piece in given_out)


@pytest.mark.parametrize("create", SPLITTERS)
@given(body=noise, places=st.sets(st.integers(0, 60)))
def test_pieces_give_the_events_of_the_whole(
    create: Callable[[], Splitter], body: bytes, places: set[int]
) -> None:
    edges = [0, *sorted(places), len(body)]
    pieces = [body[a:b] for a, b in pairwise(edges)]
    whole_events, whole = split(create(), [body])
    events, joined = split(create(), pieces)
    assert whole == joined == body
    assert [event.strip() for event in events] == [event.strip() for event in whole_events]


@pytest.mark.parametrize("create", SPLITTERS)
@pytest.mark.parametrize("filler", FILLERS)
def test_memory_is_bounded_when_nothing_ends(create: Callable[[], Splitter], filler: bytes) -> None:
    splitter = create()
    read = filler * (1024 * 1024 // len(filler))
    for _ in range(5):
        splitter.feed(read)
        assert len(splitter.pending) <= MAX_EVENT_BYTES


def test_event_after_an_oversized_one_is_found() -> None:
    splitter = SseSplitter()
    for _ in range(5):
        splitter.feed(b"data: " + b"x" * 1024 * 1024)
    events, _ = split(splitter, [b"\n", b"\ndata: small\n\n"])
    assert events == [b"data: small\n\n"]


def test_oversized_event_is_none_when_it_comes_in_one_read() -> None:
    body = b"data: " + b"x" * MAX_EVENT_BYTES + b"\n\ndata: small\n\n"
    assert split(SseSplitter(), [body]) == ([b"data: small\n\n"], body)


def test_line_after_an_oversized_one_is_found() -> None:
    splitter = LineSplitter()
    for _ in range(5):
        splitter.feed(b"x" * 1024 * 1024)
    assert split(splitter, [b"\n{}\n"])[0] == [b"{}\n"]


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (b"data: one\n\n", b"one"),
        (b"data:one\n\n", b"one"),
        (b"data: one\r\n\r\n", b"one"),
        (b"data: one\r\r", b"one"),
        (b"data: one\ndata: two\n\n", b"one\ntwo"),
        (b"event: x\nid: 7\ndata: one\n\n", b"one"),
        (b": comment\n\n", b""),
        (b"data:  two blanks\n\n", b" two blanks"),
        (b"data: never ended", b"never ended"),
        (b"\n\n", b""),
    ],
)
def test_event_data_is_what_the_standard_says(event: bytes, data: bytes) -> None:
    assert read_event_data(event) == data


strings = st.text('a"\\{}[]\n\u00e9', max_size=6)
objects = st.dictionaries(
    strings, strings | st.lists(st.dictionaries(strings, strings)), max_size=3
)


@settings(max_examples=50)
@given(st.lists(objects, max_size=4), st.integers(1, 9))
def test_array_is_cut_into_its_objects(elements: list[object], size: int) -> None:
    body = json.dumps(elements, ensure_ascii=False, indent=1).encode()
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    events, _ = split(ArraySplitter(), pieces)
    assert [json.loads(read_element(event)) for event in events] == elements
