"""One of four validators answers falsely, or asks without end: records settle nevertheless."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.network.byzantine import ByzantineValidator, Claims
from tests.network.faults import Drill
from tests.network.forgery import compose
from tests.network.ground import Ground
from tests.network.impostor import WAYS, forge
from tests.network.memory import PeakMemory

from tallystick.core.batches import encode_batch
from tallystick_node.peers.question import BATCHES_PATH

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

GROWTH_BYTES: Final = 128 << 20
"""What a lie may cost an honest validator in memory at any moment."""
FLOOD_S: Final = 8.0
FLOODING_THREADS: Final = 6


@pytest.fixture(scope="module")
def meter(ground: Ground) -> int:
    """A meter whose frames the liar gets hold of."""
    return ground.register_meter(f"flooded-{secrets.token_hex(4)}")


def find_pids(drill: Drill, places: Sequence[int]) -> dict[str, int]:
    """The processes of the validators at these places, by name."""
    names = [drill.parts.validators()[place] for place in places]
    return {name: drill.parts.find(name).pid for name in names}


def test_records_settle_however_one_validator_answers(network: Path, ground: Ground) -> None:
    with Drill(network, "a validator answers falsely") as drill:
        liar = ByzantineValidator(ground, drill.chance.randrange(len(ground.urls)))
        memory = PeakMemory(find_pids(drill, liar.others))
        ways = drill.chance.sample(WAYS, len(WAYS))
        with liar.replaced():
            for way in ways:
                print(f"{liar.name}: {way.__name__}")
                with liar.answering(way):
                    drill.inject()
                    drill.recovered()
        memory.check(GROWTH_BYTES)
        asked = {request.path for request in liar.heard}
        assert asked >= {BATCHES_PATH}, "nobody asked the liar anything"


def test_records_settle_while_one_validator_floods_the_others(
    network: Path, ground: Ground, meter: int
) -> None:
    with Drill(network, "a validator floods the others") as drill:
        liar = ByzantineValidator(ground, drill.chance.randrange(len(ground.urls)))
        memory = PeakMemory(find_pids(drill, liar.others))
        largest = [
            ground.net.sign(ground.net.records(900), first_seq=start, meter=meter)
            for start in (0, 900)
        ]
        with liar.replaced(), liar.answering(forge):
            data = encode_batch(compose(ground.net, largest))
            drill.inject()
            with flooding(liar, data) as codes:
                drill.recovered()
                codes.wait(FLOOD_S)
        print(dict(codes.found))
        assert set(codes.found) <= {"attested", "rate_limited", "batch_untimely"}, codes.found
        memory.check(GROWTH_BYTES)


class Codes:
    """What a flood was answered with, counted."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.is_over = threading.Event()

    def wait(self, time_s: float) -> None:
        """The flood goes on for so long."""
        self.is_over.wait(time_s)


@contextmanager
def flooding(liar: ByzantineValidator, data: bytes) -> Iterator[Codes]:
    """All others are asked to attest a batch as fast as they answer, inside the block."""
    codes = Codes()

    def ask(index: int) -> None:
        with httpx.Client(timeout=30.0) as client:
            while not codes.is_over.is_set():
                headers = liar.sign(index, BATCHES_PATH, data, Claims())
                url = liar.ground.urls[index] + BATCHES_PATH
                answer = client.post(url, content=data, headers=headers)
                codes.found[answer.json().get("code", "attested")] += 1

    with ThreadPoolExecutor(FLOODING_THREADS * len(liar.others)) as pool:
        asked = [pool.submit(ask, index) for index in liar.others * FLOODING_THREADS]
        try:
            yield codes
        finally:
            codes.is_over.set()
            for each in asked:
                each.result()
