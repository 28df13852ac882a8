"""The compiled contracts, as `tallystick.chain.compile` left them beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Artifact:
    """One contract: how to call it, how to deploy it, how to recognise it."""

    contract: str
    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    """Creation code; constructor arguments are appended."""
    deployed_bytecode: bytes
    """Runtime code with zeros in the place of immutables."""
    immutable_ranges: tuple[tuple[int, int], ...]
    """(start, length) of every place in the runtime code that a constructor fills in."""


@cache
def load_artifact(contract: str) -> Artifact:
    """The packaged artifact of a contract, read once."""
    path = files("tallystick.chain") / "artifacts" / f"{contract}.json"
    document = msgspec.json.decode(path.read_bytes())
    references = document["immutable_references"]
    ranges = (place for places in references.values() for place in places)
    return Artifact(
        contract=contract,
        abi=tuple(document["abi"]),
        bytecode=bytes.fromhex(document["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(document["deployed_bytecode"].removeprefix("0x")),
        immutable_ranges=tuple(sorted((place["start"], place["length"]) for place in ranges)),
    )


def is_deployed_code(artifact: Artifact, code: bytes) -> bool:
    """Whether code found on a chain is this contract, whatever its immutables hold."""
    return _blank(artifact, code) == _blank(artifact, artifact.deployed_bytecode)


def _blank(artifact: Artifact, code: bytes) -> bytes:
    blanked = bytearray(code)
    for start, length in artifact.immutable_ranges:
        blanked[start : start + length] = bytes(length)
    return bytes(blanked)
