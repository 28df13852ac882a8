"""What a network fixes, read from chain-config/, or from its copy in an installed wheel."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from tallystick.chain.errors import ConfigInvalid
from tallystick.core.errors import RatesOutOfBounds
from tallystick.core.facts import BASIS_NAMES, KIND_NAMES, Bounds
from tallystick.core.tariff import Rates, resolve_rates

_CHECKOUT: Final = Path(__file__).resolve().parents[3] / "chain-config"

Document = TypeVar("Document")


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the chain is started and spoken to."""

    id: int
    nodes: int
    gas_limit: int
    gas_price_wei: int
    finality_tag: Literal["latest", "finalized"]
    poll_interval_ms: int
    log_page_blocks: int
    longest_block_s: int


class Leads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds between the announcement of a change and its beginning."""

    rules_s: int
    validators_s: int
    tariff_s: int
    desk_s: int


class ValidatorRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a validator set must be like."""

    minimum: int


class VerdictRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What verdicts accept, from the beginning of time."""

    frame_versions: int
    defined_flags: int
    window_ms: int
    ahead_ms: int


class GovernanceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a vote goes, in seconds and in percent of all seats."""

    voting_delay_s: int
    voting_period_s: int
    quorum_percent: int
    late_quorum_extension_s: int
    timelock_s: int


class OnboardingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an organisation has when it joins."""

    allowance_ucr: int
    limits_delay_s: int


class LeaseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a lease may reserve, and for how long."""

    share_ppm: int
    max_ttl_s: int
    grace_s: int


class EpochRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How time is divided; a genesis of 0 is the block that deploys."""

    genesis_s: int
    length_s: int


class ReplenishmentRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a close makes of value and spending, in the order of the contract's struct."""

    low_uusd: int
    high_uusd: int
    growth_ppm: int
    cut_ppm: int
    min_spend_ucr: int
    min_value_uusd: int
    exploration_ppm: int
    dispute_s: int


class OutcomeKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one unit of a kind of outcome is worth, and how long it may be reported."""

    id: int
    uusd_per_unit: int
    attribution_s: int


class AppealRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long one may appeal, and how long seats vote on it."""

    window_s: int
    voting_s: int


class IndexRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often price indices move."""

    epoch_s: int


class NetworkConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a network fixes but its prices, its members and its keys."""

    engine: str
    chain: Chain
    leads: Leads
    validators: ValidatorRules
    rules: VerdictRules
    meter_bounds: Bounds
    governance: GovernanceRules
    onboarding: OnboardingRules
    leases: LeaseRules
    epochs: EpochRules
    replenishment: ReplenishmentRules
    outcome_kinds: dict[str, OutcomeKind]
    appeals: AppealRules
    index: IndexRules


class ResourceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One resource with its first rates."""

    kind: Literal["model", "variant", "gpu"]
    basis: Literal["tokens", "gpu"]
    rates: Rates
    index_class: str = ""

    def kind_code(self) -> int:
        """The number that stands for the kind on chain."""
        return _code_of(KIND_NAMES, self.kind)

    def basis_code(self) -> int:
        """The number that stands for the billing basis on chain."""
        return _code_of(BASIS_NAMES, self.basis)


class TariffConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Resources by slug in the order of their ids, and the bounds of each billing basis."""

    bounds: dict[Literal["tokens", "gpu"], Bounds]
    resources: dict[str, ResourceConfig]


@cache
def load_network_config(name: str = "local") -> NetworkConfig:
    """The network configuration of chain-config/NAME, read once.

    Raises:
        ConfigInvalid: missing, or a field is missing, unknown or of the wrong type.
    """
    return load_config_document(f"{name}/network.toml", NetworkConfig)


@cache
def load_tariff_config(name: str = "tariff") -> TariffConfig:
    """The tariff in chain-config/NAME.toml, the same for every engine, read once.

    Raises:
        ConfigInvalid: missing, malformed, or rates that break the overflow bound.
    """
    tariff = load_config_document(f"{name}.toml", TariffConfig)
    for slug, resource in tariff.resources.items():
        try:
            resolve_rates(resource.rates)
        except RatesOutOfBounds as error:
            raise ConfigInvalid(f"the rates of {slug} are out of bounds") from error
        if resource.basis not in tariff.bounds:
            raise ConfigInvalid(f"the tariff lacks the bounds of {resource.basis} resources")
    return tariff


def load_config_document(place: str, document: type[Document]) -> Document:
    """A TOML file of chain-config/, every field of it known.

    Args:
        place: its path there, with slashes.
        document: what it holds.

    Raises:
        ConfigInvalid: missing, or a field is missing, unknown or of the wrong type.
    """
    try:
        return msgspec.convert(tomllib.loads(read_config_text(place)), document)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigInvalid(f"{place} is malformed: {error}") from error


def read_config_text(place: str) -> str:
    """The text of a file of chain-config/.

    Raises:
        ConfigInvalid: there is no such file.
    """
    try:
        return _find_folder().joinpath(*place.split("/")).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigInvalid("no such chain configuration", actual=place) from error


def _find_folder() -> Traversable:
    packaged = files("tallystick.chain") / "chain-config"
    return packaged if packaged.is_dir() else _CHECKOUT


def _code_of(names: Mapping[int, str], name: str) -> int:
    return next(code for code, known in names.items() if known == name)
