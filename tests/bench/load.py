"""The load: fifty limited projects, plausible records, frames signed before any clock starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from tests.integration.settling import SettlingNetwork, found_network

from tallystick.chain.bindings.budgets import Budgets
from tallystick.core.frames import Frame
from tallystick.core.quorum import rank_validators
from tallystick.core.usage import TOKEN_FIELDS, Records, apply_time_ms, create_records

PROJECTS: Final = 50
REGISTERED_METERS: Final = 32
METERS_PER_HOME: Final = 2
LIMIT_UCR: Final = 10**15
FRAME_RECORDS: Final = 256
MODELS: Final = 6
"""Resources 1 to 6 of the default tariff are billed by tokens."""
MOST_TOKENS: Final = {
    "in_fresh": 4_000,
    "in_cached": 2_000,
    "in_written": 500,
    "out_visible": 1_000,
    "out_reasoning": 500,
}


@dataclass(frozen=True, slots=True)
class LoadedMeter:
    """A meter with its frames, and the place of the validator it sends them to."""

    place: int
    home: int


def found_limited_network(url: str) -> SettlingNetwork:
    """A network whose fifty projects, of depth 3, all have limits, and so has their team."""
    network = found_network(url, projects=PROJECTS, meters=REGISTERED_METERS)
    budgets = Budgets(network.network.addresses.budgets)
    for project in network.projects:
        network.registrar.send(budgets.set_budget(project, limit_ucr=LIMIT_UCR))
    return network


def assign_meters(network: SettlingNetwork) -> tuple[list[LoadedMeter], list[int]]:
    """Meters spread evenly over their homes, and the places of those left for other uses."""
    keys = [bytes(validator.transport.verify_key) for validator in network.validators]
    by_home: defaultdict[int, list[LoadedMeter]] = defaultdict(list)
    for place, meter in enumerate(network.meters):
        home = rank_validators(meter.id, keys)[0]
        by_home[home].append(LoadedMeter(place, home))
    chosen = [meter for meters in by_home.values() for meter in meters[:METERS_PER_HOME]]
    taken = {meter.place for meter in chosen}
    return chosen, [place for place in range(len(network.meters)) if place not in taken]


def create_load(projects: Sequence[int], count: int, *, newest_ms: int, seed: int) -> Records:
    """Calls of many users to six models, one after the other up to `newest_ms`."""
    random = np.random.default_rng(seed)
    records = create_records(count)
    records["project"] = random.choice(np.array(projects), count)
    records["user"] = random.integers(1, 10_000, count)
    records["resource"] = random.integers(1, MODELS + 1, count)
    for field in TOKEN_FIELDS:
        records[field] = random.integers(0, MOST_TOKENS[field], count)
    apply_time_ms(records, newest_ms - np.arange(count)[::-1])
    return records


def sign_load(
    network: SettlingNetwork, place: int, records: Records, *, first_seq: int = 0
) -> list[Frame]:
    """The meter's frames over its records."""
    return [
        network.sign(
            records[start : start + FRAME_RECORDS], first_seq=first_seq + start, meter=place
        )
        for start in range(0, len(records), FRAME_RECORDS)
    ]
