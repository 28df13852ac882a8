"""Prometheus itself reads the rules and the configuration, where its tool is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path("operations/prometheus")


@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", str(FOLDER / "alerts.yml")),
        ("check", "config", "--syntax-only", str(FOLDER / "prometheus.yml")),
    ],
)
def test_prometheus_accepts_what_it_is_given(words: tuple[str, ...]) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("PROMETHEUS RULES NOT CHECKED: no promtool found (Debian: prometheus)")
    found = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
