"""Swaps, providers and the price index: their errors in words."""

from __future__ import annotations

from typing import Final

from tallystick.chain.errors import (
    AlreadyExists,
    FundsInsufficient,
    NotAuthorised,
    NotFound,
    ValueRefused,
)
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    # Markets
    "NotTheProvider": Meaning(NotAuthorised, "{caller} is not the key of provider {provider}"),
    "ProviderUnknown": Meaning(NotFound, "no provider has this id", actual="{provider}"),
    "OfferNotOpen": Meaning(NotFound, "offer {offer} does not exist or has ended"),
    "DeskRateUnknown": Meaning(NotFound, "provider {provider} has no rate in force"),
    "NonceUsed": Meaning(
        AlreadyExists, "a quote of account {maker} with this nonce was filled or cancelled"
    ),
    "ReceiptUsed": Meaning(AlreadyExists, "provider {provider} deposited this receipt already"),
    "PairInvalid": Meaning(
        ValueRefused,
        "these two kinds of credits are not swapped",
        "two different ids, each general or a provider's",
        "{giveId} for {wantId}",
    ),
    "SwapTooSmall": Meaning(
        ValueRefused,
        "the swap is too small",
        "at least {minimumUcr} ucr on either side",
        "{giveUcr} for {wantUcr}",
    ),
    "MinimumFillInvalid": Meaning(
        ValueRefused, "the least fill exceeds the offer", "at most {giveUcr} ucr", "{minFillUcr}"
    ),
    "ExpiryInvalid": Meaning(
        ValueRefused,
        "the end lies in the past or too far ahead",
        "after the block's time, at most {latestS}",
        "{expiresAtS}",
    ),
    "TooManyOffers": Meaning(
        ValueRefused, "organisation {organisation} has too many offers open", "at most {limit}"
    ),
    "OfferExpired": Meaning(ValueRefused, "offer {offer} expired at {expiredAtS}"),
    "OfferNotExpired": Meaning(ValueRefused, "offer {offer} can be taken until {expiresAtS}"),
    "SameAccount": Meaning(ValueRefused, "account {account} cannot trade with itself"),
    "FillInvalid": Meaning(
        ValueRefused,
        "the fill is too small, or larger than what is left",
        "{minFillUcr} to {leftUcr} ucr, or all {leftUcr}",
        "{giveUcr}",
    ),
    "PriceExceeded": Meaning(
        ValueRefused,
        "the fill costs more than you would pay",
        "at most {maxWantUcr} ucr",
        "{wantUcr}",
    ),
    "QuoteSignatureInvalid": Meaning(
        ValueRefused,
        "the quote is not signed by a controller of account {maker} for this market",
        actual="{signer}",
    ),
    "DeskRateOutOfBounds": Meaning(
        ValueRefused,
        "the rate lies outside its hard bounds",
        "{minimumPpm} to {maximumPpm} ppm",
        "{ratePpm}",
    ),
    "DeskRateTooEarly": Meaning(
        ValueRefused, "the rate would begin too early", "{earliestS} s or later", "{fromS}"
    ),
    "OutputTooLow": Meaning(
        ValueRefused,
        "the conversion yields too little",
        "at least {minOutUcr} ucr, and more than none",
        "{outUcr}",
    ),
    "DailyCapExceeded": Meaning(
        FundsInsufficient,
        "provider {provider} pays out no more today to organisation {organisation} (0 = to all)",
        "at most {leftUcr} ucr",
        "{outUcr}",
    ),
    "InventoryTooLow": Meaning(
        FundsInsufficient,
        "provider {provider} deposited too few credits",
        "at most {inventoryUcr} ucr",
        "{outUcr}",
    ),
    "RedemptionNotPending": Meaning(
        ValueRefused,
        "redemption {redemption} is not pending",
        actual="state {state} (0 unknown, 2 acknowledged, 3 reclaimed)",
    ),
    "RedemptionTooYoung": Meaning(
        ValueRefused,
        "the provider may still acknowledge redemption {redemption}",
        "{reclaimableAtS} s or later",
    ),
    # Price index
    "EpochLengthInvalid": Meaning(
        ValueRefused, "the epoch's length is not allowed", "{minimumS} to {maximumS} s", "{epochS}"
    ),
    "ReportInvalid": Meaning(
        ValueRefused,
        "the report names no class, no venue, or no possible price",
        "1000 to 1000000000 ppm, 1 venue or more",
        "{valuePpm} ppm, {venues} venues",
    ),
    "EpochNotRunning": Meaning(
        ValueRefused, "only the running epoch is reported on", "{running}", "{epoch}"
    ),
    "ObservationsInvalid": Meaning(
        ValueRefused,
        "the prices are too old, in the future, or out of order",
        "{earliestS} to {latestS} s",
        "{oldestS} to {newestS}",
    ),
    "ReportSignatureInvalid": Meaning(
        ValueRefused,
        "the report is not signed by validator {validator} of the set in force",
        actual="{signer}",
    ),
    "ReportKnown": Meaning(AlreadyExists, "{attester} has reported on epoch {epoch} already"),
    "EpochNotClosable": Meaning(
        ValueRefused,
        "an epoch is closed while the next one runs",
        "epoch {closable} until {latestS} s",
        "{epoch}",
    ),
    "EpochClosed": Meaning(AlreadyExists, "epoch {epoch} was closed already"),
    "RatesOutOfHardBounds": Meaning(
        ValueRefused,
        "a factor of resource {resource} lies outside the bounds no vote can cross",
        "at most 100000000 ppm, a GPU type's at least 10000",
        "GPU {gpuMultiplierPpm}, bandwidth {bandwidthFactorPpm}",
    ),
}
