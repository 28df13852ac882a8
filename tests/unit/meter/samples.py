"""Records that tests can tell apart."""

import numpy as np

from tallystick.core.usage import Records, apply_time_ms, create_records


def create_samples(count: int, *, first_user: int = 1, projects: int = 1) -> Records:
    """`count` records whose users are consecutive and whose projects take turns."""
    records = create_records(count)
    index = np.arange(count)
    apply_time_ms(records, 1_700_000_000_000 + index)
    records["user"] = first_user + index
    records["project"] = 3 + index % projects
    records["resource"] = 1
    records["in_fresh"] = 100
    return records
