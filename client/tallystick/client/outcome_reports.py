"""Outcomes of projects: reported, confirmed by whoever was drawn, disputed, listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tallystick.chain.bindings.outcomes import Outcome, Outcomes, OutcomeStatus
from tallystick.client.accounts import AccountTree, load_tree
from tallystick.client.commitments import Commitments
from tallystick.client.errors import KeyMissing, NameUnknown
from tallystick.client.events import read_events
from tallystick.client.wire import Wire
from tallystick.core.hashes import compute_keccak256
from tallystick.local.roles import REGISTRAR

MS_PER_S: Final = 1_000
MAX_KIND: Final = 16


class KindUnknown(NameUnknown):
    """No kind of outcome has this name."""

    code = "kind_unknown"


class KindView(msgspec.Struct, frozen=True):
    """A kind of outcome as it holds in the running epoch: micro-USD per unit, seconds."""

    id: int
    name: str
    uusd_per_unit: int
    attribution_s: int


class OutcomeView(msgspec.Struct, frozen=True):
    """An outcome: `amount` in units of its kind, value in micro-USD, times in Unix ms.

    `confirmer` is who confirmed it, or may: None where nobody in the pool is eligible.
    """

    project: str
    epoch: int
    kind: str
    amount: int
    value_uusd: int
    status: str
    reporter: str
    confirmer: str | None
    evidence: str
    reported_at: int
    disputed_at: int | None


class OutcomeReports:
    """What projects achieved.

    Args:
        wire: the network.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._outcomes = Outcomes(wire.address("Outcomes"))

    def current_epoch(self) -> int:
        """The running epoch."""
        return self._wire.read(self._outcomes.current_epoch())

    def kinds(self) -> list[KindView]:
        """Every kind and what it is worth in the running epoch."""
        epoch, numbers = self.current_epoch(), range(1, MAX_KIND + 1)
        names = self._wire.read_all([self._outcomes.name_of_kind(kind) for kind in numbers])
        terms = self._wire.read_all([self._outcomes.kind_at(kind, epoch) for kind in numbers])
        return [
            KindView(kind, name, term.uusd_per_unit, term.attribution_s)
            for kind, name, term in zip(numbers, names, terms, strict=True)
            if name
        ]

    def set_source(self, organisation: str, kind: str, who: str, *, is_source: bool = True) -> bool:
        """Somebody may report outcomes of an organisation, or no longer; False if it was so.

        Args:
            organisation: its path.
            kind: the kind's name or id.
            who: an address, or the name of a key of the folder.
            is_source: whether they may.
        """
        account = load_tree(self._wire).require(organisation)
        number, source = self.find_kind(kind).id, self._wire.keys.resolve(who)
        if self._wire.read(self._outcomes.is_source(account, number, source)) == is_source:
            return False
        write = self._outcomes.set_source(account, number, source, is_source=is_source)
        self._wire.send(REGISTRAR, write)
        return True

    def report(
        self, project: str, kind: str, amount: int, evidence: bytes, *, epoch: int | None = None
    ) -> OutcomeView:
        """A project achieved this, reported by a source whose key is at hand.

        Args:
            project: its path.
            kind: the kind's name or id.
            amount: in units of the kind.
            evidence: what the report can be checked against; its hash goes on chain.
            epoch: None = the running one.

        Raises:
            KeyMissing: no key of the folder is a source of this kind.
        """
        tree, number = load_tree(self._wire), self.find_kind(kind).id
        account = tree.require(project)
        epoch = self.current_epoch() if epoch is None else epoch
        content = compute_keccak256(evidence)
        found = self._wire.read(self._outcomes.outcome_of(account, epoch, number))
        is_same = (found.amount, found.evidence_hash) == (amount, content)
        if found.status is OutcomeStatus.NONE or not is_same:
            source = self._find_source(tree.ancestors(account)[-1], number)
            self._wire.send(source, self._outcomes.report(account, epoch, number, amount, content))
        return self.outcome(project, kind, epoch)

    def confirm(self, project: str, kind: str, *, epoch: int | None = None) -> OutcomeView:
        """An outcome counts; by the confirmer drawn for it, whose key is at hand.

        Raises:
            KeyMissing: the confirmer's key is elsewhere, or nobody is eligible.
        """
        account, number, epoch = self._locate(project, kind, epoch)
        found = self._wire.read(self._outcomes.outcome_of(account, epoch, number))
        if found.status is not OutcomeStatus.CONFIRMED:
            confirmer = self._wire.read(self._outcomes.confirmer_of(account, epoch, number))
            if confirmer is None:
                raise KeyMissing("nobody in the pool of confirmers may confirm this")
            self._wire.send_as(confirmer, self._outcomes.confirm(account, epoch, number))
        return self.outcome(project, kind, epoch)

    def dispute(
        self, project: str, kind: str, reason: str, *, epoch: int | None = None
    ) -> OutcomeView:
        """An outcome counts nothing unless an appeal reinstates it; by the registrar.

        Args:
            project: its path.
            kind: the kind's name or id.
            reason: stays in the folder; its salted hash goes on chain.
            epoch: None = the running one.
        """
        account, number, epoch = self._locate(project, kind, epoch)
        found = self._wire.read(self._outcomes.outcome_of(account, epoch, number))
        if found.status is not OutcomeStatus.DISPUTED:
            commitments = Commitments(self._wire.folder)
            content = commitments.commit(f"dispute {project} {epoch} {number}", reason)
            write = self._outcomes.dispute(account, epoch, number, content)
            self._wire.send(REGISTRAR, write)
        return self.outcome(project, kind, epoch)

    def outcome(self, project: str, kind: str, epoch: int) -> OutcomeView:
        """One outcome; of status none where none was reported."""
        tree = load_tree(self._wire)
        return self._view(tree, tree.require(project), epoch, self.find_kind(kind))

    def reported(self, project: str | None = None, epoch: int | None = None) -> list[OutcomeView]:
        """Every outcome reported, newest first.

        Args:
            project: only those of this account and all below it.
            epoch: only those of this one.
        """
        tree = load_tree(self._wire)
        under = None if project is None else tree.require(project)
        kinds = {kind.id: kind for kind in self.kinds()}
        places = [
            (event.args["project"], event.args["epoch"], event.args["kind"])
            for event in reversed(read_events(self._wire, "Outcomes", ["OutcomeReported"]))
        ]
        return [
            self._view(tree, account, number, kinds[kind])
            for account, number, kind in places
            if epoch in (None, number) and (under is None or under in tree.ancestors(account))
        ]

    def find_kind(self, name: str) -> KindView:
        """The kind of this name or id.

        Raises:
            KindUnknown: there is none.
        """
        kinds = self.kinds()
        for kind in kinds:
            if name in (kind.name, str(kind.id)):
                return kind
        raise KindUnknown("kind of outcome", name, [kind.name for kind in kinds])

    def _locate(self, project: str, kind: str, epoch: int | None) -> tuple[int, int, int]:
        account = load_tree(self._wire).require(project)
        chosen = self.current_epoch() if epoch is None else epoch
        return account, self.find_kind(kind).id, chosen

    def _find_source(self, organisation: int, kind: int) -> str:
        if self._wire.signer is not None:
            return self._wire.signer
        names: Sequence[str] = self._wire.keys.names()
        views = [
            self._outcomes.is_source(organisation, kind, self._wire.keys.address_of(name))
            for name in names
        ]
        for name, is_source in zip(names, self._wire.read_all(views), strict=True):
            if is_source:
                return name
        raise KeyMissing(
            "no key of this folder is a source of such outcomes",
            expected="one named by `tallystick outcome source`",
        )

    def _view(self, tree: AccountTree, account: int, epoch: int, kind: KindView) -> OutcomeView:
        found = self._wire.read(self._outcomes.outcome_of(account, epoch, kind.id))
        terms = self._wire.read(self._outcomes.kind_at(kind.id, epoch))
        return OutcomeView(
            project=tree.path(account),
            epoch=epoch,
            kind=kind.name,
            amount=found.amount,
            value_uusd=found.amount * terms.uusd_per_unit,
            status=found.status.name.lower(),
            reporter=found.reporter,
            confirmer=self._read_confirmer(found, account, epoch, kind.id),
            evidence=f"0x{found.evidence_hash.hex()}",
            reported_at=found.reported_at_s * MS_PER_S,
            disputed_at=found.disputed_at_s * MS_PER_S or None,
        )

    def _read_confirmer(self, found: Outcome, account: int, epoch: int, kind: int) -> str | None:
        if int(found.confirmer, 16):
            return found.confirmer
        if found.status is not OutcomeStatus.REPORTED:
            return None
        return self._wire.read(self._outcomes.confirmer_of(account, epoch, kind))
