// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {GovernanceFixture} from "./support/GovernanceFixture.sol";
import {QuorumHarness} from "./support/QuorumHarness.sol";

/// @title One leaked attesting key, and a set that goes on without it
contract ValidatorSetSuspensionTest is GovernanceFixture {
    address private constant WARDEN = address(0x3A2D);
    bytes32 private constant DIGEST = keccak256("digest");

    QuorumHarness private _quorum;

    function setUp() external {
        deployGovernance();
        manager.grantRole(Roles.WARDEN, WARDEN, 0);
        _quorum = new QuorumHarness();
    }

    // Error cases in the order of the checks

    function test_suspend_revertsWhen_callerIsNoWarden() external {
        address[4] memory callers = [STRANGER, GUARDIAN, holderOf(0), address(timelock)];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            validators.suspend(attesterOf(0), _inS(1 days));
        }
    }

    function test_suspend_revertsWhen_theSetHasFewerThanFour() external {
        validators.setValidators(membersOf(3));
        VM.warp(block.timestamp + SET_LEAD_S);
        VM.expectRevert(abi.encodeWithSelector(IValidatorSet.SizeInvalid.selector, 3, 4, 32));
        _suspend(0, 1 days);
    }

    function test_suspend_revertsWhen_theKeyIsNotInTheSetInForce() external {
        validators.setValidators(membersOf(5));
        address[2] memory strangers = [attesterOf(4), address(0)];
        for (uint256 i = 0; i < strangers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IValidatorSet.AttesterUnknown.selector, strangers[i])
            );
            VM.prank(WARDEN);
            validators.suspend(strangers[i], _inS(1 days));
        }
        VM.warp(block.timestamp + SET_LEAD_S);
        _suspend(4, 1 days);
    }

    /// @dev Two suspended of four would leave no quorum.
    function test_suspend_revertsWhen_oneIsSuspended() external {
        _suspend(0, 1 days);
        bytes memory reason = abi.encodeWithSelector(
            IValidatorSet.SuspensionInForce.selector, attesterOf(0), _inS(1 days)
        );
        VM.expectRevert(reason);
        _suspend(1, 1 days);
        VM.expectRevert(reason);
        _suspend(0, 2 days);
        VM.warp(block.timestamp + 1 days);
        _suspend(1, 1 days);
    }

    function test_suspend_revertsWhen_itWouldLastLongerThanSevenDays() external {
        VM.expectRevert(
            abi.encodeWithSelector(
                IValidatorSet.SuspensionTooLong.selector, _inS(7 days + 1), _inS(7 days)
            )
        );
        _suspend(0, 7 days + 1);
        _suspend(0, 7 days);
    }

    function test_suspend_revertsWhen_anotherKeysSuspensionIsToEnd() external {
        VM.expectRevert(abi.encodeWithSelector(IValidatorSet.AttesterUnknown.selector, address(0)));
        VM.prank(WARDEN);
        validators.suspend(address(0), 0);
        _suspend(0, 1 days);
        VM.expectRevert(
            abi.encodeWithSelector(IValidatorSet.AttesterUnknown.selector, attesterOf(1))
        );
        _suspend(1, 0);
    }

    // What it changes

    /// @dev T18: the leaked key signs for nobody; the other three still decide, all of them.
    function test_suspend_leavesTheKeyOutOfTheQuorum() external {
        _check(7);
        assertEq(_quorum.needed(validators), 3);
        VM.expectEmit(address(validators));
        emit IValidatorSet.KeySuspended(attesterOf(1), _inS(1 days));
        _suspend(1, 1 days);
        assertEq(_quorum.needed(validators), 3);
        bytes32[] memory signatures = _signatures(7);
        VM.expectRevert(abi.encodeWithSelector(Quorum.SignatureInvalid.selector, 1));
        _quorum.check(validators, DIGEST, 7, signatures);
        _check(13);
        signatures = _signatures(9);
        VM.expectRevert(abi.encodeWithSelector(Quorum.QuorumNotReached.selector, 2, 3));
        _quorum.check(validators, DIGEST, 9, signatures);
    }

    /// @dev T3: garbage recovers to address zero, which now stands in the set.
    function test_suspend_letsNoGarbageSign() external {
        _suspend(1, 1 days);
        bytes32[] memory signatures = _signatures(7);
        signatures[2] = bytes32(0);
        signatures[3] = bytes32(0);
        VM.expectRevert(abi.encodeWithSelector(Quorum.SignatureInvalid.selector, 1));
        _quorum.check(validators, DIGEST, 7, signatures);
    }

    function test_suspend_endsByItself() external {
        _suspend(1, 1 days);
        VM.warp(block.timestamp + 1 days - 1);
        assertEq(validators.attestersOf(1)[1], address(0));
        VM.warp(block.timestamp + 1);
        assertEq(validators.attestersOf(1)[1], attesterOf(1));
        (address attester, uint64 untilS) = validators.suspension();
        assertEq(attester, address(0));
        assertEq(untilS, 0);
        _check(7);
    }

    function test_suspend_endsAtOnce_whenToldSo() external {
        _suspend(1, 1 days);
        VM.warp(block.timestamp + 60);
        VM.expectEmit(address(validators));
        emit IValidatorSet.KeySuspended(attesterOf(1), _inS(0));
        _suspend(1, 0);
        _check(7);
    }

    /// @dev A set that keeps the leaked key keeps it suspended; one that drops it needs no suspension.
    function test_suspend_holdsInEverySet() external {
        _suspend(1, 1 days);
        validators.setValidators(membersOf(6));
        VM.warp(block.timestamp + SET_LEAD_S);
        address[] memory attesters = validators.attestersAt(uint64(block.timestamp * 1000));
        assertEq(attesters.length, 6);
        for (uint256 i = 0; i < 6; ++i) {
            assertEq(attesters[i], i == 1 ? address(0) : attesterOf(i));
        }
        assertEq(validators.attestersOf(1)[1], address(0));
        assertEq(validators.attestersOf(2)[1], address(0));
    }

    function test_suspension_tellsKeyAndEnd() external {
        _suspend(2, 3 days);
        (address attester, uint64 untilS) = validators.suspension();
        assertEq(attester, attesterOf(2));
        assertEq(untilS, _inS(3 days));
    }

    // Below

    function _suspend(uint256 validator, uint256 forS) private {
        VM.prank(WARDEN);
        validators.suspend(attesterOf(validator), _inS(forS));
    }

    function _inS(uint256 seconds_) private view returns (uint64) {
        return uint64(block.timestamp + seconds_);
    }

    function _check(uint256 bitmap) private view {
        _quorum.check(validators, DIGEST, bitmap, _signatures(bitmap));
    }

    function _signatures(uint256 bitmap) private pure returns (bytes32[] memory signatures) {
        uint256 count = 0;
        for (uint256 bits = bitmap; bits != 0; bits >>= 1) {
            count += bits & 1;
        }
        signatures = new bytes32[](2 * count);
        uint256 next = 0;
        for (uint256 i = 0; bitmap >> i != 0; ++i) {
            if ((bitmap >> i) & 1 == 0) continue;
            (signatures[next], signatures[next + 1]) = VM.signCompact(attesterKey(i), DIGEST);
            next += 2;
        }
    }
}
