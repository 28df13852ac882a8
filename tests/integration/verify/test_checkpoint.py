"""A checkpoint spares what was verified, and is refused where it does not belong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.integration.settling import SettlingNetwork
from tests.integration.verify.proxy import Proxy, run_proxy

from tallystick.chain.reader import ask
from tallystick.chain.rpc import Rpc
from tallystick.verify import Verdict, verify_ledger
from tallystick.verify.checkpoint import CheckpointRefused

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


async def verify(
    url: str, net: SettlingNetwork, path: Path, to_block: int | None = None
) -> Verdict:
    rpc = Rpc([url])
    try:
        ledger = net.network.addresses.ledger
        return await verify_ledger(rpc, ledger, checkpoint=path, to_block=to_block)
    finally:
        await rpc.aclose()


async def settle(net: SettlingNetwork, count: int, first: int) -> None:
    await net.settle([net.sign(net.records(count, first=first), first_seq=first)])


def first_block_asked(proxy: Proxy) -> int:
    """Of all contracts' logs; those of one name the network's contracts, from the beginning."""
    return min(
        int(params[0]["fromBlock"], 16)
        for name, params in proxy.calls
        if name == "eth_getLogs" and isinstance(params[0]["address"], list)
    )


async def test_verification_goes_on_from_its_checkpoint(
    net: SettlingNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    await settle(net, 5, 0)
    before = await verify(net.url, net, path)
    await settle(net, 4, 5)
    with run_proxy(net.url) as proxy:
        after = await verify(proxy.url, net, path)
    assert first_block_asked(proxy) == before.block + 1
    assert (after.is_verified, after.records, after.batches) == (True, 9, 2)
    assert after.trusted.validator_set == before.trusted.validator_set


async def test_verification_from_a_checkpoint_equals_one_from_the_start(
    net: SettlingNetwork, tmp_path: Path
) -> None:
    for first in range(0, 12, 3):
        await settle(net, 3, first)
        await verify(net.url, net, tmp_path / "kept.json")
    resumed = await verify(net.url, net, tmp_path / "kept.json")
    whole = await verify(net.url, net, tmp_path / "fresh.json")
    assert resumed == whole
    assert (tmp_path / "kept.json").read_bytes() == (tmp_path / "fresh.json").read_bytes()


async def test_checkpoint_of_an_earlier_block_reaches_the_head(
    net: SettlingNetwork, tmp_path: Path
) -> None:
    await settle(net, 5, 0)
    middle = int(net.w3.eth.block_number)
    await settle(net, 4, 5)
    partly = await verify(net.url, net, tmp_path / "c.json", to_block=middle)
    assert (partly.is_verified, partly.block, partly.records) == (True, middle, 5)
    assert not any(check.startswith("head_") for check in partly.checks)
    assert (await verify(net.url, net, tmp_path / "c.json")).records == 9


async def test_checkpoint_refused_when_any_figure_was_edited(
    net: SettlingNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    await settle(net, 5, 0)
    await verify(net.url, net, path)
    path.write_text(path.read_text().replace('"records":5', '"records":6'))
    with pytest.raises(CheckpointRefused):
        await verify(net.url, net, path)


async def test_checkpoint_refused_when_cut_short(net: SettlingNetwork, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    await verify(net.url, net, path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CheckpointRefused):
        await verify(net.url, net, path)


async def test_checkpoint_refused_when_its_block_was_taken_back(
    net: SettlingNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    await settle(net, 5, 0)
    await verify(net.url, net, path)
    ask(net.w3, "anvil_reorg", (1, []))
    with pytest.raises(CheckpointRefused, match="not on this chain"):
        await verify(net.url, net, path)


async def test_checkpoint_unchanged_when_verification_disagrees(
    net: SettlingNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    await settle(net, 5, 0)
    await verify(net.url, net, path)
    kept = path.read_bytes()
    batch = await net.judge([net.sign(net.records(4, first=5), first_seq=5)])
    batch.records["cost_word"][0] += 1
    net.send(net.attest(batch))
    assert not (await verify(net.url, net, path)).is_verified
    assert path.read_bytes() == kept


async def test_verdict_document_is_json_without_floats(
    net: SettlingNetwork, tmp_path: Path
) -> None:
    await settle(net, 5, 0)
    document = (await verify(net.url, net, tmp_path / "c.json")).as_dict()
    assert list(document) == [
        "verified",
        "block",
        "records",
        "batches",
        "checks",
        "first_disagreement",
        "trusted",
    ]
    assert json.loads(json.dumps(document), parse_float=pytest.fail) == document
