// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a vote sets for one resource. MCI is the model complexity index.
/// @param wIn Nano-credits per LLM token read uncached.
/// @param wCached Nano-credits per LLM token read from cache.
/// @param wWritten Nano-credits per LLM token written to cache.
/// @param wOut Nano-credits per LLM token produced and shown.
/// @param wReason Nano-credits per LLM token produced and hidden.
/// @param computeNcr Nano-credits per GPU-millisecond of the reference GPU.
/// @param gpuMultiplierPpm What a GPU of this type is worth beside the reference GPU, in millionths.
/// @param memoryNcr Nano-credits per GiB-second of accelerator memory.
/// @param transferNcr Nano-credits per KiB moved.
/// @param bandwidthFactorPpm What transferNcr is multiplied by, in millionths.
/// @param mciBase Nano-credits per call.
/// @param mciQuad Nano-credits per call and square of the context in whole thousands of tokens.
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

/// @notice Rates under a price index, rounded up once: what quantities are multiplied with, in nano-credits per unit.
/// @param wIn Per LLM token read uncached.
/// @param wCached Per LLM token read from cache.
/// @param wWritten Per LLM token written to cache.
/// @param wOut Per LLM token produced and shown.
/// @param wReason Per LLM token produced and hidden.
/// @param g Per GPU-millisecond.
/// @param m Per GiB-second of accelerator memory.
/// @param t Per KiB moved.
/// @param mciBase Per call.
/// @param mciQuad Per call and square of the context in whole thousands of tokens.
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
    /// @param version The version of the tariff that set them.
    /// @param resource The resource's id.
    /// @param rates The rates as voted.
    /// @param fromMs Unix milliseconds, 0 = the beginning of time.
    event RatesSet(uint32 indexed version, uint16 indexed resource, Rates rates, uint64 fromMs);
    /// @notice A class of hardware has a new price index from `fromMs` on.
    /// @param indexClass The class, an ASCII label.
    /// @param epoch How many steps the class's index has taken, this one included.
    /// @param indexPpm The index in millionths.
    /// @param fromMs Unix milliseconds, 0 = the beginning of time.
    event IndexSet(
        bytes32 indexed indexClass, uint32 indexed epoch, uint64 indexPpm, uint64 fromMs
    );
    /// @notice An index step would have let a record of this resource overflow; the index stays as it was.
    /// @param indexClass The class, an ASCII label.
    /// @param resource The first resource of the class that would leave its bound.
    /// @param indexPpm The refused index in millionths.
    event IndexStepRefused(bytes32 indexed indexClass, uint16 indexed resource, uint64 indexPpm);

    /// @notice Lists of different lengths, or an empty one.
    /// @param resources How many resources were given.
    /// @param rates How many rates.
    error LengthsDiffer(uint256 resources, uint256 rates);
    /// @notice The resource has no rates (at that time).
    /// @param resource The resource's id.
    error RatesUnknown(uint16 resource);
    /// @notice The resource has rates already; only a vote changes them.
    /// @param resource The resource's id.
    error RatesKnown(uint16 resource);
    /// @notice The dearest possible record would overflow, or a resolved rate does not fit 32 bits.
    /// @param resource The resource's id.
    /// @param indexPpm The index under which it would, in millionths.
    error RatesOutOfBounds(uint16 resource, uint64 indexPpm);
    /// @notice A factor lies outside the bounds no vote can cross.
    /// @param resource The resource's id.
    /// @param gpuMultiplierPpm What its GPU type is worth, in millionths: at most 100,000,000, and for a gpu-basis resource
    /// at least 10,000.
    /// @param bandwidthFactorPpm What moved bytes are multiplied by, in millionths: at most 100,000,000.
    error RatesOutOfHardBounds(uint16 resource, uint32 gpuMultiplierPpm, uint32 bandwidthFactorPpm);
    /// @notice A token-basis resource has GPU rates, or a gpu-basis resource token rates.
    /// @param resource The resource's id.
    /// @param basis What it is billed on: 1 tokens, 2 gpu.
    error BasisMixed(uint16 resource, uint8 basis);
    /// @notice The two resources are billed on different bases or follow different indices.
    /// @param resource The resource without rates.
    /// @param likeResource The one it was to be like.
    error NotAlike(uint16 resource, uint16 likeResource);
    /// @notice A change would begin before another that was announced already.
    /// @param fromMs When it would begin, in Unix milliseconds.
    /// @param latestMs When the other does, in Unix milliseconds.
    error ChangeOutOfOrder(uint64 fromMs, uint64 latestMs);
    /// @notice The index lies outside its hard bounds, or has no class.
    /// @param indexClass The class, zero = none.
    /// @param indexPpm The index in millionths, to lie from 1,000 to 1,000,000,000.
    error IndexOutOfBounds(bytes32 indexClass, uint64 indexPpm);
    /// @notice More changes than this are not kept waiting for one key.
    /// @param limit How many are.
    error TooManyPending(uint256 limit);
    /// @notice More resources than this cannot follow one index.
    /// @param indexClass The class.
    /// @param limit How many can.
    error TooManyInClass(bytes32 indexClass, uint256 limit);
    /// @notice The lead asked for at deployment is longer than allowed.
    /// @param leadS The lead in seconds.
    /// @param limitS The longest allowed, in seconds.
    error LeadTooLong(uint256 leadS, uint256 limitS);

    /// @notice Resources do not come in ascending order, each once: an event must not name rates that another of the same
    /// version has replaced already.
    /// @param resource The resource.
    /// @param previous The one before it.
    error ResourcesOutOfOrder(uint16 resource, uint16 previous);

    /// @notice Resources get new rates, all under one new version. Governance only.
    /// @dev A resource's first rates may begin at any time, 0 = the beginning of time. Changes begin at least leadS
    /// after the block, 0 = as soon as allowed, and never before an earlier announced change.
    /// @param resources Ids from the Registry, ascending.
    /// @param rates One for each resource.
    /// @param fromMs Unix milliseconds.
    /// @return newVersion The new version.
    function setRates(uint16[] calldata resources, Rates[] calldata rates, uint64 fromMs)
        external
        returns (uint32 newVersion);

    /// @notice A resource without rates takes over those in force for a like one, from the beginning of time. Network
    /// registrar only: no price is invented.
    /// @param resource The resource without rates.
    /// @param likeResource The one whose rates it takes; billed on the same basis.
    /// @param gpuLike The GPU type whose multiplier it takes and whose index it follows, 0 = as likeResource.
    /// @return newVersion The new version.
    function adoptRates(uint16 resource, uint16 likeResource, uint16 gpuLike)
        external
        returns (uint32 newVersion);

    /// @notice A class gets a new price index, unless a resource's rates would leave their bound: then the step is
    /// refused with an event and nothing changes. The PriceIndex only.
    /// @param indexClass The class, an ASCII label.
    /// @param indexPpm The index in millionths.
    /// @param fromMs Unix milliseconds, at least leadS after the block, 0 = as soon as allowed, and never before an earlier
    /// announced step; the first step of a class obeys this too, before it the index is 1,000,000.
    /// @return epoch The new epoch, or the unchanged one where the step was refused.
    function setIndex(bytes32 indexClass, uint64 indexPpm, uint64 fromMs)
        external
        returns (uint32 epoch);

    /// @notice How long before its beginning a change is announced at least.
    /// @return Seconds.
    function leadS() external view returns (uint256);

    /// @notice The latest version of any resource's rates.
    /// @return The version, 0 = none yet.
    function version() external view returns (uint32);

    /// @notice A resource's rates as voted, and the version that set them. Reverts where it has none at that time.
    /// @param resource The resource.
    /// @param timeMs Unix milliseconds.
    /// @return rates The rates, no index applied.
    /// @return ratesVersion The version that set them.
    function votedRatesAt(uint16 resource, uint64 timeMs)
        external
        view
        returns (Rates memory rates, uint32 ratesVersion);

    /// @notice A resource's rates under the index in force. Reverts where it has none at that time.
    /// @param resource The resource.
    /// @param timeMs Unix milliseconds.
    /// @return Nano-credits per unit, each rounded up once.
    function ratesAt(uint16 resource, uint64 timeMs) external view returns (ResolvedRates memory);

    /// @notice A class's price index.
    /// @param indexClass The class, an ASCII label; zero = none.
    /// @param timeMs Unix milliseconds.
    /// @return indexPpm The index in millionths; 1,000,000 before its first step, and without a class.
    /// @return epoch How many steps it had taken.
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
