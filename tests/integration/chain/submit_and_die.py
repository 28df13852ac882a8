"""A validator that dies between signing a submission and sending it, in a process of its own.

Run as `python -m tests.integration.chain.submit_and_die URL LEDGER STORE SETTLE_FILE`: it signs and
stores what is in the file, and waits to be killed where it would have sent it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NoReturn

import msgspec
from coincurve import PrivateKey
from tests.integration.anvil import CHAIN_ID
from tests.integration.settling import make_validators

from tallystick.chain.rpc import Rpc
from tallystick.chain.signer import KeySigner
from tallystick.chain.submissions import LevelSubmissionStore
from tallystick.chain.submitter import Settle, Submitter


class _DeafRpc(Rpc):
    """Reads the chain, and never gets as far as sending."""

    async def call(self, method: str, *params: object) -> object:
        if method != "eth_sendRawTransaction":
            return await super().call(method, *params)
        sys.stdout.write("signed\n")
        sys.stdout.flush()
        await asyncio.sleep(3_600)
        raise AssertionError


async def submit(url: str, ledger: str, store: Path, settle: Settle) -> NoReturn:
    signer = KeySigner(PrivateKey(bytes(make_validators()[0].send.key)))
    submitter = Submitter(_DeafRpc([url]), signer, ledger, CHAIN_ID, LevelSubmissionStore(store))
    await submitter.start()
    await submitter.submit(settle)
    raise AssertionError


if __name__ == "__main__":
    URL, LEDGER, STORE, SETTLE = sys.argv[1:]
    settle = msgspec.msgpack.decode(Path(SETTLE).read_bytes(), type=Settle)
    asyncio.run(submit(URL, LEDGER, Path(STORE), settle))
