"""Votes on who takes part: validators, seats, providers; and on meters that are frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.client.errors import ProposalInvalid
from tallystick.client.proposals.changes import Call, Change, Field, Unit, parse_fields
from tallystick.client.proposals.documents import (
    Entries,
    require_known,
    require_list,
    require_mapping,
)
from tallystick.client.proposals.scalars import parse_hash
from tallystick.client.proposals.state import Governed

VALIDATORS: Final = "validators"
SEATS: Final = "seats"
PROVIDERS: Final = "providers"
METERS: Final = "meters"
METER_STATES: Final = {"frozen": True, "active": False}

PROVIDER_FIELDS: Final = (
    Field("key", "key", Unit.ADDRESS),
    Field("rate", "ratePpm", Unit.FACTOR),
    Field("daily", "dailyUcr", Unit.UCR),
    Field("daily_per_organisation", "dailyPerOrganisationUcr", Unit.UCR),
)
_VALIDATOR_PARTS: Final = ("name", "url", "attester", "sender", "transport_key")


def build_validators(state: Governed, document: Entries) -> list[Call]:
    """The validator set, with some added and some removed."""
    if VALIDATORS not in document:
        return []
    entries = require_mapping(VALIDATORS, document[VALIDATORS])
    require_known(VALIDATORS, entries, ("add", "remove"))
    members = {member["name"]: member for member in _read_members(state)}
    for name in _listed(entries, "remove"):
        if name not in members:
            raise ProposalInvalid(
                "no validator has this name", expected=", ".join(members), actual=str(name)
            )
        del members[name]
    for entry in _listed(entries, "add"):
        member = _parse_validator(state, entry)
        members[member["name"]] = member
    return [Call("ValidatorSet", "setValidators", ([tuple(m.values()) for m in members.values()],))]


def describe_validators(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """Who joins, who leaves, whose keys or address change."""
    before = {member["name"]: member for member in _read_members(state)}
    after = {member["name"]: member for member in args["validators"]}
    changes = [
        Change(f"{VALIDATORS}.{name}", _brief(before.get(name)), _brief(after.get(name)), Unit.TEXT)
        for name in [*before, *(name for name in after if name not in before)]
        if before.get(name) != after.get(name)
    ]
    size = Change(f"{VALIDATORS}: how many", len(before), len(after), Unit.COUNT)
    return [*changes, size]


def build_seats(state: Governed, document: Entries) -> list[Call]:
    """Who votes from now on, and who no longer."""
    if SEATS not in document:
        return []
    entries = require_mapping(SEATS, document[SEATS])
    require_known(SEATS, entries, ("grant", "revoke"))
    revoked = require_list(f"{SEATS}.revoke", entries["revoke"]) if "revoke" in entries else []
    granted = require_mapping(f"{SEATS}.grant", entries["grant"]) if "grant" in entries else {}
    calls = [
        Call("Seats", "revokeSeat", (state.parse_address(f"{SEATS}.revoke", who),))
        for who in revoked
    ]
    for who, path in granted.items():
        holder = state.parse_address(f"{SEATS}.grant", who)
        calls.append(Call("Seats", "grantSeat", (holder, state.tree.require(path))))
    return calls


def describe_seat(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """One holder's seat."""
    organisation = state.ask("Seats", "organisationOf", args["holder"])
    after = state.path(args["organisation"]) if "organisation" in args else None
    before = state.path(organisation) if organisation else None
    return [Change(f"{SEATS}.{args['holder']}", before, after, Unit.TEXT)]


def build_providers(state: Governed, document: Entries) -> list[Call]:
    """Providers, their rates and their daily caps."""
    if PROVIDERS not in document:
        return []
    calls: list[Call] = []
    count = state.ask("ProviderDesk", "providerCount")
    for name, entry in require_mapping(PROVIDERS, document[PROVIDERS]).items():
        where = f"{PROVIDERS}.{name}"
        given = parse_fields(state, where, require_mapping(where, entry), PROVIDER_FIELDS)
        known = state.ask("ProviderDesk", "providerByName", name)
        if not known and "key" not in given:
            raise ProposalInvalid(f"{where} is new", expected="its key")
        count += not known
        calls += _build_provider(state, name, known, known or count, given)
    return calls


def _build_provider(
    state: Governed, name: str, known: int, provider: int, given: Mapping[str, int | str]
) -> list[Call]:
    calls: list[Call] = []
    if "key" in given:
        calls.append(Call("ProviderDesk", "setProvider", (known, name, given["key"])))
    if "ratePpm" in given:
        calls.append(Call("ProviderDesk", "setRate", (provider, given["ratePpm"], 0)))
    if "dailyUcr" in given or "dailyPerOrganisationUcr" in given:
        caps: dict[str, Any] = {"dailyUcr": 0, "dailyPerOrganisationUcr": 0}
        if known:
            caps = state.ask("ProviderDesk", "capsOf", known)
        caps = {**caps, **{key: given[key] for key in caps if key in given}}
        calls.append(Call("ProviderDesk", "setCaps", (provider, *caps.values())))
    return calls


def describe_provider(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """Who deposits and acknowledges for a provider."""
    known = args["provider"]
    before = state.ask("ProviderDesk", "providerOf", known)["key"] if known else None
    return [Change(f"{PROVIDERS}.{args['name']}.key", before, args["key"], Unit.ADDRESS)]


def describe_provider_rate(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """Provider credits for a credit."""
    name, is_known = _name_provider(state, args["provider"])
    before = (
        state.ask("ProviderDesk", "rateOf", args["provider"])["currentPpm"] if is_known else None
    )
    return [Change(f"{PROVIDERS}.{name}.rate", before, args["ratePpm"], Unit.FACTOR)]


def describe_provider_caps(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """What may be converted in a day."""
    name, is_known = _name_provider(state, args["provider"])
    before = state.ask("ProviderDesk", "capsOf", args["provider"]) if is_known else {}
    return [
        Change(
            f"{PROVIDERS}.{name}.{field.name}",
            before.get(field.member),
            args[field.member],
            field.unit,
        )
        for field in PROVIDER_FIELDS[2:]
        if before.get(field.member) != args[field.member]
    ]


def build_meters(state: Governed, document: Entries) -> list[Call]:
    """Meters whose records are quarantined from now on, or no longer."""
    if METERS not in document:
        return []
    calls: list[Call] = []
    for name, word in require_mapping(METERS, document[METERS]).items():
        if name not in state.meter_by_name or word not in METER_STATES:
            raise ProposalInvalid(
                f"{METERS}.{name} is malformed",
                expected=f"ORGANISATION/METER: {' or '.join(METER_STATES)}",
                actual=str(word),
            )
        values = (state.meter_by_name[name], METER_STATES[word])
        calls.append(Call("Registry", "setMeterFrozen", values))
    return calls


def describe_meter(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """One meter."""
    names = {number: name for name, number in state.meter_by_name.items()}
    before = state.ask("Registry", "meterOf", args["id"])["frozen"]
    name = names.get(args["id"], f"#{args['id']}")
    words = {value: word for word, value in METER_STATES.items()}
    return [Change(f"{METERS}.{name}", words[before], words[args["frozen"]], Unit.TEXT)]


def _listed(entries: Entries, name: str) -> list[Any]:
    return require_list(f"{VALIDATORS}.{name}", entries[name]) if name in entries else []


def _read_members(state: Governed) -> Sequence[Mapping[str, Any]]:
    version = state.ask("ValidatorSet", "versionCount")
    answer = state.ask("ValidatorSet", "validatorsOf", version)
    members: Sequence[Mapping[str, Any]] = next(iter(answer.values()))
    return members


def _parse_validator(state: Governed, entry: object) -> dict[str, Any]:
    where = f"{VALIDATORS}.add"
    entries = require_mapping(where, entry)
    require_known(where, entries, _VALIDATOR_PARTS)
    missing = [part for part in _VALIDATOR_PARTS if part not in entries]
    if missing:
        raise ProposalInvalid(f"{where} is incomplete", expected=", ".join(missing))
    return {
        "attester": state.parse_address(f"{where}.attester", entries["attester"]),
        "sender": state.parse_address(f"{where}.sender", entries["sender"]),
        "transportKey": parse_hash(f"{where}.transport_key", entries["transport_key"]),
        "name": str(entries["name"]),
        "url": str(entries["url"]),
    }


def _brief(member: Mapping[str, Any] | None) -> str | None:
    return None if member is None else f"{member['url']} attester {member['attester']}"


def _name_provider(state: Governed, provider: int) -> tuple[str, bool]:
    if provider > state.ask("ProviderDesk", "providerCount"):
        return f"#{provider} (new)", False
    return state.ask("ProviderDesk", "providerOf", provider)["name"], True
