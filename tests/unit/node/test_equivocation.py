from pathlib import Path

import pytest
from tests.unit.core.builders import build_frame, build_records

from tallystick.core.frames import decode_frames
from tallystick_node.intake import equivocation
from tallystick_node.intake.equivocation import EquivocationLog

KEPT = build_frame(build_records(3))
REFUSED = build_frame(build_records(3, in_fresh=5))


def test_keep_leaves_both_frames_in_one_file(tmp_path: Path) -> None:
    path = EquivocationLog(tmp_path).keep(KEPT, REFUSED)
    assert path is not None
    signatures = [frame.signature for frame in decode_frames(path.read_bytes(), max_frames=2)]
    assert signatures == [KEPT.signature, REFUSED.signature]


def test_keep_writes_once_when_sent_again(tmp_path: Path) -> None:
    proofs = EquivocationLog(tmp_path)
    assert proofs.keep(KEPT, REFUSED) == proofs.keep(KEPT, REFUSED)
    assert len(list(tmp_path.iterdir())) == 1


def test_every_proof_is_told_and_found_again_after_a_restart(tmp_path: Path) -> None:
    proofs, told = EquivocationLog(tmp_path), []
    proofs.subscribe(lambda kept, refused: told.append((kept.signature, refused.signature)))
    proofs.keep(KEPT, REFUSED)
    proofs.keep(KEPT, REFUSED)
    assert told == [(KEPT.signature, REFUSED.signature)] * 2
    found = [(one.signature, other.signature) for one, other in EquivocationLog(tmp_path)]
    assert found == told[:1]


def test_keep_stops_when_there_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equivocation, "MAX_PROOFS", 1)
    proofs = EquivocationLog(tmp_path)
    proofs.keep(KEPT, REFUSED)
    assert EquivocationLog(tmp_path).keep(REFUSED, KEPT) is None
