"""`down`: a whole network on this machine, stopped."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Final

from tallystick.local.folder import NetworkFolder
from tallystick.local.names import RECORDER, is_chain_process
from tallystick.local.processes import ProcessEntry, Processes

VALIDATOR_PATIENCE_S: Final = 15.0
RECORDER_PATIENCE_S: Final = 30.0
CHAIN_PATIENCE_S: Final = 20.0
"""A node of a chain closes its database."""


def shut_down(folder: NetworkFolder, *, purge: bool) -> bool:
    """Nothing of the network runs; tells whether anything did.

    Args:
        folder: where it lives.
        purge: its folder goes too, with keys, records and chain.
    """
    if not folder.root.exists():
        return False
    with folder.locked():
        processes = Processes(folder.run, folder.logs)
        entries = processes.entries()
        was_running = any(processes.find(entry.name) for entry in entries)
        stop_in_order(processes, entries)
        if purge:
            _purge(folder)
    return was_running


def stop_in_order(processes: Processes, entries: Sequence[ProcessEntry]) -> None:
    """Validators first, then the recorder, which copies the last blocks, then the chain."""
    chain = [entry for entry in entries if is_chain_process(entry.name)]
    recorder = [entry for entry in entries if entry.name == RECORDER]
    rest = [entry for entry in entries if entry not in chain and entry not in recorder]
    processes.stop(rest, patience_s=VALIDATOR_PATIENCE_S)
    processes.stop(recorder, patience_s=RECORDER_PATIENCE_S)
    processes.stop(chain, patience_s=CHAIN_PATIENCE_S)


def _purge(folder: NetworkFolder) -> None:
    """Everything of the network is deleted, and its folder too if nothing else lies there."""
    for path in folder.parts():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if not any(folder.root.iterdir()):
        folder.root.rmdir()
