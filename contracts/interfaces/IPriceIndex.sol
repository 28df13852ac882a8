// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What one validator saw a class of hardware cost in an epoch.
/// @param indexClass The class, an ASCII label.
/// @param epoch The index epoch that runs while it is reported.
/// @param valuePpm The price, in millionths of the price that voted rates assume.
/// @param spreadPpm How far the venues lie apart: half the spread, in millionths of the price.
/// @param venues How many venues it is the middle of.
/// @param oldestS When the oldest price was observed, Unix seconds.
/// @param newestS When the newest one was, Unix seconds.
/// @param inputHash What it was computed from.
struct PriceReport {
    bytes32 indexClass;
    uint32 epoch;
    uint64 valuePpm;
    uint32 spreadPpm;
    uint16 venues;
    uint64 oldestS;
    uint64 newestS;
    bytes32 inputHash;
}

/// @notice What is kept of a report.
/// @param valuePpm The price in millionths; 0 = no report.
/// @param spreadPpm Half the spread in millionths of the price.
/// @param venues How many venues it is the middle of.
struct KeptReport {
    uint64 valuePpm;
    uint32 spreadPpm;
    uint16 venues;
}

/// @notice How the last epoch of a class that moved its index ended.
/// @param epoch The epoch.
/// @param reports How many reports counted; 0 = no epoch has moved the index yet.
/// @param rawPpm Their median in millionths.
/// @param clampedPpm The index it gave, in millionths.
/// @param fromMs From when that holds, Unix milliseconds; 0 = the tariff refused the step.
struct Closing {
    uint32 epoch;
    uint8 reports;
    uint64 rawPpm;
    uint64 clampedPpm;
    uint64 fromMs;
}

/// @title What hardware costs in the world outside, as the validators see it
/// @notice One signed report per validator, class and epoch. An epoch's median, clamped to 15 % of the last index either
/// way, holds from the epoch after the one in which it was closed: everyone sees a price a while before it is charged.
/// Fewer reports than two thirds of the validators leave the index as it is. Epochs are counted from 1970.
interface IPriceIndex {
    /// @notice A validator reported a price.
    /// @param indexClass The class, an ASCII label.
    /// @param epoch The epoch.
    /// @param attester The validator's attesting key, as an address.
    /// @param valuePpm The price in millionths.
    /// @param spreadPpm Half the spread in millionths of the price.
    /// @param venues How many venues it is the middle of.
    /// @param oldestS When the oldest price was observed, Unix seconds.
    /// @param newestS When the newest one was, Unix seconds.
    /// @param inputHash What it was computed from.
    event PriceReported(
        bytes32 indexed indexClass,
        uint32 indexed epoch,
        address indexed attester,
        uint64 valuePpm,
        uint32 spreadPpm,
        uint16 venues,
        uint64 oldestS,
        uint64 newestS,
        bytes32 inputHash
    );
    /// @notice An epoch gave its class a new index.
    /// @param indexClass The class, an ASCII label.
    /// @param epoch The epoch.
    /// @param rawPpm The median of its reports in millionths.
    /// @param clampedPpm The index in millionths.
    /// @param gapPpm raw / clamped in millionths, rounded down: how far the index is behind.
    /// @param reports How many reports counted.
    /// @param fromMs From when it holds, Unix milliseconds; 0 = the tariff refused the step.
    event IndexClosed(
        bytes32 indexed indexClass,
        uint32 indexed epoch,
        uint64 rawPpm,
        uint64 clampedPpm,
        uint64 gapPpm,
        uint8 reports,
        uint64 fromMs
    );
    /// @notice An epoch had too few reports; the index stays as it is.
    /// @param indexClass The class, an ASCII label.
    /// @param epoch The epoch.
    /// @param reports How many reports counted.
    /// @param needed How many it takes.
    event IndexHeld(bytes32 indexed indexClass, uint32 indexed epoch, uint8 reports, uint8 needed);

    /// @notice The length of an epoch asked for at deployment is not allowed.
    /// @param epochS The length in seconds.
    /// @param minimumS The shortest allowed, in seconds.
    /// @param maximumS The longest allowed, in seconds.
    error EpochLengthInvalid(uint256 epochS, uint256 minimumS, uint256 maximumS);
    /// @notice The report names no class, no venue, or a price outside the index's hard bounds.
    /// @param indexClass The class.
    /// @param valuePpm The price in millionths, to lie from 1,000 to 1,000,000,000.
    /// @param venues How many venues it is the middle of.
    error ReportInvalid(bytes32 indexClass, uint64 valuePpm, uint16 venues);
    /// @notice Only the running epoch is reported on.
    /// @param epoch The report's.
    /// @param running The running one.
    error EpochNotRunning(uint32 epoch, uint32 running);
    /// @notice The prices were observed too long ago, in the future, or the newest before the oldest.
    /// @param oldestS When the oldest was, Unix seconds.
    /// @param newestS When the newest was, Unix seconds.
    /// @param earliestS The earliest allowed, Unix seconds.
    /// @param latestS The latest allowed, Unix seconds.
    error ObservationsInvalid(uint64 oldestS, uint64 newestS, uint64 earliestS, uint64 latestS);
    /// @notice The report is not signed by this validator of the set in force.
    /// @param validator The validator's index.
    /// @param signer Who signed these very values for this contract; zero = nobody.
    error ReportSignatureInvalid(uint8 validator, address signer);
    /// @notice The validator has reported already.
    /// @param indexClass The class.
    /// @param epoch The epoch.
    /// @param attester The validator's attesting key, as an address.
    error ReportKnown(bytes32 indexClass, uint32 epoch, address attester);
    /// @notice An epoch is closed while the next one runs, early enough for the tariff's lead.
    /// @param epoch The epoch that was to be closed.
    /// @param closable The one that can be, until latestS.
    /// @param latestS Until when, Unix seconds.
    error EpochNotClosable(uint32 epoch, uint32 closable, uint64 latestS);
    /// @notice The epoch was closed already.
    /// @param indexClass The class.
    /// @param epoch The epoch.
    error EpochClosed(bytes32 indexClass, uint32 epoch);

    /// @notice A validator's report counts for the running epoch. Relayed by anyone.
    /// @param priceReport The report; prices observed since the beginning of the epoch before.
    /// @param validator The index of the validator in the set in force.
    /// @param signature 65 bytes r, s, v over reportDigest, by the validator's attesting key.
    function report(PriceReport calldata priceReport, uint8 validator, bytes calldata signature)
        external;

    /// @notice The epoch before the running one has moved its class's index, or left it as it is. By anyone, once.
    /// @dev Counts the reports of the set in force at the epoch's end, leaving out a key suspended now.
    /// @param indexClass The class, an ASCII label.
    /// @param epoch The epoch.
    function close(bytes32 indexClass, uint32 epoch) external;

    /// @notice How long an epoch is.
    /// @return Seconds.
    function epochS() external view returns (uint64);

    /// @notice The epoch of a time.
    /// @param timeS Unix seconds.
    /// @return The epoch.
    function epochAt(uint64 timeS) external view returns (uint32);

    /// @notice What a validator reported.
    /// @param indexClass The class, an ASCII label.
    /// @param epoch The epoch.
    /// @param attester The validator's attesting key, as an address.
    /// @return All zero where it did not.
    function reportOf(bytes32 indexClass, uint32 epoch, address attester)
        external
        view
        returns (KeptReport memory);

    /// @notice How the last epoch that moved a class's index ended.
    /// @param indexClass The class, an ASCII label.
    /// @return All zero where none has.
    function latestOf(bytes32 indexClass) external view returns (Closing memory);

    /// @notice Whether an epoch of a class was closed, moving its index or not.
    /// @param indexClass The class, an ASCII label.
    /// @param epoch The epoch.
    /// @return True once it or a later one was.
    function isClosed(bytes32 indexClass, uint32 epoch) external view returns (bool);

    /// @notice Whether nobody has reported on a class for three whole epochs: its index is frozen.
    /// @param indexClass The class, an ASCII label.
    /// @return False too where nobody ever did.
    function isStale(bytes32 indexClass) external view returns (bool);

    /// @notice What a validator signs: EIP-712 in the domain "Tallystick PriceIndex", "1", this chain and this contract.
    /// @param priceReport The report.
    /// @return The 32 bytes.
    function reportDigest(PriceReport calldata priceReport) external view returns (bytes32);
}
