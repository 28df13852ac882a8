"""Values that contracts refuse wherever they come from: their errors in words."""

from __future__ import annotations

from typing import Final

from tallystick.chain.errors import ValueRefused
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    "NameInvalid": Meaning(
        ValueRefused,
        "this is no name",
        "at most 63 of a-z 0-9 . _ -, a letter or digit first",
        "{name}",
    ),
    "TooDeep": Meaning(ValueRefused, "accounts nest no deeper", "at most {limit} levels"),
    "NotAProject": Meaning(
        ValueRefused, "account {account} is an organisation", "an account of depth 2 or more"
    ),
    "KeyMissing": Meaning(ValueRefused, "an address or key is zero"),
    "KeyInvalid": Meaning(ValueRefused, "a key of validator {index} is zero or another's"),
    "SizeInvalid": Meaning(
        ValueRefused, "too few or too many validators", "{minimum} to {maximum}", "{size}"
    ),
    "ResourceInvalid": Meaning(
        ValueRefused, "kind {kind} with basis {basis} is no resource we know"
    ),
    "MaximumCostTooHigh": Meaning(
        ValueRefused,
        "no record can hold so high a cost",
        "at most {limitUcr} ucr",
        "{maxCostUcr}",
    ),
    "RulesInvalid": Meaning(ValueRefused, "these rules lie outside their hard bounds"),
    "ChangeOutOfOrder": Meaning(
        ValueRefused,
        "a change would begin before one announced already",
        "{latestMs} ms or later",
        "{fromMs}",
    ),
    "ResourcesOutOfOrder": Meaning(
        ValueRefused,
        "a vote names resources out of order or twice",
        "an id above {previous}",
        "{resource}",
    ),
    "FactTooEarly": Meaning(
        ValueRefused, "a change would begin too early", "{earliestMs} ms or later", "{fromMs}"
    ),
    "ContextTooLarge": Meaning(
        ValueRefused, "no record can hold so large a context", "at most {limit}", "{context}"
    ),
    "ParameterInvalid": Meaning(ValueRefused, "a parameter is out of bounds", actual="{name}"),
    "LeadTooLong": Meaning(ValueRefused, "the lead is too long", "at most {limitS} s", "{leadS}"),
    "LengthsDiffer": Meaning(ValueRefused, "lists of different lengths, or empty ones"),
    "RatesOutOfBounds": Meaning(
        ValueRefused, "the dearest record of resource {resource} would overflow"
    ),
    "BasisMixed": Meaning(ValueRefused, "resource {resource} has rates of the other billing basis"),
    "NotAlike": Meaning(
        ValueRefused, "resources {resource} and {likeResource} are not billed alike"
    ),
    "IndexOutOfBounds": Meaning(
        ValueRefused, "the index lies outside its hard bounds", actual="{indexPpm}"
    ),
    "TooManyPending": Meaning(ValueRefused, "too many changes are waiting", "at most {limit}"),
    "TooManyInClass": Meaning(
        ValueRefused, "too many resources follow this index", "at most {limit}"
    ),
    "AmountInvalid": Meaning(
        ValueRefused, "the amount is zero or too large", actual="{amountUcr} ucr"
    ),
    "NotGrantable": Meaning(
        ValueRefused, "credits of id {id} cannot be granted to account {account}"
    ),
    "NotTransferable": Meaning(ValueRefused, "credits of id {id} cannot be transferred"),
    "TransferInvalid": Meaning(
        ValueRefused, "accounts {from} and {to} are the same, or of different organisations"
    ),
    "BudgetInvalid": Meaning(
        ValueRefused, "limit, threshold, carry-over or period length lies outside its bounds"
    ),
}
