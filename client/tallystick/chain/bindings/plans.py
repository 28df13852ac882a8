"""Credits for paid invoices, as the Plans contract mints them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from tallystick.chain.bindings.outcomes import NOBODY
from tallystick.chain.calls import View, Write, announced, first, nothing, view, write

_view = partial(view, "Plans")
_write = partial(write, "Plans")


@dataclass(frozen=True, slots=True)
class Plan:
    """So many ucr for so many US cents; both 0 where there is no plan."""

    credits_ucr: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """A reported invoice; `project` is 0 where none has the hash.

    `credits_ucr` is what it brings under the plan as of the report.
    """

    project: int
    paid_cents: int
    is_confirmed: bool
    reporter: str
    credits_ucr: int


@dataclass(frozen=True, slots=True)
class Plans:
    """The Plans contract at an address."""

    address: str

    def plan_of(self, project: int) -> View[Plan]:
        """A project's plan."""
        return _view(self.address, "planOf", project, shape=lambda v: Plan(*v[0]))

    def invoice_of(self, invoice_hash: bytes) -> View[Invoice]:
        """The invoice of a hash."""
        return _view(self.address, "invoiceOf", invoice_hash, shape=lambda v: Invoice(*v[0]))

    def invoice_confirmer_of(self, organisation: int) -> View[str]:
        """Who confirms the organisation's invoices, the zero address = nobody."""
        return _view(self.address, "invoiceConfirmerOf", organisation, shape=first)

    def invoice_cap_of(self, organisation: int, epoch: int) -> View[tuple[int, int]]:
        """What invoices may bring in an epoch and have brought, in ucr."""
        return _view(self.address, "invoiceCapOf", organisation, epoch, shape=_pair)

    def set_plan(self, project: int, *, credits_ucr: int, price_cents: int) -> Write[None]:
        """The project's client gets so much for so much, 0 and 0 = no plan. By the registrar."""
        values = (project, credits_ucr, price_cents)
        return _write(self.address, "setPlan", *values, outcome=nothing)

    def set_invoice_confirmer(self, organisation: int, confirmer: str | None) -> Write[None]:
        """This address confirms the organisation's invoices. By governance."""
        values = (organisation, confirmer or NOBODY)
        return _write(self.address, "setInvoiceConfirmer", *values, outcome=nothing)

    def set_invoice_cap(self, organisation: int, ucr_per_epoch: int) -> Write[None]:
        """The organisation's invoices bring no more in an epoch. By governance."""
        values = (organisation, ucr_per_epoch)
        return _write(self.address, "setInvoiceCap", *values, outcome=nothing)

    def report_invoice(self, project: int, invoice_hash: bytes, paid_cents: int) -> Write[int]:
        """A client paid; gives the ucr it will bring. By the organisation's registrar.

        Args:
            project: its account id.
            invoice_hash: what the invoice is known by, once in the network.
            paid_cents: US cents.
        """
        values = (project, invoice_hash, paid_cents)
        outcome = announced("InvoiceReported", "creditsUcr")
        return _write(self.address, "reportInvoice", *values, outcome=outcome)

    def confirm_invoice(self, invoice_hash: bytes) -> Write[int]:
        """It was paid indeed; gives the ucr minted. By the organisation's invoice confirmer."""
        outcome = announced("InvoiceConfirmed", "creditsUcr")
        return _write(self.address, "confirmInvoice", invoice_hash, outcome=outcome)


def _pair(values: tuple[Any, ...]) -> tuple[int, int]:
    return values[0], values[1]
