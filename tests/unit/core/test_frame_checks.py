from dataclasses import replace

import pytest
from nacl.signing import SigningKey
from tests.unit.core.builders import (
    METER,
    NETWORK_ID,
    NOW_MS,
    build_facts,
    build_frame,
    build_records,
)

from tallystick.core.errors import (
    BadSignature,
    CostFilledIn,
    FrameVersionInactive,
    TallystickError,
    TooManyProjects,
    UnknownMeter,
    WrongKey,
    WrongNetwork,
)
from tallystick.core.facts import MeterKey
from tallystick.core.frame_checks import check_frame
from tallystick.core.frames import Frame, sign_frame

GOOD = build_frame(build_records(3))
COSTED = replace(GOOD, records=build_records(3, cost_word=1))
CROWDED_RECORDS = build_records(65)
CROWDED_RECORDS["project"] = range(65)


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (replace(GOOD, version=2), FrameVersionInactive),
        (replace(GOOD, version=255), FrameVersionInactive),
        (replace(GOOD, network_id=bytes(32)), WrongNetwork),
        (replace(GOOD, meter=99), UnknownMeter),
        (replace(GOOD, records=CROWDED_RECORDS), TooManyProjects),
        (COSTED, CostFilledIn),
        (replace(GOOD, key_index=1), WrongKey),
        (replace(GOOD, first_seq=1), BadSignature),
        (replace(GOOD, signature=bytes(64)), BadSignature),
        (replace(GOOD, signature=b""), BadSignature),
        # Several things wrong: the first check names it.
        (replace(COSTED, network_id=bytes(32), key_index=9), WrongNetwork),
        (replace(COSTED, key_index=9), CostFilledIn),
    ],
)
def test_check_frame_refuses(frame: Frame, error: type[TallystickError]) -> None:
    with pytest.raises(error):
        check_frame(frame, build_facts(), NETWORK_ID, NOW_MS)


def test_check_frame_accepts_a_good_frame() -> None:
    check_frame(GOOD, build_facts(), NETWORK_ID, NOW_MS)


def test_check_frame_refuses_a_frame_across_a_key_rotation() -> None:
    second = SigningKey(bytes([8]) * 32)
    facts = build_facts(MeterKey(METER, 1, bytes(second.verify_key), 3))
    check_frame(GOOD, facts, NETWORK_ID, NOW_MS)
    with pytest.raises(WrongKey):
        check_frame(build_frame(build_records(4)), facts, NETWORK_ID, NOW_MS)
    rotated = sign_frame(
        second,
        network_id=NETWORK_ID,
        meter=METER,
        key_index=1,
        first_seq=3,
        records=build_records(),
    )
    check_frame(rotated, facts, NETWORK_ID, NOW_MS)
