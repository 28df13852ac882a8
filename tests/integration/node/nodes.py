"""Validators as processes of their own, on a deployed network, gone with the test."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from tests.integration.settling import SettlingNetwork

from tallystick.chain.blocks import Advanced, Block
from tallystick.chain.follower import Follower
from tallystick.chain.rpc import Rpc
from tallystick.core.frames import Frame, encode_frame
from tallystick.local.ports import find_free_ports

RUN: Final = """
import sys
from pathlib import Path
from tallystick_node.node import run
run(Path(sys.argv[1]))
"""
PATIENCE_S: Final = 240.0
POLL_S: Final = 0.05


@dataclass
class NodeProcess:
    """One validator's process."""

    name: str
    url: str
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    sources: Path | None = None
    """A tree of another release, run instead of this one."""

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, str(self.folder / "settings.json")],
                stdout=output,
                stderr=output,
                env=self._choose_environment(),
            )

    def _choose_environment(self) -> dict[str, str]:
        if self.sources is None:
            return dict(os.environ)
        packages = (self.sources / "client", self.sources / "node")
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, packages))}

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def stop(self) -> int:
        return self.signal(signal.SIGTERM)

    def signal(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        self.process = None
        return code

    def wait_ready(self) -> None:
        wait_until(self._is_ready, f"{self.name} is ready", self.log)

    def send(self, *frames: Frame, timeout_s: float = 30.0) -> httpx.Response:
        return self.post(b"".join(map(encode_frame, frames)), timeout_s=timeout_s)

    def post(self, body: bytes, *, timeout_s: float = 30.0) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/frames", content=body, timeout=timeout_s)

    def cursor(self, meter: int) -> int:
        answer = httpx.get(f"{self.url}/v1/cursors", params={"meters": str(meter)}).json()
        return int(answer["cursors"][str(meter)]["next_seq"])

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False


@dataclass
class NodeGroup:
    """The validators of one network, in the order of their indices."""

    network: SettlingNetwork
    nodes: list[NodeProcess] = field(default_factory=list)

    def __getitem__(self, place: int) -> NodeProcess:
        return self.nodes[place]

    def wait_settled(self, next_seq: int, *, meter: int = 0, at: int = 0) -> None:
        """Node `at` follows a chain on which the meter's cursor has reached `next_seq`."""
        meter_id = self.network.meters[meter].id
        node = self.nodes[at]
        wait_until(lambda: node.cursor(meter_id) >= next_seq, f"cursor at {next_seq}", node.log)


def wait_until(holds: Callable[[], bool], what: str, log: Path) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline_s:
            tail = "\n".join(log.read_text().splitlines()[-20:])
            raise AssertionError(f"not in time: {what}\n{tail}")
        time.sleep(POLL_S)


def read_blocks(network: SettlingNetwork) -> list[Block]:
    """Every block of the network's chain that holds something of ours."""

    async def follow() -> list[Block]:
        rpc = Rpc([network.url])
        follower = Follower(rpc, network.network)
        blocks: list[Block] = []
        while isinstance(step := await follower.poll(), Advanced):
            blocks += step.blocks
        await rpc.aclose()
        return blocks

    return asyncio.run(follow())


def write_node(
    network: SettlingNetwork, folder: Path, place: int, urls: Sequence[str], **settings: object
) -> NodeProcess:
    """The folder of a validator, ready to start."""
    folder.mkdir(parents=True)
    keys = network.validators[place]
    keys_file = folder / "keys.json"
    keys_file.write_text(
        json.dumps(
            {
                "attest_key": keys.attest.secret.hex(),
                "send_key": bytes(keys.send.key).hex(),
                "transport_key": bytes(keys.transport).hex(),
            }
        )
    )
    keys_file.chmod(0o600)
    document = {
        "name": f"validator-{place}",
        "port": int(urls[place].rpartition(":")[2]),
        "rpc_urls": [network.url],
        "ledger": network.network.addresses.ledger,
        "keys_file": str(keys_file),
        "data_dir": str(folder / "data"),
        "peer_urls": {f"validator-{index}": url for index, url in enumerate(urls)},
        **settings,
    }
    (folder / "settings.json").write_text(json.dumps(document))
    return NodeProcess(f"validator-{place}", urls[place], folder)


@contextmanager
def run_nodes(
    network: SettlingNetwork,
    folder: Path,
    *,
    absent: Sequence[int] = (),
    urls: Mapping[int, str] | None = None,
    sources: Path | None = None,
    **settings: object,
) -> Iterator[NodeGroup]:
    """Every validator but the absent ones runs and is ready.

    `urls` replaces those of absent validators, where something else answers in their place;
    `sources` is a tree of another release that all of them run.
    """
    ports = find_free_ports(len(network.validators))
    all_urls = [f"http://127.0.0.1:{port}" for port in ports]
    for place, url in (urls or {}).items():
        all_urls[place] = url
    group = NodeGroup(network)
    try:
        for place in range(len(network.validators)):
            node = write_node(network, folder / f"node-{place}", place, all_urls, **settings)
            node.sources = sources
            group.nodes.append(node)
            if place not in absent:
                node.start()
        for node in group.nodes:
            if node.process is not None:
                node.wait_ready()
        yield group
    finally:
        for node in group.nodes:
            if node.process is not None:
                node.kill()
