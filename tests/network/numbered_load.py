"""Use that is recorded all the while, every record with a number of its own.

The records go through real meters of the network's folder: journal, spool, signed frames, whichever
validator is in turn. A number is noted once its record was acknowledged: what I12 is about.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, Self

import numpy as np

import tallystick
from tallystick.client.submission import OpenMeter
from tallystick.core.units import parse_credits
from tallystick.core.usage import apply_time_ms, create_records

ORGANISATION: Final = "drills"
PROJECTS: Final = ("drills/load/one", "drills/load/two", "drills/load/three")
GRANT: Final = "1000000"
RESOURCE: Final = "gpt-4o"
METERS: Final = 4
MAX_RECORDS: Final = 8
MAX_FRAMES: Final = 10
MIN_PAUSE_S, MAX_PAUSE_S = 0.1, 0.3
POLL_S: Final = 0.02


@dataclass
class LoadMeter:
    """A meter and what it acknowledged in this load."""

    opened: OpenMeter
    first_seq: int
    numbers: list[int] = field(default_factory=list)
    """By place: the record of number `numbers[i]` has sequence number `first_seq + i`."""

    @property
    def cursor(self) -> int:
        """How far the chain has settled it, as the meter last read."""
        return self.opened.status.cursor or 0

    @property
    def has_stopped(self) -> bool:
        """Whether nothing is sent any more, which happens only where a person has to look."""
        return self.opened._task.done()

    @property
    def target(self) -> str | None:
        """The validator in turn."""
        return self.opened.status.target


class NumberedLoad:
    """Several meters that record without pause inside the block.

    Args:
        path: the network's folder, with the registrar's key.
        seed: decides how much is recorded when.
        meters: how many; with as many as validators, most validators are somebody's home.
    """

    def __init__(self, path: Path, seed: int, *, meters: int = METERS) -> None:
        self._path = path
        self._chance = random.Random(seed)  # noqa: S311 - the same load for the same seed
        self._count = meters
        self._next_number = time.time_ns()
        self._stopped = Event()
        self._guard = Lock()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, name="numbered load", daemon=True)
        self.meters: list[LoadMeter] = []

    def __enter__(self) -> Self:
        self._client = tallystick.Client.open(self._path)
        try:
            self._prepare()
        except BaseException:
            self._client.close()
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()

    @property
    def client(self) -> tallystick.Client:
        """The client that holds the meters open."""
        return self._client

    @property
    def acknowledged(self) -> int:
        """How many records so far."""
        return sum(len(meter.numbers) for meter in self.meters)

    def list_acknowledged(self) -> list[tuple[int, int, int]]:
        """Meter, sequence number and number of each record so far."""
        return [
            (meter.opened.id, meter.first_seq + place, number)
            for meter in self.meters
            for place, number in enumerate(meter.numbers)
        ]

    def read_marks(self) -> list[int]:
        """For each meter the sequence number that its next record gets."""
        with self._guard:
            return [meter.first_seq + len(meter.numbers) for meter in self.meters]

    def read_unsettled(self) -> bytes:
        """Frames of a meter that are on their way, as validators take them; none where none are."""
        for meter in self.meters:
            opened = meter.opened.meter
            frames = opened.spool.frames_from(meter.cursor, key_index=opened.identity.key_index)
            if frames:
                return b"".join(map(opened.spool.read, frames[:MAX_FRAMES]))
        return b""

    def have_settled_past(self, marks: list[int]) -> bool:
        """Whether every meter settled a record that was acknowledged after its mark was read.

        Raises:
            Whatever made recording or sending fail.
        """
        self.check()
        return all(meter.cursor > mark for meter, mark in zip(self.meters, marks, strict=True))

    def wait_settled_past(self, marks: list[int], patience_s: float) -> None:
        """As `have_settled_past` asks, it has."""
        deadline = time.monotonic() + patience_s
        while not self.have_settled_past(marks):
            assert time.monotonic() < deadline, self.describe(marks)
            time.sleep(POLL_S)

    def check(self) -> None:
        """Recording goes on, and so does sending."""
        if self._failure is not None:
            raise self._failure
        for meter in self.meters:
            if meter.has_stopped:
                meter.opened._task.result()

    def stop(self) -> None:
        """Nothing more is recorded; what was goes on to settle."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def wait_settled(self, patience_s: float) -> None:
        """Everything acknowledged has an outcome on the chain."""
        self.check()
        deadline = time.monotonic() + patience_s
        for meter in self.meters:
            meter.opened.wait_settled(max(deadline - time.monotonic(), 1.0))

    def describe(self, marks: list[int]) -> str:
        """Who waits for what."""
        return "\n".join(
            f"{meter.opened.name}: {meter.opened.status}, mark {mark}"
            for meter, mark in zip(self.meters, marks, strict=True)
        )

    def _prepare(self) -> None:
        client = self._client
        for path in PROJECTS:
            client.create_account(path)
            client.grant(path, parse_credits(GRANT), key=f"drills {path}")
        paths = {account.path: account.id for account in client.accounts()}
        self._projects = [paths[path] for path in PROJECTS]
        slugs = {resource.slug: resource.id for resource in client.resources()}
        self._resource = slugs[RESOURCE]
        for place in range(self._count):
            name = f"load-{place + 1}"
            client.register_meter(name, ORGANISATION)
            opened = client.open_meter(name)
            self.meters.append(LoadMeter(opened, opened.next_seq))
        self.meters[-1].opened.wait_until_known()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                for meter in self.meters:
                    self._record(meter)
                self._stopped.wait(self._chance.uniform(MIN_PAUSE_S, MAX_PAUSE_S))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._failure = error

    def _record(self, meter: LoadMeter) -> None:
        count = self._chance.randint(1, MAX_RECORDS)
        numbers = range(self._next_number, self._next_number + count)
        self._next_number += count
        records = create_records(count)
        records["user"] = np.array(numbers, dtype=np.uint64)
        records["project"] = self._chance.choices(self._projects, k=count)
        records["resource"] = self._resource
        records["in_fresh"] = [self._chance.randint(1, 50_000) for _ in numbers]
        records["out_visible"] = [self._chance.randint(0, 5_000) for _ in numbers]
        now_ms = self._client.wire.clock()
        apply_time_ms(records, np.full(count, now_ms, dtype=np.int64))
        with self._guard:
            found = meter.opened.meter.record(records)
            assert found.start == meter.first_seq + len(meter.numbers), "somebody else records"
            meter.numbers += numbers
