// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a vote sets for one resource. Token weights, computeNcr, memoryNcr and transferNcr are nano-credits per
/// unit, factors are millionths, the MCI (model complexity index) terms are nano-credits per call.
struct Rates {
    uint32 wIn;
    uint32 wCached;
    uint32 wWritten;
    uint32 wOut;
    uint32 wReason;
    uint32 computeNcr;
    uint32 gpuMultiplierPpm;
    uint32 memoryNcr;
    uint32 transferNcr;
    uint32 bandwidthFactorPpm;
    uint64 mciBase;
    uint32 mciQuad;
}

/// @notice Rates under a price index, rounded up once: what quantities are multiplied with, in nano-credits.
struct ResolvedRates {
    uint256 wIn;
    uint256 wCached;
    uint256 wWritten;
    uint256 wOut;
    uint256 wReason;
    uint256 g;
    uint256 m;
    uint256 t;
    uint256 mciBase;
    uint256 mciQuad;
}

/// @title What use costs: voted rates, price indices, and the history of both
/// @notice Validators value records off chain with the same formula; `value` lets anyone check one (docs/protocol.md
/// section 6). Nothing here is ever overwritten: what a record of a past moment cost can be asked for ever.
interface ITariff {
    /// @notice A resource has new rates from `fromMs` on.
    event RatesSet(uint32 indexed version, uint16 indexed resource, Rates rates, uint64 fromMs);
    /// @notice A class of hardware has a new price index from `fromMs` on.
    event IndexSet(
        bytes32 indexed indexClass, uint32 indexed epoch, uint64 indexPpm, uint64 fromMs
    );
    /// @notice An index step would have let a record of this resource overflow; the index stays as it was.
    event IndexStepRefused(bytes32 indexed indexClass, uint16 indexed resource, uint64 indexPpm);

    /// @notice Lists of different lengths, or an empty one.
    error LengthsDiffer(uint256 resources, uint256 rates);
    /// @notice The resource has no rates (at that time).
    error RatesUnknown(uint16 resource);
    /// @notice The resource has rates already; only a vote changes them.
    error RatesKnown(uint16 resource);
    /// @notice The dearest possible record would overflow, or a resolved rate does not fit 32 bits.
    error RatesOutOfBounds(uint16 resource, uint64 indexPpm);
    /// @notice A token-basis resource has GPU rates, or a gpu-basis resource token rates.
    error BasisMixed(uint16 resource, uint8 basis);
    /// @notice The two resources are billed on different bases or follow different indices.
    error NotAlike(uint16 resource, uint16 likeResource);
    /// @notice A change would begin before another that was announced already.
    error ChangeOutOfOrder(uint64 fromMs, uint64 latestMs);
    /// @notice The index lies outside its hard bounds, or has no class.
    error IndexOutOfBounds(bytes32 indexClass, uint64 indexPpm);
    /// @notice More changes than this are not kept waiting for one key.
    error TooManyPending(uint256 limit);
    /// @notice More resources than this cannot follow one index.
    error TooManyInClass(bytes32 indexClass, uint256 limit);
    /// @notice The lead asked for at deployment is longer than allowed.
    error LeadTooLong(uint256 leadS, uint256 limitS);

    /// @notice Resources get new rates, all under one new version. Governance only.
    /// @dev A resource's first rates may begin at any time, 0 = the beginning of time. Changes begin at least leadS
    /// after the block, 0 = as soon as allowed, and never before an earlier announced change.
    /// @param resources Ids from the Registry.
    /// @param rates One for each resource.
    /// @param fromMs Unix milliseconds.
    /// @return version The new version.
    function setRates(uint16[] calldata resources, Rates[] calldata rates, uint64 fromMs)
        external
        returns (uint32 version);

    /// @notice A resource without rates takes over those in force for a like one, from the beginning of time. Network
    /// registrar only: no price is invented.
    /// @param resource The resource without rates.
    /// @param likeResource The one whose rates it takes; billed on the same basis.
    /// @param gpuLike The GPU type whose multiplier it takes and whose index it follows, 0 = as likeResource.
    /// @return version The new version.
    function adoptRates(uint16 resource, uint16 likeResource, uint16 gpuLike)
        external
        returns (uint32 version);

    /// @notice A class gets a new price index, unless a resource's rates would leave their bound: then the step is
    /// refused with an event and nothing changes. Governance only.
    /// @param indexClass The class, an ASCII label.
    /// @param indexPpm The index in millionths.
    /// @param fromMs As for setRates.
    /// @return epoch The new epoch, or the unchanged one where the step was refused.
    function setIndex(bytes32 indexClass, uint64 indexPpm, uint64 fromMs)
        external
        returns (uint32 epoch);

    /// @notice Seconds between an announcement and a change at least.
    function leadS() external view returns (uint256);

    /// @notice The latest version of any resource's rates; 0 = none yet.
    function version() external view returns (uint32);

    /// @notice A resource's rates as voted, and the version that set them. Reverts where it has none at that time.
    /// @param resource The resource.
    /// @param timeMs Unix milliseconds.
    function votedRatesAt(uint16 resource, uint64 timeMs)
        external
        view
        returns (Rates memory rates, uint32 ratesVersion);

    /// @notice A resource's rates under the index in force. Reverts where it has none at that time.
    /// @param resource The resource.
    /// @param timeMs Unix milliseconds.
    function ratesAt(uint16 resource, uint64 timeMs) external view returns (ResolvedRates memory);

    /// @notice A class's index, 1,000,000 before its first step.
    /// @param indexClass The class.
    /// @param timeMs Unix milliseconds.
    function indexAt(bytes32 indexClass, uint64 timeMs)
        external
        view
        returns (uint64 indexPpm, uint32 epoch);

    /// @notice What a record of these quantities costs.
    /// @param resource The resource.
    /// @param flags The record's flags; bits 6 and 7 take the MCI away.
    /// @param quantities in_fresh, in_cached, in_written, out_visible, out_reasoning, compute_ms, memory_gib_s,
    /// transfer_kib.
    /// @param timeMs The time whose rates apply, Unix milliseconds.
    /// @return costUcr Micro-credits, rounded up once.
    function value(uint16 resource, uint16 flags, uint32[8] calldata quantities, uint64 timeMs)
        external
        view
        returns (uint64 costUcr);
}
