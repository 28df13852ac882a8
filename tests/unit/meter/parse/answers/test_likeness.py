"""Events like an earlier one are counted without a search, and nothing else is taken for one."""

import json

import pytest

from tallystick.meter.parse.answers.likeness import Likeness
from tallystick.meter.parse.providers.openai_chat import OPENAI_CHAT

KEYS = (b'content":', b'arguments":')


def write(text: str, padding: str = "") -> bytes:
    chunk = {"choices": [{"delta": {"content": text}}], "usage": None, "padding": padding}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()


@pytest.fixture
def taught() -> Likeness:
    likeness = Likeness(KEYS)
    likeness.learn(write("hazel"))
    return likeness


@pytest.mark.parametrize(("text", "count"), [("a", 1), ("hazel rod", 9), ("é", 2)])
def test_text_is_counted_when_the_rest_is_known(taught: Likeness, text: str, count: int) -> None:
    assert taught.count_text(write(text)) == count


@pytest.mark.parametrize(
    "data",
    [
        b"",
        write(""),
        write('a "b"'),
        write("a\nb"),
        write("a", "x"),
        write("a") + write("b"),
        write("a")[:-1],
        b"data: [DONE]\n\n",
        write("@").replace(b"@", b"a\n\ndata: [DONE]\n\nb"),
    ],
)
def test_read_is_unknown_when_more_than_plain_text_differs(taught: Likeness, data: bytes) -> None:
    assert taught.count_text(data) == -1


@pytest.mark.parametrize("data", [b"", write(""), write("\\"), write("a") + write("b")])
def test_nothing_is_learnt_from_events_without_one_plain_text(data: bytes) -> None:
    likeness = Likeness(KEYS)
    likeness.learn(data)
    assert likeness.count_text(data) == -1


def test_learning_is_given_up_when_events_keep_differing() -> None:
    likeness = Likeness(KEYS)
    for number in range(10):
        likeness.learn(f"data: {number}".encode() + write("a"))
    assert likeness.count_text(b"data: 3" + write("b")) == 1
    assert likeness.count_text(b"data: 9" + write("b")) == -1


def test_stream_counts_the_same_text_whatever_is_known() -> None:
    """A text that looks like an end is text, known or not."""
    texts = ["a", "b", 'say "c"', "[DONE]", "", "é", "d\n", "e"]
    reader = OPENAI_CHAT.create_reader(None, "text/event-stream")
    for text in texts:
        data = write(text)
        assert reader.feed(data) is data
    assert reader.output_bytes == len("".join(texts).encode())
    assert not reader.is_complete
