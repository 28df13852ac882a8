"""What passive meters need of the outside world; whoever composes them brings these along."""

from __future__ import annotations

from typing import Protocol


class PricedAs(Protocol):
    """A resource, as far as observations need to know it."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def basis(self) -> str:
        """What it is charged by: tokens or gpu."""

    @property
    def max_context(self) -> int:
        """Tokens of one record at most."""


class ObservedDirectory(Protocol):
    """Accounts and resources of the network, by name."""

    def project(self, path: str) -> int:
        """The id of an account that can be billed; raises InvalidInput where there is none."""

    def organisation_of(self, account: int) -> str:
        """The name of the account's organisation."""

    def resource(self, slug: str) -> PricedAs | None:
        """The resource of this slug, None where none can be billed under it now."""


class ObservedPseudonyms(Protocol):
    """The table of people behind pseudonyms."""

    def give(self, organisation: str, name: str, time_ms: int) -> int:
        """The pseudonym of a person in the month of a time, durable before it is returned."""
