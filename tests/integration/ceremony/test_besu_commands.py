"""What the containers of a bundle run, run as processes on a development chain with Besu's config.

Paths in containers become the folders that are mounted there, names of containers the loopback
address. What this cannot show is Besu itself, and the engine that would start the containers.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.integration.anvil import run_anvil
from tests.integration.cli.program import Program

from tallystick.chain.config import load_network_config
from tallystick.local.ports import find_free_ports

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]
PATIENCE_S = 240.0
RPC = re.compile(r"http://besu-\d+:8545")


@dataclass(frozen=True)
class Containers:
    """A bundle's compose file, with the chain and the ports that stand in for its network."""

    folder: Path
    services: dict[str, Any]
    rpc_url: str
    port_by_node: dict[str, int]

    def command(self, name: str) -> list[str]:
        """The container's command for this machine."""
        words = [self._translate(name, word) for word in self.services[name]["command"]]
        return [sys.executable, "-m", "tallystick.cli.main", *words]

    def environment(self, name: str) -> dict[str, str]:
        """The container's variables, for this machine."""
        given = self.services[name].get("environment", {})
        return {key: self._translate(name, value) for key, value in given.items()}

    def working_folder(self, name: str) -> Path:
        """Where the container's command runs."""
        return Path(self._translate(name, self.services[name].get("working_dir", str(self.folder))))

    def _translate(self, name: str, word: str) -> str:
        mounts = self.services[name]["volumes"]
        for mount in sorted(mounts, key=lambda one: -len(one["target"])):
            if word == mount["target"] or word.startswith(f"{mount['target']}/"):
                return str(self.folder / mount["source"]) + word.removeprefix(mount["target"])
        if word.startswith("/run/secrets/"):
            return str(self.folder / "network" / "secrets" / word.rpartition("/")[2])
        return RPC.sub(self.rpc_url, word)


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """A bundle of four, and a chain that has the bundle's id."""
    program = Program(tmp_path_factory.mktemp("operator"))
    program.ask("network", "init", "--engine", "besu", "--validators", "4", "--out", "network")
    compose = yaml.safe_load((program.folder / "network" / "docker-compose.yml").read_text())
    ports = find_free_ports(4)
    chain_id = load_network_config("besu").chain.id
    with run_anvil(program.folder, chain_id=chain_id) as url:
        nodes = {f"node-{number}": port for number, port in enumerate(ports, start=1)}
        yield Containers(program.folder, compose["services"], url, nodes)


def found(containers: Containers) -> Any:  # noqa: ANN401 - JSON
    """The answer of the container that founds, which must succeed."""
    done = subprocess.run(
        [*containers.command("found"), "--json"],
        cwd=containers.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@contextmanager
def run_node(containers: Containers, name: str) -> Iterator[str]:
    """The URL of a validator that runs as its container would, its peers on this machine too."""
    peers = {
        name.replace("node", "validator"): f"http://127.0.0.1:{port}"
        for name, port in containers.port_by_node.items()
    }
    environment = {
        **os.environ,
        **containers.environment(name),
        "TALLYSTICK_NODE_HOST": "127.0.0.1",
        "TALLYSTICK_NODE_PORT": str(containers.port_by_node[name]),
        "TALLYSTICK_NODE_PEER_URLS": json.dumps(peers),
    }
    log = (containers.folder / f"{name}.log").open("wb")
    folder = containers.working_folder(name)
    process = subprocess.Popen(
        containers.command(name), cwd=folder, env=environment, stdout=log, stderr=log
    )
    try:
        yield f"http://127.0.0.1:{containers.port_by_node[name]}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def wait_until_ready(http: httpx.Client, url: str) -> httpx.Response:
    """The validator's last word on whether it is ready."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            answer = http.get(f"{url}/readyz")
        except httpx.TransportError as error:
            answer = httpx.Response(503, text=str(error))
        if answer.is_success or time.monotonic() > deadline:
            return answer
        time.sleep(0.5)


def test_containers_found_a_network_once_and_its_validators_become_ready(
    containers: Containers,
) -> None:
    first, again = found(containers), found(containers)
    assert (first["created"], again["created"]) == (True, False)
    assert first["ledger"] == again["ledger"]

    token = (containers.folder / "network" / "secrets" / "token").read_text()
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(trust_env=False))
        urls = [stack.enter_context(run_node(containers, name)) for name in containers.port_by_node]
        answers = [wait_until_ready(http, url) for url in urls]
        logs = [path.read_text()[-2_000:] for path in containers.folder.glob("node-*.log")]
        assert all(answer.is_success for answer in answers), ([a.text for a in answers], logs)
        assert http.get(f"{urls[0]}/v1/totals").status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        totals = http.get(f"{urls[0]}/v1/totals", headers=headers).json()
        assert totals["ledger"] == first["ledger"].lower()
        assert http.get(f"{urls[0]}/metrics", headers=headers).is_success
