"""Messages are found in a direction's bytes, whole ones and broken ones."""

import pytest

from tallystick.meter.passive.http1 import MAX_BODY_BYTES, MAX_HEAD_BYTES, Message, MessageReader

NOW_MS = 1_795_305_600_000
REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\nContent-Length: 4\r\n\r\nbody"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\ntrailer: x\r\n\r\n"
)


def read(data: bytes, *, is_request: bool, size: int = 1 << 20) -> list[Message]:
    reader = MessageReader(is_request=is_request)
    found = [
        message
        for start in range(0, len(data), size)
        for message in reader.feed(data[start : start + size], NOW_MS + start)
    ]
    return found + reader.break_off()


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
def test_messages_are_found_however_the_bytes_are_cut(size: int) -> None:
    requests = read(REQUEST * 2, is_request=True, size=size)
    assert [(each.method, each.target, each.body) for each in requests] == [
        ("POST", "/v1/chat/completions", b"body")
    ] * 2
    answers = read(ANSWER + CHUNKED + ANSWER, is_request=False, size=size)
    assert [each.body for each in answers] == [b"ok", b"abcde", b"ok"]
    assert all(each.is_whole for each in (*requests, *answers))
    assert answers[0].headers["content-type"] == "a/b"


def test_answer_without_length_ends_with_the_connection() -> None:
    (answer,) = read(b"HTTP/1.1 200 OK\r\n\r\nto the end", is_request=False)
    assert (answer.body, answer.is_whole) == (b"to the end", True)


def test_answer_without_body_is_whole_at_once() -> None:
    answers = read(b"HTTP/1.1 204 No Content\r\n\r\n" + ANSWER, is_request=False)
    assert [each.status for each in answers] == [204, 200]


def test_informational_answers_are_passed_over() -> None:
    answers = read(b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER, is_request=False)
    assert [each.status for each in answers] == [200]


@pytest.mark.parametrize(
    "cut",
    [ANSWER[:-1], CHUNKED[:-20], CHUNKED.replace(b"2;ext=1", b"zz")],
    ids=["length", "chunks", "no-size"],
)
def test_cut_message_is_given_out_as_not_whole(cut: bytes) -> None:
    answers = read(cut, is_request=False)
    assert [each.is_whole for each in answers] == [False]
    assert answers[0].body.startswith((b"o", b"abc"))


def test_reader_finds_the_next_message_after_rubbish() -> None:
    reader = MessageReader(is_request=False)
    reader.feed(b"the end of something" + ANSWER[:-1], NOW_MS)
    assert [each.is_whole for each in reader.break_off()] == [False]
    assert [each.body for each in reader.feed(b"\x00\x01 rest " + ANSWER, NOW_MS)] == [b"ok"]
    assert reader.skipped > 0


def test_reader_keeps_a_bounded_part_of_what_is_no_message() -> None:
    reader = MessageReader(is_request=True)
    for _ in range(64):
        assert reader.feed(b"\x16\x03\x01" * 4096, NOW_MS) == []
    assert reader.size <= MAX_HEAD_BYTES + 3 * 4096
    assert reader.found == 0


def test_chunk_beyond_the_bound_ends_its_message() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader = MessageReader(is_request=False)
    answers = reader.feed(head + b"%x\r\nabc" % (MAX_BODY_BYTES + 1), NOW_MS)
    assert [each.is_whole for each in answers] == [False]
