from pathlib import Path

import pytest
from tests.unit.core.builders import MODEL
from tests.unit.sidecar.networks import FLEX, build_directory

from tallystick.client.errors import ResourceUnknown
from tallystick.sidecar.errors import ConfigInvalid
from tallystick.sidecar.gateway.offers import OfferBook, build_offers
from tallystick.sidecar.gateway.settings import (
    GatewayConfig,
    ModelConfig,
    TimeoutConfig,
    UpstreamConfig,
    complete_config,
)

SECRET = "sk-upstream-secret"


def build(
    model: ModelConfig, upstream: UpstreamConfig | None = None, folder: Path = Path("/")
) -> OfferBook:
    config = GatewayConfig(
        upstreams={"openai": upstream or UpstreamConfig()}, models={"gpt-4o-mine": model}
    )
    known = complete_config(config, folder)
    return build_offers(known, build_directory(), {"OPENAI_API_KEY": f"{SECRET}\n"})


def test_offer_is_refused_with_the_nearest_when_its_resource_is_unknown() -> None:
    with pytest.raises(ResourceUnknown) as refusal:
        build(ModelConfig())
    assert "gpt-4o" in refusal.value.nearest


def test_offer_is_refused_when_its_resource_is_billed_by_gpu_time() -> None:
    with pytest.raises(ConfigInvalid, match="billed by GPU time"):
        build(ModelConfig(resource="h100"))


def test_offer_is_refused_when_its_key_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="key of the upstream openai"):
        build(ModelConfig(resource="gpt-4o"), UpstreamConfig(key_file="none"), tmp_path)


def test_offer_is_priced_as_its_resource_and_its_variants() -> None:
    book = build(ModelConfig(resource="gpt-4o", variants={"flex": "gpt-4o-flex"}))
    offer = book.find("gpt-4o-mine")
    assert offer is not None
    assert (offer.resource, dict(offer.variants)) == (MODEL, {"flex": FLEX})
    assert (offer.max_input_tokens, offer.max_output_tokens) == (128_000, 16_384)
    assert offer.upstream_model is None


def test_offer_keeps_the_limits_that_are_stated() -> None:
    limits = ModelConfig(resource="gpt-4o", max_input_tokens=9, max_output_tokens=7)
    offer = build(limits).find("gpt-4o-mine")
    assert offer is not None
    assert (offer.max_input_tokens, offer.max_output_tokens) == (9, 7)


def test_offer_shows_its_key_to_nobody_but_the_upstream(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-of-a-file\n")
    by_variable = build(ModelConfig(resource="gpt-4o")).find("gpt-4o-mine")
    by_file = build(ModelConfig(resource="gpt-4o"), UpstreamConfig(key_file="key"), tmp_path).find(
        "gpt-4o-mine"
    )
    assert by_variable is not None
    assert by_file is not None
    assert by_variable.upstream.api_key.reveal() == SECRET
    assert by_file.upstream.api_key.reveal() == "sk-of-a-file"
    assert SECRET not in repr(by_variable)


def test_offer_waits_as_long_as_configured() -> None:
    timeouts = TimeoutConfig(connect="500ms", idle="2m")
    offer = build(ModelConfig(resource="gpt-4o"), UpstreamConfig(timeouts=timeouts)).find(
        "gpt-4o-mine"
    )
    assert offer is not None
    assert (offer.upstream.timeouts.connect_s, offer.upstream.timeouts.idle_s) == (0.5, 120)


def test_offers_that_look_like_a_name_are_found() -> None:
    book = build(ModelConfig(resource="gpt-4o"))
    assert book.find("gpt-4o-mien") is None
    assert book.nearest("gpt-4o-mien") == ["gpt-4o-mine"]
    assert book.nearest("x" * 1_000_000) == []
    assert [offer.model for offer in book.all()] == ["gpt-4o-mine"]
