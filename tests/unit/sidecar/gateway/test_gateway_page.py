"""The page about the gateway says what the program does."""

import re
from pathlib import Path

import msgspec

from tallystick.sidecar.documents import parse_config
from tallystick.sidecar.gateway.known_models import KNOWN_PROVIDERS
from tallystick.sidecar.gateway.settings import GatewayConfig, complete_config

PAGE = Path("docs/gateway.md").read_text()
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_page_shows_a_configuration_that_can_be() -> None:
    found = complete_config(parse_config(EXAMPLE, GatewayConfig, name="page"), Path("/"))
    assert found.upstreams["own"].url == "http://10.0.0.7:8000"
    assert found.models["claude-3-5-sonnet-20241022"].resource == "claude-3.5-sonnet"


def test_page_names_every_field_and_its_default() -> None:
    shown = parse_config(EXAMPLE, GatewayConfig, name="page")
    stated = {"account", "upstreams", "models", "workers", "keys_file"}
    for field in msgspec.structs.fields(GatewayConfig):
        assert re.search(rf"^{field.name}:", EXAMPLE, re.MULTILINE), field.name
        if field.name not in stated:
            assert getattr(shown, field.name) == field.default, field.name


def test_page_names_every_known_provider() -> None:
    for name in KNOWN_PROVIDERS:
        assert re.search(rf"\b{name}\b", PAGE), name
