"""What a network on this machine needs, looked at one by one."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from tallystick.core.errors import TallystickError
from tallystick.local.engines import is_chain_here, list_engines, require_engine
from tallystick.local.errors import ProgramMissing
from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.names import ANVIL
from tallystick.local.ports import check_port_free, find_free_ports
from tallystick.local.processes import Processes
from tallystick.local.programs import find_anvil

MIN_DISK_BYTES: Final = 2**30
MIN_YEAR: Final = 2026
NODE_PACKAGES: Final = ("tallystick_node", "fastapi", "uvicorn", "uvloop", "duckdb", "jinja2")


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    name: str
    ok: bool
    detail: str


def examine(folder: NetworkFolder) -> list[Finding]:
    """Everything looked at, nothing changed."""
    return [
        _examine_python(),
        Finding("tallystick", ok=True, detail=importlib.metadata.version("tallystick")),
        _examine_anvil(),
        *_examine_other_engines(folder),
        _examine_packages(),
        _examine_ports(folder),
        _examine_disk(folder.root),
        _examine_clock(),
    ]


def _examine_python() -> Finding:
    fits = (3, 11) <= sys.version_info[:2] < (3, 13)
    return Finding("Python 3.11 or 3.12", fits, f"{platform.python_version()}, {sys.executable}")


def _examine_anvil() -> Finding:
    try:
        program = find_anvil()
    except TallystickError as error:
        return Finding("anvil", ok=False, detail=str(error))
    answer = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, timeout=10
    )
    first_line = next(iter(answer.stdout.splitlines()), answer.stderr.strip())
    return Finding("anvil", answer.returncode == 0, f"{first_line}, {program}")


def _examine_other_engines(folder: NetworkFolder) -> list[Finding]:
    """Missing programs of an engine matter to those alone whose network runs on it."""
    try:
        network = folder.read_network()
    except TallystickError:
        network = None
    findings = []
    for engine in list_engines():
        if engine.name == ANVIL:
            continue
        wanted = network is not None and network.engine == engine.name and is_chain_here(network)
        try:
            detail, is_there = engine.find_programs(), True
        except ProgramMissing as error:
            detail, is_there = str(error), not wanted
            detail = detail if wanted else f"not needed here; {detail}"
        findings.append(Finding(engine.name, is_there, detail))
    return findings


def _examine_packages() -> Finding:
    missing = [name for name in NODE_PACKAGES if importlib.util.find_spec(name) is None]
    detail = f"missing: {', '.join(missing)}" if missing else "all there"
    return Finding("the validator's packages", not missing, detail)


def _examine_ports(folder: NetworkFolder) -> Finding:
    """A stopped network wants its ports back."""
    name = "ports on 127.0.0.1"
    try:
        network = folder.read_network()
        if network is None:
            find_free_ports(5)
            return Finding(name, ok=True, detail="any free ones will do")
        processes = Processes(folder.run, folder.logs)
        wanted = _list_ports(network)
        for part, port in wanted.items():
            if processes.find(part) is None:
                check_port_free(port, part)
    except (TallystickError, OSError) as error:
        return Finding(name, ok=False, detail=str(error))
    return Finding(name, ok=True, detail=", ".join(f"{p} {port}" for p, port in wanted.items()))


def _list_ports(network: NetworkFile) -> dict[str, int]:
    """The ports of the processes that the folder runs; a member's folder runs none."""
    if not is_chain_here(network):
        return {}
    validators = {each.name: int(each.url.rpartition(":")[2]) for each in network.validators}
    return {**require_engine(network).list_ports(network), **validators}


def _examine_disk(path: Path) -> Finding:
    existing = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    free = shutil.disk_usage(existing).free
    return Finding("1 GiB of disk", free >= MIN_DISK_BYTES, f"{free // 2**20:,} MiB free")


def _examine_clock() -> Finding:
    now = time.gmtime()
    return Finding("clock", now.tm_year >= MIN_YEAR, time.strftime("%Y-%m-%d %H:%M:%S UTC", now))
