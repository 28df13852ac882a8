"""Dashboards: fresh, whole, and asking for metrics that exist."""

from itertools import combinations
from typing import Any

import pytest
from scripts import dashboards
from tests.unit.operations.rules import find_unknown, list_dashboards, list_targets

from tallystick.core.metric_table import METRIC_BY_NAME, TABLE_BY_PROGRAM

FOUND = list_dashboards()
IDS = [name for name, _ in FOUND]
GRID = 24


def test_generated_files_are_fresh() -> None:
    stale = [path.name for path, text in dashboards.list_files() if path.read_text() != text]
    assert stale == []


def test_every_dashboard_is_generated() -> None:
    written = {path.name for path, _ in dashboards.list_files() if path.suffix == ".json"}
    assert set(IDS) == written


@pytest.mark.parametrize("document", [document for _, document in FOUND], ids=IDS)
def test_dashboard_is_whole(document: dict[str, Any]) -> None:
    panels = document["panels"]
    assert document["uid"]
    assert isinstance(document["schemaVersion"], int)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}
        assert panel["targets"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= GRID


@pytest.mark.parametrize("document", [document for _, document in FOUND], ids=IDS)
def test_panels_do_not_overlap(document: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in document["panels"]]
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


@pytest.mark.parametrize("document", [document for _, document in FOUND], ids=IDS)
def test_dashboard_asks_for_metrics_that_exist(document: dict[str, Any]) -> None:
    for target in list_targets(document):
        assert find_unknown(target["expr"]) == set()


def test_every_metric_is_on_a_dashboard() -> None:
    asked = " ".join(target["expr"] for _, document in FOUND for target in list_targets(document))
    assert [name for name in METRIC_BY_NAME if name not in asked] == []


def test_metrics_have_names_of_their_own() -> None:
    names = [metric.name for table in TABLE_BY_PROGRAM.values() for metric in table]
    assert len(set(names)) == len(names)


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    """Whether two places of the grid share a cell."""
    is_beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    is_above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (is_beside or is_above)
