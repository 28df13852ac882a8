"""The alert rules and dashboards as operators get them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tallystick.core.metric_table import METRIC_BY_NAME

RULES = Path("operations/prometheus/alerts.yml")
DASHBOARDS = Path("operations/grafana/dashboards")
NAME = re.compile(r"\btallystick_[a-z0-9_]+")
SAMPLES = {sample for metric in METRIC_BY_NAME.values() for sample in metric.samples}


def list_rules() -> list[dict[str, Any]]:
    """Every alert rule."""
    document = yaml.safe_load(RULES.read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def list_dashboards() -> list[tuple[str, dict[str, Any]]]:
    """(file name, document) of every dashboard."""
    return [(path.name, json.loads(path.read_text())) for path in sorted(DASHBOARDS.glob("*.json"))]


def list_targets(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every query of a dashboard."""
    for panel in document["panels"]:
        yield from panel["targets"]


def find_unknown(expression: str) -> set[str]:
    """Names in an expression that no program of ours shows."""
    return set(NAME.findall(expression)) - SAMPLES
