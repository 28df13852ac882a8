// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Who sells compute for credits.
/// @param key The address that deposits and acknowledges in its name.
/// @param name [a-z0-9][a-z0-9._-]{0,62}, unique.
struct Provider {
    address key;
    string name;
}

/// @notice What credits are worth with a provider.
/// @param currentPpm Provider micro-credits per million general micro-credits now; 0 = no rate yet.
/// @param queuedPpm The announced rate; 0 = none.
/// @param queuedFromS From when that holds, Unix seconds.
/// @param appliedPpm What a conversion gets now: the worse of the two.
struct DeskRate {
    uint64 currentPpm;
    uint64 queuedPpm;
    uint64 queuedFromS;
    uint64 appliedPpm;
}

/// @notice What may be converted in a UTC day, in provider micro-credits paid out.
/// @param dailyUcr By everyone together.
/// @param dailyPerOrganisationUcr By the accounts of one organisation.
struct DeskCaps {
    uint128 dailyUcr;
    uint128 dailyPerOrganisationUcr;
}

/// @notice Provider credits that an account handed in for compute.
/// @param account The account.
/// @param provider The provider's id.
/// @param atS When, Unix seconds.
/// @param state 0 unknown, 1 pending, 2 acknowledged, 3 reclaimed.
/// @param amountUcr How many, in micro-credits.
struct Redemption {
    uint32 account;
    uint32 provider;
    uint64 atS;
    uint8 state;
    uint128 amountUcr;
}

/// @title From credits to a provider's compute
/// @notice A provider deposits credits it will honour; accounts convert general credits into them at a governed rate, within
/// daily caps, and redeem them with the provider, who acknowledges or, after seven days of silence, gives them back. The
/// guardian can close converting and redeeming for a while, never the ways out.
interface IProviderDesk {
    /// @notice A provider has this name and key.
    /// @param provider The provider's id.
    /// @param name Its name.
    /// @param key The address that deposits and acknowledges in its name.
    event ProviderSet(uint32 indexed provider, string name, address key);
    /// @notice A provider's credits have this rate from then on.
    /// @param provider The provider's id.
    /// @param ratePpm Provider micro-credits per million general micro-credits.
    /// @param fromS Unix seconds.
    event DeskRateSet(uint32 indexed provider, uint64 ratePpm, uint64 fromS);
    /// @notice No more than this is converted in a UTC day.
    /// @param provider The provider's id.
    /// @param dailyUcr By everyone together, in provider micro-credits.
    /// @param dailyPerOrganisationUcr By one organisation, in provider micro-credits.
    event DeskCapsSet(uint32 indexed provider, uint128 dailyUcr, uint128 dailyPerOrganisationUcr);
    /// @notice A provider put credits into its inventory.
    /// @param provider The provider's id.
    /// @param amountUcr How many, in micro-credits.
    /// @param receiptHash The provider's own record of it.
    /// @param inventoryUcr What its inventory holds now, in micro-credits.
    event InventoryDeposited(
        uint32 indexed provider, uint256 amountUcr, bytes32 receiptHash, uint256 inventoryUcr
    );
    /// @notice An account turned general credits into a provider's.
    /// @param account The account.
    /// @param provider The provider's id.
    /// @param creditsUcr What it paid, in micro-credits; they are gone.
    /// @param outUcr What it got, in provider micro-credits.
    /// @param ratePpm The rate, in provider micro-credits per million.
    event Converted(
        uint32 indexed account,
        uint32 indexed provider,
        uint128 creditsUcr,
        uint128 outUcr,
        uint64 ratePpm
    );
    /// @notice An account handed provider credits in for compute.
    /// @param redemption The redemption's id.
    /// @param account The account.
    /// @param provider The provider's id.
    /// @param amountUcr How many, in micro-credits.
    /// @param referenceId What the provider knows it by.
    event RedemptionRequested(
        uint64 indexed redemption,
        uint32 indexed account,
        uint32 indexed provider,
        uint128 amountUcr,
        bytes32 referenceId
    );
    /// @notice A provider took a redemption; its credits are gone.
    /// @param redemption The redemption's id.
    /// @param receiptHash The provider's own record of it.
    event RedemptionAcknowledged(uint64 indexed redemption, bytes32 receiptHash);
    /// @notice A provider kept silent; the credits are back with the account.
    /// @param redemption The redemption's id.
    event RedemptionReclaimed(uint64 indexed redemption);

    /// @notice The caller has no authority over the account.
    /// @param caller Who called.
    /// @param account The account id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice The caller is not the provider's key.
    /// @param caller Who called.
    /// @param provider The provider's id.
    error NotTheProvider(address caller, uint32 provider);
    /// @notice No provider has this id.
    /// @param provider The id.
    error ProviderUnknown(uint32 provider);
    /// @notice Another provider has this name.
    /// @param name The name.
    /// @param id The provider that has it.
    error NameTaken(string name, uint256 id);
    /// @notice An address or a hash that must not be zero is.
    error KeyMissing();
    /// @notice The rate lies outside its hard bounds.
    /// @param ratePpm The rate asked for.
    /// @param minimumPpm The lowest.
    /// @param maximumPpm The highest.
    error DeskRateOutOfBounds(uint64 ratePpm, uint64 minimumPpm, uint64 maximumPpm);
    /// @notice The rate would begin too early.
    /// @param fromS When it would, Unix seconds.
    /// @param earliestS The earliest allowed, Unix seconds.
    error DeskRateTooEarly(uint64 fromS, uint64 earliestS);
    /// @notice The provider's credits have no rate in force.
    /// @param provider The provider's id.
    error DeskRateUnknown(uint32 provider);
    /// @notice The lead asked for at deployment is longer than allowed.
    /// @param leadS The lead in seconds.
    /// @param limitS The longest allowed, in seconds.
    error LeadTooLong(uint256 leadS, uint256 limitS);
    /// @notice The amount is zero or beyond 128 bits.
    /// @param amountUcr The amount in micro-credits.
    error AmountInvalid(uint256 amountUcr);
    /// @notice This receipt was deposited already.
    /// @param provider The provider's id.
    /// @param receiptHash The receipt.
    error ReceiptUsed(uint32 provider, bytes32 receiptHash);
    /// @notice The conversion yields less than asked for, or nothing at all.
    /// @param outUcr What it yields, in provider micro-credits.
    /// @param minOutUcr What was asked for, in provider micro-credits.
    error OutputTooLow(uint128 outUcr, uint128 minOutUcr);
    /// @notice More than a day's cap would be converted.
    /// @param provider The provider's id.
    /// @param organisation The organisation whose cap it is, 0 = everyone's.
    /// @param outUcr What was to be converted, in provider micro-credits.
    /// @param leftUcr What the day has left, in provider micro-credits.
    error DailyCapExceeded(uint32 provider, uint32 organisation, uint128 outUcr, uint128 leftUcr);
    /// @notice The provider's inventory holds less.
    /// @param provider The provider's id.
    /// @param outUcr What was to be paid out, in provider micro-credits.
    /// @param inventoryUcr What is there, in provider micro-credits.
    error InventoryTooLow(uint32 provider, uint128 outUcr, uint256 inventoryUcr);
    /// @notice The redemption is unknown, or was acknowledged or reclaimed already.
    /// @param redemption The id.
    /// @param state 0 unknown, 2 acknowledged, 3 reclaimed.
    error RedemptionNotPending(uint64 redemption, uint8 state);
    /// @notice The provider still has time to acknowledge.
    /// @param redemption The id.
    /// @param reclaimableAtS From when it can be taken back, Unix seconds.
    error RedemptionTooYoung(uint64 redemption, uint64 reclaimableAtS);

    /// @notice A provider has this name and key from now on. Governance only.
    /// @param provider Its id, 0 = a new one.
    /// @param name [a-z0-9][a-z0-9._-]{0,62}, unique.
    /// @param key The address that deposits and acknowledges in its name.
    /// @return id Its id, counted from 1; its credits' ERC-6909 id is 2^33 + id.
    function setProvider(uint32 provider, string calldata name, address key)
        external
        returns (uint32 id);

    /// @notice A provider's credits get a rate, in place of one announced and not yet in force. Governance only.
    /// @param provider The provider's id.
    /// @param ratePpm Provider micro-credits per million general micro-credits, 1,000 to 1,000,000,000.
    /// @param fromS Unix seconds, at least leadS ahead, for the first one now or later; 0 = as soon as allowed.
    function setRate(uint32 provider, uint64 ratePpm, uint64 fromS) external;

    /// @notice No more than this is converted in a UTC day from now on. Governance only.
    /// @param provider The provider's id.
    /// @param dailyUcr By everyone together, in provider micro-credits.
    /// @param dailyPerOrganisationUcr By one organisation, in provider micro-credits.
    function setCaps(uint32 provider, uint128 dailyUcr, uint128 dailyPerOrganisationUcr) external;

    /// @notice A provider's inventory holds more of its credits, new ones. By its key.
    /// @param provider The provider's id.
    /// @param amountUcr How many, in micro-credits.
    /// @param receiptHash The provider's own record of it; each counts once.
    function deposit(uint32 provider, uint256 amountUcr, bytes32 receiptHash) external;

    /// @notice General credits of an account are gone, and it holds a provider's instead. By the account's controller.
    /// @param account The account.
    /// @param provider The provider's id.
    /// @param creditsUcr What it pays, in micro-credits.
    /// @param minOutUcr The least it takes for that, in provider micro-credits.
    /// @return outUcr What it got: at the worse of the rate in force and the announced one, rounded down.
    function convert(uint32 account, uint32 provider, uint128 creditsUcr, uint128 minOutUcr)
        external
        returns (uint128 outUcr);

    /// @notice Provider credits of an account are handed in for compute. By the account's controller.
    /// @param account The account.
    /// @param provider The provider's id.
    /// @param amountUcr How many, in micro-credits.
    /// @param referenceId What the provider knows it by.
    /// @return redemption The redemption's id, counted from 1.
    function redeem(uint32 account, uint32 provider, uint128 amountUcr, bytes32 referenceId)
        external
        returns (uint64 redemption);

    /// @notice A redemption was honoured and its credits are gone. By the provider's key, once.
    /// @param redemption The redemption's id.
    /// @param receiptHash The provider's own record of it.
    function acknowledge(uint64 redemption, bytes32 receiptHash) external;

    /// @notice A redemption the provider kept silent on for seven days is undone. By the account's controller.
    /// @param redemption The redemption's id.
    function reclaim(uint64 redemption) external;

    /// @notice How long before it holds a rate is announced at least.
    /// @return Seconds.
    function leadS() external view returns (uint256);

    /// @notice How many providers there are.
    /// @return The latest provider's id, 0 = none yet.
    function providerCount() external view returns (uint32);

    /// @notice How many redemptions were ever asked for.
    /// @return The latest redemption's id, 0 = none yet.
    function redemptionCount() external view returns (uint64);

    /// @notice A provider. Reverts where there is none.
    /// @param provider The provider's id.
    /// @return Its name and key.
    function providerOf(uint32 provider) external view returns (Provider memory);

    /// @notice Which provider has a name.
    /// @param name The name.
    /// @return The provider's id, 0 = none.
    function providerByName(string calldata name) external view returns (uint32);

    /// @notice A provider's rates as of the block's time.
    /// @param provider The provider's id.
    /// @return The rate in force, the announced one, and what a conversion gets.
    function rateOf(uint32 provider) external view returns (DeskRate memory);

    /// @notice A provider's daily caps.
    /// @param provider The provider's id.
    /// @return Both caps.
    function capsOf(uint32 provider) external view returns (DeskCaps memory);

    /// @notice What the day of the block's time has left for an organisation.
    /// @param provider The provider's id.
    /// @param organisation The organisation's account id.
    /// @return leftUcr The tighter of the provider's cap and the organisation's, in provider micro-credits.
    function leftTodayOf(uint32 provider, uint32 organisation)
        external
        view
        returns (uint128 leftUcr);

    /// @notice What a provider's inventory holds.
    /// @param provider The provider's id.
    /// @return Provider micro-credits.
    function inventoryOf(uint32 provider) external view returns (uint256);

    /// @notice Whether a provider deposited under a receipt.
    /// @param provider The provider's id.
    /// @param receiptHash The receipt.
    /// @return True once it did.
    function isReceiptUsed(uint32 provider, bytes32 receiptHash) external view returns (bool);

    /// @notice A redemption as it stands.
    /// @param redemption The redemption's id.
    /// @return All zero where there is none.
    function redemptionOf(uint64 redemption) external view returns (Redemption memory);
}
