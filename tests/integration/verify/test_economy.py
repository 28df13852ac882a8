"""A real economy verifies, and a lie about any of its events is found."""

from __future__ import annotations

import pytest
from tests.integration.settling import SettlingNetwork
from tests.integration.verify.economy import play_economy
from tests.integration.verify.proxy import Alter, Json, answer_honestly, run_proxy

from tallystick.chain.abi import EventShape, load_events
from tallystick.chain.rpc import Rpc
from tallystick.verify import Check, Verdict, verify_ledger

pytestmark = [pytest.mark.integration, pytest.mark.anyio, pytest.mark.slow]

LIES = (
    ("Leases", "LeaseOpened", "leftUcr", Check.LEASES),
    ("Leases", "LeaseReleased", "returnedUcr", Check.LEASES),
    ("Budgets", "ProjectCharged", "fromLeaseUcr", Check.LEASES),
    ("Budgets", "ProjectCharged", "fromBalanceUcr", Check.BURNED),
    ("Budgets", "Granted", "amountUcr", Check.MINTED),
    ("Credits", "Transfer", "amount", Check.MINTED),
    ("Outcomes", "OutcomeReported", "amount", Check.OUTCOMES),
    ("Epochs", "EpochCut", "creditsUcr", Check.GRANTS),
    ("Epochs", "EpochClosed", "valueUusd", Check.GRANTS),
    ("Epochs", "EpochClosed", "baseUcr", Check.GRANTS),
    ("Epochs", "EpochClosed", "grantUcr", Check.GRANTS),
    ("Epochs", "ExplorationMinted", "addedUcr", Check.EXPLORATION),
    ("Experiments", "ExperimentFunded", "amountUcr", Check.MOVES),
    ("Plans", "InvoiceReported", "creditsUcr", Check.INVOICES),
    ("Plans", "InvoiceConfirmed", "creditsUcr", Check.INVOICES),
    ("SwapMarket", "OfferPosted", "giveUcr", Check.MOVES),
    ("SwapMarket", "OfferTaken", "wantUcr", Check.SWAPS),
    ("SwapMarket", "OfferTaken", "leftUcr", Check.SWAPS),
    ("SwapMarket", "OfferClosed", "returnedUcr", Check.SWAPS),
    ("ProviderDesk", "InventoryDeposited", "inventoryUcr", Check.CONVERSIONS),
    ("ProviderDesk", "Converted", "outUcr", Check.CONVERSIONS),
    ("ProviderDesk", "Converted", "ratePpm", Check.CONVERSIONS),
    ("ProviderDesk", "RedemptionRequested", "amountUcr", Check.MOVES),
    ("PriceIndex", "IndexClosed", "rawPpm", Check.INDEX_STEPS),
    ("PriceIndex", "IndexClosed", "clampedPpm", Check.INDEX_STEPS),
    ("Tariff", "IndexSet", "indexPpm", Check.INDEX_STEPS),
)


async def verify_through(net: SettlingNetwork, alter: Alter = answer_honestly) -> Verdict:
    with run_proxy(net.url, alter) as proxy:
        rpc = Rpc([proxy.url])
        try:
            return await verify_ledger(rpc, net.network.addresses.ledger)
        finally:
            await rpc.aclose()


def lie_about(net: SettlingNetwork, contract: str, name: str, argument: str) -> Alter:
    """The last log of an event carries another figure."""
    shape = next(each for each in load_events(contract).values() if each.name == name)
    address, place = net.network.addresses.by_contract()[contract], find_word(shape, argument)

    def alter(method: str, _params: list[Json], result: Json) -> Json:
        if method != "eth_getLogs":
            return result
        told = [
            log
            for log in result
            if log["address"].lower() == address and log["topics"][0] == f"0x{shape.topic.hex()}"
        ]
        if told:
            data = bytearray.fromhex(told[-1]["data"][2:])
            data[32 * place + 31] ^= 1
            told[-1]["data"] = f"0x{data.hex()}"
        return result

    return alter


def find_word(shape: EventShape, argument: str) -> int:
    return [name for name, _ in shape.plain].index(argument)


async def test_economy_verified_and_every_lie_found(net: SettlingNetwork) -> None:
    await play_economy(net)
    honest = await verify_through(net)
    assert honest.first_disagreement is None
    assert (honest.is_verified, set(honest.checks)) == (True, set(Check))
    for contract, name, argument, check in LIES:
        verdict = await verify_through(net, lie_about(net, contract, name, argument))
        failed = {each for each, holds in verdict.checks.items() if not holds}
        assert check in failed, f"{contract}.{name}.{argument}: {sorted(failed)}"


async def test_other_code_found(net: SettlingNetwork) -> None:
    def alter(method: str, params: list[Json], result: Json) -> Json:
        is_credits = method == "eth_getCode" and params[0] == net.network.addresses.credits
        return result[:-2] + "00" if is_credits else result

    verdict = await verify_through(net, alter)
    assert [each for each, holds in verdict.checks.items() if not holds] == [Check.HEAD_CODE]
