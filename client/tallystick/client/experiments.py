"""Experiments: protected from velocity cuts for a while, paid from the exploration pool."""

from __future__ import annotations

from typing import Final

import msgspec

from tallystick.chain.bindings.credits import EXPLORATION
from tallystick.chain.bindings.experiments import NO_COMMITMENT, Experiment, Experiments
from tallystick.chain.decoded_calls import ask_by_name
from tallystick.client.accounts import load_tree
from tallystick.client.commitments import Commitments
from tallystick.client.errors import NameUnknown
from tallystick.client.governance import Governance, Proposed
from tallystick.client.wire import Wire
from tallystick.core.units import format_credits
from tallystick.local.roles import REGISTRAR

EXPLORATION_POOL: Final = (1 << 32) + 1


class ExperimentUnknown(NameUnknown):
    """No experiment has this number, and no project of this path has one."""

    code = "experiment_unknown"


class ExperimentView(msgspec.Struct, frozen=True):
    """An experiment: it protects the epochs `first_epoch` to `last_epoch`; amounts in ucr.

    `left` is what the project still holds of exploration credits; texts are None where they were
    written elsewhere.
    """

    id: int
    project: str
    first_epoch: int
    last_epoch: int
    open: bool
    funded: int
    returned: int
    left: int
    hypothesis: str | None
    result: str | None


class ExperimentBook:
    """What the exploration pool pays for.

    Args:
        wire: the network.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._experiments = Experiments(wire.address("Experiments"))

    def open(self, project: str, protected_epochs: int, hypothesis: str) -> ExperimentView:
        """A project experiments from now on; an open experiment of it is given back as it is.

        Args:
            project: its path.
            protected_epochs: the running epoch and those after it that are protected: 1 to 4.
            hypothesis: what it tries; stays in the folder, its salted hash goes on chain.
        """
        account = load_tree(self._wire).require(project)
        last = self._wire.read(self._experiments.last_experiment_of(account))
        if last:
            view = self.experiment(str(last))
            if view.open:
                return view
        write = self._experiments.open(
            account,
            protected_epochs=protected_epochs,
            hypothesis_commitment=self._commit(f"hypothesis {project}", hypothesis),
        )
        return self.experiment(str(self._wire.send(REGISTRAR, write)))

    def fund(self, name: str, amount_ucr: int) -> Proposed:
        """The seats can vote on paying for an experiment from the exploration pool."""
        found = self.experiment(name)
        amount = format_credits(amount_ucr).replace(",", "_")
        title = f"Fund experiment {found.id} of {found.project} with {amount} credits"
        return Governance(self._wire).propose(f"experiments: {{{found.id}: {amount}}}", title)

    def end(self, name: str, result: str | None = None) -> ExperimentView:
        """An experiment is over; what its project has left goes back to the pool.

        Args:
            name: its number, or its project's path.
            result: what it found; stays in the folder, its salted hash goes on chain.
        """
        found = self.experiment(name)
        if found.open:
            about = f"result {found.id}"
            content = NO_COMMITMENT if result is None else self._commit(about, result)
            self._wire.send(REGISTRAR, self._experiments.end(found.id, content))
        return self.experiment(str(found.id))

    def pool_ucr(self) -> int:
        """What the exploration pool holds, in ucr."""
        credits_at = self._wire.address("Credits")
        holding: int = self._wire.read(
            ask_by_name("Credits", credits_at, "balanceOfAccount", EXPLORATION_POOL, EXPLORATION)
        )
        return holding

    def experiments(self) -> list[ExperimentView]:
        """Every experiment, newest first."""
        count = self._wire.read(self._experiments.experiment_count())
        return [self.experiment(str(number)) for number in range(count, 0, -1)]

    def experiment(self, name: str) -> ExperimentView:
        """The experiment of this number, or the last one of the project at this path.

        Raises:
            ExperimentUnknown: there is none.
        """
        tree = load_tree(self._wire)
        count = self._wire.read(self._experiments.experiment_count())
        number = int(name) if name.isdecimal() else 0
        if not name.isdecimal():
            last = self._experiments.last_experiment_of(tree.require(name))
            number = self._wire.read(last)
        if not 0 < number <= count:
            raise ExperimentUnknown("experiment", name, [str(one) for one in range(1, count + 1)])
        found = self._wire.read(self._experiments.experiment_of(number))
        return self._view(number, tree.path(found.project), found)

    def _view(self, number: int, path: str, found: Experiment) -> ExperimentView:
        left = self._wire.credits.balance_of(found.project, EXPLORATION)
        return ExperimentView(
            id=number,
            project=path,
            first_epoch=found.first_epoch,
            last_epoch=found.last_epoch,
            open=found.is_open,
            funded=found.funded_ucr,
            returned=found.returned_ucr,
            left=self._wire.read(left) if found.is_open else 0,
            hypothesis=self._reveal(found.hypothesis_commitment),
            result=self._reveal(found.result_commitment),
        )

    def _commit(self, about: str, text: str) -> bytes:
        return Commitments(self._wire.folder).commit(about, text)

    def _reveal(self, content: bytes) -> str | None:
        return Commitments(self._wire.folder).find(content) if self._wire.has_folder else None
