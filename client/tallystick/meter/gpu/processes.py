"""What the kernel says of processes, read from /proc."""

from __future__ import annotations

import pwd
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from tallystick.meter.gpu.attribution import ENVIRONMENT_PREFIX
from tallystick.meter.gpu.cgroups import MAX_CGROUP_BYTES, parse_cgroup

PROC: Final = Path("/proc")
MAX_COMMAND_BYTES: Final = 4096
MAX_ENVIRONMENT_BYTES: Final = 256 << 10


def read_start(pid: int, proc: Path = PROC) -> int | None:
    """When a process began, in ticks since boot, None where there is none of this id.

    Together with the id it names one process for ever: ids are used again.
    """
    fields = _read_stat(pid, proc)
    return int(fields[19]) if fields else None


def read_facts(pid: int, environment: Collection[str] = (), proc: Path = PROC) -> dict[str, str]:
    """What is known of a process; empty where it is gone or hidden.

    Args:
        pid: its id, as the host counts.
        environment: the variables to read; no other is kept.
        proc: where the kernel shows processes.
    """
    folder = proc / str(pid)
    facts = parse_cgroup(_read(folder / "cgroup", MAX_CGROUP_BYTES).decode(errors="replace"))
    command = _read(folder / "cmdline", MAX_COMMAND_BYTES).replace(b"\0", b" ").strip()
    if command:
        facts["command"] = command.decode(errors="replace")
    try:
        facts["uid"] = str(folder.stat().st_uid)
    except OSError:
        return facts
    if user := _find_user(int(facts["uid"])):
        facts["user"] = user
    return facts | _read_environment(folder, environment)


def list_tree(root: int, proc: Path = PROC) -> frozenset[int]:
    """A process and everything that descends from it now."""
    parents = dict(_list_parents(proc))
    tree, size = {root}, 0
    while size != len(tree):
        size = len(tree)
        tree |= {pid for pid, parent in parents.items() if parent in tree}
    return frozenset(tree)


def read_boot_id(proc: Path = PROC) -> str:
    """What names the time since the machine was last started; "" where the kernel does not say."""
    return _read(proc / "sys/kernel/random/boot_id", 64).decode().strip()


def _list_parents(proc: Path) -> Iterable[tuple[int, int]]:
    for folder in proc.iterdir():
        if folder.name.isdigit():
            fields = _read_stat(int(folder.name), proc)
            if fields:
                yield int(folder.name), int(fields[1])


def _read_stat(pid: int, proc: Path) -> list[bytes]:
    """Fields of /proc/PID/stat from the state on; the command before may hold anything."""
    return _read(proc / str(pid) / "stat", 4096).rpartition(b")")[2].split()


def _read_environment(folder: Path, names: Collection[str]) -> dict[str, str]:
    if not names:
        return {}
    entries = _read(folder / "environ", MAX_ENVIRONMENT_BYTES).decode(errors="replace").split("\0")
    pairs = (entry.partition("=") for entry in entries)
    return {f"{ENVIRONMENT_PREFIX}{name}": value for name, _, value in pairs if name in names}


def _find_user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def _read(path: Path, limit: int) -> bytes:
    """The file's first bytes; none where it cannot be read, as with processes just gone."""
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return b""
