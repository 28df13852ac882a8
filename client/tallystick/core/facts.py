"""Facts: everything a verdict depends on, as announced by the chain (docs/protocol.md section 5).

`FactBook` keeps announcements in chain order and answers with `Facts`, the immutable view of what
was known at a block. Both are derived: the same events in, the same answers out, on every machine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from tallystick.core.errors import FactUnknown
from tallystick.core.tariff import Rates, ResolvedRates, resolve_rates
from tallystick.core.units import PPM

KIND_NAMES: Final = {1: "model", 2: "variant", 3: "gpu"}
BASIS_NAMES: Final = {1: "tokens", 2: "gpu"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Registered maxima of one record: LLM tokens, GPU-ms, GiB-s, KiB, ucr."""

    max_context: int
    max_compute_ms: int
    max_memory_gib_s: int
    max_transfer_kib: int
    max_cost_ucr: int


@dataclass(frozen=True, slots=True)
class Account:
    """A node of the account tree; parent 0 = an organisation."""

    id: int
    parent: int
    name: str
    controller: str
    active: bool
    from_ms: int


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter bound to one account, allowed to bill the projects below it."""

    id: int
    account: int
    name: str
    lease_key: str
    bounds: Bounds
    active: bool
    from_ms: int


@dataclass(frozen=True, slots=True)
class MeterKey:
    """One ed25519 key of a meter, in use from sequence number `first_seq` on."""

    meter: int
    key_index: int
    key: bytes
    first_seq: int


@dataclass(frozen=True, slots=True)
class MeterFrozen:
    """A meter frozen or released."""

    meter: int
    frozen: bool
    from_ms: int


@dataclass(frozen=True, slots=True)
class Resource:
    """A model, a variant of one, or a GPU type. `index_class` is empty where there is none."""

    id: int
    slug: str
    kind: int
    basis: int
    index_class: str
    bounds: Bounds
    active: bool
    from_ms: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """A project's permission to flag records as exploration."""

    project: int
    open: bool
    from_ms: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verdict accepts: frame versions (bit v), defined flags, the clamp of record times."""

    version: int
    frame_versions: int
    defined_flags: int
    window_ms: int
    ahead_ms: int
    from_ms: int


@dataclass(frozen=True, slots=True)
class ResourceRates:
    """The rates of one resource under one tariff version."""

    version: int
    resource: int
    rates: Rates
    from_ms: int


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """The price index of one class, in millionths."""

    index_class: str
    epoch: int
    index_ppm: int
    from_ms: int


@dataclass(frozen=True, slots=True)
class Validator:
    """A member of the validator set."""

    attester: str
    sender: str
    transport_key: bytes
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """The validators from a moment on, in the order of their indices."""

    version: int
    validators: tuple[Validator, ...]
    from_ms: int


@dataclass(frozen=True, slots=True)
class Suspension:
    """A member whose attestations do not count until a time, from the announcing block on."""

    attester: str
    until_ms: int


Fact = (
    Account
    | Meter
    | MeterKey
    | MeterFrozen
    | Resource
    | Experiment
    | Rules
    | ResourceRates
    | PriceIndex
    | ValidatorSet
    | Suspension
)

_PLACE_BY_KIND: Final = {
    Account: ("accounts", "id", "from_ms"),
    Meter: ("meters", "id", "from_ms"),
    MeterKey: ("meter_keys", "meter", "first_seq"),
    MeterFrozen: ("frozen", "meter", "from_ms"),
    Resource: ("resources", "id", "from_ms"),
    Experiment: ("experiments", "project", "from_ms"),
    ResourceRates: ("rates", "resource", "from_ms"),
    PriceIndex: ("indices", "index_class", "from_ms"),
}
"""Where a fact with a key is kept: the field of `Facts`, the key, and where its interval starts."""

T = TypeVar("T")


class Timeline(Generic[T]):
    """Values of one key, each holding from its time until the next one's."""

    __slots__ = ("starts_ms", "values")

    def __init__(self) -> None:
        self.starts_ms: list[int] = []
        self.values: list[T] = []

    def insert(self, from_ms: int, value: T) -> None:
        """`value` holds from `from_ms` on; one announced earlier for the same time is replaced."""
        place = bisect_right(self.starts_ms, from_ms)
        if place and self.starts_ms[place - 1] == from_ms:
            self.values[place - 1] = value
            return
        self.starts_ms.insert(place, from_ms)
        self.values.insert(place, value)

    def at(self, time_ms: int) -> T | None:
        """The value in force at `time_ms`, None before the first."""
        place = bisect_right(self.starts_ms, time_ms)
        return self.values[place - 1] if place else None

    def latest(self) -> T | None:
        """The value that holds last."""
        return self.values[-1] if self.values else None


@dataclass(slots=True)
class Facts:
    """What was known at one block. Read only once built by `FactBook.at`."""

    accounts: dict[int, Timeline[Account]] = field(default_factory=dict)
    meters: dict[int, Timeline[Meter]] = field(default_factory=dict)
    meter_keys: dict[int, Timeline[MeterKey]] = field(default_factory=dict)
    """By sequence number instead of time."""
    frozen: dict[int, Timeline[MeterFrozen]] = field(default_factory=dict)
    resources: dict[int, Timeline[Resource]] = field(default_factory=dict)
    experiments: dict[int, Timeline[Experiment]] = field(default_factory=dict)
    rates: dict[int, Timeline[ResourceRates]] = field(default_factory=dict)
    indices: dict[str, Timeline[PriceIndex]] = field(default_factory=dict)
    rules: Timeline[Rules] = field(default_factory=Timeline)
    validator_sets: Timeline[ValidatorSet] = field(default_factory=Timeline)
    suspension: Suspension | None = None
    """As announced last; one key at a time."""
    _paths: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Paths already walked; parents never change, so that they stay right."""

    def add(self, fact: Fact) -> None:
        """The fact is known. Only the book calls this."""
        if isinstance(fact, Rules):
            self.rules.insert(fact.from_ms, fact)
        elif isinstance(fact, ValidatorSet):
            self.validator_sets.insert(fact.from_ms, fact)
        elif isinstance(fact, Suspension):
            self.suspension = fact
        else:
            field_name, key, start = _PLACE_BY_KIND[type(fact)]
            timelines = getattr(self, field_name)
            timelines.setdefault(getattr(fact, key), Timeline()).insert(getattr(fact, start), fact)

    def rules_at(self, time_ms: int) -> Rules:
        """The rules in force.

        Raises:
            FactUnknown: none are known.
        """
        rules = self.rules.at(time_ms)
        if rules is None:
            raise FactUnknown("no rules are in force", expected="a RulesSet event", actual=time_ms)
        return rules

    def validators_at(self, time_ms: int) -> ValidatorSet:
        """The validator set in force.

        Raises:
            FactUnknown: none is known.
        """
        validators = self.validator_sets.at(time_ms)
        if validators is None:
            raise FactUnknown(
                "no validator set is in force",
                expected="a ValidatorSetChanged event",
                actual=time_ms,
            )
        return validators

    def is_suspended(self, attester: str, time_ms: int) -> bool:
        """Whether attestations of this key do not count at a time."""
        known = self.suspension
        is_named = known is not None and known.attester.lower() == attester.lower()
        return is_named and known is not None and time_ms < known.until_ms

    def path_ids(self, account: int) -> tuple[int, ...]:
        """The account and its ancestors, organisation first; empty where unknown."""
        path = self._paths.get(account)
        if path is None:
            path = self._paths[account] = self._walk_up(account)
        return path

    def path(self, account: int) -> str:
        """The account's path, such as `acme/support/chat`; empty where unknown."""
        return "/".join(self.accounts[node].values[-1].name for node in self.path_ids(account))

    def key_for(self, meter: int, first_seq: int, end_seq: int) -> MeterKey | None:
        """The meter's key for the numbers [first_seq, end_seq), None where two share them."""
        keys = self.meter_keys.get(meter)
        if keys is None:
            return None
        first = keys.at(first_seq)
        return first if first is keys.at(end_seq - 1) else None

    def resolved_at(self, resource: int, time_ms: int) -> ResolvedRates | None:
        """The resource's resolved rates in force at a time, None where it has none."""
        rates = self.rates[resource].at(time_ms) if resource in self.rates else None
        known = self.resources[resource].at(time_ms) if resource in self.resources else None
        if rates is None or known is None:
            return None
        index = (
            self.indices[known.index_class].at(time_ms)
            if known.index_class in self.indices
            else None
        )
        return resolve_rates(rates.rates, index.index_ppm if index else PPM)

    def _walk_up(self, account: int) -> tuple[int, ...]:
        path: list[int] = []
        while account and account in self.accounts:
            path.append(account)
            account = self.accounts[account].values[-1].parent
        return tuple(reversed(path))


class FactBook:
    """Announcements in chain order, with the block of each; answers for any past block.

    Keeps the last view it answered with, so that asking again costs nothing until more is known.
    """

    def __init__(self) -> None:
        self._blocks: list[int] = []
        self._facts: list[Fact] = []
        self._view = Facts()
        self._view_length = 0

    def __len__(self) -> int:
        return len(self._facts)

    def announce(self, block: int, facts: Iterable[Fact]) -> None:
        """The facts are known from `block` on; blocks never decrease.

        Args:
            block: number of the block that announced them.
            facts: in the order of their events.
        """
        for fact in facts:
            self._blocks.append(block)
            self._facts.append(fact)

    def unwind(self, block: int) -> None:
        """Announcements of blocks after `block` are forgotten: the chain dropped them."""
        keep = bisect_right(self._blocks, block)
        del self._blocks[keep:]
        del self._facts[keep:]
        if self._view_length > keep:
            self._view, self._view_length = Facts(), 0

    def at(self, block: int) -> Facts:
        """What was known at `block`; the answer is shared and must not be changed."""
        length = bisect_right(self._blocks, block)
        if length == self._view_length:
            return self._view
        view = Facts()
        for fact in self._facts[:length]:
            view.add(fact)
        self._view, self._view_length = view, length
        return view

    def dump(self) -> Iterable[tuple[int, Fact]]:
        """Every announcement with its block, in order."""
        return zip(self._blocks, self._facts, strict=True)
