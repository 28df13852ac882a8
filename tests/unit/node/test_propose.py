from dataclasses import dataclass, replace

import pytest
from tests.unit.core.builders import CHAT, NETWORK_ID, build_facts, build_frame, build_records
from tests.unit.node.builders import build_ground, build_validator_set

from tallystick.core.batches import compute_data_hash, decode_batch
from tallystick.core.errors import UnknownMeter
from tallystick.core.frames import Frame
from tallystick.core.usage import read_costs_ucr
from tallystick_node.settle.propose import check_chosen, choose_frames, propose_batch


@dataclass(frozen=True)
class Waiting:
    frame: Frame
    projects: frozenset[int] = frozenset({CHAT})


def run_of(*counts: int, meter: int = 1, projects: int = 1) -> list[Waiting]:
    run, start = [], 0
    for count in counts:
        frame = build_frame(build_records(count), first_seq=start, meter=meter)
        run.append(Waiting(frame, frozenset(range(start, start + projects))))
        start += count
    return run


def test_choice_closes_at_the_most_records() -> None:
    choice = choose_frames([run_of(900, 900, 1)], 3)
    assert ([waiting.frame.count for waiting in choice.frames], choice.is_full) == (
        [900, 900],
        True,
    )


def test_choice_closes_at_the_most_segments() -> None:
    choice = choose_frames([run_of(*[1] * 41)], 3)
    assert (len(choice.frames), choice.is_full) == (40, True)


def test_choice_closes_at_the_most_projects() -> None:
    choice = choose_frames([run_of(1, 1, 1, projects=60)], 3)
    # The ranges of neighbours overlap: 0..59, 1..60, 2..61.
    assert len(choice.frames) == 3
    runs = [run_of(1, meter=1, projects=60), [Waiting(build_frame(), frozenset(range(100, 161)))]]
    choice = choose_frames(runs, 3)
    assert (len(choice.frames), choice.is_full) == (1, True)


def test_choice_closes_at_the_most_lines() -> None:
    # Four meters bill the same 60 projects each, the last of them in two frames: 240 lines.
    runs = [run_of(1, meter=meter, projects=60) for meter in (1, 2, 3)]
    same = [replace(waiting, projects=frozenset(range(60))) for waiting in run_of(1, 1, meter=4)]
    choice = choose_frames([*runs, same, run_of(1, meter=5)], 3)
    assert [waiting.frame.meter for waiting in choice.frames] == [1, 2, 3, 4, 4]
    assert choice.is_full


def test_choice_goes_on_with_the_next_meter_when_a_frame_does_not_fit() -> None:
    choice = choose_frames([run_of(900, 500, 500), run_of(300, meter=2)], 3)
    assert [waiting.frame.count for waiting in choice.frames] == [900, 500, 300]
    assert choice.is_full


def test_choice_is_open_when_everything_fits() -> None:
    assert not choose_frames([run_of(10)], 3).is_full


def test_check_leaves_out_a_meter_from_its_first_refused_frame_on() -> None:
    good, later = run_of(1, 1)
    bad = replace(later.frame, signature=bytes(64))
    strange = Waiting(build_frame(meter=9))
    chosen = [good, Waiting(bad), Waiting(build_frame(first_seq=2)), strange]
    passed, refused = check_chosen(chosen, build_ground())
    assert passed == [good]
    assert [refusal.frame for refusal in refused] == [bad, strange.frame]
    assert isinstance(refused[1].error, UnknownMeter)


def test_proposal_values_every_record_and_keeps_the_frames() -> None:
    frames = [build_frame(build_records(3)), build_frame(build_records(2), first_seq=3)]
    proposal = propose_batch(frames, build_ground())
    batch = decode_batch(proposal.data)
    assert read_costs_ucr(batch.records).tolist() == [105_323] * 5
    rebuilt = [batch.frame(segment, NETWORK_ID).records.tobytes() for segment in batch.segments]
    assert rebuilt == [frame.records.tobytes() for frame in frames]
    assert proposal.data_hash == compute_data_hash(proposal.data)
    assert (proposal.question.quorum, proposal.projects) == (3, 1)


@pytest.mark.parametrize("now_ms", [0, 1_790_000_000_000])
def test_proposal_is_the_same_for_the_same_ground(now_ms: int) -> None:
    ground = build_ground(facts=build_facts(build_validator_set()), now_ms=now_ms)
    first, second = (propose_batch([build_frame()], ground) for _ in range(2))
    assert first.data == second.data
    assert first.message == second.message
