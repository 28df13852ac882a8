"""Compiles the contracts into the artifacts beside this file.

Run as `python -m tallystick.chain.compile [--check]`. What is deployed comes from here and nowhere
else. The compiler is the locked solc behind scripts/solc; sources are sorted and settings fixed, so
that the same sources give the same bytes on every machine. The whole input is kept in
standard-input.json, so that a deployed contract can be verified by recompiling it.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec
import solcx

ROOT: Final = Path(__file__).resolve().parents[3]
ARTIFACTS: Final = Path(__file__).resolve().parent / "artifacts"
STANDARD_INPUT: Final = "standard-input.json"
GENERATED: Final = "by python -m tallystick.chain.compile; do not edit"

SOURCE_BY_CONTRACT: Final = {
    "AccessManager": "@openzeppelin/contracts/access/manager/AccessManager.sol",
    "Registry": "contracts/Registry.sol",
    "ValidatorSet": "contracts/ValidatorSet.sol",
    "Tariff": "contracts/Tariff.sol",
    "Credits": "contracts/Credits.sol",
    "BudgetState": "contracts/BudgetState.sol",
    "Budgets": "contracts/Budgets.sol",
    "Cursors": "contracts/Cursors.sol",
    "Leases": "contracts/Leases.sol",
    "UsageLedger": "contracts/UsageLedger.sol",
    "Outcomes": "contracts/Outcomes.sol",
    "Epochs": "contracts/Epochs.sol",
    "Experiments": "contracts/Experiments.sol",
    "Plans": "contracts/Plans.sol",
    "TimelockController": "@openzeppelin/contracts/governance/TimelockController.sol",
    "Seats": "contracts/Seats.sol",
    "NetworkGovernor": "contracts/NetworkGovernor.sol",
    "Onboarding": "contracts/Onboarding.sol",
    "Guardian": "contracts/Guardian.sol",
    "Appeals": "contracts/Appeals.sol",
    "SwapMarket": "contracts/SwapMarket.sol",
    "ProviderDesk": "contracts/ProviderDesk.sol",
    "PriceIndex": "contracts/PriceIndex.sol",
    "Corrections": "contracts/Corrections.sol",
    "MeterFreezes": "contracts/MeterFreezes.sol",
}
SETTINGS: Final[Mapping[str, Any]] = {
    "evmVersion": "cancun",
    "metadata": {"bytecodeHash": "ipfs", "useLiteralContent": False, "appendCBOR": True},
    "optimizer": {"enabled": True, "runs": 10_000},
    "outputSelection": {
        "*": {
            "*": [
                "abi",
                "evm.bytecode.object",
                "evm.deployedBytecode.object",
                "evm.deployedBytecode.immutableReferences",
            ]
        }
    },
    "remappings": ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/"],
    "viaIR": True,
}
_IMPORT: Final = re.compile(r'^import\s[^;"]*"([^"]+)";', re.MULTILINE)


def compute_standard_input(root: Path) -> dict[str, Any]:
    """The compiler's whole input: every source the contracts need, by its name, sorted.

    Args:
        root: the repository, with node_modules.
    """
    sources: dict[str, str] = {}
    waiting = [_resolve(source, "") for source in SOURCE_BY_CONTRACT.values()]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        sources[name] = (root / name).read_text(encoding="utf-8")
        waiting += [_resolve(target, name) for target in _IMPORT.findall(sources[name])]
    return {
        "language": "Solidity",
        "settings": dict(SETTINGS),
        "sources": {name: {"content": sources[name]} for name in sorted(sources)},
    }


def compile_contracts(standard_input: Mapping[str, Any], root: Path) -> dict[str, bytes]:
    """The content of every artifact by file name.

    Args:
        standard_input: from `compute_standard_input`.
        root: the repository, with scripts/solc.

    Raises:
        solcx.exceptions.SolcError: the sources do not compile.
    """
    output = solcx.compile_standard(dict(standard_input), solc_binary=root / "scripts" / "solc")
    encoded_input = _encode(standard_input)
    digest = hashlib.sha256(encoded_input).hexdigest()
    files = {STANDARD_INPUT: encoded_input}
    for contract, source in SOURCE_BY_CONTRACT.items():
        compiled = output["contracts"][_resolve(source, "")][contract]
        files[f"{contract}.json"] = _encode(_describe(contract, source, compiled, digest))
    return files


def find_stale(files: Mapping[str, bytes], folder: Path) -> Iterator[str]:
    """The names of artifacts that are missing, superfluous, or differ from `files`."""
    present = {path.name for path in folder.glob("*.json")}
    yield from sorted(present - set(files))
    for name, content in sorted(files.items()):
        if name not in present or (folder / name).read_bytes() != content:
            yield name


def write_artifacts(files: Mapping[str, bytes], folder: Path) -> None:
    """The folder holds these files and no other JSON."""
    folder.mkdir(exist_ok=True)
    for name in find_stale(files, folder):
        if name in files:
            (folder / name).write_bytes(files[name])
        else:
            (folder / name).unlink()


def _describe(
    contract: str, source: str, compiled: Mapping[str, Any], input_digest: str
) -> dict[str, Any]:
    deployed = compiled["evm"]["deployedBytecode"]
    return {
        "_generated": GENERATED,
        "contract": contract,
        "source": _resolve(source, ""),
        "standard_input_sha256": input_digest,
        "abi": compiled["abi"],
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "deployed_bytecode": "0x" + deployed["object"],
        "immutable_references": deployed["immutableReferences"],
    }


def _resolve(target: str, importer: str) -> str:
    """The name of an imported source: its path in the repository."""
    if target.startswith("@"):
        return f"node_modules/{target}"
    if not target.startswith("."):
        return target
    parts: list[str] = list(PurePosixPath(importer).parent.parts)
    for part in PurePosixPath(target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _encode(document: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def main(arguments: list[str]) -> int:
    """Write the artifacts, or with --check say which are stale; 0 when all is well."""
    parser = argparse.ArgumentParser(prog="tallystick.chain.compile", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when stale")
    is_check = parser.parse_args(arguments).check
    files = compile_contracts(compute_standard_input(ROOT), ROOT)
    if not is_check:
        write_artifacts(files, ARTIFACTS)
        return 0
    stale = list(find_stale(files, ARTIFACTS))
    for name in stale:
        sys.stderr.write(f"stale: {name}; run scripts/compile\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
