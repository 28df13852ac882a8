"""What a worker loads: it starts often, stays small, and decodes what strangers send."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

PROGRAM = """
import sys
import tallystick.sidecar.gateway.worker
print(sys.getrecursionlimit())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
HEAVY = {"web3", "eth_account", "duckdb", "fastapi", "typer"}
"""Seconds and tens of MB each."""


def test_worker_loads_nothing_that_only_others_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    limit, modules = done.stdout.splitlines()
    assert int(limit) <= 1_000  # or deep JSON overflows the stack
    assert "aiohttp" in modules.split()
    assert not HEAVY & set(modules.split())
