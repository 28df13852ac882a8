"""How fast one process replays and checks the whole chain."""

from __future__ import annotations

import time

from tallystick.chain.rpc import Rpc
from tallystick.verify.ledger import verify_ledger


async def measure_verification(url: str, ledger: str) -> dict[str, float]:
    """Records a second from the chain node's answers to the verdict, reading included."""
    rpc = Rpc([url])
    began_s = time.perf_counter()
    verdict = await verify_ledger(rpc, ledger)
    taken_s = time.perf_counter() - began_s
    await rpc.aclose()
    assert verdict.is_verified, verdict.first_disagreement
    return {"records_per_s": verdict.records / taken_s, "records": verdict.records}
