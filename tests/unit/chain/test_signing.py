"""Our own transaction signing against eth-account's."""

import asyncio

from coincurve import PrivateKey
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from tallystick.chain.signer import KeySigner
from tallystick.chain.signing import UnsignedTransaction, sign_transaction


@given(
    secret=st.integers(1, 2**255).map(lambda number: number.to_bytes(32, "big")),
    chain_id=st.integers(1, 2**53),
    nonce=st.integers(0, 2**64 - 2),
    gas_price_wei=st.integers(0, 2**64),
    gas=st.integers(0, 16_777_216),
    to=st.binary(min_size=20, max_size=20),
    data=st.one_of(st.binary(max_size=300), st.binary(min_size=65_000, max_size=66_000)),
)
def test_transaction_is_the_one_eth_account_signs(
    secret: bytes, chain_id: int, nonce: int, gas_price_wei: int, gas: int, to: bytes, data: bytes
) -> None:
    transaction = UnsignedTransaction(chain_id, nonce, gas_price_wei, gas, to, data)
    ours = asyncio.run(sign_transaction(KeySigner(PrivateKey(secret)), transaction))
    theirs = Account.from_key(secret).sign_transaction(
        {
            "chainId": chain_id,
            "nonce": nonce,
            "gasPrice": gas_price_wei,
            "gas": gas,
            "to": to,
            "value": 0,
            "data": data,
        }
    )
    assert ours == bytes(theirs.raw_transaction)
