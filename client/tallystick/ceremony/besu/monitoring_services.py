"""The containers that watch the network: Prometheus and Grafana."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from tallystick.ceremony.besu.plan import METRICS_PORT, NODE_PORT, Plan

OPERATIONS: Final = "./operations"
"""Of the checkout: rules, dashboards and what provisions them."""
PROMETHEUS_PORT: Final = 9090
GRAFANA_PORT: Final = 3000
RETENTION: Final = "30d"


def list_monitoring_services(plan: Plan) -> dict[str, Document]:
    """What scrapes, and what shows."""
    return {"prometheus": _create_prometheus(plan), "grafana": _create_grafana()}


def format_targets(plan: Plan) -> dict[str, str]:
    """What Prometheus scrapes, by the name of a file that it reads again when it changes."""
    nodes = [f"{pair.node_name}:{NODE_PORT}" for pair in plan.pairs]
    chain = [f"{pair.chain_name}:{METRICS_PORT}" for pair in plan.pairs]
    return {
        "nodes.json": _format_group("tallystick-node", nodes),
        "besu.json": _format_group("besu", chain),
    }


def _format_group(job: str, targets: Sequence[str]) -> str:
    return json.dumps([{"targets": list(targets), "labels": {"job": job}}], indent=2) + "\n"


def _create_prometheus(plan: Plan) -> Document:
    return create_service(
        images.PROMETHEUS,
        memory="1g",
        command=[
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            f"--storage.tsdb.retention.time={RETENTION}",
        ],
        volumes=[
            mount(f"{OPERATIONS}/prometheus/prometheus.yml", "/etc/prometheus/prometheus.yml"),
            mount(f"{OPERATIONS}/prometheus/alerts.yml", "/etc/prometheus/alerts.yml"),
            mount(plan.place("monitoring", "targets"), "/etc/prometheus/targets"),
            mount(plan.place("secrets", "prometheus_token"), "/etc/prometheus/token"),
            "prometheus:/prometheus",
        ],
        networks=["network"],
        ports=[publish(PROMETHEUS_PORT, PROMETHEUS_PORT)],
        healthcheck=check_health(
            ["wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{PROMETHEUS_PORT}/-/ready"],
            start_s=10,
        ),
    )


def _create_grafana() -> Document:
    return create_service(
        images.GRAFANA,
        memory="512m",
        environment={
            "GF_SECURITY_ADMIN_PASSWORD__FILE": "/run/secrets/grafana_password",
            "GF_AUTH_ANONYMOUS_ENABLED": "false",
            "GF_USERS_ALLOW_SIGN_UP": "false",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
            "GF_PLUGINS_PREINSTALL_DISABLED": "true",
            "GF_LOG_MODE": "console",
        },
        secrets=["grafana_password"],
        tmpfs=[SCRATCH],
        volumes=[
            mount(f"{OPERATIONS}/grafana/provisioning", "/etc/grafana/provisioning"),
            mount(f"{OPERATIONS}/grafana/dashboards", "/var/lib/grafana/dashboards"),
            "grafana:/var/lib/grafana",
        ],
        networks=["network"],
        ports=[publish(GRAFANA_PORT, GRAFANA_PORT)],
        depends_on=["prometheus"],
        healthcheck=check_health(
            ["wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{GRAFANA_PORT}/api/health"],
            start_s=20,
        ),
    )
