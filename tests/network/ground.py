"""What an attack starts from: a running network, everybody's keys, and a meter to sign with.

Tests that only use a network go through its programs. Those that attack it need what no honest
program does: batches that say something else than the frames in them, and keys that sign them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from coincurve import PrivateKey
from eth_account import Account
from nacl.signing import SigningKey
from tests.integration.cli.program import Program
from tests.integration.settling import MeterKeys, SettlingNetwork, ValidatorKeys

from tallystick.chain.keys import load_chain_key
from tallystick.chain.reader import connect
from tallystick.chain.transact import TransactionSender
from tallystick.core.frames import Frame, encode_frame
from tallystick.local.folder import NetworkFile, NetworkFolder, read_identity
from tallystick.local.roles import GUARDIAN, REGISTRAR
from tallystick.local.secrets import load_validator_keys

ACCOUNT: Final = "siege"
PROJECTS: Final = ("siege/walls/north", "siege/walls/south")
PATIENCE_S: Final = 90.0
POLL_S: Final = 0.1


@dataclass(frozen=True)
class Ground:
    """A network that is attacked, with all that an attacker could ever have got hold of."""

    path: Path
    """The network's folder."""
    net: SettlingNetwork
    urls: tuple[str, ...]
    """Of the validators, by index."""
    names: tuple[str, ...]
    gas_price_wei: int

    def register_meter(self, name: str) -> int:
        """A meter of the attacked organisation; gives its place in `net.meters`."""
        found = _ask(self.path, "meter", "register", name, "--account", ACCOUNT)
        seed = (NetworkFolder(self.path).meter(name) / "key").read_text().strip()
        keys = MeterKeys(int(found["id"]), SigningKey(bytes.fromhex(seed)))
        self.net.meters = (*self.net.meters, keys)
        self.wait_known(keys.id)
        return len(self.net.meters) - 1

    def send(self, place: int, *frames: Frame, timeout_s: float = 30.0) -> httpx.Response:
        """A validator's answer to frames."""
        body = b"".join(map(encode_frame, frames))
        return httpx.post(f"{self.urls[place]}/v1/frames", content=body, timeout=timeout_s)

    def cursor(self, place: int, meter: int) -> int:
        """The cursor of the meter at a place, as a validator follows it."""
        meter_id = str(self.net.meters[meter].id)
        answer = httpx.get(f"{self.urls[place]}/v1/cursors", params={"meters": meter_id})
        return int(answer.json()["cursors"][meter_id]["next_seq"])

    def wait_settled(self, place: int, meter: int, next_seq: int) -> None:
        """The validator follows a chain on which the meter's cursor has come so far."""
        wait_until(lambda: self.cursor(place, meter) >= next_seq, f"cursor at {next_seq}")

    def wait_known(self, meter_id: int) -> None:
        """Every validator that answers has heard of a meter that was registered just now."""
        key = SigningKey(bytes(32))
        # A frame with a wrong signature is refused for its meter first, then for its key.
        probe = self.net.sign_as(key, meter_id, self.net.records(1))
        for url in self.urls:

            def has_heard(url: str = url) -> bool:
                try:
                    answer = httpx.post(f"{url}/v1/frames", content=encode_frame(probe))
                except httpx.TransportError:
                    return True
                return bool(answer.json()["code"] == "bad_signature")

            wait_until(has_heard, f"{url} knows meter {meter_id}")


def open_ground(path: Path) -> Ground:
    """The network in a folder, with an organisation of its own to attack.

    Args:
        path: holds a network that runs; its processes may be ended and brought back.
    """
    folder = NetworkFolder(path)
    network = folder.read_network()
    assert network is not None, f"no network in {path}"
    for project in PROJECTS:
        _ask(path, "account", "create", project)
        _ask(path, "grant", project, "1000000")
    accounts = {each["path"]: each["id"] for each in _ask(path, "account", "list")}
    return Ground(
        path,
        SettlingNetwork(
            url=network.rpc_urls[0],
            w3=(w3 := connect(network.rpc_urls[0])),
            network=read_identity(network),
            registrar=TransactionSender(w3, load_chain_key(folder.role_key(REGISTRAR))),
            guardian=TransactionSender(w3, load_chain_key(folder.role_key(GUARDIAN))),
            seats=(),
            validators=load_keys(folder, network),
            organisation=accounts[ACCOUNT],
            projects=tuple(accounts[project] for project in PROJECTS),
            meters=(),
        ),
        tuple(validator.url for validator in network.validators),
        tuple(validator.name for validator in network.validators),
        network.gas_price_wei,
    )


def load_keys(folder: NetworkFolder, network: NetworkFile) -> tuple[ValidatorKeys, ...]:
    """The real keys of every validator, by index."""
    found = (load_validator_keys(folder, validator.name) for validator in network.validators)
    return tuple(
        ValidatorKeys(
            PrivateKey.from_hex(keys.attest_key),
            Account.from_key(keys.send_key),
            SigningKey(bytes.fromhex(keys.transport_key)),
        )
        for keys in found
    )


def wait_until(holds: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """It has become true."""
    deadline_s = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline_s, f"not in time: {what}"
        time.sleep(POLL_S)


def _ask(path: Path, *words: str) -> Any:  # noqa: ANN401 - JSON
    return Program(path.parent, in_process=True).ask("--dir", str(path), *words)
