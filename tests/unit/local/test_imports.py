"""How far a replayed file has come, across crashes."""

from pathlib import Path

from tallystick.local.imports import Imports, ImportState, Span

DIGEST = bytes(32)


def make_state(*spans: Span, meter: str = "replay-acme") -> ImportState:
    return ImportState("trace.csv", meter, 0, 7, list(spans))


def test_state_is_unknown_before_the_first_run(tmp_path: Path) -> None:
    assert Imports(tmp_path / "imports").load(DIGEST) is None


def test_state_counts_what_was_recorded(tmp_path: Path) -> None:
    imports = Imports(tmp_path / "imports")
    imports.save(DIGEST, make_state(Span(10, 5), Span(40, 3)))
    state = imports.load(DIGEST)
    assert state is not None
    assert (state.recorded, state.spans[-1].end_seq) == (8, 43)


def test_span_ends_where_the_journal_ends_after_a_crash(tmp_path: Path) -> None:
    imports = Imports(tmp_path / "imports")
    imports.save(DIGEST, make_state(Span(0, 100), Span(100, 100)))
    imports.correct("replay-acme", 130)
    state = imports.load(DIGEST)
    assert state is not None
    assert state.recorded == 130


def test_span_of_which_nothing_was_recorded_is_empty(tmp_path: Path) -> None:
    imports = Imports(tmp_path / "imports")
    imports.save(DIGEST, make_state(Span(50, 10)))
    imports.correct("replay-acme", 20)
    state = imports.load(DIGEST)
    assert state is not None
    assert state.recorded == 0


def test_states_of_other_meters_are_left_alone(tmp_path: Path) -> None:
    imports = Imports(tmp_path / "imports")
    imports.save(DIGEST, make_state(Span(50, 10), meter="replay-globex"))
    imports.correct("replay-acme", 0)
    state = imports.load(DIGEST)
    assert state is not None
    assert state.recorded == 10
