"""Contract errors in words: the one table from Solidity's custom errors to our error tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.chain.abi import decode_values, load_errors
from tallystick.chain.errors import (
    AlreadyExists,
    AnswerMalformed,
    FundsInsufficient,
    NotAuthorised,
    NotFound,
    RpcRefused,
    TransactionReverted,
    ValueRefused,
)
from tallystick.core.errors import TallystickError

_ERROR_STRING: Final = bytes.fromhex("08c379a0")
_PANIC: Final = bytes.fromhex("4e487b71")
_SELECTOR_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a contract error is in our tree, and how a person says it.

    `words`, `expected` and `actual` may name the error's arguments in braces.
    """

    leaf: type[TransactionReverted]
    words: str
    expected: str = ""
    actual: str = ""


MEANINGS: Final[Mapping[str, Meaning]] = {
    # Authority
    "NotAuthorised": Meaning(NotAuthorised, "{caller} has no authority over account {account}"),
    "AccessManagedUnauthorized": Meaning(NotAuthorised, "{caller} lacks the role this needs"),
    "AccessManagedRequiredDelay": Meaning(
        NotAuthorised, "{caller} may do this only scheduled ahead", "a delay of {delay} s"
    ),
    "AccessManagerUnauthorizedAccount": Meaning(
        NotAuthorised, "{msgsender} lacks a role of the network", "role {roleId}"
    ),
    "SenderNotRegistered": Meaning(
        NotAuthorised, "{sender} is no sending key of the validators in force"
    ),
    "MovesThroughBudgetsOnly": Meaning(NotAuthorised, "credits move through Budgets only"),
    # What does not exist
    "AccountUnknown": Meaning(NotFound, "no account has this id", actual="{id}"),
    "MeterUnknown": Meaning(NotFound, "no meter has this id", actual="{id}"),
    "ResourceUnknown": Meaning(NotFound, "no resource has this id", actual="{id}"),
    "RulesUnknown": Meaning(NotFound, "no rules have this version", actual="{version}"),
    "VersionUnknown": Meaning(NotFound, "no validator set has this version", actual="{version}"),
    "RatesUnknown": Meaning(NotFound, "resource {resource} has no rates at that time"),
    # What exists
    "NameTaken": Meaning(AlreadyExists, "the name {name} is taken", actual="id {id}"),
    "RatesKnown": Meaning(
        AlreadyExists, "resource {resource} has rates already; only a vote changes them"
    ),
    "KeyUsed": Meaning(AlreadyExists, "this was done already under the same key"),
    "AlreadyOpen": Meaning(AlreadyExists, "this was opened already"),
    # Values
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
    # Settlement
    "MalformedBatch": Meaning(ValueRefused, "the batch breaks its layout at word {place}"),
    "BatchTooLarge": Meaning(
        ValueRefused, "the batch is too large", actual="{segments} segments, {records} records"
    ),
    "TooManyProjects": Meaning(
        ValueRefused, "segment {segment} bills too many projects", "at most {limit}"
    ),
    "TooManyLines": Meaning(
        ValueRefused, "segment {segment} makes the batch bill too many lines", "at most {limit}"
    ),
    "QuorumNotReached": Meaning(ValueRefused, "too few validators attested the batch"),
    "SignatureInvalid": Meaning(ValueRefused, "an attestation of the batch is wrong"),
    "SenderAllowanceExhausted": Meaning(
        ValueRefused,
        "{sender} sent too many batches in which nothing settled",
        "the next one after {readyAtS}",
    ),
    # Keys, corrections and freezes
    "NotOpen": Meaning(NotFound, "meter {meter} was never opened"),
    "KeysExhausted": Meaning(ValueRefused, "meter {meter} has had as many keys as there can be"),
    "NotSettled": Meaning(
        ValueRefused,
        "the record has not settled yet",
        "a number below {nextSeq} of meter {meter}",
        "{seq}",
    ),
    "AlreadyReleased": Meaning(
        AlreadyExists, "record {seq} of meter {meter} was released already; it can be only once"
    ),
    "AlreadyCredited": Meaning(
        AlreadyExists, "record {seq} of meter {meter} was credited already; it can be only once"
    ),
    "OrganisationsDiffer": Meaning(
        ValueRefused, "meter {meter} is of another organisation than project {project}"
    ),
    "OwnerNotAuthorised": Meaning(
        NotAuthorised, "no controller of account {account} signed the credit", actual="{signer}"
    ),
    "RegistrarNotAuthorised": Meaning(
        NotAuthorised,
        "no registrar of project {project}'s organisation signed the credit",
        actual="{signer}",
    ),
    "ProofUsed": Meaning(
        AlreadyExists, "meter {meter} was frozen by this proof already", actual="{proofHash}"
    ),
    # Outcomes, epochs, experiments and plans
    "KindInvalid": Meaning(ValueRefused, "this is no id of a kind", "1 to 16", "{kind}"),
    "KindUnknown": Meaning(NotFound, "no kind {kind} is in force in epoch {epoch}"),
    "AttributionTooLong": Meaning(
        ValueRefused, "the attribution window is too long", "at most {limitS} s", "{attributionS}"
    ),
    "EpochTooEarly": Meaning(
        ValueRefused,
        "a kind would change for an epoch that has begun, or before an announced change",
        "epoch {earliestEpoch} or later",
        "{fromEpoch}",
    ),
    "NotAnOrganisation": Meaning(ValueRefused, "account {account} is no organisation"),
    "PoolFull": Meaning(ValueRefused, "the pool of confirmers is full", "at most {limit}"),
    "ConfirmerTaken": Meaning(AlreadyExists, "{confirmer} confirms for account {account} already"),
    "NotASource": Meaning(
        NotAuthorised,
        "{caller} is no source of kind {kind} for organisation {organisation}",
    ),
    "EpochNotBegun": Meaning(
        ValueRefused, "the epoch has not begun", "epoch {current} at most", "{epoch}"
    ),
    "AttributionClosed": Meaning(
        ValueRefused,
        "outcomes of kind {kind} no longer come in for epoch {epoch}",
        "before {closedAtS} (Unix seconds)",
    ),
    "EpochClosedAlready": Meaning(ValueRefused, "epoch {epoch} is closed for project {project}"),
    "AlreadyReported": Meaning(
        AlreadyExists, "kind {kind} of project {project} was reported for epoch {epoch} already"
    ),
    "StatusInvalid": Meaning(
        ValueRefused,
        "the outcome is in another state"
        " (1 reported, 2 confirmed, 3 disputed, 4 reinstated, 0 none)",
        "{expected}",
        "{actual}",
    ),
    "NotTheConfirmer": Meaning(
        NotAuthorised, "another party was drawn to confirm this", "{confirmer}", "{caller}"
    ),
    "AlreadyEnrolled": Meaning(AlreadyExists, "project {project} is enrolled already"),
    "EnrolmentAllowanceExceeded": Meaning(
        FundsInsufficient,
        "the organisation's enrolment allowance does not cover the first grant",
        "at most {leftUcr} ucr",
        "{amountUcr}",
    ),
    "TermsInvalid": Meaning(
        ValueRefused, "a term of replenishment lies outside its hard bounds", actual="{name}"
    ),
    "PageTooLarge": Meaning(
        ValueRefused, "too many projects for one call", "at most {limit}", "{projects}"
    ),
    "EpochNotEnded": Meaning(
        ValueRefused, "epoch {epoch} has not ended", "after {endsAtS} (Unix seconds)"
    ),
    "NothingToClose": Meaning(
        ValueRefused,
        "epoch {epoch} cannot be closed for any of these projects"
        " (1 not enrolled, 2 closed already, 3 an earlier epoch is open,"
        " 4 its windows are open, 5 an outcome waits to be confirmed)",
        actual="{why} for project {project}",
    ),
    "NotClosed": Meaning(ValueRefused, "epoch {epoch} is not closed for project {project}"),
    "NotACut": Meaning(
        ValueRefused,
        "project {project} was not cut in epoch {epoch}",
        "a grant below {baseUcr} ucr",
        "{grantUcr}",
    ),
    "ProtectionInvalid": Meaning(
        ValueRefused,
        "an experiment protects too few or too many epochs",
        "1 to {limit}",
        "{protectedEpochs}",
    ),
    "ExperimentOpen": Meaning(
        AlreadyExists, "project {project} has an open experiment", actual="id {experiment}"
    ),
    "TooSoonAfterExperiment": Meaning(
        ValueRefused,
        "project {project} waits as many epochs as its last experiment protected",
        "epoch {earliestEpoch} or later",
    ),
    "ExperimentUnknown": Meaning(NotFound, "no experiment has this id", actual="{experiment}"),
    "ExperimentOver": Meaning(ValueRefused, "the experiment is over", actual="id {experiment}"),
    "PlanInvalid": Meaning(
        ValueRefused,
        "a plan is credits for money, or neither",
        actual="{creditsUcr} ucr for {priceCents} cents",
    ),
    "PlanUnknown": Meaning(NotFound, "project {project} has no plan"),
    "InvoiceHashMissing": Meaning(ValueRefused, "an invoice needs a hash"),
    "InvoiceKnown": Meaning(
        AlreadyExists, "this invoice was reported already", actual="for project {project}"
    ),
    "InvoiceUnknown": Meaning(NotFound, "no invoice has this hash", actual="{invoiceHash}"),
    "InvoiceConfirmedAlready": Meaning(AlreadyExists, "this invoice was confirmed already"),
    "ConfirmerNotIndependent": Meaning(
        NotAuthorised,
        "{caller} reported the invoice or controls project {project}: somebody else confirms it",
    ),
    "InvoiceCapExceeded": Meaning(
        FundsInsufficient,
        "the organisation's invoices reach their cap in this epoch",
        "at most {leftUcr} ucr",
        "{amountUcr}",
    ),
    # Governance
    "SeatInvalid": Meaning(
        ValueRefused,
        "a seat needs a holder and an organisation",
        actual="{holder} for organisation {organisation}",
    ),
    "SeatHeld": Meaning(
        AlreadyExists, "{holder} has a seat already", actual="for organisation {organisation}"
    ),
    "SeatNotHeld": Meaning(NotFound, "{holder} has no seat"),
    "TooManySeats": Meaning(ValueRefused, "all seats are taken", "at most {limit}"),
    "SeatNotDelegable": Meaning(NotAuthorised, "a seat cannot be lent"),
    "ERC5805FutureLookup": Meaning(
        ValueRefused,
        "votes are known for past times only",
        "before {clock} (Unix seconds)",
        "{timepoint}",
    ),
    "SettingOutOfBounds": Meaning(
        ValueRefused, "{name} lies outside its hard bounds", "{minimum} to {maximum}", "{value}"
    ),
    "GovernorInsufficientProposerVotes": Meaning(
        NotAuthorised, "{proposer} has no seat to propose with", "{threshold} vote", "{votes}"
    ),
    "GovernorRestrictedProposer": Meaning(
        NotAuthorised, "the description names another proposer than {proposer}"
    ),
    "GovernorInvalidProposalLength": Meaning(
        ValueRefused, "a proposal is one or more calls, each with its contract and value"
    ),
    "GovernorNonexistentProposal": Meaning(
        NotFound, "no proposal has this id", actual="{proposalId}"
    ),
    "GovernorUnexpectedProposalState": Meaning(
        ValueRefused,
        "the proposal is not in the state this needs"
        " (0 pending, 1 active, 2 cancelled, 3 defeated, 4 succeeded, 5 queued, 7 executed)",
        actual="{current}",
    ),
    "GovernorAlreadyCastVote": Meaning(AlreadyExists, "{voter} voted already"),
    "GovernorAlreadyQueuedProposal": Meaning(AlreadyExists, "the proposal is queued already"),
    "GovernorUnableToCancel": Meaning(
        NotAuthorised, "only its proposer withdraws a proposal, before its vote", actual="{account}"
    ),
    "GovernorInvalidVoteType": Meaning(ValueRefused, "a vote is 0 against, 1 for, or 2 abstaining"),
    "GovernorInvalidVoteParams": Meaning(ValueRefused, "a vote has no parameters here"),
    "GovernorInvalidSignature": Meaning(NotAuthorised, "{voter} did not sign this vote"),
    "InvalidAccountNonce": Meaning(
        ValueRefused, "{account} signed with another nonce", "{currentNonce}"
    ),
    "GovernorOnlyExecutor": Meaning(NotAuthorised, "only a vote does this", actual="{account}"),
    "GovernorPreventLateQuorumVoteExtensionTooLarge": Meaning(
        ValueRefused,
        "the extension is longer than the vote",
        "at most {maxVoteExtension} s",
        "{newVoteExtension}",
    ),
    "GovernorInvalidQuorumFraction": Meaning(
        ValueRefused, "no quorum is above all seats", actual="{quorumNumerator} percent"
    ),
    "GovernorInvalidVotingPeriod": Meaning(ValueRefused, "a vote must last some time"),
    "GovernorProposalQueueingFailed": Meaning(ValueRefused, "the proposal could not be queued"),
    "GovernorProposalQueueingNotRequired": Meaning(ValueRefused, "the proposal needs no queueing"),
    "GovernorDisabledDeposit": Meaning(ValueRefused, "the governor takes no money"),
    "AccessControlUnauthorizedAccount": Meaning(
        NotAuthorised, "{account} lacks a role of the timelock", "role {neededRole}"
    ),
    "AccessControlBadConfirmation": Meaning(
        NotAuthorised, "a role of the timelock is renounced by its holder alone"
    ),
    "TimelockUnexpectedOperationState": Meaning(
        ValueRefused,
        "what was voted waits for the timelock's delay, or was done or cancelled",
        actual="operation {operationId}",
    ),
    "TimelockInsufficientDelay": Meaning(
        ValueRefused, "the delay is too short", "{minDelay} s at least", "{delay}"
    ),
    "TimelockInvalidOperationLength": Meaning(
        ValueRefused, "an operation needs as many targets as values and calls"
    ),
    "TimelockUnauthorizedCaller": Meaning(
        NotAuthorised, "only a vote changes the timelock's delay", actual="{caller}"
    ),
    "TimelockUnexecutedPredecessor": Meaning(
        ValueRefused, "what it waits for was not done", actual="operation {predecessorId}"
    ),
    # Guardian
    "StoppedAlready": Meaning(AlreadyExists, "it is stopped already"),
    "NotStopped": Meaning(NotFound, "the guardians have not stopped it"),
    "StoppedLately": Meaning(
        ValueRefused,
        "it was stopped lately and is left alone for a while",
        "{readyAtS} (Unix seconds) or later",
    ),
    "NotOverYet": Meaning(
        NotAuthorised,
        "only guardians and votes end it so soon",
        "{untilS} (Unix seconds) or later",
    ),
    "TargetInvalid": Meaning(
        ValueRefused, "guardians close the network's own contracts only", actual="{target}"
    ),
    "SuspensionInvalid": Meaning(
        ValueRefused,
        "a suspension ends after now, after the key's last one, and within 7 days",
        "at most {latestS} (Unix seconds)",
        "{untilS}",
    ),
    "SuspensionNotSigned": Meaning(
        NotAuthorised, "no other validator in force signed this as {validator}", actual="{signer}"
    ),
    "AttesterUnknown": Meaning(
        NotFound, "this key is not in the set in force, or not suspended", actual="{attester}"
    ),
    "SuspensionInForce": Meaning(
        AlreadyExists, "{attester} is suspended", "after {untilS} (Unix seconds)"
    ),
    "SuspensionTooLong": Meaning(
        ValueRefused,
        "no key is suspended for longer than 7 days",
        "at most {latestS} (Unix seconds)",
        "{untilS}",
    ),
    # Appeals
    "SubjectInvalid": Meaning(
        ValueRefused,
        "this is nothing one appeals (1 a cut, 2 a freeze, 3 an outcome),"
        " or it has an epoch or kind that it should not have",
        actual="kind {kind}",
    ),
    "NothingToAppeal": Meaning(
        NotFound, "there is no such cut, freeze or dispute", actual="kind {kind}, id {id}"
    ),
    "AppealTooLate": Meaning(
        ValueRefused, "it is too late to appeal", "before {closedAtS} (Unix seconds)"
    ),
    "AppealedAlready": Meaning(
        AlreadyExists, "this was appealed already", actual="appeal {appeal}"
    ),
    "CommitmentMissing": Meaning(ValueRefused, "an appeal needs the hash of its reasons"),
    "AppealUnknown": Meaning(NotFound, "no appeal has this number", actual="{appeal}"),
    "AppealDecided": Meaning(ValueRefused, "the appeal is decided", actual="appeal {appeal}"),
    "VotingOver": Meaning(
        ValueRefused, "voting is over", "before {closedAtS} (Unix seconds) and for 50 blocks"
    ),
    "VotingNotOver": Meaning(
        ValueRefused,
        "voting is not over",
        "{closesAtS} (Unix seconds) or later, and 50 blocks after the filing",
    ),
    "NoSeatAtFiling": Meaning(NotAuthorised, "{holder} had no seat when the appeal was filed"),
    "ConflictOfInterest": Meaning(
        NotAuthorised,
        "{holder} speaks for the appellant's organisation and has no vote",
        actual="organisation {organisation}",
    ),
    "VotedAlready": Meaning(AlreadyExists, "{holder} voted already"),
}


def explain_refusal(refusal: RpcRefused) -> TallystickError:
    """The error to raise for a refused call: its revert explained, or the refusal itself."""
    data = find_revert_data(refusal)
    return explain_revert(data) if data is not None else refusal


def find_revert_data(refusal: RpcRefused) -> bytes | None:
    """The revert data that engines put into an error; None where the call did not revert."""
    found = refusal.data
    if isinstance(found, Mapping):
        found = found.get("data", found.get("result"))
    if isinstance(found, str):
        found = found.removeprefix("Reverted ")
        if found.startswith("0x"):
            return bytes.fromhex(found[2:])
    return b"" if "revert" in refusal.rpc_message.lower() else None


def explain_revert(data: bytes) -> TransactionReverted:
    """The leaf of our tree for a contract's revert data, in words."""
    selector, rest = data[:_SELECTOR_BYTES], data[_SELECTOR_BYTES:]
    if selector == _ERROR_STRING:
        return TransactionReverted(f"the contract refused: {decode_values(['string'], rest)[0]}")
    if selector == _PANIC:
        code = decode_values(["uint256"], rest)[0]
        return TransactionReverted("the contract panicked", error_name="Panic", actual=hex(code))
    shape = load_errors().get(selector)
    if shape is None:
        return TransactionReverted(
            "the contract refused without a reason we know", actual=f"0x{data[:36].hex()}"
        )
    try:
        values = decode_values([kind for _, kind in shape.arguments], rest)
    except AnswerMalformed:
        return TransactionReverted(f"the contract refused: {shape.name}", error_name=shape.name)
    names = [name for name, _ in shape.arguments]
    return _phrase(shape.name, dict(zip(names, values, strict=True)))


def _phrase(error_name: str, arguments: dict[str, Any]) -> TransactionReverted:
    meaning = MEANINGS.get(error_name)
    if meaning is None:
        listed = ", ".join(f"{name} {value}" for name, value in arguments.items())
        return TransactionReverted(
            f"the contract refused: {error_name} {listed}".rstrip(),
            error_name=error_name,
            arguments=arguments,
        )
    shown = {name: _show(value) for name, value in arguments.items()}
    return meaning.leaf(
        meaning.words.format_map(shown),
        error_name=error_name,
        arguments=arguments,
        expected=meaning.expected.format_map(shown) or None,
        actual=meaning.actual.format_map(shown) or None,
    )


def _show(value: object) -> object:
    return f"0x{value.hex()}" if isinstance(value, bytes) else value
