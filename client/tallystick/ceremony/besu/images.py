"""The images that a network of containers is made of, by exact version."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

BESU: Final = "hyperledger/besu:26.8.1"
PROMETHEUS: Final = "prom/prometheus:v3.13.3"
GRAFANA: Final = "grafana/grafana:13.2.3"
BLOCKSCOUT: Final = "ghcr.io/blockscout/blockscout:10.2.6"
"""The last one under the GPL."""
BLOCKSCOUT_FRONTEND: Final = "ghcr.io/blockscout/frontend:v2.7.2"
"""The newest that Blockscout names as fitting 10.2."""
POSTGRES: Final = "postgres:17.6"
NGINX: Final = "nginxinc/nginx-unprivileged:1.28.0-alpine"


def name_own_image() -> str:
    """Ours, built from the checkout's Dockerfile."""
    return f"tallystick:{version('tallystick')}"
