// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ValidatorSet} from "../../contracts/ValidatorSet.sol";
import {IValidatorSet, Validator} from "../../contracts/interfaces/IValidatorSet.sol";
import {Names} from "../../contracts/libraries/Names.sol";
import {History} from "./support/History.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Who values and attests, and since when
contract ValidatorSetTest is NetworkFixture {
    uint64 private constant START_MS = 1_700_000_000_000;
    uint64 private constant LEAD_MS = 600_000;

    History private _announced;

    function setUp() external {
        deployNetwork(4);
    }

    // Constructor

    /// @dev T3: a set of none would have a quorum of none.
    function test_constructor_revertsWhen_minimumIsZeroOrTooLarge() external {
        _expectParameterInvalid("minimumSize");
        new ValidatorSet(address(manager), 0, 0);
        _expectParameterInvalid("minimumSize");
        new ValidatorSet(address(manager), 33, 0);
        assertEq(new ValidatorSet(address(manager), 32, 0).minimumSize(), 32);
    }

    function test_constructor_revertsWhen_leadExceedsThirtyDays() external {
        _expectParameterInvalid("leadS");
        new ValidatorSet(address(manager), 4, 30 days + 1);
        assertEq(new ValidatorSet(address(manager), 4, 30 days).leadS(), 30 days);
    }

    // Error cases in the order of the checks

    function test_setValidators_revertsWhen_callerIsNotGovernance() external {
        address[4] memory callers = [STRANGER, GUARDIAN, REGISTRAR, senderOf(0)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            validators.setValidators(new Validator[](0));
        }
    }

    /// @dev T5: the first set of a bare contract is governance's too, nobody slips in before it.
    function test_setValidators_revertsWhen_callerIsFirst_afterDeployment() external {
        ValidatorSet bare = new ValidatorSet(address(manager), 1, 0);
        _expectUnauthorised(STRANGER);
        VM.prank(STRANGER);
        bare.setValidators(membersOf(4));
        assertEq(bare.versionCount(), 0);
    }

    function test_setValidators_revertsWhen_sizeIsOutOfBounds() external {
        _expectSizeInvalid(0);
        validators.setValidators(new Validator[](0));
        _expectSizeInvalid(3);
        validators.setValidators(membersOf(3));
        _expectSizeInvalid(33);
        validators.setValidators(membersOf(33));
        assertEq(validators.setValidators(membersOf(4)), 2);
        assertEq(validators.setValidators(membersOf(32)), 3);
    }

    /// @dev T3: recovery answers address zero for garbage, so no member may be it.
    function test_setValidators_revertsWhen_aKeyIsZero() external {
        Validator[] memory members = membersOf(5);
        members[2].attester = address(0);
        _expectKeyInvalid(2);
        validators.setValidators(members);
        members = membersOf(5);
        members[0].sender = address(0);
        _expectKeyInvalid(0);
        validators.setValidators(members);
        members = membersOf(5);
        members[4].transportKey = bytes32(0);
        _expectKeyInvalid(4);
        validators.setValidators(members);
    }

    /// @dev T3: whoever held two places of the set would sign twice.
    function test_fuzz_setValidators_revertsWhen_anAttesterRepeats(uint8 seed, uint8 otherSeed)
        external
    {
        (uint256 first, uint256 second) = _twoOf(7, seed, otherSeed);
        Validator[] memory members = membersOf(7);
        members[second].attester = members[first].attester;
        _expectKeyInvalid(second);
        validators.setValidators(members);
    }

    function test_fuzz_setValidators_revertsWhen_aSenderRepeats(uint8 seed, uint8 otherSeed)
        external
    {
        (uint256 first, uint256 second) = _twoOf(7, seed, otherSeed);
        Validator[] memory members = membersOf(7);
        members[second].sender = members[first].sender;
        _expectKeyInvalid(second);
        validators.setValidators(members);
    }

    function test_fuzz_setValidators_revertsWhen_aTransportKeyRepeats(uint8 seed, uint8 otherSeed)
        external
    {
        (uint256 first, uint256 second) = _twoOf(7, seed, otherSeed);
        Validator[] memory members = membersOf(7);
        members[second].transportKey = members[first].transportKey;
        _expectKeyInvalid(second);
        validators.setValidators(members);
    }

    function test_setValidators_revertsWhen_aNameIsInvalid() external {
        Validator[] memory members = membersOf(4);
        members[3].name = "V 3";
        VM.expectRevert(abi.encodeWithSelector(Names.NameInvalid.selector, "V 3"));
        validators.setValidators(members);
    }

    // What it announces, and what holds when

    function test_setValidators_announcesTheFirst_fromNow() external {
        ValidatorSet bare = new ValidatorSet(address(manager), 1, SET_LEAD_S);
        Validator[] memory members = membersOf(1);
        VM.expectEmit(address(bare));
        emit IValidatorSet.ValidatorSetChanged(1, START_MS, members);
        assertEq(bare.setValidators(members), 1);
        assertEq(bare.versionAt(START_MS - 1), 0);
        assertEq(bare.versionAt(START_MS), 1);
    }

    function test_setValidators_announcesAChange_afterTheLead() external {
        Validator[] memory members = membersOf(5);
        VM.warp(START_S + 60);
        VM.expectEmit(address(validators));
        emit IValidatorSet.ValidatorSetChanged(2, START_MS + 60_000 + LEAD_MS, members);
        assertEq(validators.setValidators(members), 2);
        assertEq(validators.versionAt(START_MS + 60_000 + LEAD_MS - 1), 1);
        assertEq(validators.versionAt(START_MS + 60_000 + LEAD_MS), 2);
    }

    /// @dev T9: no announced set judges what the set before it attested.
    function test_setValidators_leavesTheSetInForceAlone() external {
        Validator[] memory newcomers = membersOf(8);
        for (uint256 i = 0; i < 4; ++i) {
            newcomers[i] = newcomers[i + 4];
        }
        (newcomers[4], newcomers[5]) = (membersOf(8)[0], membersOf(8)[1]);
        (newcomers[6], newcomers[7]) = (membersOf(8)[2], membersOf(8)[3]);
        validators.setValidators(newcomers);
        assertEq(validators.attestersAt(START_MS).length, 4);
        assertEq(validators.attestersAt(START_MS)[0], VM.addr(attesterKey(0)));
        assertEq(validators.isSender(1, senderOf(4)), false);
        assertEq(validators.attestersAt(START_MS + LEAD_MS).length, 8);
        assertEq(validators.attestersAt(START_MS + LEAD_MS)[0], VM.addr(attesterKey(4)));
    }

    function test_setValidators_replaces_inTheSameBlock() external {
        validators.setValidators(membersOf(5));
        assertEq(validators.setValidators(membersOf(6)), 3);
        assertEq(validators.versionAt(START_MS + LEAD_MS - 1), 1);
        assertEq(validators.versionAt(START_MS + LEAD_MS), 3);
        assertEq(validators.attestersOf(2).length, 5);
    }

    function test_fuzz_versionAt_equalsALinearScan(uint16[12] memory gapsS, uint32[8] memory timesS)
        external
    {
        _announced.push(START_MS, 1);
        uint64 nowMs = START_MS;
        for (uint256 i = 0; i < gapsS.length; ++i) {
            nowMs += gapsS[i] % 4 == 0 ? 0 : uint64(gapsS[i]) * 1000;
            VM.warp(nowMs / 1000);
            uint64 fromMs = nowMs + LEAD_MS;
            _announced.push(fromMs, validators.setValidators(membersOf(4 + i % 2)));
            assertEq(validators.versionAt(fromMs - 1), _announced.valueAt(fromMs - 1));
        }
        for (uint256 i = 0; i < timesS.length; ++i) {
            uint64 timeMs = START_MS - 1000 + uint64(timesS[i] % 500_000) * 1000;
            assertEq(validators.versionAt(timeMs), _announced.valueAt(timeMs));
        }
    }

    // Views

    function test_isSender_isTrue_forTheVersionsSendersOnly() external {
        validators.setValidators(membersOf(5));
        assertEq(validators.isSender(1, senderOf(3)), true);
        assertEq(validators.isSender(1, senderOf(4)), false);
        assertEq(validators.isSender(2, senderOf(4)), true);
        assertEq(validators.isSender(1, VM.addr(attesterKey(0))), false);
    }

    /// @dev T4: version 0 means none, and has no senders, no members and no quorum.
    function test_views_knowNothing_ofUnknownVersions() external {
        assertEq(validators.versionAt(START_MS - 1), 0);
        assertEq(validators.attestersAt(START_MS - 1).length, 0);
        assertEq(validators.isSender(0, senderOf(0)), false);
        assertEq(validators.isSender(1, address(0)), false);
        _expectVersionUnknown(0);
        validators.attestersOf(0);
        _expectVersionUnknown(2);
        validators.attestersOf(2);
        _expectVersionUnknown(0);
        validators.validatorsOf(0);
    }

    function test_validatorsOf_tellsMembersInOrder() external view {
        (Validator[] memory members, uint64 fromMs) = validators.validatorsOf(1);
        assertEq(fromMs, START_MS);
        assertEq(keccak256(abi.encode(members)), keccak256(abi.encode(membersOf(4))));
        address[] memory attesters = validators.attestersOf(1);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(attesters[i], members[i].attester);
        }
    }

    /// @dev Two different places of a set, the lower first.
    function _twoOf(uint256 size, uint256 seed, uint256 otherSeed)
        private
        pure
        returns (uint256 first, uint256 second)
    {
        second = 1 + seed % (size - 1);
        first = otherSeed % second;
    }

    function _expectUnauthorised(address caller) private {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }

    function _expectParameterInvalid(string memory name) private {
        VM.expectRevert(abi.encodeWithSelector(IValidatorSet.ParameterInvalid.selector, name));
    }

    function _expectSizeInvalid(uint256 size) private {
        VM.expectRevert(abi.encodeWithSelector(IValidatorSet.SizeInvalid.selector, size, 4, 32));
    }

    function _expectKeyInvalid(uint256 index) private {
        VM.expectRevert(abi.encodeWithSelector(IValidatorSet.KeyInvalid.selector, index));
    }

    function _expectVersionUnknown(uint32 version) private {
        VM.expectRevert(abi.encodeWithSelector(IValidatorSet.VersionUnknown.selector, version));
    }
}
