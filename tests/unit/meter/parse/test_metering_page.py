"""docs/metering.md names tests and vectors that are there."""

import re
from pathlib import Path

import pytest
from tests.unit.meter.parse.vectors import FOLDER

from tallystick.core.usage import Flag

TESTS = Path(__file__).parents[3]
PAGE = (TESTS.parent / "docs" / "metering.md").read_text()
ROWS = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", PAGE, re.MULTILINE)


def test_every_failure_has_its_row() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 28))


@pytest.mark.parametrize(("number", "cell"), ROWS)
def test_page_names_tests_that_are_there(number: str, cell: str) -> None:
    assert cell.strip(), f"failure {number} has no test"
    for part in cell.split("; "):
        if match := re.match(r"((?:unit|integration|bench)/\S+\.py)", part):
            source = (TESTS / match[1]).read_text()
            for name in re.findall(r"`([a-z_0-9]+)`", part):
                assert f"def test_{name}(" in source
        elif part.startswith("vectors"):
            for name in re.findall(r"`([^`]+)`", part):
                assert list(FOLDER.glob(f"**/{name.rpartition('/')[2]}.expect.json")), name


OTHERS = {Flag.EXPLORATION, Flag.CONTINUATION, Flag.AGGREGATE}
"""What a meter sets for reasons of its own."""


@pytest.mark.parametrize("flag", [flag.name for flag in Flag if flag not in OTHERS])
def test_page_explains_every_flag_of_a_reading(flag: str) -> None:
    assert f"| `{flag}` |" in PAGE
