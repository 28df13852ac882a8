"""Quotes and reports are signed as EIP-712 has it: eth-account computes the same digests."""

from collections.abc import Sequence
from dataclasses import replace

from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import SignableMessage, _hash_eip191_message, encode_typed_data

from tallystick.chain.bindings.price_index import PriceReport, compute_report_digest, sign_report
from tallystick.chain.bindings.swap_market import (
    Offer,
    Quote,
    compute_quote_digest,
    sign_quote,
)

MARKET = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
CHAIN_ID = 31_337
KEY = PrivateKey(bytes(31) + b"\x07")
ADDRESS = Account.from_key(KEY.secret).address
QUOTE = Quote(
    maker=3,
    taker=9,
    give_id=1,
    give_ucr=20_000_000,
    want_id=(2 << 32) + 1,
    want_ucr=5_000_000,
    expires_at_s=1_700_000_900,
    nonce=2**255 + 7,
)
REPORT = PriceReport(
    index_class="h100",
    epoch=19_676,
    value_ppm=1_280_000,
    spread_ppm=40_000,
    venues=5,
    oldest_s=1_700_000_000,
    newest_s=1_700_003_600,
    input_hash=bytes(range(32)),
)


def describe(
    name: str, struct: str, fields: list[tuple[str, str]], values: Sequence[object]
) -> SignableMessage:
    return encode_typed_data(
        domain_data={
            "name": name,
            "version": "1",
            "chainId": CHAIN_ID,
            "verifyingContract": MARKET,
        },
        message_types={struct: [{"name": field, "type": kind} for kind, field in fields]},
        message_data=dict(zip((field for _, field in fields), values, strict=True)),
    )


def test_quote_digest_is_eip_712s() -> None:
    fields = [
        ("uint32", "maker"),
        ("uint32", "taker"),
        ("uint256", "giveId"),
        ("uint128", "giveUcr"),
        ("uint256", "wantId"),
        ("uint128", "wantUcr"),
        ("uint64", "expiresAtS"),
        ("uint256", "nonce"),
    ]
    values = [3, 9, 1, 20_000_000, (2 << 32) + 1, 5_000_000, 1_700_000_900, 2**255 + 7]
    message = describe("Tallystick SwapMarket", "Quote", fields, values)
    assert compute_quote_digest(MARKET, CHAIN_ID, QUOTE) == _hash_eip191_message(message)
    signature = sign_quote(KEY, MARKET, CHAIN_ID, QUOTE)
    assert Account.recover_message(message, signature=signature) == ADDRESS


def test_report_digest_is_eip_712s() -> None:
    fields = [
        ("bytes32", "indexClass"),
        ("uint32", "epoch"),
        ("uint64", "valuePpm"),
        ("uint32", "spreadPpm"),
        ("uint16", "venues"),
        ("uint64", "oldestS"),
        ("uint64", "newestS"),
        ("bytes32", "inputHash"),
    ]
    label = b"h100".ljust(32, b"\0")
    times = [1_700_000_000, 1_700_003_600]
    values = [label, 19_676, 1_280_000, 40_000, 5, *times, bytes(range(32))]
    message = describe("Tallystick PriceIndex", "PriceReport", fields, values)
    assert compute_report_digest(MARKET, CHAIN_ID, REPORT) == _hash_eip191_message(message)
    signature = sign_report(KEY, MARKET, CHAIN_ID, REPORT)
    assert Account.recover_message(message, signature=signature) == ADDRESS


def test_quote_digest_differs_by_network_and_value() -> None:
    digest = compute_quote_digest(MARKET, CHAIN_ID, QUOTE)
    assert digest != compute_quote_digest(MARKET, CHAIN_ID + 1, QUOTE)
    assert digest != compute_quote_digest("0x" + "11" * 20, CHAIN_ID, QUOTE)
    assert digest != compute_quote_digest(MARKET, CHAIN_ID, replace(QUOTE, want_ucr=5_000_001))


def test_offer_price_is_rounded_up() -> None:
    offer = Offer(
        account=3,
        min_fill_ucr=0,
        expires_at_s=0,
        give_id=1,
        want_id=(2 << 32) + 1,
        give_ucr=10_000_000,
        want_ucr=3_000_001,
        left_ucr=10_000_000,
    )
    assert offer.compute_price_up(4_000_000) == 1_200_001
    assert offer.compute_price_up(10_000_000) == 3_000_001
