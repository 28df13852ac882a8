"""A broken replay goes on where the journal stopped; a finished one is known."""

from pathlib import Path

from tallystick.meter.replay_state import (
    ReplayState,
    compute_replay_hash,
    load_replay_state,
    store_replay_state,
)


def test_run_counts_what_the_journal_took_since_it_began() -> None:
    state = ReplayState().begin("a", records=100, shift_ms=5, next_seq=10)
    assert state.runs["a"].count_done(10) == 0
    assert state.runs["a"].count_done(70) == 60


def test_run_goes_on_after_another_was_begun_between() -> None:
    state = ReplayState().begin("a", records=100, shift_ms=5, next_seq=0)
    state = state.begin("b", records=30, shift_ms=6, next_seq=60)
    state = state.finish("b", next_seq=90)
    assert state.runs["a"].count_done(90) == 60
    state = state.begin("a", records=100, shift_ms=999, next_seq=90)
    assert state.runs["a"].shift_ms == 5
    assert state.runs["a"].count_done(130) == 100
    state = state.finish("a", next_seq=130)
    assert state.runs["a"].is_finished
    assert state.runs["a"].count_done(500) == 100


def test_run_starts_anew_when_it_had_finished() -> None:
    state = ReplayState().begin("a", records=10, shift_ms=5, next_seq=0).finish("a", next_seq=10)
    again = state.begin("a", records=10, shift_ms=7, next_seq=10).runs["a"]
    assert (again.count_done(10), again.shift_ms, again.is_finished) == (0, 7, False)


def test_state_survives_and_starts_empty(tmp_path: Path) -> None:
    assert load_replay_state(tmp_path) == ReplayState()
    state = ReplayState().begin("a", records=10, shift_ms=-5, next_seq=0)
    store_replay_state(tmp_path, state)
    assert load_replay_state(tmp_path) == state


def test_hash_depends_on_content_and_options_but_not_on_their_order() -> None:
    first = compute_replay_hash(bytes(32), {"a": 1, "b": {"x": 1, "y": 2}})
    assert first == compute_replay_hash(bytes(32), {"b": {"y": 2, "x": 1}, "a": 1})
    assert first != compute_replay_hash(bytes(32), {"a": 2, "b": {"x": 1, "y": 2}})
    assert first != compute_replay_hash(bytes([1]) * 32, {"a": 1, "b": {"x": 1, "y": 2}})
