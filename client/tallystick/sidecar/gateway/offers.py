"""The models of one gateway, priced as the network's resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tallystick.client.errors import find_nearest
from tallystick.meter.gateway.offers import Offer, Upstream, UpstreamTimeouts
from tallystick.meter.gateway.secrets import Secret
from tallystick.sidecar.directory import NetworkDirectory, ResourceInfo
from tallystick.sidecar.errors import ConfigInvalid
from tallystick.sidecar.gateway.known_models import find_limits
from tallystick.sidecar.gateway.settings import (
    GatewayConfig,
    ModelConfig,
    UpstreamConfig,
)
from tallystick.sidecar.lengths import parse_length_ms

MS_PER_S: Final = 1_000


class OfferBook:
    """The offers by the name that calls use.

    Args:
        offers: in the order in which they are listed.
    """

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._offer_by_model = {offer.model: offer for offer in offers}

    def find(self, model: str) -> Offer | None:
        """The offer of exactly this name, or None."""
        return self._offer_by_model.get(model)

    def nearest(self, model: str) -> Sequence[str]:
        """Up to three offers that look like this one, the likeliest first."""
        return find_nearest(model[:200], self._offer_by_model)

    def all(self) -> Iterable[Offer]:
        """Every offer, in the order of the configuration."""
        return self._offer_by_model.values()


def build_offers(
    config: GatewayConfig, directory: NetworkDirectory, environment: Mapping[str, str]
) -> OfferBook:
    """The offers of a complete configuration.

    Args:
        config: see `complete_config`.
        directory: the network's resources.
        environment: holds the upstreams' keys, where files do not.

    Raises:
        ResourceUnknown: a model is priced as what the network does not have; names the nearest.
        ConfigInvalid: a resource is not billed by tokens, or a key's file cannot be read.
    """
    upstreams = {
        name: _build_upstream(name, each, environment) for name, each in config.upstreams.items()
    }
    return OfferBook(
        [
            _build_offer(name, model, upstreams[model.upstream], directory)
            for name, model in config.models.items()
        ]
    )


def _build_upstream(name: str, config: UpstreamConfig, environment: Mapping[str, str]) -> Upstream:
    timeouts = UpstreamTimeouts(
        parse_length_ms(config.timeouts.connect) / MS_PER_S,
        parse_length_ms(config.timeouts.idle) / MS_PER_S,
    )
    return Upstream(
        name,
        config.url,
        config.provider or "openai",
        Secret(_read_key(name, config, environment)),
        config.injects_usage,
        timeouts,
    )


def _read_key(name: str, config: UpstreamConfig, environment: Mapping[str, str]) -> str:
    if not config.key_file:
        return environment.get(config.key_env or "", "").strip()
    try:
        key = Path(config.key_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(
            f"the key of the upstream {name} cannot be read",
            expected=config.key_file,
            actual=type(error).__name__,
        ) from error
    return key


def _build_offer(
    name: str, model: ModelConfig, upstream: Upstream, directory: NetworkDirectory
) -> Offer:
    known = find_limits(name, model.resource)
    resource = _require_tokens(name, directory.require_resource(model.resource))
    variants = {
        tier: _require_tokens(name, directory.require_resource(slug)).id
        for tier, slug in model.variants.items()
    }
    return Offer(
        model=name,
        upstream=upstream,
        resource=resource.id,
        max_input_tokens=model.max_input_tokens or known.max_input_tokens,
        max_output_tokens=model.max_output_tokens or known.max_output_tokens,
        upstream_model=model.upstream_model or None,
        variants=variants,
    )


def _require_tokens(name: str, resource: ResourceInfo) -> ResourceInfo:
    """The resource, which calls can be billed as: a GPU's own time is billed by its collector."""
    if resource.basis != "tokens":
        raise ConfigInvalid(
            f"the model {name} is priced as {resource.slug}, which is billed by GPU time: "
            "calls would be free, or charged twice",
            expected="a resource billed by tokens",
            actual=resource.basis,
        )
    return resource
