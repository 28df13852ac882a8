from typing import Any

import pytest
from tests.unit.ceremony.besu.published import load_published

from tallystick.ceremony.besu.extra_data import encode_extra_data


@pytest.mark.parametrize(
    "example", load_published("extra_data.json"), ids=lambda one: one["source"]
)
def test_extra_data_is_as_published(example: dict[str, Any]) -> None:
    assert encode_extra_data(example["validators"]) == example["extra_data"]
