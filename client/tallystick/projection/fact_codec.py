"""Facts as text and back, so that the fact book can be rebuilt from the index at start."""

from __future__ import annotations

import json
from typing import Any, Final, get_args

import msgspec

from tallystick.core.facts import Fact

_TYPE_BY_KIND: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Fact)}


def encode_fact(fact: Fact) -> tuple[str, str]:
    """The fact's kind and its fields as JSON; integers of any size, bytes as base64."""
    return type(fact).__name__, json.dumps(msgspec.to_builtins(fact), separators=(",", ":"))


def decode_fact(kind: str, payload: str) -> Fact:
    """The fact that `encode_fact` wrote."""
    fact: Fact = msgspec.convert(json.loads(payload), _TYPE_BY_KIND[kind])
    return fact
