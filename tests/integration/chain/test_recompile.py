"""A deployed contract is verified by recompiling the sources that lie beside its artifact."""

from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
import solcx
from tests.integration.deployed import DeployedNetwork

from tallystick.chain.artifacts import is_deployed_code, load_artifact
from tallystick.chain.compile import STANDARD_INPUT
from tallystick.chain.reader import ask, expect

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
SOURCE, CONTRACT = "contracts/Cursors.sol", "Cursors"
"""One of the nine: all of them take a minute, and `compile --check` does that."""


def test_deployed_code_equals_the_recompiled_one(deployed: DeployedNetwork) -> None:
    packaged = files("tallystick.chain") / "artifacts" / STANDARD_INPUT
    standard_input = msgspec.json.decode(packaged.read_bytes())
    standard_input["settings"]["outputSelection"] = {
        SOURCE: {CONTRACT: ["evm.deployedBytecode.object"]}
    }
    output = solcx.compile_standard(standard_input, solc_binary=ROOT / "scripts" / "solc")
    compiled = output["contracts"][SOURCE][CONTRACT]["evm"]["deployedBytecode"]["object"]
    address = deployed.network.addresses.cursors
    code = bytes.fromhex(expect(ask(deployed.w3, "eth_getCode", (address, "latest")))[2:])
    assert bytes.fromhex(compiled) == load_artifact(CONTRACT).deployed_bytecode
    assert is_deployed_code(load_artifact(CONTRACT), code)
