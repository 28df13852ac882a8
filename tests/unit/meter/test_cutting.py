"""Cuts cover all records in order and keep a frame's limits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.samples import create_samples

from tallystick.core.usage import create_records
from tallystick.meter.cutting import compute_cuts, is_full


@given(
    projects=st.lists(st.integers(1, 120), min_size=1, max_size=700),
    max_records=st.integers(1, 300),
)
def test_cuts_cover_everything_and_keep_the_limits(projects: list[int], max_records: int) -> None:
    records = create_records(len(projects))
    records["project"] = projects
    cuts = list(compute_cuts(records, max_records=max_records))
    assert [start for start, _ in cuts] == [0, *(end for _, end in cuts[:-1])]
    assert cuts[-1][1] == len(projects)
    for start, end in cuts:
        assert 1 <= end - start <= max_records
        assert len(np.unique(projects[start:end])) <= 64
    for start, end in cuts[:-1]:
        is_at_limit = end - start == max_records or len(set(projects[start : end + 1])) == 65
        assert is_at_limit


def test_only_the_last_cut_may_wait_for_company() -> None:
    records = create_samples(300, projects=70)
    cuts = list(compute_cuts(records, max_records=256))
    assert cuts == [(0, 64), (64, 128), (128, 192), (192, 256), (256, 300)]
    full = [is_full(records, cut, max_records=256) for cut in cuts]
    assert full == [True, True, True, True, False]
