"""A gateway's configuration: what a YAML file or the command line says, checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tallystick.client.errors import find_nearest
from tallystick.core.errors import AmountInvalid
from tallystick.core.units import parse_credits
from tallystick.meter.gateway.offers import Provider
from tallystick.meter.gateway.secrets import WhenUnreachable
from tallystick.sidecar.errors import ConfigInvalid
from tallystick.sidecar.gateway.known_models import KNOWN_MODELS, KNOWN_PROVIDERS
from tallystick.sidecar.lengths import parse_length_ms

MAX_WORKERS: Final = 64
MAX_PORT: Final = 65_535
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}", re.ASCII)


class TimeoutConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait for an upstream: `connect` for a connection, `idle` between two pieces."""

    connect: str = "10s"
    idle: str = "10m"


class UpstreamConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider's API. What is left out is the known provider's of this name."""

    url: str = ""
    provider: Provider | None = None
    key_env: str | None = None
    """The environment variable that holds the provider's key."""
    key_file: str = ""
    """The file that does, instead."""
    injects_usage: bool = True
    timeouts: TimeoutConfig = TimeoutConfig()


class ModelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model that applications may call by this name."""

    upstream: str = ""
    """Empty: the known model's, or the only one."""
    resource: str = ""
    """The slug that it is priced as; empty: the model's own name."""
    upstream_model: str = ""
    """What the upstream calls it; empty: the same."""
    max_input_tokens: int = 0
    max_output_tokens: int = 0
    variants: dict[str, str] = {}
    """Resource by price tier: flex, priority, batch."""


class GatewayConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gateway. `check_config` says whether it can be."""

    listen: str = "127.0.0.1:4000"
    account: str = ""
    """Whose projects it bills; empty: the only organisation's."""
    name: str = "gateway"
    """What its meters' names begin with."""
    workers: int = 1
    upstreams: dict[str, UpstreamConfig] = {}
    models: dict[str, ModelConfig] = {}
    keys_file: str = ""
    """Empty: gateway/keys.json in the network's folder."""
    record_users: bool = False
    granularity: str = "1ms"
    when_unreachable: WhenUnreachable = "deny"
    admit_bound: str = "0"
    cut_off: bool = False
    drain: str = "60s"
    max_in_flight: int = 2_000
    """Calls at once, of all workers together."""


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; port 0 = any free one.

    Raises:
        ConfigInvalid: something else.
    """
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > MAX_PORT:
        raise ConfigInvalid("this is no address", expected="such as 127.0.0.1:4000", actual=text)
    return host.removeprefix("[").removesuffix("]"), int(port)


def clean_url(url: str) -> str:
    """An upstream's address without the version, which is part of each route.

    Clients are told `https://host/v1`, and so are people; both forms mean the same upstream.

    Raises:
        ConfigInvalid: no http or https address, or one with a query or a password in it.
    """
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_plain, parts = False, urlsplit("")
    if not is_plain or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigInvalid(
            "this is no upstream's address", expected="such as https://api.openai.com", actual=url
        )
    path = re.sub(r"/(v1|v1beta)$", "", parts.path.rstrip("/"))
    return f"{parts.scheme}://{parts.netloc}{path}"


def complete_config(config: GatewayConfig, folder: Path) -> GatewayConfig:
    """The configuration with everything filled in that it leaves to be known.

    Args:
        config: as it was written.
        folder: what relative paths in it are relative to.

    Raises:
        ConfigInvalid: something in it cannot be; says where and what would do.
    """
    _check_plain(config)
    upstreams = {
        name: _complete_upstream(name, upstream, folder)
        for name, upstream in config.upstreams.items()
    }
    if not upstreams:
        raise ConfigInvalid(
            "there is no upstream to relay calls to",
            expected="--upstream openai, or upstreams in the configuration",
        )
    models = config.models or {
        name: ModelConfig(known.upstream)
        for name, known in KNOWN_MODELS.items()
        if known.upstream in upstreams
    }
    if not models:
        raise ConfigInvalid("there is no model to offer", expected="--model MODEL=UPSTREAM")
    return msgspec.structs.replace(
        config,
        upstreams=upstreams,
        models={name: _complete_model(name, each, upstreams) for name, each in models.items()},
        keys_file=str(folder / config.keys_file) if config.keys_file else "",
    )


def _check_plain(config: GatewayConfig) -> None:
    """Everything that stands for itself."""
    parse_listen(config.listen)
    parse_length_ms(config.drain)
    if parse_length_ms(config.granularity) == 0:
        raise ConfigInvalid("granularity is no length", expected="1ms or more", actual="0")
    if _NAME.fullmatch(config.name) is None:
        raise ConfigInvalid("this is no name", expected="such as gateway", actual=config.name)
    if not 1 <= config.workers <= MAX_WORKERS:
        raise ConfigInvalid(
            "workers are out of range", expected=f"1..{MAX_WORKERS}", actual=config.workers
        )
    if config.max_in_flight < config.workers:
        raise ConfigInvalid(
            "max_in_flight is too small",
            expected=f"at least {config.workers}",
            actual=config.max_in_flight,
        )
    try:
        parse_credits(config.admit_bound)
    except AmountInvalid as error:
        raise ConfigInvalid(
            "admit_bound is no amount", expected="credits such as 2.5", actual=config.admit_bound
        ) from error


def _complete_upstream(name: str, upstream: UpstreamConfig, folder: Path) -> UpstreamConfig:
    known = KNOWN_PROVIDERS.get(name)
    if not upstream.url and known is None:
        raise ConfigInvalid(
            f"the upstream {name} has no address",
            expected=f"--upstream {name}=URL, or one of {', '.join(KNOWN_PROVIDERS)}",
        )
    if upstream.key_env and upstream.key_file:
        raise ConfigInvalid(f"the upstream {name} has two keys", expected="key_env or key_file")
    for length in (upstream.timeouts.connect, upstream.timeouts.idle):
        parse_length_ms(length)
    default_env = known.key_env if known and not upstream.key_file else ""
    return msgspec.structs.replace(
        upstream,
        url=clean_url(upstream.url or (known.url if known else "")),
        provider=upstream.provider or (known.provider if known else "openai"),
        key_env=default_env if upstream.key_env is None else upstream.key_env,
        key_file=str(folder / Path(upstream.key_file).expanduser()) if upstream.key_file else "",
    )


def _complete_model(
    name: str, model: ModelConfig, upstreams: Mapping[str, UpstreamConfig]
) -> ModelConfig:
    upstream = model.upstream or _choose_upstream(name, upstreams)
    if upstream not in upstreams:
        nearest = find_nearest(upstream, upstreams) or list(upstreams)
        raise ConfigInvalid(
            f"the model {name} names an upstream that there is not",
            expected=f"such as {', '.join(nearest)}",
            actual=upstream,
        )
    if model.max_input_tokens < 0 or model.max_output_tokens < 0:
        raise ConfigInvalid(f"the model {name} has a limit below 0", expected="tokens")
    known = KNOWN_MODELS.get(name)
    resource = model.resource or (known.resource if known is not None else name)
    return msgspec.structs.replace(model, upstream=upstream, resource=resource)


def _choose_upstream(name: str, upstreams: Mapping[str, UpstreamConfig]) -> str:
    known = KNOWN_MODELS.get(name)
    if known is not None and known.upstream in upstreams:
        return known.upstream
    if len(upstreams) == 1:
        return next(iter(upstreams))
    raise ConfigInvalid(
        f"the model {name} could be of several upstreams", expected=f"--model {name}=UPSTREAM"
    )
