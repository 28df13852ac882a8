"""Documents in requests, and what is none."""

import pytest

from tallystick_node.acts.documents import RecordName
from tallystick_node.bodies import parse_document
from tallystick_node.errors import ParameterInvalid


def test_document_is_what_the_body_says() -> None:
    assert parse_document(b'{"meter": 1, "seq": 2}', RecordName) == RecordName(1, 2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b'{"m\xf2ter": 1, "seq": 2}',
        b'{"meter": "\xff", "seq": 2}',
        b'{"meter": ' + b"[" * 100_000,
        b'{"meter": 1, "seq": 2, "more": 3}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_body_is_refused_when_it_is_no_document(body: bytes) -> None:
    with pytest.raises(ParameterInvalid):
        parse_document(body, RecordName)
