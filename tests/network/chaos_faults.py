"""What can be broken on a running network, each as a block inside which it is broken.

A fault takes a drill, draws from its chance, tells it what it injects, and repairs everything when
its block is left, however that happens. Tests break one thing at a time, chaos breaks all in turn.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.network.disks import can_mount, small_disk
from tests.network.faults import Drill
from tests.network.ground import wait_until
from tests.network.parts import Parts
from tests.network.proxy import Disturbance, open_links

from tallystick.chain.reader import connect
from tallystick.local.names import ANVIL

ANVIL_ONLY: Final = frozenset({"anvil"})
AVALANCHE_ONLY: Final = frozenset({"avalanche"})
EVERY_ENGINE: Final = ANVIL_ONLY | AVALANCHE_ONLY
MIN_HOLD_S, MAX_HOLD_S = 4.0, 8.0
PATIENCE_S: Final = 60.0
POLL_S: Final = 0.1
MAX_REORG_BLOCKS: Final = 6
BAD_LINK: Final = Disturbance(delay_s=0.15, jitter_s=0.25, cut_ppm=20_000)
"""As between continents, on a line that breaks; TCP makes delay and cuts of what gets lost."""


@dataclass(frozen=True)
class Fault:
    """Something that breaks.

    Args:
        name: of its row.
        happen: the block inside which it is broken.
        is_survived: whether records settle while it lasts, without any repair.
        engines: the chains on which it can happen.
    """

    name: str
    happen: Callable[[Drill], AbstractContextManager[None]]
    is_survived: bool = True
    engines: frozenset[str] = EVERY_ENGINE


def play(drill: Drill, fault: Fault) -> None:
    """The fault has happened, and every meter has settled again what it acknowledged since."""
    with fault.happen(drill):
        if fault.is_survived:
            drill.recovered()
        else:
            time.sleep(drill.chance.uniform(MIN_HOLD_S, MAX_HOLD_S))
    drill.heal()
    drill.recovered()


@contextmanager
def kill_validator(drill: Drill) -> Iterator[None]:
    """kill -9 of a validator that a meter sends to."""
    victim = _choose_home(drill)
    drill.inject()
    drill.parts.kill(victim)
    with _revived(drill):
        yield


@contextmanager
def hold_validator(drill: Drill) -> Iterator[None]:
    """A validator that a meter sends to takes connections and answers nothing."""
    victim = _choose_home(drill)
    drill.inject()
    with drill.parts.held_still(victim):
        yield


@contextmanager
def lose_validator_disk(drill: Drill) -> Iterator[None]:
    """A validator is gone with all its disk; afterwards one with its keys alone takes its place."""
    victim = _choose_home(drill)
    drill.inject()
    drill.parts.kill(victim)
    shutil.rmtree(drill.parts.folder.node(victim))
    with _revived(drill):
        yield


@contextmanager
def kill_all_validators(drill: Drill) -> Iterator[None]:
    """kill -9 of all validators at one moment."""
    drill.inject(len(drill.parts.validators()))
    drill.parts.kill(*drill.parts.validators())
    with _revived(drill):
        yield


@contextmanager
def fill_validator_disk(drill: Drill) -> Iterator[None]:
    """A validator's disk is full; it has a small one of its own inside the block."""
    victim = _choose_home(drill)
    drill.parts.kill(victim)
    with small_disk(drill.parts.folder.node(victim)) as disk:
        drill.parts.revive()
        drill.inject()
        with disk.filled():
            _check_takes_nothing(drill, victim)
            yield
        drill.heal()
        drill.recovered()
        drill.parts.kill(victim)
    drill.parts.revive()


@contextmanager
def disturb_links(drill: Drill) -> Iterator[None]:
    """Every link of a validator, to the chain and to its peers, is slow and breaks."""
    parts, network = drill.parts, drill.parts.network
    with open_links(drill.chance.randrange(2**32)) as links:
        rpc_urls = [links.add(url) for url in network.rpc_urls]
        peer_urls = {each.name: links.add(each.url) for each in network.validators}
        parts.stop(*parts.validators())
        try:
            parts.revive(
                TALLYSTICK_NODE_RPC_URLS=json.dumps(rpc_urls),
                TALLYSTICK_NODE_PEER_URLS=json.dumps(peer_urls),
            )
            drill.inject(len(rpc_urls) + len(peer_urls))
            with links.disturbed(BAD_LINK):
                yield
                wait_until(lambda: links.cuts > 0, "a connection is cut")
        finally:
            parts.stop(*set(parts.validators()) - set(parts.missing()))
            parts.revive()


@contextmanager
def kill_chain(drill: Drill) -> Iterator[None]:
    """kill -9 of a development chain, which has nothing but its log to come back from."""
    drill.inject()
    drill.parts.kill(ANVIL)
    with _revived(drill):
        yield


@contextmanager
def hold_chain(drill: Drill) -> Iterator[None]:
    """A development chain answers nobody."""
    drill.inject()
    with drill.parts.held_still(ANVIL):
        yield


@contextmanager
def reorg_chain(drill: Drill) -> Iterator[None]:
    """A development chain takes back its newest blocks, and whatever they settled."""
    w3 = connect(drill.parts.network.rpc_urls[0])
    # What the load stands on, its meters and accounts, is not taken back.
    first_block = max(meter.opened.from_block for meter in drill.load.meters)
    depth = min(drill.chance.randint(1, MAX_REORG_BLOCKS), w3.eth.block_number - first_block)
    drill.inject()
    answer = w3.provider.make_request("anvil_reorg", [depth, []])  # type: ignore[arg-type]
    assert "error" not in answer, answer
    yield


@contextmanager
def kill_chain_node(drill: Drill) -> Iterator[None]:
    """kill -9 of one chain node of five."""
    drill.inject()
    drill.parts.kill(drill.chance.choice(drill.parts.chain_nodes()))
    with _revived(drill):
        yield


@contextmanager
def hold_chain_node(drill: Drill) -> Iterator[None]:
    """One chain node of five is stopped and keeps its connections."""
    drill.inject()
    with drill.parts.held_still(drill.chance.choice(drill.parts.chain_nodes())):
        yield


@contextmanager
def stall_chain(drill: Drill) -> Iterator[None]:
    """kill -9 of two chain nodes of five: no block is built until one is back."""
    drill.inject(2)
    drill.parts.kill(*drill.chance.sample(drill.parts.chain_nodes(), 2))
    with _revived(drill):
        yield


FAULTS: Final = (
    Fault("validator killed", kill_validator),
    Fault("validator silent", hold_validator),
    Fault("validator's disk lost", lose_validator_disk),
    Fault("validator's disk full", fill_validator_disk),
    Fault("links slow and breaking", disturb_links),
    Fault("all validators killed", kill_all_validators, is_survived=False),
    Fault("chain node killed", kill_chain_node, engines=AVALANCHE_ONLY),
    Fault("chain node stopped", hold_chain_node, engines=AVALANCHE_ONLY),
    Fault("two chain nodes killed", stall_chain, is_survived=False, engines=AVALANCHE_ONLY),
    Fault("development chain killed", kill_chain, is_survived=False, engines=ANVIL_ONLY),
    Fault("development chain silent", hold_chain, is_survived=False, engines=ANVIL_ONLY),
    Fault("reorg", reorg_chain, engines=ANVIL_ONLY),
)


def try_alone(network: Path, fault: Fault) -> None:
    """The fault in a drill and a row of its own, on the network of this folder, or a loud skip."""
    obstacle = find_obstacle(fault, Parts(network).engine)
    if obstacle:
        pytest.skip(f"{fault.name}: {obstacle}")
    with Drill(network, fault.name) as drill:
        play(drill, fault)


def find_obstacle(fault: Fault, engine: str) -> str | None:
    """Why a fault cannot happen here, None where it can."""
    if engine not in fault.engines:
        return "not on this chain"
    if fault.happen is fill_validator_disk and not can_mount():
        return "DISK NOT FILLED: mounting a file system takes root"
    return None


def list_faults(engine: str) -> list[Fault]:
    """What can break here, on a chain of this kind."""
    return [fault for fault in FAULTS if find_obstacle(fault, engine) is None]


@contextmanager
def _revived(drill: Drill) -> Iterator[None]:
    """Whatever ended is running again afterwards."""
    try:
        yield
    finally:
        drill.parts.revive()


def _check_takes_nothing(drill: Drill, validator: str) -> None:
    """The validator acknowledges no frame that it cannot keep."""
    urls = {each.name: each.url for each in drill.parts.network.validators}
    deadline = time.monotonic() + PATIENCE_S
    answered = "nothing was unsettled"
    while time.monotonic() < deadline:
        frames = drill.load.read_unsettled()
        if frames:
            answer = httpx.post(f"{urls[validator]}/v1/frames", content=frames, timeout=PATIENCE_S)
            answered = f"{answer.status_code} {answer.text}"
            if answer.status_code == HTTPStatus.INSUFFICIENT_STORAGE:
                assert answer.json()["code"] == "storage_full", answered
                return
        time.sleep(POLL_S)
    raise AssertionError(f"{validator} has no room and answers {answered}")


def _choose_home(drill: Drill) -> str:
    """A validator to which a meter of the load sends, so that its loss is felt."""
    targets = {meter.target for meter in drill.load.meters}
    return drill.chance.choice([name for name in drill.parts.validators() if name in targets])
