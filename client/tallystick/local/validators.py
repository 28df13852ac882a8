"""The validators of a local network: their settings, their processes, their health."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import httpx

from tallystick.chain.config import load_network_config
from tallystick.local.errors import StartFailed
from tallystick.local.files import make_private_folder, write_document
from tallystick.local.folder import NetworkFile, NetworkFolder, ValidatorEntry
from tallystick.local.ports import LOOPBACK, check_port_free
from tallystick.local.processes import ProcessEntry, Processes, is_running

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
        "rpc_urls": order_urls(network.rpc_urls, validator.index),
        "gas_price_wei": network.gas_price_wei,
        "poll_interval_ms": load_network_config(network.config).chain.poll_interval_ms,
        "ledger": network.ledger,
        "keys_file": str(folder.validator_keys(validator.name).resolve()),
        "data_dir": str(home),
        "clock_file": str(folder.clock_file.resolve()),
    }
    write_document(home / "settings.json", settings)


def order_urls(urls: Sequence[str], index: int) -> list[str]:
    """The chain's endpoints as the validator of this index asks them: a node of its own first."""
    own = index % len(urls)
    return [*urls[own:], *urls[:own]]


class ValidatorLauncher:
    """Prepares validators' processes while something else is still going on.

    Args:
        processes: of the network.

    Use as a context manager; validators that were started outlive it.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def __enter__(self) -> Self:
        log = make_private_folder(self._processes.logs) / "launcher.log"
        with log.open("ab") as errors:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tallystick.local.validator_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        self._log = log
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.communicate()

    def start(self, folder: NetworkFolder, validator: ValidatorEntry) -> ProcessEntry:
        """The validator's process runs; whether it is healthy is for `wait_until_ready`.

        Raises:
            PortInUse: another program has its port.
            StartFailed: no process came to be.
        """
        check_port_free(int(validator.url.rpartition(":")[2]), validator.name)
        settings = folder.node(validator.name).resolve() / "settings.json"
        answer = self._ask(f"{settings}\t{folder.log(validator.name).resolve()}\n")
        if not answer.strip().isdigit():
            raise StartFailed(
                f"{validator.name} could not be started",
                expected="a process",
                actual=read_last_lines(self._log) or answer,
            )
        return self._processes.adopt(validator.name, int(answer))

    def _ask(self, line: str) -> str:
        if self._child.stdin is None or self._child.stdout is None:
            return ""
        try:
            self._child.stdin.write(line)
            self._child.stdin.flush()
        except BrokenPipeError:
            return ""
        return self._child.stdout.readline()


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
            raise StartFailed(
                f"{validator.name} did not become ready",
                expected=f"{validator.url}/readyz",
                actual=read_last_lines(log) or f"nothing in {log}",
            )
        await asyncio.sleep(POLL_S)


async def is_ready(http: httpx.AsyncClient, url: str) -> bool:
    """Whether a validator answers and has caught up with the chain."""
    try:
        return (await http.get(f"{url}/readyz")).is_success
    except httpx.TransportError:
        return False


def read_last_lines(log: Path) -> str:
    """The end of a log, empty where there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
