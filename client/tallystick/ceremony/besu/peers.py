"""Whom Besu nodes speak to: static nodes and the lists of who is allowed. Pure.

Sources: Besu's documentation, "Static nodes" and "Use local permissioning".
"""

from __future__ import annotations

import json
from collections.abc import Sequence


def format_static_nodes(enodes: Sequence[str]) -> str:
    """static-nodes.json: the peers that a node connects to, again and again."""
    return json.dumps(list(enodes), indent=2) + "\n"


def format_permissions(enodes: Sequence[str], accounts: Sequence[str]) -> str:
    """permissions_config.toml: the nodes spoken to, and the accounts whose transactions are taken.

    The same file serves every node: what one refuses, another must not take.
    """
    return (
        f"accounts-allowlist={_format_array(accounts)}\n\nnodes-allowlist={_format_array(enodes)}\n"
    )


def _format_array(values: Sequence[str]) -> str:
    """A TOML array of strings, one a line; a JSON string is a TOML string."""
    if not values:
        return "[]"
    lines = ",\n".join(f"  {json.dumps(value)}" for value in values)
    return f"[\n{lines}\n]"
