"""The containers of the chain's nodes."""

from __future__ import annotations

from typing import Final

from tallystick.ceremony.besu import images
from tallystick.ceremony.besu.containers import (
    OWNER,
    Document,
    check_health,
    create_service,
    mount,
    publish,
)
from tallystick.ceremony.besu.plan import RPC_PORT, Pair, Plan

SCRATCH_WITH_CODE: Final = "/tmp:exec,mode=1777,size=256m"  # noqa: S108 - a mount point
"""Besu unpacks its native libraries there and loads them."""
TRACING_APIS: Final = "ETH,NET,WEB3,TXPOOL,QBFT,PERM,TRACE"
# The image has no HTTP client, but its bash can open a connection.
READINESS: Final = (
    "exec 3<>/dev/tcp/127.0.0.1/8545 && "
    "printf 'GET /readiness?minPeers=1&maxBlocksBehind=10 HTTP/1.0\\r\\n"
    "Host: localhost\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200'"
)


def list_chain_services(plan: Plan) -> dict[str, Document]:
    """Every member's chain node."""
    return {pair.chain_name: _create_chain_service(plan, pair) for pair in plan.pairs}


def _create_chain_service(plan: Plan, pair: Pair) -> Document:
    command = [
        "--config-file=/network/besu.toml",
        "--profile=ENTERPRISE",
        f"--p2p-host={pair.chain_address}",
    ]
    if pair == plan.explorer_pair:
        command.append(f"--rpc-http-api={TRACING_APIS}")
    return create_service(
        images.BESU,
        memory="4g",
        user=OWNER,
        command=command,
        environment={"JAVA_OPTS": "-Xmx2g"},
        stop_grace_period="60s",
        tmpfs=[SCRATCH_WITH_CODE],
        volumes=[
            mount(plan.place("besu", pair.chain_name), "/node", read_only=False),
            mount(plan.place("besu", "shared"), "/network"),
        ],
        networks={"network": {"ipv4_address": pair.chain_address}},
        ports=[publish(RPC_PORT, pair.published_rpc_port)],
        healthcheck=check_health(["bash", "-c", READINESS], start_s=60),
    )
