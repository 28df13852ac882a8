from pathlib import Path

import pytest

from tallystick.sidecar.documents import load_config, parse_config
from tallystick.sidecar.errors import ConfigInvalid
from tallystick.sidecar.gateway.settings import (
    GatewayConfig,
    ModelConfig,
    UpstreamConfig,
    clean_url,
    complete_config,
    parse_listen,
)
from tallystick.sidecar.lengths import parse_length_ms

HERE = Path("/etc/tallystick")
OPENAI = {"openai": UpstreamConfig()}


def parse(text: str) -> GatewayConfig:
    return parse_config(text, GatewayConfig, name="gateway.yaml")


def test_config_is_refused_when_it_is_no_yaml() -> None:
    with pytest.raises(ConfigInvalid, match="is no YAML"):
        parse("upstreams: {openai")


def test_config_is_refused_when_something_is_named_twice() -> None:
    with pytest.raises(ConfigInvalid, match="line 2 names something twice"):
        parse("workers: 1\nworkers: 2\n")


def test_config_is_refused_with_the_nearest_when_a_field_is_unknown() -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        parse("upstreams:\n  openai:\n    key_evn: OPENAI_API_KEY\n")
    assert refusal.value.actual == "key_evn - at `$.upstreams[...]`"
    assert str(refusal.value.expected).startswith("such as key_env")


def test_config_is_refused_when_a_value_does_not_fit() -> None:
    with pytest.raises(ConfigInvalid, match=r"\$\.workers"):
        parse("workers: many\n")
    with pytest.raises(ConfigInvalid, match="when_unreachable"):
        parse("when_unreachable: perhaps\n")


def test_config_is_refused_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        load_config(tmp_path / "none.yaml", GatewayConfig)


def test_config_is_read_from_text_without_floats(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text("admit_bound: 2.1\nworkers: 3\ncut_off: true\nmodels: {gpt-4o: {}}\n")
    found = load_config(path, GatewayConfig)
    assert (found.admit_bound, found.workers, found.cut_off) == ("2.1", 3, True)
    assert found.models == {"gpt-4o": ModelConfig()}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (GatewayConfig(), "no upstream"),
        (GatewayConfig(listen="here", upstreams=OPENAI), "no address"),
        (GatewayConfig(drain="soon", upstreams=OPENAI), "no length"),
        (GatewayConfig(granularity="0s", upstreams=OPENAI), "granularity"),
        (GatewayConfig(name="a/b", upstreams=OPENAI), "no name"),
        (GatewayConfig(workers=0, upstreams=OPENAI), "out of range"),
        (GatewayConfig(workers=4, max_in_flight=3, upstreams=OPENAI), "too small"),
        (GatewayConfig(admit_bound="-1", upstreams=OPENAI), "no amount"),
        (GatewayConfig(upstreams={"mine": UpstreamConfig()}), "has no address"),
        (
            GatewayConfig(upstreams={"openai": UpstreamConfig(key_env="A", key_file="b")}),
            "two keys",
        ),
        (
            GatewayConfig(upstreams={"mine": UpstreamConfig(url="http://127.0.0.1:1")}),
            "no model",
        ),
        (GatewayConfig(upstreams=OPENAI, models={"m": ModelConfig(upstream="opnai")}), "openai"),
        (
            GatewayConfig(upstreams=OPENAI, models={"m": ModelConfig(max_output_tokens=-1)}),
            "below 0",
        ),
        (
            GatewayConfig(
                upstreams={**OPENAI, "vllm": UpstreamConfig()}, models={"m": ModelConfig()}
            ),
            "several upstreams",
        ),
    ],
)
def test_config_is_refused_when_it_cannot_be(config: GatewayConfig, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words):
        complete_config(config, HERE)


def test_config_of_a_known_provider_needs_no_words() -> None:
    found = complete_config(GatewayConfig(upstreams={"anthropic": UpstreamConfig()}), HERE)
    upstream = found.upstreams["anthropic"]
    assert (upstream.url, upstream.provider) == ("https://api.anthropic.com", "anthropic")
    assert upstream.key_env == "ANTHROPIC_API_KEY"
    assert found.models["claude-3-5-sonnet-20241022"].resource == "claude-3.5-sonnet"
    assert {model.upstream for model in found.models.values()} == {"anthropic"}


def test_config_takes_no_key_from_the_environment_when_a_file_holds_it() -> None:
    upstreams = {"openai": UpstreamConfig(key_file="openai.key")}
    found = complete_config(GatewayConfig(upstreams=upstreams), HERE).upstreams["openai"]
    assert found.key_env == ""
    assert found.key_file == "/etc/tallystick/openai.key"


def test_config_gives_a_model_its_own_name_as_resource() -> None:
    models = {"qwen3": ModelConfig(), "small": ModelConfig(resource="gpt-4o")}
    found = complete_config(GatewayConfig(upstreams=OPENAI, models=models), HERE).models
    assert (found["qwen3"].upstream, found["qwen3"].resource) == ("openai", "qwen3")
    assert found["small"].resource == "gpt-4o"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("https://api.openai.com/v1/", "https://api.openai.com"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://host/v1beta", "https://host"),
        ("https://host/v11", "https://host/v11"),
    ],
)
def test_url_loses_the_version_that_routes_carry(given: str, wanted: str) -> None:
    assert clean_url(given) == wanted


@pytest.mark.parametrize(
    "url",
    ["ftp://host", "host:80", "https://", "https://user:pw@host", "https://h/?key=1", "http://h:x"],
)
def test_url_is_refused_when_it_is_no_upstream(url: str) -> None:
    with pytest.raises(ConfigInvalid):
        clean_url(url)


@pytest.mark.parametrize(
    ("text", "wanted"), [("500ms", 500), ("60s", 60_000), ("10m", 600_000), ("1h", 3_600_000)]
)
def test_length_is_read_in_ms(text: str, wanted: int) -> None:
    assert parse_length_ms(text) == wanted


def test_listen_is_host_and_port() -> None:
    assert parse_listen("127.0.0.1:4000") == ("127.0.0.1", 4000)
    assert parse_listen("[::1]:0") == ("::1", 0)
    for wrong in ("4000", ":4000", "host:", "host:70000", "host:4٤"):
        with pytest.raises(ConfigInvalid):
            parse_listen(wrong)
