// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IGuardian, Stop} from "./interfaces/IGuardian.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title Guardian
/// @dev It writes down what it did before it does it: the contracts it calls are the network's own.
contract Guardian is IGuardian, AccessManaged, EIP712 {
    uint64 private constant STOP_S = 72 hours;
    uint64 private constant REST_S = 72 hours;
    uint64 private constant MAX_SUSPENSION_S = 7 days;
    bytes32 private constant SUSPENSION_TYPEHASH =
        keccak256("Suspension(address attester,uint64 untilS)");

    IRegistry private immutable REGISTRY;
    IValidatorSet private immutable VALIDATORS;

    mapping(uint32 meter => Stop) private _pauses;
    mapping(address target => Stop) private _closures;
    mapping(address attester => Stop) private _suspensions;

    /// @param authority_ The network's AccessManager.
    /// @param registry Where meters are frozen.
    /// @param validators Whose keys are suspended.
    constructor(address authority_, IRegistry registry, IValidatorSet validators)
        AccessManaged(authority_)
        EIP712("Tallystick Guardian", "1")
    {
        REGISTRY = registry;
        VALIDATORS = validators;
    }

    /// @inheritdoc IGuardian
    function pauseMeter(uint32 meter) external override restricted {
        require(!REGISTRY.meterOf(meter).frozen, StoppedAlready());
        uint64 untilS = _begin(_pauses[meter]);
        emit MeterPaused(meter, msg.sender, untilS);
        REGISTRY.setMeterFrozen(meter, true);
    }

    /// @inheritdoc IGuardian
    function resumeMeter(uint32 meter) external override {
        uint64 fromS = _pauses[meter].fromS;
        _end(_pauses[meter]);
        emit MeterResumed(meter);
        // Frozen at another time = frozen again by others, whose freeze is not the guardians' to end.
        if (REGISTRY.frozenAtS(meter) == fromS) REGISTRY.setMeterFrozen(meter, false);
    }

    /// @inheritdoc IGuardian
    function closeContract(address target) external override restricted {
        _checkTarget(target);
        IAccessManager manager = IAccessManager(authority());
        require(!manager.isTargetClosed(target), StoppedAlready());
        uint64 untilS = _begin(_closures[target]);
        emit ContractClosed(target, msg.sender, untilS);
        manager.setTargetClosed(target, true);
    }

    /// @inheritdoc IGuardian
    function reopenContract(address target) external override {
        _end(_closures[target]);
        emit ContractReopened(target);
        IAccessManager(authority()).setTargetClosed(target, false);
    }

    /// @inheritdoc IGuardian
    function suspendKey(address attester, uint64 untilS, uint8 validator, bytes calldata signature)
        external
        override
        restricted
    {
        Stop storage stop = _suspensions[attester];
        uint64 latestS = uint64(block.timestamp) + MAX_SUSPENSION_S;
        // Later than the one before, so that no signature suspends twice.
        bool isValid = untilS > block.timestamp && untilS <= latestS && untilS > stop.untilS;
        require(isValid, SuspensionInvalid(untilS, latestS));
        _checkRest(_endOf(stop));
        _checkCosigner(attester, untilS, validator, signature);

        _suspensions[attester] = Stop({fromS: uint64(block.timestamp), untilS: untilS, endedS: 0});
        emit SuspensionBegun(attester, msg.sender, validator, untilS);
        VALIDATORS.suspend(attester, untilS);
    }

    /// @inheritdoc IGuardian
    function endSuspension() external override {
        (address attester, uint64 untilS) = VALIDATORS.suspension();
        require(attester != address(0), NotStopped());
        require(_mayEndEarly(), NotOverYet(untilS));
        _suspensions[attester].endedS = uint64(block.timestamp);
        emit SuspensionEnded(attester);
        VALIDATORS.suspend(attester, uint64(block.timestamp));
    }

    /// @inheritdoc IGuardian
    function pauseOf(uint32 meter) external view override returns (Stop memory) {
        return _pauses[meter];
    }

    /// @inheritdoc IGuardian
    function closureOf(address target) external view override returns (Stop memory) {
        return _closures[target];
    }

    /// @inheritdoc IGuardian
    function suspensionOf(address attester) external view override returns (Stop memory) {
        return _suspensions[attester];
    }

    /// @inheritdoc IGuardian
    function suspensionDigest(address attester, uint64 untilS)
        public
        view
        override
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(SUSPENSION_TYPEHASH, attester, untilS)));
    }

    /// @dev Something is stopped from now on, unless it still is or was lately.
    function _begin(Stop storage stop) private returns (uint64 untilS) {
        require(stop.fromS == 0 || stop.endedS != 0, StoppedAlready());
        _checkRest(stop.endedS);
        uint64 nowS = uint64(block.timestamp);
        untilS = nowS + STOP_S;
        (stop.fromS, stop.untilS, stop.endedS) = (nowS, untilS, 0);
    }

    /// @dev Something is stopped no longer: on the word of guardians or governance, or because its time is over.
    function _end(Stop storage stop) private {
        require(stop.fromS != 0 && stop.endedS == 0, NotStopped());
        require(block.timestamp >= stop.untilS || _mayEndEarly(), NotOverYet(stop.untilS));
        stop.endedS = uint64(block.timestamp);
    }

    function _mayEndEarly() private view returns (bool) {
        address manager = authority();
        return Roles.isHolder(manager, Roles.GUARDIAN, msg.sender)
            || Roles.isHolder(manager, Roles.GOVERNANCE, msg.sender);
    }

    /// @dev Reverts unless the target is a contract of this network that guardians may close. A vote can always reopen it,
    /// since no one can close the AccessManager.
    function _checkTarget(address target) private view {
        bool isInReach = target != authority() && target != address(this) && target.code.length != 0;
        require(isInReach, TargetInvalid(target));
        try IAccessManaged(target).authority() returns (address manager) {
            require(manager == authority(), TargetInvalid(target));
        } catch {
            revert TargetInvalid(target);
        }
    }

    /// @dev Reverts unless another validator in force signed the suspension. A suspended one is address zero there.
    function _checkCosigner(
        address attester,
        uint64 untilS,
        uint8 validator,
        bytes calldata signature
    ) private view {
        (address signer,,) = ECDSA.tryRecoverCalldata(suspensionDigest(attester, untilS), signature);
        address[] memory attesters = VALIDATORS.attestersAt(FactTime.nowMs());
        bool isSigned = validator < attesters.length && signer == attesters[validator]
            && signer != address(0) && signer != attester;
        require(isSigned, SuspensionNotSigned(validator, signer));
    }

    function _checkRest(uint64 endedS) private view {
        bool isRested = endedS == 0 || block.timestamp >= endedS + REST_S;
        require(isRested, StoppedLately(endedS + REST_S));
    }

    /// @dev A suspension ends by itself.
    function _endOf(Stop memory stop) private pure returns (uint64) {
        return stop.endedS == 0 ? stop.untilS : uint64(Math.min(stop.endedS, stop.untilS));
    }
}
