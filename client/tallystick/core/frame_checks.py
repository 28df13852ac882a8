"""Frame checks: what keeps a frame out of every batch (docs/protocol.md section 7)."""

from __future__ import annotations

from tallystick.core.errors import FrameVersionInactive, UnknownMeter, WrongKey, WrongNetwork
from tallystick.core.facts import Facts
from tallystick.core.frames import Frame, check_frame_limits, verify_frame


def check_frame(frame: Frame, facts: Facts, network_id: bytes, at_ms: int) -> None:
    """The frame may enter a batch. The checks run in the order of the errors below.

    Args:
        frame: as decoded.
        facts: as known at the block the caller judges by.
        network_id: 32 bytes, this network's.
        at_ms: the time whose rules apply, the batch's or the caller's now.

    Raises:
        FrameVersionInactive, WrongNetwork, UnknownMeter, FrameMalformed, TooManyProjects,
        CostFilledIn, WrongKey, BadSignature: the first check that fails.
    """
    accepted = facts.rules_at(at_ms).frame_versions
    if not accepted >> frame.version & 1:
        raise FrameVersionInactive(
            "a frame's version is not in force",
            expected=f"bitmap {accepted:#x}",
            actual=frame.version,
        )
    if frame.network_id != network_id:
        raise WrongNetwork(
            "a frame is for another network",
            expected=network_id.hex(),
            actual=frame.network_id.hex(),
        )
    if frame.meter not in facts.meters:
        raise UnknownMeter(
            "no such meter is registered", expected="a registered meter", actual=frame.meter
        )
    check_frame_limits(frame)
    key = facts.key_for(frame.meter, frame.first_seq, frame.end_seq)
    if key is None or key.key_index != frame.key_index:
        raise WrongKey(
            "the key is not the meter's at these sequence numbers",
            expected="two keys" if key is None else key.key_index,
            actual=frame.key_index,
        )
    verify_frame(frame, key.key)
