"""Faults in random order at random times, one seed each run, every step printed and replayable.

Usage: python -m tests.network.chaos [--seconds S] [--seed N] [--engine avalanche|anvil]

What is broken when follows from the seed alone. Which of several validators it hits depends on who
is in turn then.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.network.chaos_faults import Fault, list_faults
from tests.network.faults import Drill
from tests.network.parts import Parts
from tests.network.running import run_network
from tests.network.seeds import draw_seed

DEFAULT_SECONDS: Final = 180
MAX_PAUSE_S: Final = 4.0
MAX_HOLD_S: Final = 6.0
IMPATIENT: Final = 0.4
"""How often the next fault does not wait until the last one is overcome."""


@dataclass(frozen=True)
class Step:
    """One fault of a run.

    Args:
        pause_s: of peace before it.
        fault: what breaks.
        hold_s: how long it lasts at least.
        is_impatient: whether the next step comes without waiting for the recovery.
        seed: of what the fault itself draws.
    """

    pause_s: float
    fault: Fault
    hold_s: float
    is_impatient: bool
    seed: int

    def __str__(self) -> str:
        return (
            f"pause {self.pause_s:.1f} s, {self.fault.name} for {self.hold_s:.1f} s"
            f"{', no wait' if self.is_impatient else ''}, seed {self.seed}"
        )


def draw_steps(seed: int, faults: Sequence[Fault]) -> Iterator[Step]:
    """What happens, without end; the same for the same seed and faults."""
    chance = random.Random(seed)  # noqa: S311 - the same steps for the same seed
    while True:
        # Every fault comes once before any comes twice, or a short run would miss some.
        for fault in chance.sample(faults, len(faults)):
            yield Step(
                chance.uniform(0.0, MAX_PAUSE_S),
                fault,
                chance.uniform(0.0, MAX_HOLD_S),
                chance.random() < IMPATIENT,
                chance.randrange(2**32),
            )


def play_chaos(network: Path, seconds: float, seed: int | None = None) -> None:
    """Things broke for so long, and the network holds what it should; see `Drill`.

    Args:
        network: its folder.
        seconds: after which no further fault begins.
        seed: None draws one, or takes TALLYSTICK_SEED.
    """
    seed = draw_seed() if seed is None else seed
    faults = list_faults(Parts(network).engine)
    with Drill(network, "chaos", seed) as drill:
        began_s = time.monotonic()
        for place, step in enumerate(draw_steps(seed, faults), start=1):
            if time.monotonic() - began_s > seconds:
                break
            print(f"{time.monotonic() - began_s:7.1f} s  step {place}: {step}", flush=True)
            _play_step(drill, step)


def _play_step(drill: Drill, step: Step) -> None:
    time.sleep(step.pause_s)
    drill.chance.seed(step.seed)
    with step.fault.happen(drill):
        time.sleep(step.hold_s)
    drill.heal()
    if not step.is_impatient:
        drill.recovered()


def main(words: Sequence[str]) -> int:
    """Chaos on a network of its own, which is gone afterwards."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--engine", choices=("avalanche", "anvil"), default="avalanche")
    given = parser.parse_args(words)
    with (
        TemporaryDirectory(prefix="tallystick-chaos-") as folder,
        run_network(Path(folder), given.engine) as network,
    ):
        play_chaos(network, given.seconds, given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
