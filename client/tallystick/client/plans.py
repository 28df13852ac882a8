"""Plans and invoices: N credits for $X, minted when a client's paid invoice is confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from tallystick.chain.bindings.plans import Plans
from tallystick.client.accounts import load_tree
from tallystick.client.commitments import Commitments
from tallystick.client.errors import InvoiceUnknown
from tallystick.client.reads import ListQuery, Reads, Row
from tallystick.client.signers import find_registrar
from tallystick.client.wire import Wire

HASH_PREFIX: Final = "0x"


class PlanView(msgspec.Struct, frozen=True):
    """So many ucr for so many US cents, for a client project."""

    project: str
    credits_ucr: int
    price_cents: int
    changed: bool = False


class InvoiceView(msgspec.Struct, frozen=True):
    """A paid invoice: `credits_ucr` is what it brings under the plan as of its report."""

    project: str
    invoice: str
    paid_cents: int
    credits_ucr: int
    confirmed: bool
    done_before: bool = False


class PlanBook:
    """Credits that clients pay for.

    Args:
        wire: the network.
        reads: who answers questions about the past.
    """

    def __init__(self, wire: Wire, reads: Callable[[], Reads]) -> None:
        self._wire = wire
        self._reads = reads
        self._plans = Plans(wire.address("Plans"))

    def set_plan(self, project: str, credits_ucr: int, price_cents: int) -> PlanView:
        """A project's client gets so much for so much; 0 and 0 = no plan any more."""
        account = load_tree(self._wire).require(project)
        now = self._wire.read(self._plans.plan_of(account))
        is_new = (now.credits_ucr, now.price_cents) != (credits_ucr, price_cents)
        if is_new:
            write = self._plans.set_plan(account, credits_ucr=credits_ucr, price_cents=price_cents)
            self._wire.send(find_registrar(self._wire, account), write)
        return PlanView(project, credits_ucr, price_cents, is_new)

    def plan(self, project: str) -> PlanView:
        """A project's plan; all zero where there is none."""
        found = self._wire.read(self._plans.plan_of(load_tree(self._wire).require(project)))
        return PlanView(project, found.credits_ucr, found.price_cents)

    def plans(self, account: str | None = None) -> list[Row]:
        """Every plan, with what was paid and minted under it."""
        return self._reads().rows(ListQuery("plans", account, limit=None))

    def report_invoice(self, project: str, invoice: str, paid_cents: int) -> InvoiceView:
        """A client paid; reported by the organisation's registrar, once per invoice.

        Args:
            project: its path.
            invoice: its number or content, which stays in the folder: a salted hash goes on chain.
                Or a hash itself, 0x and 64 hex digits.
            paid_cents: US cents.
        """
        account, content = load_tree(self._wire).require(project), self._hash(invoice)
        found = self._wire.read(self._plans.invoice_of(content))
        is_known = (found.project, found.paid_cents) == (account, paid_cents)
        if not is_known:
            write = self._plans.report_invoice(account, content, paid_cents)
            self._wire.send(find_registrar(self._wire, account), write)
        return self._view(content, done_before=is_known)

    def confirm_invoice(self, invoice: str) -> InvoiceView:
        """A reported invoice was paid indeed: its credits are minted; by the invoice confirmer.

        Raises:
            InvoiceUnknown: none was reported under this number or hash.
            KeyMissing: the confirmer's key is elsewhere.
        """
        content = self._hash(invoice)
        found = self._wire.read(self._plans.invoice_of(content))
        if not found.project:
            known = [row["invoice_hash"] for row in self.invoices()]
            raise InvoiceUnknown("invoice", invoice, known)
        if not found.is_confirmed:
            organisation = load_tree(self._wire).ancestors(found.project)[-1]
            confirmer = self._wire.read(self._plans.invoice_confirmer_of(organisation))
            self._wire.send_as(confirmer, self._plans.confirm_invoice(content))
        return self._view(content, done_before=found.is_confirmed)

    def invoices(self, account: str | None = None, *, state: str | None = None) -> list[Row]:
        """Every invoice, newest first."""
        return self._reads().rows(ListQuery("invoices", account, {"state": state}, limit=None))

    def _hash(self, invoice: str) -> bytes:
        digits = invoice.removeprefix(HASH_PREFIX)
        if invoice.startswith(HASH_PREFIX) and len(digits) == 64:  # noqa: PLR2004 - 32 bytes
            return bytes.fromhex(digits)
        return Commitments(self._wire.folder).commit("invoice", invoice)

    def _view(self, content: bytes, *, done_before: bool) -> InvoiceView:
        found = self._wire.read(self._plans.invoice_of(content))
        return InvoiceView(
            load_tree(self._wire).path(found.project),
            f"0x{content.hex()}",
            found.paid_cents,
            found.credits_ucr,
            found.is_confirmed,
            done_before,
        )
