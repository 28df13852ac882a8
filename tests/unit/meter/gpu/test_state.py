"""Buckets keep what is less than a unit; entries are numbered once for ever."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.gpu import state as state_module
from tallystick.meter.gpu.errors import CollectorStateCorrupt
from tallystick.meter.gpu.state import CollectorState, StateFile
from tallystick.meter.gpu.uses import FINE_PER_UNIT, BucketKey, Payer, Use

KEY = BucketKey("h100", Payer("acme/app"), "GPU-1")
NOW_MS = 1_700_000_000_000


@given(
    st.lists(st.tuples(st.sampled_from(sorted(FINE_PER_UNIT)), st.integers(0, 10**14))),
    st.integers(1, 4),
)
def test_nothing_is_lost_to_rounding(steps: list[tuple[str, int]], cuts_every: int) -> None:
    state = CollectorState(id="c")
    for n, (name, value) in enumerate(steps):
        state.add([Use(KEY, {name: value}, energy_mj=1)], NOW_MS)
        if n % cuts_every == 0:
            state.cut(NOW_MS)
    state.cut(NOW_MS)
    for name, unit in FINE_PER_UNIT.items():
        recorded = sum(entry.quantities.get(name, 0) for entry in state.pending)
        left = sum(bucket.fine.get(name, 0) for bucket in state.buckets)
        assert recorded * unit + left == sum(value for each, value in steps if each == name)
        assert left < unit
    energy = sum(entry.energy_mj for entry in state.pending)
    assert energy + sum(bucket.energy_mj for bucket in state.buckets) == len(steps)


def test_entries_have_numbers_of_their_own() -> None:
    state = CollectorState(id="c")
    for _ in range(3):
        state.add([Use(KEY, {"in_fresh": 1}), Use(KEY, {"out_visible": 2})], NOW_MS)
        state.cut(NOW_MS)
    assert [entry.number for entry in state.pending] == [0, 1, 2]
    assert state.pending[0].quantities == {"in_fresh": 1, "out_visible": 2}


def test_bucket_left_alone_for_a_day_is_forgotten() -> None:
    state = CollectorState(id="c")
    state.add([Use(KEY, {"compute_ms": 5})], NOW_MS)
    state.cut(NOW_MS + state_module.FORGET_AFTER_MS - 1)
    assert len(state.buckets) == 1
    state.cut(NOW_MS + state_module.FORGET_AFTER_MS)
    assert state.buckets == []


def test_state_is_full_when_buckets_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "MAX_BUCKETS", 1)
    state = CollectorState(id="c")
    assert not state.is_full
    state.add([Use(KEY, {"in_fresh": 1})], NOW_MS)
    assert state.is_full
    state.cut(NOW_MS)
    assert (len(state.pending), state.buckets) == (1, [])


def test_state_comes_back_from_its_file_private(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    assert file.load() is None
    state = CollectorState(id="c")
    state.add([Use(KEY, {"compute_ms": 5 * 10**9 + 1}, energy_mj=7)], NOW_MS)
    state.cut(NOW_MS)
    file.save(state)
    assert file.load() == state
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id":3}', '{"id":"c","format":2}'])
def test_state_that_cannot_be_read_is_never_taken_for_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(CollectorStateCorrupt):
        StateFile(tmp_path / "state.json").load()
