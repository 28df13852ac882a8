"""Accounts, resources, prices and validators of a network by name, from what it has announced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.client.errors import AccountUnknown, ResourceUnknown, find_nearest
from tallystick.client.paths import split_path
from tallystick.core.facts import BASIS_NAMES, KIND_NAMES, Account, Fact, Facts, Resource
from tallystick.meter.ports import ValidatorEndpoint
from tallystick.sidecar.errors import ProjectNotBillable
from tallystick.sidecar.prices import Prices, find_prices, list_changes

MIN_PROJECT_DEPTH: Final = 2
FOREVER_MS: Final = 2**63


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """A resource that can be billed now."""

    id: int
    slug: str
    kind: str
    """model, variant or gpu."""
    basis: str
    """tokens or gpu."""
    max_context: int
    """Tokens of one record at most."""


class NetworkDirectory:
    """The network by name, as far as it was learnt; see `following` for who teaches it.

    Args:
        clock: Unix ms on the network.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.forget()

    def learn(self, facts: Iterable[Fact]) -> None:
        """The facts are known too, in the order in which the chain announced them."""
        for fact in facts:
            self._facts.add(fact)
            if isinstance(fact, Account):
                self._id_by_path[self.path_of(fact.id)] = fact.id
            elif isinstance(fact, Resource):
                self._id_by_slug[fact.slug] = fact.id
            self._prices.clear()

    def forget(self) -> None:
        """Nothing is known."""
        self._facts = Facts()
        self._id_by_path: dict[str, int] = {}
        self._id_by_slug: dict[str, int] = {}
        self._prices: dict[int, tuple[int, int, Prices | None]] = {}

    def project(self, path: str) -> int:
        """The id of an account that calls can be billed to.

        Raises:
            PathInvalid: no path.
            AccountUnknown: no account there; says which paths look like it.
            ProjectNotBillable: it is an organisation, or inactive, or something above it is.
        """
        account, wanted = self.account(path), path.strip("/")
        if len(self._facts.path_ids(account)) < MIN_PROJECT_DEPTH:
            raise ProjectNotBillable(
                "an organisation bills nothing itself",
                expected=f"a project below it, such as {wanted}/app",
                actual=wanted,
            )
        if not self.is_active(account):
            raise ProjectNotBillable("the project or an account above it is closed", actual=wanted)
        return account

    def organisations(self) -> list[str]:
        """The names of all organisations, in order."""
        return sorted(path for path in self._id_by_path if "/" not in path)

    def account(self, path: str) -> int:
        """The id of an account, which may be an organisation.

        Raises:
            PathInvalid: no path.
            AccountUnknown: no account there; says which paths look like it.
        """
        wanted = "/".join(split_path(path))
        if wanted not in self._id_by_path:
            raise AccountUnknown("account", wanted, self._id_by_path)
        return self._id_by_path[wanted]

    def is_active(self, account: int) -> bool:
        """Whether an account and all above it are open now."""
        now_ms = self._clock()
        nodes = [self._facts.accounts[each].at(now_ms) for each in self._walk(account)]
        return bool(nodes) and all(node is not None and node.active for node in nodes)

    def path_of(self, account: int) -> str:
        """The account's path; empty where there is no such account."""
        return "/".join(self._facts.accounts[each].values[-1].name for each in self._walk(account))

    def organisation_of(self, account: int) -> str:
        """The name of the account's organisation; empty where there is no such account."""
        return self.path_of(account).partition("/")[0]

    def is_below(self, account: int, ancestor: int) -> bool:
        """Whether an account is another one or lies below it, so that its meters may bill it."""
        return ancestor in self._walk(account)

    def meter_account(self, meter: int) -> int | None:
        """The account that a meter is bound to, None where there is no such meter."""
        known = self._facts.meters[meter].latest() if meter in self._facts.meters else None
        return known.account if known else None

    def resource(self, slug: str) -> ResourceInfo | None:
        """The resource of this slug, None where none can be billed under it now."""
        number = self._id_by_slug.get(slug)
        known = self._facts.resources[number].at(self._clock()) if number else None
        if number is None or known is None or not known.active:
            return None
        return ResourceInfo(
            number,
            slug,
            KIND_NAMES.get(known.kind, str(known.kind)),
            BASIS_NAMES.get(known.basis, str(known.basis)),
            known.bounds.max_context,
        )

    def require_resource(self, slug: str) -> ResourceInfo:
        """The resource of this slug.

        Raises:
            ResourceUnknown: there is none; says which slugs look like it.
        """
        found = self.resource(slug)
        if found is None:
            raise ResourceUnknown("resource", slug, self._id_by_slug)
        return found

    def slug_of(self, resource: int) -> str:
        """The resource's slug; empty where there is no such resource."""
        known = self._facts.resources.get(resource)
        latest = known.latest() if known else None
        return latest.slug if latest else ""

    def slugs(self) -> list[str]:
        """Every slug that was ever registered, in order."""
        return sorted(self._id_by_slug)

    def nearest(self, slug: str) -> list[str]:
        """Up to three slugs that look most like this one."""
        return find_nearest(slug, self._id_by_slug)

    def prices(self, resource: int) -> Prices | None:
        """What the resource costs now and may cost soon, None where it has no rates in force."""
        cached, now_ms = self._prices.get(resource), self._clock()
        if cached is None or not cached[0] <= now_ms < cached[1]:
            if resource not in self._facts.resources:
                return None
            changes = list_changes(self._facts, resource, now_ms)
            found = find_prices(self._facts, resource, now_ms)
            cached = (now_ms, changes[0] if changes else FOREVER_MS, found)
            self._prices[resource] = cached
        return cached[2]

    def validators(self) -> Sequence[ValidatorEndpoint]:
        """The validators in force now, by index."""
        members = self._facts.validators_at(self._clock()).validators
        return tuple(
            ValidatorEndpoint(index, each.name, each.url.rstrip("/"), each.transport_key)
            for index, each in enumerate(members)
        )

    def _walk(self, account: int) -> tuple[int, ...]:
        """The account and those above it; what is unknown is not asked for, as that is kept."""
        return self._facts.path_ids(account) if account in self._facts.accounts else ()
