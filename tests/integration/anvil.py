"""A development chain of a test's own, on a free port, gone with the test."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ANVIL: Final = Path("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
CHAIN_ID: Final = 82_559
FLAGS: Final = (  # noqa: SIM905 - read as on a command line
    "--hardfork cancun --base-fee 0 --gas-price 0 --gas-limit 100000000 --enable-tx-gas-limit"
    " --slots-in-an-epoch 0 --host 127.0.0.1 --port 0"
).split()
START_S: Final = 30.0


@contextmanager
def run_anvil(folder: Path, *flags: str, chain_id: int = CHAIN_ID) -> Iterator[str]:
    """The URL of a fresh chain; `folder` keeps its log."""
    log = folder / "anvil.log"
    with log.open("wb") as output:
        words = [str(ANVIL), *FLAGS, "--chain-id", str(chain_id), *flags]
        process = subprocess.Popen(words, stdout=output, stderr=output)
    try:
        yield f"http://{_wait_for_address(process, log)}"
    finally:
        process.kill()
        process.wait()


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("Listening on "):
                return line.removeprefix("Listening on ").strip()
        time.sleep(0.02)
    raise RuntimeError(f"anvil did not start: {log.read_text()}")
