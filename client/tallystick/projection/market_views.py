"""Swaps, providers and the price index as they were announced."""

from __future__ import annotations

from typing import Final

from tallystick.projection.event_views import AMOUNT, FLAG, ID, LONG, TEXT, EventView

_SWAPPED: Final = {
    "give_id": AMOUNT,
    "give_ucr": AMOUNT,
    "want_id": AMOUNT,
    "want_ucr": AMOUNT,
}

MARKET_VIEWS: Final = (
    EventView(
        "offer_posted",
        "SwapMarket",
        "OfferPosted",
        {
            "offer": LONG,
            "account": ID,
            **_SWAPPED,
            "min_fill_ucr": AMOUNT,
            "expires_at_s": LONG,
        },
    ),
    EventView(
        "offer_taken",
        "SwapMarket",
        "OfferTaken",
        {
            "offer": LONG,
            "taker": ID,
            "give_ucr": AMOUNT,
            "want_ucr": AMOUNT,
            "left_ucr": AMOUNT,
            "is_same_organisation": FLAG,
        },
    ),
    EventView(
        "offer_closed",
        "SwapMarket",
        "OfferClosed",
        {"offer": LONG, "why": "UTINYINT", "returned_ucr": AMOUNT},
    ),
    EventView(
        "quote_filled",
        "SwapMarket",
        "QuoteFilled",
        {"maker": ID, "taker": ID, "nonce": TEXT, **_SWAPPED, "is_same_organisation": FLAG},
    ),
    EventView("quote_cancelled", "SwapMarket", "QuoteCancelled", {"maker": ID, "nonce": TEXT}),
    EventView(
        "provider_set", "ProviderDesk", "ProviderSet", {"provider": ID, "name": TEXT, "key": TEXT}
    ),
    EventView(
        "desk_rate_set",
        "ProviderDesk",
        "DeskRateSet",
        {"provider": ID, "rate_ppm": LONG, "from_s": LONG},
    ),
    EventView(
        "desk_caps_set",
        "ProviderDesk",
        "DeskCapsSet",
        {"provider": ID, "daily_ucr": AMOUNT, "daily_per_organisation_ucr": AMOUNT},
    ),
    EventView(
        "inventory_deposited",
        "ProviderDesk",
        "InventoryDeposited",
        {"provider": ID, "amount_ucr": AMOUNT, "receipt_hash": TEXT, "inventory_ucr": AMOUNT},
    ),
    EventView(
        "converted",
        "ProviderDesk",
        "Converted",
        {
            "account": ID,
            "provider": ID,
            "credits_ucr": AMOUNT,
            "out_ucr": AMOUNT,
            "rate_ppm": LONG,
        },
    ),
    EventView(
        "redemption_requested",
        "ProviderDesk",
        "RedemptionRequested",
        {
            "redemption": LONG,
            "account": ID,
            "provider": ID,
            "amount_ucr": AMOUNT,
            "reference_id": TEXT,
        },
    ),
    EventView(
        "redemption_acknowledged",
        "ProviderDesk",
        "RedemptionAcknowledged",
        {"redemption": LONG, "receipt_hash": TEXT},
    ),
    EventView("redemption_reclaimed", "ProviderDesk", "RedemptionReclaimed", {"redemption": LONG}),
    EventView(
        "price_reported",
        "PriceIndex",
        "PriceReported",
        {
            "index_class": TEXT,
            "epoch": ID,
            "attester": TEXT,
            "value_ppm": LONG,
            "spread_ppm": ID,
            "venues": "USMALLINT",
            "oldest_s": LONG,
            "newest_s": LONG,
            "input_hash": TEXT,
        },
    ),
    EventView(
        "index_closed",
        "PriceIndex",
        "IndexClosed",
        {
            "index_class": TEXT,
            "epoch": ID,
            "raw_ppm": LONG,
            "clamped_ppm": LONG,
            "gap_ppm": LONG,
            "reports": "UTINYINT",
            "from_ms": LONG,
        },
    ),
    EventView(
        "index_held",
        "PriceIndex",
        "IndexHeld",
        {"index_class": TEXT, "epoch": ID, "reports": "UTINYINT", "needed": "UTINYINT"},
    ),
)
