"""One fault on a running network under load, what it did, and the row that says so.

    with Drill(network, "kill -9 of a validator") as drill:
        drill.inject()
        parts.kill("validator-2")
        drill.recovered()

Meters record numbered use all the while. At the end of the block everything acknowledged has
settled once, `verify` agrees, I1 to I12 hold, every validator's index equals one rebuilt from the
chain, and the fault table has a row: counted and timed, never written by hand.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.network.figures import FIGURES, add_fault_row
from tests.network.invariants import Errors, check_invariants, count_errors
from tests.network.numbered_load import METERS, NumberedLoad
from tests.network.parts import Parts
from tests.network.rebuilt_index import check_indices, rebuild_index
from tests.network.seeds import draw_seed

PATIENCE_S: Final = 180.0
WARM_UP_S: Final = 60.0
POLL_S: Final = 0.005


@dataclass(frozen=True)
class FaultRow:
    """What a fault did.

    Args:
        name: of the fault.
        injected: how often it happened.
        records: acknowledged by meters in the meantime.
        lost: of these, how many did not settle.
        doubled: of these, how many settled twice.
        recovery_s: the longest time from the end of a fault until every meter settled again what it
            acknowledged after that end.
    """

    name: str
    injected: int
    records: int
    lost: int
    doubled: int
    recovery_s: float


class FaultTable:
    """The `faults` of build/network.json.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path = FIGURES) -> None:
        self._path = path

    def add(
        self,
        name: str,
        *,
        injected: int,
        records: int,
        lost: int,
        doubled: int,
        recovery_s: float,
    ) -> FaultRow:
        """The table holds this row, in place of an earlier one of its name."""
        row = FaultRow(name, injected, records, lost, doubled, round(recovery_s, 2))
        add_fault_row(asdict(row), self._path)
        print(f"fault: {row}")
        return row


class Drill:
    """Load on a running network while something is broken; see the module.

    Args:
        network: the network's folder.
        name: of the row; None adds none.
        seed: of everything drawn; None draws one, or takes TALLYSTICK_SEED.
        meters: how many record.
        patience_s: for anything to settle that has to.
        dishonest: validators whose index nobody vouches for.
        table: where the row goes.
    """

    def __init__(
        self,
        network: Path,
        name: str | None,
        seed: int | None = None,
        *,
        meters: int = METERS,
        patience_s: float = PATIENCE_S,
        dishonest: Collection[str] = (),
        table: FaultTable | None = None,
    ) -> None:
        self.seed = draw_seed() if seed is None else seed
        self.chance = random.Random(self.seed)  # noqa: S311 - the same faults for the same seed
        self.parts = Parts(network)
        self.load = NumberedLoad(network, self.seed, meters=meters)
        self.injected = 0
        self.recovery_s = 0.0
        self._name = name
        self._patience_s = patience_s
        self._dishonest = frozenset(dishonest)
        self._table = table or FaultTable()
        self._marked_at_s: float | None = None
        self._began_at_s = time.monotonic()

    def __enter__(self) -> Self:
        print(f"drill: {self._name}, TALLYSTICK_SEED={self.seed}")
        self.load.__enter__()
        try:
            self.load.wait_settled_past(self.load.read_marks(), WARM_UP_S)
        except BaseException:
            self.load.__exit__()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._conclude()
        finally:
            self.load.__exit__()

    def inject(self, count: int = 1) -> None:
        """So many faults happen now; recovery counts from here, or from `heal`."""
        self.injected += count
        self._marked_at_s = time.monotonic()

    def heal(self) -> None:
        """What was injected is over now; recovery counts from here."""
        self._marked_at_s = time.monotonic()

    def recovered(self, patience_s: float | None = None) -> float:
        """Every meter has settled something that it acknowledged after the fault.

        Returns:
            Seconds since the last `inject` or `heal`.

        Raises:
            AssertionError: not within `patience_s`.
        """
        assert self._marked_at_s is not None, "nothing was injected"
        self.load.wait_settled_past(self.load.read_marks(), patience_s or self._patience_s)
        took_s = time.monotonic() - self._marked_at_s
        self.recovery_s = max(self.recovery_s, took_s)
        self._marked_at_s = None
        return took_s

    def wait_left(self, victim: str) -> float:
        """No meter sends to the validator any more.

        Returns:
            Seconds since the last `inject`.
        """
        assert self._marked_at_s is not None, "nothing was injected"
        self._wait(lambda: all(meter.target != victim for meter in self.load.meters), victim)
        return time.monotonic() - self._marked_at_s

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._patience_s
        while not holds():
            self.load.check()
            assert time.monotonic() < deadline, f"waited in vain: {what}"
            time.sleep(POLL_S)

    def _conclude(self) -> None:
        if self._marked_at_s is not None:
            self.recovered()
        self.load.stop()
        self.load.wait_settled(self._patience_s)
        urls = {
            validator.name: validator.url
            for validator in self.parts.network.validators
            if validator.name not in self._dishonest
        }
        acknowledged = self.load.list_acknowledged()
        with rebuild_index(self.parts.path) as rebuilt:
            meters = {meter for meter, _, _ in acknowledged}
            errors = count_errors(rebuilt.count_by_number(sorted(meters)), acknowledged)
            self._add_row(len(acknowledged), errors)
            assert (errors.lost, errors.doubled) == (0, 0)
            check_invariants(self.load.client)
            check_indices(rebuilt, urls, last_records=len(acknowledged))

    def _add_row(self, records: int, errors: Errors) -> None:
        if self._name is not None:
            self._table.add(
                self._name,
                injected=self.injected,
                records=records,
                lost=errors.lost,
                doubled=errors.doubled,
                recovery_s=self.recovery_s,
            )
