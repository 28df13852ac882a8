"""The containers of Tallystick itself: the founding, the validators, and a command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from tallystick.ceremony.besu import images
from tallystick.ceremony.besu.containers import (
    OWNER,
    SCRATCH,
    Document,
    check_health,
    create_service,
    mount,
    publish,
)
from tallystick.ceremony.besu.plan import NODE_PORT, Pair, Plan

READINESS: Final = (
    "import urllib.request; "
    f"urllib.request.urlopen('http://127.0.0.1:{NODE_PORT}/readyz', timeout=4)"
)
FOUNDING: Final = "found"
COMMAND_LINE: Final = "cli"
HIDDEN: Final = tuple(f"/network/{name}:size=4k" for name in ("besu", "members", "secrets"))
"""What the operator's own commands have no business with: other programs' keys."""


def list_node_services(plan: Plan) -> dict[str, Document]:
    """The founding, every member's validator, and a command line inside the network."""
    return {
        FOUNDING: _create_founding(plan),
        **{pair.node_name: _create_validator(plan, pair) for pair in plan.pairs},
        COMMAND_LINE: _create_command_line(plan),
    }


def _create_own(memory: str, *, tmpfs: Sequence[str] = (), **more: Any) -> Document:  # noqa: ANN401 - as in containers
    return create_service(
        images.name_own_image(),
        memory=memory,
        build={"context": ".", "dockerfile": "Dockerfile"},
        user=OWNER,
        tmpfs=[SCRATCH, *tmpfs],
        **more,
    )


def _create_founding(plan: Plan) -> Document:
    """Runs once; repeated, it finds the network founded and ends."""
    command = ["network", "found", "--config", "besu", "--out", "/network", "--wait", "120"]
    for pair in plan.pairs:
        command += ["--rpc", pair.rpc_url]
    for pair in plan.pairs:
        command += ["--card", f"/network/founders/{pair.member}.card.json"]
    command += ["--deployer-key", "/network/keys/deployer.key", "--yes"]
    return _create_own(
        "1g",
        command=command,
        restart="no",
        tmpfs=HIDDEN,
        volumes=[mount(plan.folder, "/network", read_only=False)],
        networks=["network"],
        depends_on=_wait_for_chain(plan),
    )


def _create_validator(plan: Plan, pair: Pair) -> Document:
    others = [other.rpc_url for other in plan.pairs if other != pair]
    environment = {
        "TALLYSTICK_NODE_HOST": "0.0.0.0",  # noqa: S104 - inside a container network
        "TALLYSTICK_NODE_PORT": str(NODE_PORT),
        "TALLYSTICK_NODE_RPC_URLS": json.dumps([pair.rpc_url, *others]),
        "TALLYSTICK_NODE_DATA_DIR": "/node",
        "TALLYSTICK_NODE_TOKEN_FILE": "/run/secrets/token",
        "TALLYSTICK_NODE_PASSPHRASE_FILE": "/run/secrets/passphrase",
    }
    return _create_own(
        "2g",
        command=["node", "run", "--settings", "/node/settings.json"],
        working_dir="/member",
        environment=environment,
        secrets=["token", "passphrase"],
        stop_grace_period="60s",
        volumes=[
            mount(plan.place("members", pair.member), "/member"),
            mount(plan.place("nodes", pair.member), "/node", read_only=False),
        ],
        networks={"network": {"ipv4_address": pair.node_address}},
        ports=[publish(NODE_PORT, pair.published_node_port)],
        depends_on={
            FOUNDING: {"condition": "service_completed_successfully"},
            pair.chain_name: {"condition": "service_healthy"},
        },
        healthcheck=check_health(["python", "-c", READINESS], start_s=30),
    )


def _create_command_line(plan: Plan) -> Document:
    """`docker compose run --rm cli status`: commands where containers' names are known."""
    return _create_own(
        "1g",
        command=["status"],
        profiles=["cli"],
        restart="no",
        tmpfs=HIDDEN,
        environment={"TALLYSTICK_DIR": "/network"},
        volumes=[mount(plan.folder, "/network", read_only=False)],
        networks=["network"],
    )


def _wait_for_chain(plan: Plan) -> Document:
    return {pair.chain_name: {"condition": "service_healthy"} for pair in plan.pairs}
