"""Votes on money: what may be granted, what confirmers confirm, what experiments are paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.chain.bindings.credits import GENERAL, PLAN
from tallystick.client.proposals.changes import Call, Change, Field, Unit, parse_fields
from tallystick.client.proposals.documents import Entries, require_mapping
from tallystick.client.proposals.scalars import parse_amount_ucr, parse_whole
from tallystick.client.proposals.state import Governed

MINT_ALLOWANCE: Final = "mint_allowance"
ENROLMENT_ALLOWANCE: Final = "enrolment_allowance"
CONFIRMERS: Final = "confirmers"
INVOICES: Final = "invoices"
EXPERIMENTS: Final = "experiments"

CLASS_FIELDS: Final = (
    Field("general", str(GENERAL), Unit.UCR),
    Field("plan", str(PLAN), Unit.UCR),
)
INVOICE_FIELDS: Final = (
    Field("confirmer", "setInvoiceConfirmer", Unit.ADDRESS),
    Field("cap_per_epoch", "setInvoiceCap", Unit.UCR),
)


def build_mint_allowances(state: Governed, document: Entries) -> list[Call]:
    """What registrars may grant in all."""
    calls: list[Call] = []
    for path, entry in _entries(document, MINT_ALLOWANCE):
        entries = entry if isinstance(entry, Mapping) else {"general": entry}
        given = parse_fields(state, f"{MINT_ALLOWANCE}.{path}", entries, CLASS_FIELDS)
        organisation = state.tree.require(path)
        for credit_class, amount_ucr in given.items():
            values = (organisation, int(credit_class), amount_ucr)
            calls.append(Call("Budgets", "setMintAllowance", values))
    return calls


def describe_mint_allowance(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """One organisation's allowance of one class."""
    organisation, credit_class = args["organisation"], args["creditClass"]
    before = state.ask("Budgets", "mintAllowanceOf", organisation, credit_class)
    names = {field.member: field.name for field in CLASS_FIELDS}
    name = names.get(str(credit_class), str(credit_class))
    where = f"{MINT_ALLOWANCE}.{state.path(organisation)}.{name}"
    return [Change(where, next(iter(before.values())), args["amountUcr"], Unit.UCR)]


def build_enrolment_allowances(state: Governed, document: Entries) -> list[Call]:
    """What registrars may pay in first grants."""
    return [
        Call(
            "Epochs",
            "setEnrolmentAllowance",
            (state.tree.require(path), parse_amount_ucr(f"{ENROLMENT_ALLOWANCE}.{path}", entry)),
        )
        for path, entry in _entries(document, ENROLMENT_ALLOWANCE)
    ]


def describe_enrolment_allowance(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """One organisation's enrolment allowance."""
    before = state.ask("Epochs", "enrolmentAllowanceOf", args["organisation"])["amountUcr"]
    where = f"{ENROLMENT_ALLOWANCE}.{state.path(args['organisation'])}"
    return [Change(where, before, args["amountUcr"], Unit.UCR)]


def build_confirmers(state: Governed, document: Entries) -> list[Call]:
    """Who speaks for which account in the pool of confirmers."""
    return [
        Call(
            "Outcomes",
            "setConfirmer",
            (state.tree.require(path), state.parse_address(f"{CONFIRMERS}.{path}", entry)),
        )
        for path, entry in _entries(document, CONFIRMERS)
    ]


def describe_confirmer(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """One account's voice in the pool."""
    pool = state.ask("Outcomes", "pool")
    known = dict(zip(pool["accounts"], pool["confirmers"], strict=True))
    where = f"{CONFIRMERS}.{state.path(args['account'])}"
    return [Change(where, known.get(args["account"]), args["confirmer"], Unit.ADDRESS)]


def build_invoices(state: Governed, document: Entries) -> list[Call]:
    """Who confirms an organisation's invoices, and what they may bring in an epoch."""
    calls: list[Call] = []
    for path, entry in _entries(document, INVOICES):
        where = f"{INVOICES}.{path}"
        given = parse_fields(state, where, require_mapping(where, entry), INVOICE_FIELDS)
        organisation = state.tree.require(path)
        calls += [Call("Plans", name, (organisation, value)) for name, value in given.items()]
    return calls


def describe_invoice_confirmer(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """Who confirms an organisation's invoices."""
    organisation = args["organisation"]
    before = state.ask("Plans", "invoiceConfirmerOf", organisation)
    where = f"{INVOICES}.{state.path(organisation)}.confirmer"
    return [Change(where, before, args["confirmer"], Unit.ADDRESS)]


def describe_invoice_cap(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """What an organisation's invoices may bring in an epoch."""
    organisation = args["organisation"]
    before = state.ask("Plans", "invoiceCapOf", organisation, state.epoch)["capUcr"]
    where = f"{INVOICES}.{state.path(organisation)}.cap_per_epoch"
    return [Change(where, before, args["ucrPerEpoch"], Unit.UCR)]


def build_experiments(state: Governed, document: Entries) -> list[Call]:  # noqa: ARG001 - as above
    """What the exploration pool pays for experiments."""
    return [
        Call(
            "Experiments",
            "fund",
            (
                parse_whole(f"{EXPERIMENTS}.{number}", number),
                parse_amount_ucr(f"{EXPERIMENTS}.{number}", amount),
            ),
        )
        for number, amount in _entries(document, EXPERIMENTS)
    ]


def describe_experiment(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """What one experiment has got, and will have."""
    funded_ucr = state.ask("Experiments", "experimentOf", args["experiment"])["fundedUcr"]
    where = f"{EXPERIMENTS}.{args['experiment']}.funded"
    return [Change(where, funded_ucr, funded_ucr + args["amountUcr"], Unit.UCR)]


def _entries(document: Entries, section: str) -> list[tuple[str, Any]]:
    return list(require_mapping(section, document[section]).items()) if section in document else []
