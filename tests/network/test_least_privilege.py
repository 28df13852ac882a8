"""What a real chain lets a validator's keys do: one of them sends, the attesting key does not."""

from pathlib import Path

import pytest
from eth_account import Account

from tallystick.chain import permissions
from tallystick.chain.errors import RpcRefused
from tallystick.chain.reader import ask, connect, expect, read
from tallystick.local.folder import NetworkFolder
from tallystick.local.secrets import load_validator_keys

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]


def test_attesting_key_may_not_send_and_holds_nothing(network: Path, engine: str) -> None:
    if engine == "anvil":
        pytest.skip("anvil asks nobody who sends")
    folder = NetworkFolder(network)
    file = folder.read_network()
    assert file is not None
    w3 = connect(*file.rpc_urls)
    chain_id = int(expect(ask(w3, "eth_chainId", ())), 16)
    for number in range(1, 5):
        name = f"validator-{number}"
        keys = load_validator_keys(folder, name)
        known = keys.describe(name, "")
        assert read(w3, permissions.standing_of(known.sender)) is permissions.Standing.ENABLED
        assert read(w3, permissions.standing_of(known.attester)) is permissions.Standing.NONE
        assert int(expect(ask(w3, "eth_getBalance", (known.attester, "latest"))), 16) == 0
        signed = Account.from_key(keys.attest_key).sign_transaction(
            {
                "chainId": chain_id,
                "nonce": 0,
                "gasPrice": file.gas_price_wei,
                "gas": 21_000,
                "to": w3.to_checksum_address(known.sender),
                "value": 0,
                "data": b"",
            }
        )
        raw = "0x" + bytes(signed.raw_transaction).hex()
        assert isinstance(ask(w3, "eth_sendRawTransaction", (raw,)), RpcRefused)
