"""The compose file of a whole network on one machine. Pure: the same plan gives the same bytes."""

from __future__ import annotations

from typing import Final

import yaml

from tallystick.ceremony.besu.chain_services import list_chain_services
from tallystick.ceremony.besu.containers import Document
from tallystick.ceremony.besu.explorer_services import list_explorer_services
from tallystick.ceremony.besu.monitoring_services import list_monitoring_services
from tallystick.ceremony.besu.node_services import list_node_services
from tallystick.ceremony.besu.plan import SUBNET, Plan

SECRETS: Final = (
    "token",
    "passphrase",
    "grafana_password",
    "blockscout_key",
    "blockscout_db_password",
)
VOLUMES: Final = ("prometheus", "grafana", "blockscout-db")
HEADER: Final = """\
# {validators} Besu nodes that make blocks (QBFT), {validators} validators, Prometheus, Grafana;
# with --profile blockscout a block explorer too. Written by
#   tallystick network init --engine besu --validators {validators} --out {folder}
# docs/operations/besu.md says how to run it, and what of it was tried.
"""


def compute_compose(plan: Plan) -> Document:
    """The compose file's document."""
    return {
        "name": "tallystick",
        "services": {
            **list_chain_services(plan),
            **list_node_services(plan),
            **list_monitoring_services(plan),
            **list_explorer_services(plan),
        },
        "networks": {
            "network": {"driver": "bridge", "ipam": {"config": [{"subnet": SUBNET}]}},
        },
        "volumes": {name: {} for name in VOLUMES},
        "secrets": {name: {"file": plan.place("secrets", name)} for name in SECRETS},
    }


def format_compose(plan: Plan) -> str:
    """The compose file."""
    header = HEADER.format(validators=plan.validators, folder=plan.folder.removeprefix("./"))
    return header + "\n" + _dump(compute_compose(plan))


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # published without types
    """Writes lists inside their key, and everything out where it stands."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - the base's signature
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base's signature
        return True


def _dump(document: Document) -> str:
    return str(
        yaml.dump(document, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=120)
    )
