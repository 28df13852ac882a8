// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IRegistry, Resource} from "./interfaces/IRegistry.sol";
import {ITariff, Rates, ResolvedRates} from "./interfaces/ITariff.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {Valuation} from "./libraries/Valuation.sol";

/// @title Tariff
contract Tariff is ITariff, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    uint256 private constant MAX_LEAD_S = 90 days;
    uint256 private constant MAX_PENDING = 16;
    uint256 private constant MAX_IN_CLASS = 64;
    uint64 private constant MIN_INDEX_PPM = 1000;
    uint64 private constant MAX_INDEX_PPM = 1_000_000_000;
    uint32 private constant MAX_FACTOR_PPM = 100_000_000;
    uint32 private constant MIN_GPU_MULTIPLIER_PPM = 10_000;
    uint8 private constant BASIS_TOKENS = 1;
    uint256 private constant EPOCH_AT = 64;

    IRegistry private immutable REGISTRY;

    /// @inheritdoc ITariff
    uint256 public immutable override leadS;

    /// @inheritdoc ITariff
    uint32 public override version;
    mapping(uint16 resource => mapping(uint32 version => Rates)) private _rates;
    mapping(uint16 resource => Checkpoints.Trace208) private _versionFrom;
    /// @dev Values are epoch << 64 | indexPpm.
    mapping(bytes32 indexClass => Checkpoints.Trace208) private _indexFrom;
    mapping(bytes32 indexClass => uint32 epoch) private _epochs;
    /// @dev Of all steps ever taken; bounds those that are too many to look at.
    mapping(bytes32 indexClass => uint64 indexPpm) private _highestPpm;
    mapping(bytes32 indexClass => uint16[] resources) private _followers;

    /// @param authority_ The network's AccessManager.
    /// @param registry Where resources are registered.
    /// @param leadS_ Seconds between an announcement and a change at least.
    constructor(address authority_, IRegistry registry, uint256 leadS_) AccessManaged(authority_) {
        require(leadS_ <= MAX_LEAD_S, LeadTooLong(leadS_, MAX_LEAD_S));
        REGISTRY = registry;
        leadS = leadS_;
    }

    /// @inheritdoc ITariff
    function setRates(uint16[] calldata resources, Rates[] calldata rates, uint64 fromMs)
        external
        override
        restricted
        returns (uint32 newVersion)
    {
        require(
            resources.length == rates.length && rates.length != 0,
            LengthsDiffer(resources.length, rates.length)
        );
        newVersion = ++version;
        for (uint256 i = 0; i < resources.length; ++i) {
            require(
                i == 0 || resources[i] > resources[i - 1],
                ResourcesOutOfOrder(resources[i], i == 0 ? 0 : resources[i - 1])
            );
            _setRates(resources[i], rates[i], fromMs, newVersion);
        }
    }

    /// @inheritdoc ITariff
    function adoptRates(uint16 resource, uint16 likeResource, uint16 gpuLike)
        external
        override
        restricted
        returns (uint32 newVersion)
    {
        require(_versionFrom[resource].length() == 0, RatesKnown(resource));
        uint16 indexLike = gpuLike == 0 ? likeResource : gpuLike;
        bool isAlike = REGISTRY.resourceOf(resource).basis
                == REGISTRY.resourceOf(likeResource).basis
            && REGISTRY.resourceOf(resource).indexClass == REGISTRY.resourceOf(indexLike).indexClass;
        require(isAlike, NotAlike(resource, indexLike));
        (Rates memory rates,) = votedRatesAt(likeResource, FactTime.nowMs());
        (Rates memory gpuRates,) = votedRatesAt(indexLike, FactTime.nowMs());
        rates.gpuMultiplierPpm = gpuRates.gpuMultiplierPpm;
        newVersion = ++version;
        _setRates(resource, rates, 0, newVersion);
    }

    /// @inheritdoc ITariff
    function setIndex(bytes32 indexClass, uint64 indexPpm, uint64 fromMs)
        external
        override
        restricted
        returns (uint32 epoch)
    {
        require(
            indexClass != 0 && indexPpm >= MIN_INDEX_PPM && indexPpm <= MAX_INDEX_PPM,
            IndexOutOfBounds(indexClass, indexPpm)
        );
        uint64 resolvedMs = _resolveChange(_indexFrom[indexClass], fromMs);
        epoch = _epochs[indexClass];
        uint16 tooDear = _firstOutOfBounds(indexClass, indexPpm, resolvedMs);
        if (tooDear != 0) {
            emit IndexStepRefused(indexClass, tooDear, indexPpm);
            return epoch;
        }
        _epochs[indexClass] = ++epoch;
        if (indexPpm > _highestPpm[indexClass]) _highestPpm[indexClass] = indexPpm;
        uint208 packed = uint208((uint256(epoch) << EPOCH_AT) | indexPpm);
        _indexFrom[indexClass].push(SafeCast.toUint48(resolvedMs), packed);
        emit IndexSet(indexClass, epoch, indexPpm, resolvedMs);
    }

    /// @inheritdoc ITariff
    function value(uint16 resource, uint16 flags, uint32[8] calldata quantities, uint64 timeMs)
        external
        view
        override
        returns (uint64 costUcr)
    {
        return Valuation.value(ratesAt(resource, timeMs), flags, quantities);
    }

    /// @inheritdoc ITariff
    function votedRatesAt(uint16 resource, uint64 timeMs)
        public
        view
        override
        returns (Rates memory rates, uint32 ratesVersion)
    {
        ratesVersion = uint32(_versionFrom[resource].upperLookupRecent(SafeCast.toUint48(timeMs)));
        require(ratesVersion != 0, RatesUnknown(resource));
        return (_rates[resource][ratesVersion], ratesVersion);
    }

    /// @inheritdoc ITariff
    function ratesAt(uint16 resource, uint64 timeMs)
        public
        view
        override
        returns (ResolvedRates memory)
    {
        (Rates memory rates,) = votedRatesAt(resource, timeMs);
        (uint64 indexPpm,) = indexAt(REGISTRY.resourceOf(resource).indexClass, timeMs);
        return Valuation.resolve(rates, indexPpm);
    }

    /// @inheritdoc ITariff
    function indexAt(bytes32 indexClass, uint64 timeMs)
        public
        view
        override
        returns (uint64 indexPpm, uint32 epoch)
    {
        uint208 packed = _indexFrom[indexClass].upperLookupRecent(SafeCast.toUint48(timeMs));
        if (packed == 0) return (uint64(Valuation.PPM), 0);
        // The fields of the word.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint64(packed), uint32(packed >> EPOCH_AT));
    }

    function _setRates(uint16 resource, Rates memory rates, uint64 fromMs, uint32 newVersion)
        private
    {
        Resource memory registered = REGISTRY.resourceOf(resource);
        _checkBasis(resource, registered.basis, rates);
        _checkHardBounds(resource, registered.basis, rates);
        Checkpoints.Trace208 storage history = _versionFrom[resource];
        uint64 resolvedMs = _resolveTime(history, fromMs);
        _checkUnderEveryIndex(resource, registered.indexClass, rates, resolvedMs);
        if (history.length() == 0 && registered.indexClass != 0) {
            _followers[registered.indexClass].push(resource);
            require(
                _followers[registered.indexClass].length <= MAX_IN_CLASS,
                TooManyInClass(registered.indexClass, MAX_IN_CLASS)
            );
        }
        _rates[resource][newVersion] = rates;
        history.push(SafeCast.toUint48(resolvedMs), newVersion);
        emit RatesSet(newVersion, resource, rates, resolvedMs);
    }

    /// @dev When rates take effect: the first of a resource at any time, for nothing was charged before them.
    function _resolveTime(Checkpoints.Trace208 storage history, uint64 fromMs)
        private
        view
        returns (uint64)
    {
        return history.length() == 0 ? fromMs : _resolveChange(history, fromMs);
    }

    /// @dev When a change takes effect: after the lead, and never before an earlier announced one.
    function _resolveChange(Checkpoints.Trace208 storage history, uint64 fromMs)
        private
        view
        returns (uint64 resolvedMs)
    {
        resolvedMs = FactTime.ofChange(fromMs, leadS);
        (, uint48 latestMs,) = history.latestCheckpoint();
        require(resolvedMs >= latestMs, ChangeOutOfOrder(resolvedMs, latestMs));
    }

    /// @dev Reverts unless the rates stay in bounds under the index of their first moment and every later one. Where
    /// more steps than MAX_PENDING lie after it, the highest ever taken stands for those further back: what stays in
    /// bounds under an index does under every lower one.
    function _checkUnderEveryIndex(
        uint16 resource,
        bytes32 indexClass,
        Rates memory rates,
        uint64 fromMs
    ) private view {
        (uint64 indexPpm,) = indexAt(indexClass, fromMs);
        _checkInBound(resource, rates, indexPpm);
        Checkpoints.Trace208 storage history = _indexFrom[indexClass];
        uint256 length = history.length();
        for (uint256 back = 1; back <= length; ++back) {
            // A history is no longer than epochs count, in 32 bits.
            // forge-lint: disable-next-line(unsafe-typecast)
            Checkpoints.Checkpoint208 memory step = history.at(uint32(length - back));
            if (step._key <= fromMs) break;
            if (back > MAX_PENDING) {
                _checkInBound(resource, rates, _highestPpm[indexClass]);
                break;
            }
            // The low field of the word.
            // forge-lint: disable-next-line(unsafe-typecast)
            _checkInBound(resource, rates, uint64(step._value));
        }
    }

    function _checkInBound(uint16 resource, Rates memory rates, uint64 indexPpm) private pure {
        require(
            Valuation.isInBound(Valuation.resolve(rates, indexPpm)),
            RatesOutOfBounds(resource, indexPpm)
        );
    }

    /// @dev The first follower of a class whose rates, at a time or later, leave their bound under an index; 0 = none.
    function _firstOutOfBounds(bytes32 indexClass, uint64 indexPpm, uint64 fromMs)
        private
        view
        returns (uint16)
    {
        uint16[] storage followers = _followers[indexClass];
        for (uint256 i = 0; i < followers.length; ++i) {
            if (!_isInBoundFrom(followers[i], indexPpm, fromMs)) return followers[i];
        }
        return 0;
    }

    function _isInBoundFrom(uint16 resource, uint64 indexPpm, uint64 fromMs)
        private
        view
        returns (bool)
    {
        Checkpoints.Trace208 storage history = _versionFrom[resource];
        uint256 length = history.length();
        for (uint256 back = 1; back <= length; ++back) {
            require(back <= MAX_PENDING, TooManyPending(MAX_PENDING));
            // A history is no longer than versions count, in 32 bits.
            // forge-lint: disable-next-line(unsafe-typecast)
            Checkpoints.Checkpoint208 memory change = history.at(uint32(length - back));
            Rates memory rates = _rates[resource][uint32(change._value)];
            if (!Valuation.isInBound(Valuation.resolve(rates, indexPpm))) return false;
            if (change._key <= fromMs) break;
        }
        return true;
    }

    function _checkBasis(uint16 resource, uint8 basis, Rates memory rates) private pure {
        bool isMixed = basis == BASIS_TOKENS
            ? rates.computeNcr != 0 || rates.memoryNcr != 0
            : rates.wIn != 0 || rates.wCached != 0 || rates.wWritten != 0 || rates.wOut != 0
                || rates.wReason != 0 || rates.mciBase != 0 || rates.mciQuad != 0;
        require(!isMixed, BasisMixed(resource, basis));
    }

    function _checkHardBounds(uint16 resource, uint8 basis, Rates memory rates) private pure {
        uint32 lowest = basis == BASIS_TOKENS ? 0 : MIN_GPU_MULTIPLIER_PPM;
        bool isInside = rates.gpuMultiplierPpm >= lowest && rates.gpuMultiplierPpm <= MAX_FACTOR_PPM
            && rates.bandwidthFactorPpm <= MAX_FACTOR_PPM;
        require(
            isInside,
            RatesOutOfHardBounds(resource, rates.gpuMultiplierPpm, rates.bandwidthFactorPpm)
        );
    }
}
