"""`tallystick.Client`: everything that the command line does, as one object.

What a method needs is imported when it is first called: whoever asks for a balance does not wait
for what settles a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from tallystick.client.economy import Economy
from tallystick.client.wire import Wire, connect_wire, open_wire
from tallystick.local.folder import NetworkFolder

if TYPE_CHECKING:
    from tallystick.client.accounts import AccountView, CreatedAccount
    from tallystick.client.budgets import BudgetChange, BudgetView
    from tallystick.client.credits import Moved
    from tallystick.client.details import DetailView
    from tallystick.client.meter_stops import RotatedView, StoppedView
    from tallystick.client.meters import MeterView, RegisteredView
    from tallystick.client.outcomes import Outcomes
    from tallystick.client.person import ErasedView, PersonView
    from tallystick.client.reads import Reads, RecordQuery, Row, UsageQuery
    from tallystick.client.replay import ReplayReport
    from tallystick.client.replay_options import ReplayOptions
    from tallystick.client.resources import CreatedResource, ResourceView
    from tallystick.client.status import StatusView
    from tallystick.client.submission import OpenMeter, Use
    from tallystick.client.submission import Progress as SettleProgress
    from tallystick.client.tariff import TariffView
    from tallystick.core.usage import Records
    from tallystick.verify.ledger import Progress
    from tallystick.verify.verdict import Verdict

DEFAULT_DIR = Path(".tallystick")
SETTLE_TIMEOUT_S = 60.0


class Client(Economy):
    """One network, read and written. Use it as a context manager, or `close` it.

    Amounts are micro-credits (ucr; `parse_credits("12.8")` gives them), times Unix milliseconds.

    Args:
        wire: the network; `Client.open` and `Client.connect` make it.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._reads: Reads | None = None
        self._meters: dict[str, OpenMeter] = {}

    @classmethod
    def open(
        cls,
        dir: str | Path = DEFAULT_DIR,  # noqa: A002 - the option's own name
        *,
        signer: str | None = None,
        before_writing: Callable[[], None] | None = None,
        ask_passphrase: Callable[[], str] | None = None,
    ) -> Self:
        """A client of the network whose folder is `dir`, with its keys and meters.

        Args:
            dir: the network's folder.
            signer: the key of the folder that signs; None = the one that each write needs.
            before_writing: called when a transaction is known to succeed and before it is sent;
                what it raises stops the write.
            ask_passphrase: gives the passphrase of encrypted keys, when one of them is to sign.

        Raises:
            NotRunning: there is no network in the folder.
        """
        wire = open_wire(
            Path(dir),
            signer=signer,
            before_writing=before_writing,
            ask_passphrase=ask_passphrase,
        )
        return cls(wire)

    @classmethod
    def connect(cls, rpc: str | Sequence[str], ledger: str) -> Self:
        """A reader of a network, from its chain alone.

        Args:
            rpc: one endpoint of its chain, or several in the order of preference.
            ledger: the UsageLedger's address.

        Raises:
            NetworkMismatch: no ledger of ours lies there.
            ChainUnreachable: no endpoint answered.
        """
        return cls(connect_wire([rpc] if isinstance(rpc, str) else rpc, ledger))

    @classmethod
    def up(
        cls,
        dir: str | Path = DEFAULT_DIR,  # noqa: A002 - as above
        *,
        validators: int = 4,
        port: int | None = None,
        engine: str | None = None,
    ) -> Self:
        """A client of the folder's network, which runs: made, or revived where parts were missing.

        Args:
            dir: the network's folder.
            validators: how many, in a new network.
            port: the new chain's, validators take the ones after it; None = free ones.
            engine: what runs a new network's chain, `anvil` or `avalanche`; None = anvil.

        Raises:
            AlreadyRunning: nothing was missing; `Client.open` is enough.
        """
        from tallystick.local.founding import NetworkPlan
        from tallystick.local.launch import launch

        launch(NetworkFolder(Path(dir)), NetworkPlan(validators, port, engine), lambda _: None)
        return cls.open(dir)

    @staticmethod
    def down(dir: str | Path = DEFAULT_DIR, *, purge: bool = False) -> bool:  # noqa: A002
        """Nothing of the folder's network runs; tells whether anything did.

        Args:
            dir: the network's folder.
            purge: the folder is deleted too: keys, records, chain.
        """
        from tallystick.local.shutdown import shut_down

        return shut_down(NetworkFolder(Path(dir)), purge=purge)

    def close(self) -> None:
        """Meters stop sending, connections are closed."""
        for meter in self._meters.values():
            meter.close()
        self._meters.clear()
        if self._reads is not None:
            self._reads.close()
        self.wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Accounts and credits

    def accounts(self) -> list[AccountView]:
        """Every account, by path."""
        from tallystick.client import accounts

        return accounts.list_accounts(self.wire)

    def create_account(self, path: str) -> CreatedAccount:
        """The account exists, and everything above it; repeating gives the same id.

        Raises:
            PathInvalid: such as `Acme/..`.
            NotAuthorised: the folder's keys do not govern the organisation.
        """
        from tallystick.client import accounts

        return accounts.create_account(self.wire, path)

    def grant(self, path: str, amount_ucr: int, *, key: str | None = None) -> Moved:
        """The account holds new credits; an overdraft is repaid from them first.

        Args:
            path: the account's.
            amount_ucr: micro-credits.
            key: makes a repetition harmless.

        Raises:
            AccountUnknown: no such account.
            KeyUsedOtherwise: the key was used for something else.
            FundsInsufficient: beyond the organisation's mint allowance.
        """
        from tallystick.client.credits import grant

        return grant(self.wire, path, amount_ucr, key)

    def transfer(
        self, source: str, target: str, amount_ucr: int, *, key: str | None = None
    ) -> Moved:
        """Credits lie with another account of the organisation; see `grant`."""
        from tallystick.client.credits import transfer

        return transfer(self.wire, source, target, amount_ucr, key)

    # Budgets

    def set_budget(self, path: str, change: BudgetChange) -> bool:
        """The account has the changed budget, what is not named as before; False if it had it."""
        from tallystick.client import budgets

        return budgets.set_budget(self.wire, path, change)

    def budget(self, path: str) -> BudgetView:
        """One account's budget, as of now."""
        from tallystick.client import budgets

        return budgets.read_budget(self.wire, path)

    def budgets(self) -> list[BudgetView]:
        """Every account's budget, by path."""
        from tallystick.client import budgets

        return budgets.list_budgets(self.wire)

    def remaining(self, path: str) -> int:
        """What the account and all below it can still spend, in ucr."""
        return self.budget(path).remaining

    # Resources and tariff

    def resources(self) -> list[ResourceView]:
        """Every resource, by id."""
        from tallystick.client import resources

        return resources.list_resources(self.wire)

    def create_resource(
        self, slug: str, *, like: str, gpu_type: str | None = None
    ) -> CreatedResource:
        """A resource exists that is billed like another one; see `resources.create_resource`."""
        from tallystick.client import resources

        return resources.create_resource(self.wire, slug, like, gpu_type)

    def tariff(self, at_ms: int | None = None) -> TariffView:
        """What everything costs, now or at a moment."""
        from tallystick.client import tariff

        return tariff.read_tariff(self.wire, self.wire.clock() if at_ms is None else at_ms)

    # Meters and use

    def meters(self) -> list[MeterView]:
        """Every meter, by id."""
        from tallystick.client import meters

        return meters.list_meters(self.wire)

    def register_meter(self, name: str, account: str) -> RegisteredView:
        """A meter may bill everything below the account; its key lies in the folder."""
        from tallystick.client import meters

        return meters.register_meter(self.wire, name, account)

    def freeze_meter(self, name: str) -> StoppedView:
        """The meter's records are quarantined for at most 72 hours; by a guardian."""
        from tallystick.client.meter_stops import freeze_meter

        return freeze_meter(self.wire, name)

    def resume_meter(self, name: str) -> StoppedView:
        """A guardian's freeze is over."""
        from tallystick.client.meter_stops import resume_meter

        return resume_meter(self.wire, name)

    def rotate_meter_key(self, name: str) -> RotatedView:
        """A meter of this folder signs with a new key; see `meter_stops.rotate_meter_key`."""
        from tallystick.client.meter_stops import rotate_meter_key

        return rotate_meter_key(self.wire, name)

    def open_meter(self, name: str) -> OpenMeter:
        """A meter of this folder, open until `close`: it records, and sends what it recorded.

        Raises:
            MeterUnknown: none of this name was registered from this folder.
            FolderLocked: another process records with it.
        """
        from tallystick.client.meters import find_local_meter
        from tallystick.client.submission import OpenMeter

        if name not in self._meters:
            self._meters[name] = OpenMeter(self.wire, find_local_meter(self.wire, name))
        return self._meters[name]

    def submit(self, uses: Iterable[Use] | Records, *, meter: str) -> range:
        """Use is recorded: kept on disk, to be settled exactly once; gives its sequence numbers.

        Args:
            uses: dicts by record field with `project` and `resource` by name, or an array of
                `tallystick.core.usage.RECORD_DTYPE`.
            meter: a meter of this folder.
        """
        import numpy as np

        records = uses if isinstance(uses, np.ndarray) else self._encode(uses)
        return self.open_meter(meter).record(records)

    def wait_settled(self, *, meter: str, timeout_s: float = SETTLE_TIMEOUT_S) -> Outcomes:
        """Everything this client recorded with the meter has an outcome, which is returned.

        Raises:
            DrainTimedOut: not in time; nothing is lost.
        """
        opened = self.open_meter(meter)
        opened.wait_settled(timeout_s)
        return opened.read_outcomes()

    def replay(
        self,
        source: Path | BinaryIO,
        options: ReplayOptions,
        progress: SettleProgress | None = None,
    ) -> ReplayReport:
        """Every record of a file of past use has an outcome; see `replay.replay`."""
        from tallystick.client.replay import replay

        return replay(self.wire, source, options, progress)

    # What was used

    def usage(self, query: UsageQuery, *, user: str | None = None) -> list[Row]:
        """Records, quantities and cost, added up by the query's keys; see `usage.read_usage`."""
        from tallystick.client.usage import read_usage

        return read_usage(self.wire, self._read(), query, user)

    def records(self, query: RecordQuery) -> list[Row]:
        """Settled records, newest first."""
        return self._read().records(query)

    def details(
        self,
        meter: str,
        *,
        seq: int | None = None,
        since_ms: int = 0,
        until_ms: int | None = None,
        limit: int = 50,
    ) -> list[DetailView]:
        """What the folder keeps beside the records of one of its meters; see `read_details`."""
        from tallystick.client.details import read_details

        return read_details(
            self.wire.folder, meter, seq=seq, since_ms=since_ms, until_ms=until_ms, limit=limit
        )

    def people(self, organisation: str | None = None) -> list[PersonView]:
        """Everybody whom the folder can tell from a pseudonym."""
        from tallystick.client.person import list_people

        return list_people(self.wire.folder, organisation)

    def erase_person(self, name: str, organisation: str | None = None) -> ErasedView:
        """Nothing in the folder tells who the person was; repeating it finishes what broke off."""
        from tallystick.client.person import erase_person

        return erase_person(self.wire.folder, name, organisation)

    def alerts(self, since_ms: int | None = None) -> list[Row]:
        """What somebody should look at, newest first."""
        return self._read().alerts(since_ms)

    def verify(
        self,
        *,
        to_block: int | None = None,
        checkpoint: Path | None = None,
        progress: Progress | None = None,
    ) -> Verdict:
        """Whether everything on the ledger follows from what was signed and voted.

        Args:
            to_block: verify up to here; None = the newest block, and the state there.
            checkpoint: goes on from the position in this file, and keeps the new one there.
            progress: told (block, head, records so far) after every page.
        """
        from tallystick.verify.ledger import verify_ledger

        ledger = self.wire.network.addresses.ledger
        return self.wire.loop.run(
            verify_ledger(
                self.wire.rpc,
                ledger,
                to_block=to_block,
                checkpoint=checkpoint,
                progress=progress,
            )
        )

    def status(self) -> StatusView:
        """What runs, and how far it has come."""
        from tallystick.client.status import read_status

        return read_status(self.wire, self._read())

    def _read(self) -> Reads:
        from tallystick.client.node_reads import open_reads

        if self._reads is None:
            self._reads = open_reads(self.wire)
        return self._reads

    def _encode(self, uses: Iterable[Use]) -> Records:
        from tallystick.client import accounts, resources
        from tallystick.client.submission import encode_uses

        tree = accounts.load_tree(self.wire)
        slugs = resources.load_resources(self.wire)
        id_by_slug = {resource.slug: number for number, resource in slugs.items()}
        return encode_uses(uses, tree.id_by_path(), id_by_slug, self.wire.clock())
