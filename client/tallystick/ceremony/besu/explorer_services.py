"""The containers of a block explorer, started with `--profile blockscout` only.

Source: docker-compose/ of Blockscout v10.2.6; the variant besu asks one node for traces.
"""

from __future__ import annotations

from typing import Final

from tallystick.ceremony.besu import images
from tallystick.ceremony.besu.containers import (
    SCRATCH,
    Document,
    check_health,
    create_service,
    mount,
    publish,
)
from tallystick.ceremony.besu.plan import Plan

PROFILE: Final = "blockscout"
EXPLORER_PORT: Final = 4000
POSTGRES_USER: Final = "999:999"
# Secrets reach Blockscout by its environment; read at start, they are in no file but their own.
START: Final = (
    'export SECRET_KEY_BASE="$$(cat /run/secrets/blockscout_key)" && '
    'export DATABASE_URL="postgresql://blockscout:$$(cat /run/secrets/blockscout_db_password)'
    '@blockscout-db:5432/blockscout" && '
    'bin/blockscout eval "Elixir.Explorer.ReleaseTasks.create_and_migrate()" && '
    "exec bin/blockscout start"
)


def list_explorer_services(plan: Plan) -> dict[str, Document]:
    """The explorer's database, its indexer and API, its pages, and what joins the two."""
    return {
        "blockscout-db": _create_database(),
        "blockscout": _create_backend(plan),
        "blockscout-frontend": _create_frontend(plan),
        "blockscout-proxy": _create_proxy(plan),
    }


def _create_database() -> Document:
    return create_service(
        images.POSTGRES,
        memory="1g",
        profiles=[PROFILE],
        user=POSTGRES_USER,
        shm_size="256m",
        environment={
            "POSTGRES_DB": "blockscout",
            "POSTGRES_USER": "blockscout",
            "POSTGRES_PASSWORD_FILE": "/run/secrets/blockscout_db_password",
        },
        secrets=["blockscout_db_password"],
        tmpfs=[SCRATCH, "/var/run/postgresql:mode=1777,size=1m"],
        volumes=["blockscout-db:/var/lib/postgresql/data"],
        networks=["network"],
        healthcheck=check_health(
            ["pg_isready", "-U", "blockscout", "-d", "blockscout"], start_s=10
        ),
    )


def _create_backend(plan: Plan) -> Document:
    url = plan.explorer_pair.rpc_url
    return create_service(
        images.BLOCKSCOUT,
        memory="4g",
        read_only=False,  # a release of Elixir writes beside itself
        profiles=[PROFILE],
        command=["sh", "-c", START],
        stop_grace_period="60s",
        environment={
            "ETHEREUM_JSONRPC_VARIANT": "besu",
            "ETHEREUM_JSONRPC_TRANSPORT": "http",
            "ETHEREUM_JSONRPC_HTTP_URL": url,
            "ETHEREUM_JSONRPC_TRACE_URL": url,
            "CHAIN_ID": str(plan.chain_id),
            "NETWORK": "Tallystick",
            "COIN": "none",
            "PORT": str(EXPLORER_PORT),
            "ECTO_USE_SSL": "false",
            "POOL_SIZE": "20",
            "POOL_SIZE_API": "10",
            "DISABLE_MARKET": "true",
            "DISABLE_WEBAPP": "true",
            "ADMIN_PANEL_ENABLED": "false",
            "API_V1_WRITE_METHODS_DISABLED": "true",
        },
        secrets=["blockscout_key", "blockscout_db_password"],
        networks=["network"],
        depends_on={
            "blockscout-db": {"condition": "service_healthy"},
            plan.explorer_pair.chain_name: {"condition": "service_healthy"},
        },
    )


def _create_frontend(plan: Plan) -> Document:
    return create_service(
        images.BLOCKSCOUT_FRONTEND,
        memory="1g",
        read_only=False,  # writes its settings into its pages when it starts
        profiles=[PROFILE],
        environment={
            "NEXT_PUBLIC_API_HOST": "localhost",
            "NEXT_PUBLIC_API_PORT": str(EXPLORER_PORT),
            "NEXT_PUBLIC_API_PROTOCOL": "http",
            "NEXT_PUBLIC_API_BASE_PATH": "/",
            "NEXT_PUBLIC_API_WEBSOCKET_PROTOCOL": "ws",
            "NEXT_PUBLIC_APP_HOST": "localhost",
            "NEXT_PUBLIC_APP_PORT": str(EXPLORER_PORT),
            "NEXT_PUBLIC_APP_PROTOCOL": "http",
            "NEXT_PUBLIC_NETWORK_NAME": "Tallystick",
            "NEXT_PUBLIC_NETWORK_SHORT_NAME": "Tallystick",
            "NEXT_PUBLIC_NETWORK_ID": str(plan.chain_id),
            "NEXT_PUBLIC_NETWORK_CURRENCY_NAME": "none",
            "NEXT_PUBLIC_NETWORK_CURRENCY_SYMBOL": "none",
            "NEXT_PUBLIC_NETWORK_CURRENCY_DECIMALS": "18",
            "NEXT_PUBLIC_IS_TESTNET": "false",
            "NEXT_PUBLIC_AD_BANNER_PROVIDER": "none",
            "NEXT_PUBLIC_AD_TEXT_PROVIDER": "none",
        },
        networks=["network"],
        depends_on=["blockscout"],
    )


def _create_proxy(plan: Plan) -> Document:
    return create_service(
        images.NGINX,
        memory="128m",
        profiles=[PROFILE],
        tmpfs=[SCRATCH],
        volumes=[mount(plan.place("explorer.conf"), "/etc/nginx/conf.d/default.conf")],
        networks=["network"],
        ports=[publish(8080, EXPLORER_PORT)],
        depends_on=["blockscout", "blockscout-frontend"],
    )
