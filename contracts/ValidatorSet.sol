// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IValidatorSet, Validator} from "./interfaces/IValidatorSet.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {Names} from "./libraries/Names.sol";

/// @title ValidatorSet
contract ValidatorSet is IValidatorSet, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    /// @dev In one slot, so that whoever reads attesters reads one slot more.
    struct Suspension {
        address attester;
        uint64 untilS;
    }

    struct Version {
        uint64 fromMs;
        address[] attesters;
        Validator[] validators;
    }

    uint256 private constant MAX_SIZE = 32;
    uint256 private constant MAX_LEAD_S = 30 days;
    uint256 private constant SUSPENDABLE_SIZE = 4;
    uint64 private constant MAX_SUSPENSION_S = 7 days;

    /// @inheritdoc IValidatorSet
    uint256 public immutable override minimumSize;
    /// @inheritdoc IValidatorSet
    uint256 public immutable override leadS;

    /// @inheritdoc IValidatorSet
    uint32 public override versionCount;
    mapping(uint32 version => Version) private _versions;
    mapping(uint32 version => mapping(address sender => bool)) private _isSender;
    Checkpoints.Trace208 private _from;
    Suspension private _suspension;

    /// @param authority_ The network's AccessManager.
    /// @param minimumSize_ Validators at least: 4 where one may be faulty, fewer only on local networks.
    /// @param leadS_ Seconds between an announcement and its effect.
    constructor(address authority_, uint256 minimumSize_, uint256 leadS_)
        AccessManaged(authority_)
    {
        require(minimumSize_ != 0 && minimumSize_ <= MAX_SIZE, ParameterInvalid("minimumSize"));
        require(leadS_ <= MAX_LEAD_S, ParameterInvalid("leadS"));
        minimumSize = minimumSize_;
        leadS = leadS_;
    }

    /// @inheritdoc IValidatorSet
    function setValidators(Validator[] calldata validators)
        external
        override
        restricted
        returns (uint32 version)
    {
        require(
            validators.length >= minimumSize && validators.length <= MAX_SIZE,
            SizeInvalid(validators.length, minimumSize, MAX_SIZE)
        );
        uint64 fromMs = FactTime.ofChange(0, versionCount == 0 ? 0 : leadS);

        version = ++versionCount;
        Version storage entry = _versions[version];
        entry.fromMs = fromMs;
        for (uint256 i = 0; i < validators.length; ++i) {
            _checkKeys(validators, i);
            Names.check(validators[i].name);
            entry.attesters.push(validators[i].attester);
            entry.validators.push(validators[i]);
            _isSender[version][validators[i].sender] = true;
        }
        _from.push(SafeCast.toUint48(fromMs), version);
        emit ValidatorSetChanged(version, fromMs, validators);
    }

    /// @inheritdoc IValidatorSet
    function suspend(address attester, uint64 untilS) external override restricted {
        uint64 nowS = uint64(block.timestamp);
        if (untilS <= nowS) {
            require(attester != address(0) && attester == _suspended(), AttesterUnknown(attester));
            untilS = nowS;
        } else {
            _checkSuspension(attester, untilS, nowS);
        }
        _suspension = Suspension({attester: attester, untilS: untilS});
        emit KeySuspended(attester, untilS);
    }

    /// @inheritdoc IValidatorSet
    function validatorsOf(uint32 version)
        external
        view
        override
        returns (Validator[] memory validators, uint64 fromMs)
    {
        Version storage entry = _known(version);
        return (entry.validators, entry.fromMs);
    }

    /// @inheritdoc IValidatorSet
    function attestersOf(uint32 version) external view override returns (address[] memory) {
        return _withoutSuspended(_known(version).attesters);
    }

    /// @inheritdoc IValidatorSet
    function attestersAt(uint64 timeMs) external view override returns (address[] memory) {
        return _withoutSuspended(_versions[versionAt(timeMs)].attesters);
    }

    /// @inheritdoc IValidatorSet
    function suspension() external view override returns (address attester, uint64 untilS) {
        attester = _suspended();
        if (attester != address(0)) untilS = _suspension.untilS;
    }

    /// @inheritdoc IValidatorSet
    function isSender(uint32 version, address sender) external view override returns (bool) {
        return _isSender[version][sender];
    }

    /// @inheritdoc IValidatorSet
    function versionAt(uint64 timeMs) public view override returns (uint32) {
        return uint32(_from.upperLookupRecent(SafeCast.toUint48(timeMs)));
    }

    /// @dev The key that counts for nothing now, zero = none.
    function _suspended() private view returns (address) {
        Suspension memory latest = _suspension;
        return block.timestamp < latest.untilS ? latest.attester : address(0);
    }

    /// @dev No signature is of address zero, so whoever stands in a suspended key's place cannot have signed.
    function _withoutSuspended(address[] memory attesters) private view returns (address[] memory) {
        address suspended = _suspended();
        if (suspended == address(0)) return attesters;
        for (uint256 i = 0; i < attesters.length; ++i) {
            if (attesters[i] == suspended) attesters[i] = address(0);
        }
        return attesters;
    }

    /// @dev Reverts unless a key may be suspended: one at a time, of the set in force, for a while.
    function _checkSuspension(address attester, uint64 untilS, uint64 nowS) private view {
        address[] storage attesters = _versions[versionAt(FactTime.nowMs())].attesters;
        uint256 size = attesters.length;
        require(size >= SUSPENDABLE_SIZE, SizeInvalid(size, SUSPENDABLE_SIZE, MAX_SIZE));
        bool isMember = false;
        for (uint256 i = 0; i < size; ++i) {
            if (attesters[i] == attester) isMember = true;
        }
        require(isMember, AttesterUnknown(attester));
        address suspended = _suspended();
        require(suspended == address(0), SuspensionInForce(suspended, _suspension.untilS));
        uint64 latestS = nowS + MAX_SUSPENSION_S;
        require(untilS <= latestS, SuspensionTooLong(untilS, latestS));
    }

    function _known(uint32 version) private view returns (Version storage) {
        require(version != 0 && version <= versionCount, VersionUnknown(version));
        return _versions[version];
    }

    /// @dev Reverts unless the keys of validator i are set and differ from those before it.
    function _checkKeys(Validator[] calldata validators, uint256 i) private pure {
        Validator calldata one = validators[i];
        bool isSet = one.attester != address(0) && one.sender != address(0) && one.transportKey != 0;
        require(isSet, KeyInvalid(i));
        for (uint256 j = 0; j < i; ++j) {
            Validator calldata other = validators[j];
            bool isShared = one.attester == other.attester || one.sender == other.sender
                || one.transportKey == other.transportKey;
            require(!isShared, KeyInvalid(i));
        }
    }
}
