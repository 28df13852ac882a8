"""What the exploration pool pays for, as the Experiments contract keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from tallystick.chain.calls import View, Write, announced, first, nothing, view, write

MAX_PROTECTED_EPOCHS: Final = 4
NO_COMMITMENT: Final = bytes(32)

_view = partial(view, "Experiments")
_write = partial(write, "Experiments")


@dataclass(frozen=True, slots=True)
class Experiment:
    """A registered experiment of a project. Amounts in ucr; texts are salted hashes."""

    project: int
    first_epoch: int
    last_epoch: int
    is_open: bool
    funded_ucr: int
    returned_ucr: int
    hypothesis_commitment: bytes
    result_commitment: bytes


@dataclass(frozen=True, slots=True)
class Experiments:
    """The Experiments contract at an address."""

    address: str

    def experiment_count(self) -> View[int]:
        """How many experiments there were; their ids are 1 to this."""
        return _view(self.address, "experimentCount", shape=first)

    def experiment_of(self, experiment: int) -> View[Experiment]:
        """An experiment; reverts where there is none."""
        return _view(self.address, "experimentOf", experiment, shape=lambda v: Experiment(*v[0]))

    def last_experiment_of(self, project: int) -> View[int]:
        """The id of a project's last experiment, 0 = none yet."""
        return _view(self.address, "lastExperimentOf", project, shape=first)

    def is_protected(self, project: int, epoch: int) -> View[bool]:
        """Whether an experiment keeps the project from a velocity cut in the epoch."""
        return _view(self.address, "isProtected", project, epoch, shape=first)

    def open(
        self, project: int, *, protected_epochs: int, hypothesis_commitment: bytes
    ) -> Write[int]:
        """The project experiments from now on; gives the experiment's id. By the registrar.

        Args:
            project: its account id.
            protected_epochs: how many epochs are protected, the running one first: 1 to 4.
            hypothesis_commitment: a salted hash of what it tries.
        """
        values = (project, protected_epochs, hypothesis_commitment)
        outcome = announced("ExperimentOpened", "experiment")
        return _write(self.address, "open", *values, outcome=outcome)

    def fund(self, experiment: int, amount_ucr: int) -> Write[None]:
        """The exploration pool pays for it. By governance."""
        return _write(self.address, "fund", experiment, amount_ucr, outcome=nothing)

    def end(self, experiment: int, result_commitment: bytes = NO_COMMITMENT) -> Write[int]:
        """It is over; gives the ucr that went back to the pool.

        By the registrar, or by anyone after the last epoch it protects.
        """
        outcome = announced("ExperimentEnded", "returnedUcr")
        return _write(self.address, "end", experiment, result_commitment, outcome=outcome)

    def sweep(self, experiment: int) -> Write[int]:
        """What leases had set aside at its end goes back to the pool; gives the ucr. By anyone."""
        outcome = announced("ExperimentSwept", "returnedUcr")
        return _write(self.address, "sweep", experiment, outcome=outcome)
