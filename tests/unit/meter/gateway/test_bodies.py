import gzip
import zlib

import pytest

from tallystick.meter.gateway.bodies import unpack_body
from tallystick.meter.gateway.errors import BodyTooLarge, BodyUnreadable, ContentTypeUnsupported

BODY = b'{"model": "gpt-4o", "messages": []}'
LIMIT = 1000


def test_unpack_refuses_when_encoding_is_unknown() -> None:
    with pytest.raises(ContentTypeUnsupported, match="'br'"):
        unpack_body(BODY, "br", LIMIT)


def test_unpack_refuses_when_a_bomb_is_behind_it() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    with pytest.raises(BodyTooLarge, match="1000 bytes"):
        unpack_body(bomb, "gzip", LIMIT)


def test_unpack_refuses_when_one_byte_is_too_much() -> None:
    assert len(unpack_body(gzip.compress(bytes(LIMIT)), "gzip", LIMIT)) == LIMIT
    with pytest.raises(BodyTooLarge):
        unpack_body(gzip.compress(bytes(LIMIT + 1)), "gzip", LIMIT)


@pytest.mark.parametrize(
    "packed", [b"", BODY, gzip.compress(BODY)[:-1], gzip.compress(BODY) + b"more"]
)
def test_unpack_refuses_when_the_stream_is_not_whole(packed: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        unpack_body(packed, "gzip", LIMIT)


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), "x-gzip"),
        (zlib.compress(BODY), "deflate"),
    ],
)
def test_unpack_gives_what_was_packed(packed: bytes, encoding: str) -> None:
    assert unpack_body(packed, encoding, LIMIT) == BODY
