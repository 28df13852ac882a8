"""Accounts, meters, resources, experiments and rules, as the Registry keeps them."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import partial
from typing import Any, Final

from tallystick.chain.calls import View, Write, announced, first, nothing, view, write
from tallystick.chain.decode import Event
from tallystick.core.facts import Bounds

LABEL_BYTES: Final = 32
NO_LEASE_KEY: Final = "0x" + "00" * 20

_view = partial(view, "Registry")
_write = partial(write, "Registry")


@dataclass(frozen=True, slots=True)
class RegisteredAccount:
    """An account as it was announced last."""

    parent: int
    organisation: int
    depth: int
    active: bool
    controller: str
    name: str


@dataclass(frozen=True, slots=True)
class RegisteredMeter:
    """A meter as it was announced last."""

    account: int
    active: bool
    frozen: bool
    lease_key: str
    name: str
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class RegisteredResource:
    """A resource as it was announced last."""

    kind: int
    basis: int
    active: bool
    index_class: str
    slug: str
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class RegisteredRules:
    """One version of the rules."""

    frame_versions: int
    defined_flags: int
    window_ms: int
    ahead_ms: int
    from_ms: int


@dataclass(frozen=True, slots=True)
class Registry:
    """The Registry at an address."""

    address: str

    def network_id(self) -> View[bytes]:
        """32 bytes, part of every frame."""
        return _view(self.address, "networkId", shape=first)

    def authority(self) -> View[str]:
        """The AccessManager's address."""
        return _view(self.address, "authority", shape=first)

    def rules_lead_s(self) -> View[int]:
        """Seconds between the announcement of rules and their beginning at least."""
        return _view(self.address, "rulesLeadS", shape=first)

    def account_count(self) -> View[int]:
        """Accounts have the ids 1 to this."""
        return _view(self.address, "accountCount", shape=first)

    def meter_count(self) -> View[int]:
        """Meters have the ids 1 to this."""
        return _view(self.address, "meterCount", shape=first)

    def resource_count(self) -> View[int]:
        """Resources have the ids 1 to this."""
        return _view(self.address, "resourceCount", shape=first)

    def account_of(self, account: int) -> View[RegisteredAccount]:
        """The account; reverts where there is none."""
        return _view(self.address, "accountOf", account, shape=_account)

    def account_by_name(self, parent: int, name: str) -> View[int]:
        """The id of the account of this name below a parent (0: an organisation), 0 = none."""
        return _view(self.address, "accountByName", parent, name, shape=first)

    def meter_of(self, meter: int) -> View[RegisteredMeter]:
        """The meter; reverts where there is none."""
        return _view(self.address, "meterOf", meter, shape=_meter)

    def meter_by_name(self, organisation: int, name: str) -> View[int]:
        """The id of the meter of this name in an organisation, 0 = none."""
        return _view(self.address, "meterByName", organisation, name, shape=first)

    def resource_of(self, resource: int) -> View[RegisteredResource]:
        """The resource; reverts where there is none."""
        return _view(self.address, "resourceOf", resource, shape=_resource)

    def resource_by_slug(self, slug: str) -> View[int]:
        """The id of the resource of this slug, 0 = none."""
        return _view(self.address, "resourceBySlug", slug, shape=first)

    def rules_of(self, version: int) -> View[RegisteredRules]:
        """A version of the rules; reverts where there is none."""
        return _view(self.address, "rulesOf", version, shape=lambda v: RegisteredRules(*v[0]))

    def rules_version_at(self, time_ms: int) -> View[int]:
        """The version in force at a time, 0 = none."""
        return _view(self.address, "rulesVersionAt", time_ms, shape=first)

    def is_registrar(self, who: str, account: int) -> View[bool]:
        """Whether someone is registrar of the account's organisation."""
        return _view(self.address, "isRegistrar", who, account, shape=first)

    def is_controller(self, who: str, account: int) -> View[bool]:
        """Whether someone controls the account or one of its ancestors."""
        return _view(self.address, "isController", who, account, shape=first)

    def create_account(self, parent: int, name: str, controller: str) -> Write[int]:
        """A new account below `parent` (0: an organisation, by governance); gives its id."""
        outcome = announced("AccountSet", "id")
        return _write(self.address, "createAccount", parent, name, controller, outcome=outcome)

    def set_account_active(self, account: int, *, active: bool) -> Write[None]:
        """The account and what is below it may be billed, or no longer."""
        return _write(self.address, "setAccountActive", account, active, outcome=nothing)

    def set_controller(self, account: int, controller: str) -> Write[None]:
        """Someone else controls the account."""
        return _write(self.address, "setController", account, controller, outcome=nothing)

    def register_meter(
        self,
        account: int,
        name: str,
        frame_key: bytes,
        bounds: Bounds,
        *,
        lease_key: str = NO_LEASE_KEY,
    ) -> Write[int]:
        """A new meter that may bill the account's active descendants; gives its id.

        Args:
            account: whose use it meters.
            name: unique in the organisation.
            frame_key: 32 bytes, the ed25519 public key of its frames.
            bounds: the most one of its records may hold.
            lease_key: the address that signs its leases.
        """
        return _write(
            self.address,
            "registerMeter",
            account,
            name,
            frame_key,
            lease_key,
            astuple(bounds),
            outcome=announced("MeterSet", "id"),
        )

    def set_meter_bounds(self, meter: int, bounds: Bounds) -> Write[None]:
        """The meter's records have these bounds from now on."""
        return _write(self.address, "setMeterBounds", meter, astuple(bounds), outcome=nothing)

    def set_meter_active(self, meter: int, *, active: bool) -> Write[None]:
        """The meter's records are judged, or quarantined, from now on."""
        return _write(self.address, "setMeterActive", meter, active, outcome=nothing)

    def set_lease_key(self, meter: int, lease_key: str) -> Write[None]:
        """Someone else signs the meter's leases from now on; by who manages its account."""
        return _write(self.address, "setLeaseKey", meter, lease_key, outcome=nothing)

    def rotate_meter_key(self, meter: int, frame_key: bytes) -> Write[tuple[int, int]]:
        """The meter signs with another key from its cursor on; by who manages its account.

        Args:
            meter: its id.
            frame_key: 32 bytes, the ed25519 public key of its frames from now on.

        Returns:
            Through the transaction's outcome: the new key's index, and its first number.
        """
        return _write(self.address, "rotateMeterKey", meter, frame_key, outcome=_read_announced_key)

    def frozen_at_s(self, meter: int) -> View[int]:
        """When the meter was frozen last, in Unix seconds; 0 while it is not."""
        return _view(self.address, "frozenAtS", meter, shape=first)

    def cursors(self) -> View[str]:
        """Where the Cursors contract lies."""
        return _view(self.address, "cursors", shape=first)

    def set_meter_frozen(self, meter: int, *, frozen: bool) -> Write[None]:
        """The meter's records are quarantined, or no longer; by a warden or governance."""
        return _write(self.address, "setMeterFrozen", meter, frozen, outcome=nothing)

    def register_resource(
        self,
        slug: str,
        kind: int,
        basis: int,
        index_class: str,
        bounds: Bounds,
        *,
        from_ms: int = 0,
    ) -> Write[int]:
        """A new resource (kind 1 model, 2 variant, 3 gpu; basis 1 tokens, 2 gpu); gives its id."""
        return _write(
            self.address,
            "registerResource",
            slug,
            kind,
            basis,
            encode_label(index_class),
            astuple(bounds),
            from_ms,
            outcome=announced("ResourceSet", "id"),
        )

    def set_resource(
        self, resource: int, bounds: Bounds, *, active: bool, from_ms: int = 0
    ) -> Write[None]:
        """The resource has these bounds and may be billed, or not, from a time on (0 = now)."""
        values = (resource, astuple(bounds), active, from_ms)
        return _write(self.address, "setResource", *values, outcome=nothing)

    def set_experiment(self, project: int, *, is_open: bool, from_ms: int = 0) -> Write[None]:
        """The project may flag records as exploration, or no longer."""
        return _write(self.address, "setExperiment", project, is_open, from_ms, outcome=nothing)

    def set_rules(
        self,
        *,
        frame_versions: int,
        defined_flags: int,
        window_ms: int,
        ahead_ms: int,
        from_ms: int = 0,
    ) -> Write[int]:
        """Verdicts follow new rules; gives their version."""
        values = (frame_versions, defined_flags, window_ms, ahead_ms, from_ms)
        outcome = announced("RulesSet", "version")
        return _write(self.address, "setRules", *values, outcome=outcome)


def encode_label(text: str) -> bytes:
    """An ASCII label as 32 bytes, zeros after it."""
    return text.encode("ascii").ljust(LABEL_BYTES, b"\0")


def _read_announced_key(events: tuple[Event, ...]) -> tuple[int, int]:
    announced_key = next(event for event in events if event.name == "MeterKeySet")
    return announced_key.args["keyIndex"], announced_key.args["firstSeq"]


def _account(values: tuple[Any, ...]) -> RegisteredAccount:
    return RegisteredAccount(*values[0])


def _meter(values: tuple[Any, ...]) -> RegisteredMeter:
    account, active, frozen, lease_key, name, bounds = values[0]
    return RegisteredMeter(account, active, frozen, lease_key, name, Bounds(*bounds))


def _resource(values: tuple[Any, ...]) -> RegisteredResource:
    kind, basis, active, label, slug, bounds = values[0]
    index_class = label.rstrip(b"\0").decode("latin-1")
    return RegisteredResource(kind, basis, active, index_class, slug, Bounds(*bounds))
