"""Every section of a proposal's file, and every call that has words of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tallystick.chain.calls import Write, nothing, write
from tallystick.chain.decoded_calls import decode_call
from tallystick.client.errors import ProposalInvalid
from tallystick.client.proposals import allowances, people, raw, tariff, terms
from tallystick.client.proposals.changes import Call, Change, Unit
from tallystick.client.proposals.documents import Entries, require_known
from tallystick.client.proposals.state import Governed

Build = Callable[[Governed, Entries], list[Call]]
Describe = Callable[[Governed, Mapping[str, Any]], list[Change]]

_BUILDERS: Final[Sequence[tuple[tuple[str, ...], Build]]] = (
    (tariff.SECTIONS, tariff.build_rates),
    ((terms.EPOCHS,), terms.build_epochs),
    ((terms.KINDS,), terms.build_kinds),
    ((terms.LEASES,), terms.build_leases),
    ((terms.GOVERNOR,), terms.build_governor),
    ((allowances.MINT_ALLOWANCE,), allowances.build_mint_allowances),
    ((allowances.ENROLMENT_ALLOWANCE,), allowances.build_enrolment_allowances),
    ((allowances.CONFIRMERS,), allowances.build_confirmers),
    ((allowances.INVOICES,), allowances.build_invoices),
    ((allowances.EXPERIMENTS,), allowances.build_experiments),
    ((people.PROVIDERS,), people.build_providers),
    ((people.METERS,), people.build_meters),
    ((people.SEATS,), people.build_seats),
    ((people.VALIDATORS,), people.build_validators),
    ((raw.CALLS,), raw.build_calls),
)
SECTIONS: Final = tuple(name for names, _ in _BUILDERS for name in names)

_WORDS: Final[Mapping[tuple[str, str], Describe]] = {
    ("Tariff", "setRates"): tariff.describe_rates,
    ("Epochs", "setTerms"): terms.describe_epochs,
    ("Outcomes", "setKind"): terms.describe_kind,
    ("Leases", "setLeaseTerms"): terms.describe_leases,
    ("NetworkGovernor", "setVotingDelay"): terms.describe_voting_delay,
    ("NetworkGovernor", "setVotingPeriod"): terms.describe_voting_period,
    ("NetworkGovernor", "updateQuorumNumerator"): terms.describe_quorum,
    ("Budgets", "setMintAllowance"): allowances.describe_mint_allowance,
    ("Epochs", "setEnrolmentAllowance"): allowances.describe_enrolment_allowance,
    ("Outcomes", "setConfirmer"): allowances.describe_confirmer,
    ("Plans", "setInvoiceConfirmer"): allowances.describe_invoice_confirmer,
    ("Plans", "setInvoiceCap"): allowances.describe_invoice_cap,
    ("Experiments", "fund"): allowances.describe_experiment,
    ("ProviderDesk", "setProvider"): people.describe_provider,
    ("ProviderDesk", "setRate"): people.describe_provider_rate,
    ("ProviderDesk", "setCaps"): people.describe_provider_caps,
    ("Registry", "setMeterFrozen"): people.describe_meter,
    ("Seats", "grantSeat"): people.describe_seat,
    ("Seats", "revokeSeat"): people.describe_seat,
    ("ValidatorSet", "setValidators"): people.describe_validators,
}


def build_calls(state: Governed, document: Entries) -> list[Call]:
    """The calls that put a proposal's file into force, in the order of the sections.

    Raises:
        ProposalInvalid: a section, parameter or value that cannot be; or nothing would change.
    """
    require_known("a proposal", document, SECTIONS)
    calls = [call for _, build in _BUILDERS for call in build(state, document)]
    if not calls:
        raise ProposalInvalid("the proposal changes nothing", expected=", ".join(SECTIONS))
    return calls


def encode_call(state: Governed, call: Call) -> Write[None]:
    """The call as a transaction's content."""
    address = state.address(call.contract)
    return write(call.contract, address, call.function, *call.args, outcome=nothing)


def describe_call(state: Governed, target: str, data: bytes) -> list[Change]:
    """What calldata to an address changes, compared with what holds now.

    Calls without words of their own are shown as code, so that nothing is hidden.
    """
    contract = state.contract_at(target)
    decoded = None if contract is None else decode_call(contract, data)
    if decoded is None:
        return [Change(f"call {target}", None, f"0x{data.hex()}", Unit.TEXT)]
    words = _WORDS.get((decoded.contract, decoded.function))
    return raw.describe(decoded) if words is None else words(state, decoded.args)
