"""The validators of a local network: their settings, their processes, their health."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx

from tallystick.local.errors import StartFailed
from tallystick.local.files import make_private_folder, write_document
from tallystick.local.folder import NetworkFile, NetworkFolder, ValidatorEntry
from tallystick.local.ports import LOOPBACK, check_port_free
from tallystick.local.processes import ProcessEntry, Processes, is_running
from tallystick.local.secrets import KeyRing

START_PATIENCE_S: Final = 60.0
POLL_S: Final = 0.05
LOG_LINES: Final = 5


def name_validators(count: int) -> list[str]:
    """The names of a local network's validators."""
    return [f"validator-{number}" for number in range(1, count + 1)]


def write_settings(folder: NetworkFolder, network: NetworkFile, validator: ValidatorEntry) -> None:
    """The validator's folder holds the settings that its node starts with."""
    home = make_private_folder(folder.node(validator.name)).resolve()
    settings: dict[str, Any] = {
        "name": validator.name,
        "host": LOOPBACK,
        "port": int(validator.url.rpartition(":")[2]),
        "rpc_urls": network.rpc_urls,
        "ledger": network.ledger,
        "keys_file": str(KeyRing(folder.keys).validator_file(validator.name).resolve()),
        "data_dir": str(home),
    }
    write_document(home / "settings.json", settings)


def start_validators(
    folder: NetworkFolder, processes: Processes, validators: Sequence[ValidatorEntry]
) -> list[ProcessEntry]:
    """The validators' processes run; whether they are healthy is for `wait_until_ready`.

    Raises:
        PortInUse: another program has one of their ports.
    """
    for validator in validators:
        check_port_free(int(validator.url.rpartition(":")[2]), validator.name)
    return [
        processes.start(
            validator.name,
            [
                sys.executable,
                *("-m", "tallystick.local.validator_process"),
                str(folder.node(validator.name).resolve() / "settings.json"),
            ],
        )
        for validator in validators
    ]


async def wait_until_ready(
    processes: Processes, validators: Sequence[ValidatorEntry], entries: Sequence[ProcessEntry]
) -> None:
    """Every validator says that it is ready.

    Raises:
        StartFailed: one ended, or was not ready in time; says what it logged last.
    """
    deadline = time.monotonic() + START_PATIENCE_S
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        await asyncio.gather(
            *(
                _wait_for_one(http, processes, validator, entry, deadline)
                for validator, entry in zip(validators, entries, strict=True)
            )
        )


async def _wait_for_one(
    http: httpx.AsyncClient,
    processes: Processes,
    validator: ValidatorEntry,
    entry: ProcessEntry,
    deadline: float,
) -> None:
    while not await is_ready(http, validator.url):
        if not is_running(entry) or time.monotonic() > deadline:
            log = processes.logs / f"{validator.name}.log"
            last = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
            raise StartFailed(
                f"{validator.name} did not become ready",
                expected=f"{validator.url}/readyz",
                actual="\n".join(last) or f"nothing in {log}",
            )
        await asyncio.sleep(POLL_S)


async def is_ready(http: httpx.AsyncClient, url: str) -> bool:
    """Whether a validator answers and has caught up with the chain."""
    try:
        return (await http.get(f"{url}/readyz")).is_success
    except httpx.TransportError:
        return False
