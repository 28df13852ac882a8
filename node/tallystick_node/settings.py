"""A validator's settings: a JSON file, overridden by TALLYSTICK_NODE_ variables, frozen once read.

What the network fixes (contracts, validators, tariff, rules) is not set here: it is read from the
chain. docs/configuration.md lists every field.
"""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from tallystick_node.errors import SettingsInvalid


class IntakeLimits(BaseModel):
    """What intake takes at most, per request, per meter and in all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    body_bytes: int = Field(1_048_576, ge=1, le=16_777_216)
    body_timeout_s: float = Field(10.0, gt=0)
    frames_per_body: int = Field(40, ge=1)
    queue_bytes: int = Field(256 * 1024 * 1024, ge=1)
    journal_bytes: int = Field(1024 * 1024 * 1024, ge=1)
    disk_reserve_bytes: int = Field(64 * 1024 * 1024, ge=0)
    """Left on the disk for what was taken already: below it intake takes no more."""
    look_ahead_records: int = Field(1_000_000, ge=1)
    records_per_s: int = Field(100_000, ge=1)
    burst_records: int = Field(2_000_000, ge=1)
    frames_per_s: int = Field(2_000, ge=1)
    burst_frames: int = Field(20_000, ge=1)
    quarantine_pause_ppm: int = Field(100_000, ge=0, le=1_000_000)
    """A meter is paused while more than this share of an hour's records was quarantined."""
    quarantine_sample: int = Field(10_000, ge=1)
    """Records within the hour below which no share is computed."""


class SettleLimits(BaseModel):
    """How batches are closed, attested and kept in flight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    linger_ms: int = Field(50, ge=0)
    reference_age_ms: int = Field(250, ge=0)
    """How long this node has known a block before referring to it: its peers know it by then."""
    validity_ms: int = Field(300_000, ge=1_000, le=600_000)
    attest_timeout_s: float = Field(10.0, gt=0)
    batches_in_flight: int = Field(16, ge=1, le=64)


class PeerLimits(BaseModel):
    """What other validators may ask of this one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_s: int = Field(400, ge=1)
    burst_requests: int = Field(800, ge=1)
    reference_wait_s: float = Field(1.0, ge=0)


class ServerLimits(BaseModel):
    """What the HTTP server bears."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connections: int = Field(2_000, ge=1)
    header_timeout_s: float = Field(10.0, gt=0)
    keep_alive_s: int = Field(75, ge=1)
    shutdown_s: float = Field(10.0, ge=0)
    wedged_s: float = Field(300.0, gt=0)
    """A loop whose step takes longer is stuck, and the validator unhealthy."""


class NodeSettings(BaseSettings):
    """Everything a validator is told. Secrets are file paths, never values."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="TALLYSTICK_NODE_", env_nested_delimiter="__"
    )

    name: str = Field(min_length=1, max_length=63)
    host: str = "127.0.0.1"
    port: int = Field(0, ge=0, le=65_535)
    rpc_urls: tuple[str, ...] = Field(min_length=1)
    ledger: str = Field(pattern=r"^0x[0-9a-fA-F]{40}$")
    keys_file: Path
    """JSON with attest_key, send_key and transport_key (docs/keys.md); mode 0600."""
    next_keys_file: Path | None = None
    """The same for keys that a vote may put in the place of these: used once they are in force."""
    passphrase_file: Path | None = None
    """Holds the passphrase of the keystores that the keys files name."""
    data_dir: Path
    token_file: Path | None = None
    """Holds the bearer token; required where `host` is not loopback."""
    peer_urls: dict[str, str] = Field(default_factory=dict)
    """By validator name; overrides the URL that the validator set gives."""
    start_block: int = Field(0, ge=0)
    finality_tag: str = Field("latest", pattern="^(latest|safe|finalized)$")
    gas_price_wei: int = Field(0, ge=0)
    poll_interval_ms: int = Field(50, ge=1)
    chain_stalled_s: float = Field(30.0, gt=0)
    """Without an answer of the chain for this long, intake takes no more frames."""
    clock_file: Path | None = None
    """Holds the seconds that a network on one machine is ahead of the wall clock."""
    webhook_url: str | None = None
    webhook_secret_file: Path | None = None
    intake: IntakeLimits = IntakeLimits()
    settle: SettleLimits = SettleLimits()
    peers: PeerLimits = PeerLimits()
    server: ServerLimits = ServerLimits()

    @model_validator(mode="after")
    def _require_token_beyond_loopback(self) -> NodeSettings:
        if self.token_file is None and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host} is not loopback: set token_file to a file with a bearer token"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the arguments, which are the file's contents."""
        return (env_settings, init_settings)

    def redacted(self) -> dict[str, Any]:
        """The settings as printed at start: URLs lose their credentials and query."""
        document = self.model_dump(mode="json")
        document["rpc_urls"] = [_redact_url(url) for url in self.rpc_urls]
        document["peer_urls"] = {name: _redact_url(url) for name, url in self.peer_urls.items()}
        document["webhook_url"] = _redact_url(self.webhook_url) if self.webhook_url else None
        return document


def load_settings(path: Path) -> NodeSettings:
    """The settings in `path`, overridden by the environment.

    Raises:
        SettingsInvalid: unreadable, unknown fields, or values out of bounds.
    """
    try:
        document = json.loads(path.read_text())
        if not isinstance(document, dict):
            raise SettingsInvalid("the settings are no JSON object", actual=str(path))
        return NodeSettings(**document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the settings"
        raise SettingsInvalid(f"{where}: {first['msg']}", actual=str(path)) from error
    except (SettingsError, ValueError, OSError) as error:
        raise SettingsInvalid("the settings cannot be read", actual=str(path)) from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _redact_url(url: str) -> str:
    """Scheme, host and port: credentials, path keys and queries stay out of logs."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/')[0].split('?')[0].rpartition('@')[2]}"
