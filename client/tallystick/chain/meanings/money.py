"""Credits, budgets, rates and leases: their errors in words."""

from __future__ import annotations

from typing import Final

from tallystick.chain.errors import FundsInsufficient, NotAuthorised, NotFound, ValueRefused
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    # Money
    "MintAllowanceExceeded": Meaning(
        FundsInsufficient,
        "the organisation's mint allowance does not cover the grant",
        "at most {leftUcr} ucr",
        "{amountUcr}",
    ),
    "BalanceTooLow": Meaning(
        FundsInsufficient,
        "account or pool {holder} holds too few credits",
        "{neededUcr} ucr",
        "{balanceUcr} ucr",
    ),
    # Balances, rates and leases
    "BalanceTooHigh": Meaning(
        ValueRefused,
        "holder {holder} can hold no more credits of id {id}",
        "at most {limitUcr} ucr",
        "{balanceUcr} ucr",
    ),
    "CreditsLeased": Meaning(
        FundsInsufficient,
        "leases reserve credits of account {account}",
        "{leasedUcr} ucr",
        "{balanceUcr} ucr",
    ),
    "HolderUnknown": Meaning(NotFound, "no account or pool has id {holder}"),
    "PoolUnknown": Meaning(NotFound, "no pool has id {pool}"),
    "NotExploring": Meaning(
        ValueRefused, "account {account} has no open experiment to spend exploration credits on"
    ),
    "NothingToRepay": Meaning(
        ValueRefused,
        "account {account} has no overdraft, or nothing that could repay it",
        "an overdraft and free credits",
        "{overdraftUcr} ucr owed, {availableUcr} ucr free",
    ),
    "RateInvalid": Meaning(
        ValueRefused,
        "a rate needs an amount of at most 2^60 - 1 ucr and a window",
        actual="{rateUcr} ucr in {rateWindowS} s",
    ),
    "MeterMayNotBill": Meaning(
        NotAuthorised, "meter {meter} does not bill account {project}, or is not active, or frozen"
    ),
    "LeaseSignatureInvalid": Meaning(
        NotAuthorised,
        "the meter's lease key did not sign this",
        "a signature of {leaseKey}",
        "of {signer}",
    ),
    "LeaseNonceInvalid": Meaning(
        ValueRefused, "this is not the lease's next nonce", "{expected}", "{nonce}"
    ),
    "LeaseAmountInvalid": Meaning(
        ValueRefused, "a lease is for 1 ucr to 2^56 - 1 ucr", actual="{amountUcr} ucr"
    ),
    "LeaseExpired": Meaning(
        ValueRefused, "the lease's deadline has passed", "after {nowS} s", "{admitUntilS} s"
    ),
    "LeaseTooLong": Meaning(
        ValueRefused, "the lease's deadline lies too far ahead", "{latestS} s", "{admitUntilS} s"
    ),
    "LeaseEnding": Meaning(
        ValueRefused, "the meter declared {lastSeq} as the last number; release the lease first"
    ),
    "LeaseRefused": Meaning(
        FundsInsufficient,
        "account {account} leaves no room for the lease (why {why}: 1 balance, 2 limit, 3 rate, "
        "4 frozen, 5 inactive)",
        "at most {roomUcr} ucr",
        "{askedUcr} ucr",
    ),
    "LeaseUnknown": Meaning(
        NotFound, "account {project} has no unreleased lease with meter {meter}"
    ),
    "LastSeqInvalid": Meaning(
        ValueRefused, "no sequence number is as high", "below 2^63", "{lastSeq}"
    ),
    "LeaseInUse": Meaning(
        ValueRefused,
        "the lease may still be drawn on",
        "the meter's cursor at {endSeq} (0: not declared), or {releasableAtS} s",
        "{nextSeq}",
    ),
    "LeaseTermsInvalid": Meaning(
        ValueRefused,
        "the lease terms lie outside their hard bounds",
        "a share of 1 to 500000 ppm, 1 to 3600 s, a grace of 1 h to 7 d",
        "{sharePpm} ppm, {maxTtlS} s, {graceS} s",
    ),
}
