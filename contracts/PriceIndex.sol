// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Closing, IPriceIndex, KeptReport, PriceReport} from "./interfaces/IPriceIndex.sol";
import {ITariff} from "./interfaces/ITariff.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {IndexRules} from "./libraries/IndexRules.sol";

/// @title PriceIndex
contract PriceIndex is IPriceIndex, AccessManaged, EIP712 {
    /// @dev When a class was last reported on, and which epochs of it are closed.
    struct Progress {
        uint32 reportedIn;
        uint32 closedUntil;
    }

    uint256 private constant MIN_EPOCH_S = 1 days;
    uint256 private constant MAX_EPOCH_S = 7 days;
    uint64 private constant MIN_VALUE_PPM = 1000;
    uint64 private constant MAX_VALUE_PPM = 1_000_000_000;
    /// @dev A validator's clock may run this far ahead of the chain's.
    uint256 private constant AHEAD_S = 5 minutes;
    uint256 private constant STALE_EPOCHS = 3;
    bytes32 private constant REPORT_TYPE = keccak256(
        "PriceReport(bytes32 indexClass,uint32 epoch,uint64 valuePpm,uint32 spreadPpm,"
        "uint16 venues,uint64 oldestS,uint64 newestS,bytes32 inputHash)"
    );

    IValidatorSet private immutable VALIDATORS;
    ITariff private immutable TARIFF;

    /// @inheritdoc IPriceIndex
    uint64 public immutable override epochS;

    mapping(bytes32 indexClass => Progress) private _progress;
    mapping(bytes32 indexClass => Closing) private _latest;
    mapping(
        bytes32 indexClass => mapping(uint32 epoch => mapping(address attester => KeptReport))
    ) private _reports;

    /// @param authority_ The network's AccessManager.
    /// @param validators Whose reports count.
    /// @param tariff Where the index takes effect.
    /// @param epochS_ Seconds in an epoch, a day to a week, and at least twice the tariff's lead.
    constructor(address authority_, IValidatorSet validators, ITariff tariff, uint64 epochS_)
        AccessManaged(authority_)
        EIP712("Tallystick PriceIndex", "1")
    {
        uint256 twiceLeadS = 2 * tariff.leadS();
        uint256 minimumS = twiceLeadS > MIN_EPOCH_S ? twiceLeadS : MIN_EPOCH_S;
        require(
            epochS_ >= minimumS && epochS_ <= MAX_EPOCH_S,
            EpochLengthInvalid(epochS_, minimumS, MAX_EPOCH_S)
        );
        VALIDATORS = validators;
        TARIFF = tariff;
        epochS = epochS_;
    }

    /// @inheritdoc IPriceIndex
    function report(PriceReport calldata priceReport, uint8 validator, bytes calldata signature)
        external
        override
        restricted
    {
        _checkReport(priceReport);
        address attester = _checkSigner(priceReport, validator, signature);
        bytes32 indexClass = priceReport.indexClass;
        uint32 epoch = priceReport.epoch;
        KeptReport storage kept = _reports[indexClass][epoch][attester];
        require(kept.valuePpm == 0, ReportKnown(indexClass, epoch, attester));

        kept.valuePpm = priceReport.valuePpm;
        kept.spreadPpm = priceReport.spreadPpm;
        kept.venues = priceReport.venues;
        _progress[indexClass].reportedIn = epoch;
        _announce(priceReport, attester);
    }

    /// @inheritdoc IPriceIndex
    function close(bytes32 indexClass, uint32 epoch) external override restricted {
        uint32 running = _running();
        uint64 endS = _startOf(running + 1);
        _checkClosable(epoch, running, endS);
        require(!isClosed(indexClass, epoch), EpochClosed(indexClass, epoch));
        (uint64[] memory values, uint8 needed) =
            _countedOf(indexClass, epoch, _startOf(running) * 1000 - 1);

        _progress[indexClass].closedUntil = running;
        if (values.length < needed) {
            // A set has at most 32 members.
            // forge-lint: disable-next-line(unsafe-typecast)
            emit IndexHeld(indexClass, epoch, uint8(values.length), needed);
            return;
        }
        _move(indexClass, epoch, values, endS * 1000);
    }

    // Views

    /// @inheritdoc IPriceIndex
    function reportOf(bytes32 indexClass, uint32 epoch, address attester)
        external
        view
        override
        returns (KeptReport memory)
    {
        return _reports[indexClass][epoch][attester];
    }

    /// @inheritdoc IPriceIndex
    function latestOf(bytes32 indexClass) external view override returns (Closing memory) {
        return _latest[indexClass];
    }

    /// @inheritdoc IPriceIndex
    function isStale(bytes32 indexClass) external view override returns (bool) {
        uint32 reportedIn = _progress[indexClass].reportedIn;
        return reportedIn != 0 && _running() > reportedIn + STALE_EPOCHS;
    }

    /// @inheritdoc IPriceIndex
    function epochAt(uint64 timeS) public view override returns (uint32) {
        return SafeCast.toUint32(timeS / epochS);
    }

    /// @inheritdoc IPriceIndex
    function isClosed(bytes32 indexClass, uint32 epoch) public view override returns (bool) {
        return epoch < _progress[indexClass].closedUntil;
    }

    /// @inheritdoc IPriceIndex
    function reportDigest(PriceReport calldata priceReport) public view override returns (bytes32) {
        // A struct of nothing but words encodes as its words.
        return _hashTypedDataV4(keccak256(abi.encode(REPORT_TYPE, priceReport)));
    }

    // Internal: reports

    function _checkReport(PriceReport calldata priceReport) private view {
        uint64 valuePpm = priceReport.valuePpm;
        bool isValid = priceReport.indexClass != 0 && priceReport.venues != 0
            && valuePpm >= MIN_VALUE_PPM && valuePpm <= MAX_VALUE_PPM;
        require(isValid, ReportInvalid(priceReport.indexClass, valuePpm, priceReport.venues));
        uint32 running = _running();
        // Epochs are whole numbers, and only the running one is meant.
        // slither-disable-next-line incorrect-equality
        require(priceReport.epoch == running, EpochNotRunning(priceReport.epoch, running));
        (uint64 oldestS, uint64 newestS) = (priceReport.oldestS, priceReport.newestS);
        uint64 earliestS = _startOf(running - 1);
        uint64 latestS = SafeCast.toUint64(block.timestamp + AHEAD_S);
        require(
            earliestS <= oldestS && oldestS <= newestS && newestS <= latestS,
            ObservationsInvalid(oldestS, newestS, earliestS, latestS)
        );
    }

    /// @dev Who signed, being the validator with this index in the set in force. A suspended one's place holds the zero
    /// address, which nobody signs for.
    function _checkSigner(
        PriceReport calldata priceReport,
        uint8 validator,
        bytes calldata signature
    ) private view returns (address signer) {
        (signer,,) = ECDSA.tryRecoverCalldata(reportDigest(priceReport), signature);
        address[] memory attesters = VALIDATORS.attestersAt(FactTime.nowMs());
        bool isSigned =
            signer != address(0) && validator < attesters.length && attesters[validator] == signer;
        require(isSigned, ReportSignatureInvalid(validator, signer));
    }

    function _announce(PriceReport calldata priceReport, address attester) private {
        emit PriceReported(
            priceReport.indexClass,
            priceReport.epoch,
            attester,
            priceReport.valuePpm,
            priceReport.spreadPpm,
            priceReport.venues,
            priceReport.oldestS,
            priceReport.newestS,
            priceReport.inputHash
        );
    }

    // Internal: closing

    function _checkClosable(uint32 epoch, uint32 running, uint64 endS) private view {
        uint64 latestS = SafeCast.toUint64(endS - TARIFF.leadS());
        // Epochs are whole numbers, and only the one before is meant.
        // slither-disable-next-line incorrect-equality
        require(
            epoch == running - 1 && block.timestamp <= latestS,
            EpochNotClosable(epoch, running - 1, latestS)
        );
    }

    /// @dev The reported prices of the set in force at a time, and how many of them it takes.
    function _countedOf(bytes32 indexClass, uint32 epoch, uint64 timeMs)
        private
        view
        returns (uint64[] memory values, uint8 needed)
    {
        address[] memory attesters = VALIDATORS.attestersAt(timeMs);
        uint64[] memory found = new uint64[](attesters.length);
        uint256 count = 0;
        for (uint256 i = 0; i < attesters.length; ++i) {
            uint64 valuePpm = _reports[indexClass][epoch][attesters[i]].valuePpm;
            if (valuePpm != 0) found[count++] = valuePpm;
        }
        values = new uint64[](count);
        for (uint256 i = 0; i < count; ++i) {
            values[i] = found[i];
        }
        needed = SafeCast.toUint8(IndexRules.needed(attesters.length));
    }

    /// @dev The class has moved by one step, unless the tariff refused it.
    function _move(bytes32 indexClass, uint32 epoch, uint64[] memory values, uint64 fromMs)
        private
    {
        (uint64 lastPpm, uint32 steps) = TARIFF.indexAt(indexClass, fromMs);
        uint64 rawPpm = IndexRules.medianOf(values);
        Closing memory closing = Closing({
            epoch: epoch,
            reports: SafeCast.toUint8(values.length),
            rawPpm: rawPpm,
            clampedPpm: IndexRules.clamp(rawPpm, lastPpm),
            fromMs: fromMs
        });
        bool isTaken = TARIFF.setIndex(indexClass, closing.clampedPpm, fromMs) > steps;
        if (!isTaken) closing.fromMs = 0;
        _latest[indexClass] = closing;
        emit IndexClosed(
            indexClass,
            epoch,
            rawPpm,
            closing.clampedPpm,
            IndexRules.gapOf(rawPpm, closing.clampedPpm),
            closing.reports,
            closing.fromMs
        );
    }

    // Internal: epochs

    function _running() private view returns (uint32) {
        return epochAt(SafeCast.toUint64(block.timestamp));
    }

    function _startOf(uint32 epoch) private view returns (uint64) {
        return uint64(epoch) * epochS;
    }
}
