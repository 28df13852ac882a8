"""What the events' book needs of the outside world; whoever composes it brings these along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class EventKey(Protocol):
    """What events that come with one key may do; the gateway's keys are such."""

    @property
    def name(self) -> str:
        """Of the key, for logs."""

    @property
    def project(self) -> int:
        """The account that is billed where an event names none."""

    @property
    def organisation(self) -> str:
        """Whose people pseudonyms are given to."""

    @property
    def models(self) -> frozenset[str] | None:
        """Names of models it may report; None = all."""

    @property
    def user(self) -> str | None:
        """The person behind every event of this key; None = whom the event names."""

    @property
    def records_users(self) -> bool:
        """Whether records carry a pseudonym at all."""

    @property
    def is_experiment(self) -> bool:
        """Whether records carry the exploration flag."""

    @property
    def step(self) -> int:
        """Position in a workflow where an event names none."""


class EventKeys(Protocol):
    """The keys that events come with."""

    def find(self, secret: str) -> EventKey | None:
        """The key with this secret, or None."""


class PricedAs(Protocol):
    """A resource, as far as events need to know it."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def slug(self) -> str:
        """Its name."""

    @property
    def basis(self) -> str:
        """What it is charged by: tokens or gpu."""


class EventDirectory(Protocol):
    """Accounts and resources of the network, by name."""

    def project(self, path: str) -> int:
        """The id of an account that can be billed; raises InvalidInput where there is none."""

    def is_below(self, account: int, ancestor: int) -> bool:
        """Whether an account is another one or lies below it."""

    def path_of(self, account: int) -> str:
        """The account's path."""

    def resource(self, slug: str) -> PricedAs | None:
        """The resource of this slug, None where none can be billed under it now."""

    def nearest(self, slug: str) -> Sequence[str]:
        """Slugs that look most like this one."""


class EventPseudonyms(Protocol):
    """The table of people behind pseudonyms."""

    def give(self, organisation: str, name: str, time_ms: int) -> int:
        """The pseudonym of a person in the month of a time, durable before it is returned."""
