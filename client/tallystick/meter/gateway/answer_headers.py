"""The head of what the client gets."""

from __future__ import annotations

from typing import Final

from multidict import CIMultiDict

from tallystick.meter.gateway.call import Call
from tallystick.meter.gateway.client import Answer
from tallystick.meter.gateway.headers import select_answered

SERVER: Final = "tallystick"


def create_answer_headers(
    call: Call, answer: Answer, remaining_ucr: int, *, is_unpacked: bool = False
) -> CIMultiDict[str]:
    """The upstream's headers that pass, and ours.

    Args:
        call: its cost is named where it is known.
        answer: the upstream's.
        remaining_ucr: what can still be reserved here for the project.
        is_unpacked: what follows is not packed, whatever the upstream said.
    """
    headers = CIMultiDict(select_answered(answer.headers.items()))
    if is_unpacked:
        headers.popall("Content-Encoding", None)
    headers["Server"] = SERVER
    headers["x-tallystick-call"] = call.id.hex()
    headers["x-tallystick-remaining-ucr"] = str(remaining_ucr)
    if call.closing is not None:
        headers["x-tallystick-cost-ucr"] = str(call.closing.cost_ucr)
    return headers
