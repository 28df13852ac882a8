"""What a validator may answer to a meter: whatever it is, the meter goes on."""

import asyncio

import httpx
import pytest

from tallystick.meter.ports import ValidatorEndpoint
from tallystick.meter.posting import NotNow, Refused, post_frames

VALIDATOR = ValidatorEndpoint(0, "validator-1", "http://validator", bytes(32))


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b'{"code": "\xff"}', b'{"more": ' + b"[" * 60_000, b"x" * 100_000],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize(("status", "kind"), [(400, Refused), (503, NotNow)])
def test_refusal_counts_when_its_reason_is_no_document(
    body: bytes, status: int, kind: type
) -> None:
    async def post() -> object:
        answer = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
        async with httpx.AsyncClient(transport=answer) as http:
            return await post_frames(http, VALIDATOR, b"frames", timeout_s=5.0)

    assert isinstance(asyncio.run(post()), kind)
