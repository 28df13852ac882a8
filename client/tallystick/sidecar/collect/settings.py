"""A collector's configuration: what a YAML file or the command line says, checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tallystick.meter.gpu.attribution import (
    FACT_NAMES,
    Rule,
    is_template,
    list_unknown_facts,
)
from tallystick.meter.gpu.devices import Charge
from tallystick.meter.gpu.engines import Kind
from tallystick.sidecar.errors import ConfigInvalid
from tallystick.sidecar.lengths import parse_length_ms
from tallystick.sidecar.metrics_page import parse_loopback

MAX_STEP: Final = 2**16 - 1
MAX_SOURCES: Final = 256
MAX_RULES: Final = 1_000


class RuleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Work whose facts fit every pattern is billed to a project."""

    match: dict[str, str]
    project: str
    user: str = ""
    step: int = 0


class EngineConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model server whose tokens are metered by its own counters."""

    url: str
    kind: Kind
    project: str
    models: dict[str, str]
    """Resource by the server's name of a model; "*" is any other."""
    processes: list[dict[str, str]] | None = None
    """Facts by which its GPU processes or pods are known: their GPU time is the operator's."""
    basis: str | None = None


class CollectConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A collector. `check_collect` says whether it can be."""

    account: str = ""
    """Whose projects it bills; empty: the organisation of the first project named."""
    name: str = "collector"
    """Of its meter."""
    operator: str = ""
    """Pays for what of a device nobody used, and for servers charged by tokens."""
    shared: str = ""
    """Pays for work that no rule knows; empty: the operator."""
    charge: Charge = "usage"
    spot: bool = False
    transfer: bool = False
    record_users: bool = False
    sample: str = "2s"
    record: str = "60s"
    gap: str = "60s"
    """How long a stretch one reading may stand for; a longer one is billed to nobody."""
    gpu_types: dict[str, str] = {}
    """Resource by what a device calls itself."""
    nvml: bool = False
    dcgm: list[str] = []
    engines: list[EngineConfig] = []
    rules: list[RuleConfig] = []
    basis: str | None = None
    metrics: str = ""
    """Where this machine reads metrics, such as 127.0.0.1:9105; empty: nowhere."""

    @property
    def has_devices(self) -> bool:
        """Whether GPU time is metered."""
        return self.nvml or bool(self.dcgm)


def check_collect(config: CollectConfig) -> CollectConfig:
    """The configuration with everything filled in that it leaves to be known.

    Raises:
        ConfigInvalid: something in it cannot be; says what would do.
    """
    _check_sources(config)
    _check_lengths(config)
    if config.metrics:
        parse_loopback(config.metrics)
    if len(config.rules) > MAX_RULES:
        raise ConfigInvalid("too many rules", expected=MAX_RULES, actual=len(config.rules))
    for rule in build_rules(config):
        _check_rule(rule)
    return msgspec.structs.replace(
        config,
        shared=config.shared or config.operator,
        account=config.account or next(iter(list_projects(config))).partition("/")[0],
    )


def build_rules(config: CollectConfig) -> list[Rule]:
    """The rules in force: first those that give servers charged by tokens to their operator."""
    served = [
        Rule(patterns, config.operator)
        for engine in config.engines
        for patterns in engine.processes or ()
    ]
    return served + [
        Rule(rule.match, rule.project, rule.user if config.record_users else "", rule.step)
        for rule in config.rules
    ]


def list_projects(config: CollectConfig) -> list[str]:
    """Every project that is named outright, none of them twice."""
    named = [config.operator, config.shared]
    named += [engine.project for engine in config.engines]
    named += [rule.project for rule in config.rules]
    return [each for each in dict.fromkeys(named) if each and not is_template(each)]


def parse_pairs(words: list[str], what: str) -> dict[str, str]:
    """A table out of NAME=VALUE words.

    Raises:
        ConfigInvalid: one is none.
    """
    pairs = [word.rpartition("=") for word in words]
    for name, _, value in pairs:
        if not name or not value:
            raise ConfigInvalid(f"this is no {what}", expected="NAME=VALUE", actual=name or value)
    return {name: value for name, _, value in pairs}


def _check_sources(config: CollectConfig) -> None:
    if not config.has_devices and not config.engines:
        raise ConfigInvalid("there is nothing to meter", expected="nvml, dcgm or engines")
    if config.has_devices and not config.operator:
        raise ConfigInvalid(
            "devices have no operator",
            expected="operator: the project that pays for what nobody used",
        )
    urls = [*config.dcgm, *(engine.url for engine in config.engines)]
    if len(urls) > MAX_SOURCES or len(set(urls)) != len(urls):
        raise ConfigInvalid(
            "addresses repeat or are too many", expected=f"{MAX_SOURCES} different ones at most"
        )
    for url in urls:
        check_url(url)
    for engine in config.engines:
        _check_engine(engine, has_devices=config.has_devices)


def _check_engine(engine: EngineConfig, *, has_devices: bool) -> None:
    if not engine.models or not all(engine.models.values()):
        raise ConfigInvalid(
            f"{engine.url} names no resource for its models", expected="models: {MODEL: RESOURCE}"
        )
    if has_devices and engine.processes is None:
        raise ConfigInvalid(
            f"GPU time of {engine.url} could be charged beside its tokens",
            expected="processes: what its GPU work is known by, or [] where it runs elsewhere",
        )


def check_url(url: str) -> None:
    """The address is one of a page of metrics.

    Raises:
        ConfigInvalid: it is not, or it holds a password.
    """
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_plain, parts = False, urlsplit("")
    if not is_plain or "@" in parts.netloc:
        raise ConfigInvalid(
            "this is no address of metrics", expected="such as http://node:9400/metrics", actual=url
        )


def _check_lengths(config: CollectConfig) -> None:
    lengths: Mapping[str, int] = {
        "sample": parse_length_ms(config.sample),
        "record": parse_length_ms(config.record),
        "gap": parse_length_ms(config.gap),
    }
    if not 0 < lengths["sample"] <= min(lengths["record"], lengths["gap"]):
        raise ConfigInvalid(
            "sample is no part of record and gap",
            expected="sample <= record, sample <= gap",
            actual=f"{config.sample}, {config.record}, {config.gap}",
        )


def _check_rule(rule: Rule) -> None:
    if unknown := list_unknown_facts(rule):
        raise ConfigInvalid(
            "a rule names a fact that there is not",
            expected=f"{', '.join(sorted(FACT_NAMES))} or env:NAME",
            actual=unknown[0],
        )
    if not rule.patterns:
        raise ConfigInvalid("a rule fits everything: say so with `shared`", actual=rule.project)
    if not 0 <= rule.step <= MAX_STEP:
        raise ConfigInvalid("a step is out of range", expected=f"0..{MAX_STEP}", actual=rule.step)
