// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Seats} from "../../contracts/Seats.sol";
import {IGuardian, Stop} from "../../contracts/interfaces/IGuardian.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {GovernanceFixture} from "./support/GovernanceFixture.sol";

/// @title What may be stopped in an emergency, and for how long
contract GuardianTest is GovernanceFixture {
    uint256 private constant STOP_S = 72 hours;

    function setUp() external {
        deployGovernance();
        handOver();
    }

    // Meters

    function test_pauseMeter_revertsWhen_callerIsNoGuardian() external {
        address[4] memory callers = [STRANGER, address(this), holderOf(0), address(timelock)];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            guardian.pauseMeter(meter);
        }
    }

    function test_pauseMeter_revertsWhen_itIsFrozen() external {
        VM.prank(address(timelock));
        registry.setMeterFrozen(meter, true);
        _expectStoppedAlready();
        _pause();
    }

    function test_pauseMeter_quarantinesIt_forSeventyTwoHours() external {
        uint64 untilS = uint64(block.timestamp + STOP_S);
        VM.expectEmit(address(guardian));
        emit IGuardian.MeterPaused(meter, GUARDIAN, untilS);
        _pause();
        assertTrue(registry.meterOf(meter).frozen, "not frozen");
        VM.warp(untilS - 1);
        _expectNotOverYet(untilS);
        VM.prank(STRANGER);
        guardian.resumeMeter(meter);
        VM.warp(untilS);
        VM.expectEmit(address(guardian));
        emit IGuardian.MeterResumed(meter);
        VM.prank(STRANGER);
        guardian.resumeMeter(meter);
        assertTrue(!registry.meterOf(meter).frozen, "still frozen");
        Stop memory stop = guardian.pauseOf(meter);
        assertEq(stop.untilS, untilS);
        assertEq(stop.endedS, untilS);
    }

    function test_resumeMeter_isTheGuardians_andAVotes_atAnyTime() external {
        _pause();
        VM.prank(GUARDIAN);
        guardian.resumeMeter(meter);
        VM.warp(block.timestamp + STOP_S);
        _pause();
        VM.prank(address(timelock));
        guardian.resumeMeter(meter);
        assertTrue(!registry.meterOf(meter).frozen, "still frozen");
    }

    function test_resumeMeter_revertsWhen_itIsNotPaused() external {
        VM.expectRevert(abi.encodeWithSelector(IGuardian.NotStopped.selector));
        guardian.resumeMeter(meter);
        _pause();
        VM.warp(block.timestamp + STOP_S);
        guardian.resumeMeter(meter);
        VM.expectRevert(abi.encodeWithSelector(IGuardian.NotStopped.selector));
        guardian.resumeMeter(meter);
    }

    /// @dev Pause after pause would be a freeze without a vote.
    function test_pauseMeter_revertsWhen_itWasPausedLately() external {
        _pause();
        VM.warp(block.timestamp + STOP_S + 1 days);
        _expectStoppedAlready();
        _pause();
        guardian.resumeMeter(meter);
        uint64 readyAtS = uint64(block.timestamp + STOP_S);
        VM.warp(readyAtS - 1);
        VM.expectRevert(abi.encodeWithSelector(IGuardian.StoppedLately.selector, readyAtS));
        _pause();
        VM.warp(readyAtS);
        _pause();
    }

    /// @dev What a vote or an appeal thawed is not paused again in the same breath.
    function test_pauseMeter_revertsWhen_othersThawedIt() external {
        _pause();
        VM.prank(address(timelock));
        registry.setMeterFrozen(meter, false);
        _expectStoppedAlready();
        _pause();
        VM.prank(GUARDIAN);
        guardian.resumeMeter(meter);
        VM.expectRevert(
            abi.encodeWithSelector(
                IGuardian.StoppedLately.selector, uint64(block.timestamp + STOP_S)
            )
        );
        _pause();
    }

    /// @dev Neither guardians nor the clock undo what a quorum or a vote did meanwhile.
    function test_resumeMeter_leavesItFrozen_whenOthersFrozeIt() external {
        _pause();
        VM.warp(block.timestamp + 60);
        VM.prank(address(timelock));
        registry.setMeterFrozen(meter, true);
        VM.prank(GUARDIAN);
        guardian.resumeMeter(meter);
        assertTrue(registry.meterOf(meter).frozen, "thawed");
    }

    // Contracts

    function test_closeContract_revertsWhen_callerIsNoGuardian() external {
        expectUnauthorised(STRANGER);
        VM.prank(STRANGER);
        guardian.closeContract(address(tariff));
        expectUnauthorised(address(timelock));
        VM.prank(address(timelock));
        guardian.closeContract(address(tariff));
    }

    /// @dev Whoever closed the manager would close the way back; what is not the network's is none of its business.
    function test_closeContract_revertsWhen_targetIsOutOfReach() external {
        Seats foreign = new Seats(address(timelock));
        address[6] memory targets = [
            address(manager),
            address(guardian),
            address(foreign),
            address(timelock),
            STRANGER,
            address(0)
        ];
        for (uint256 i = 0; i < targets.length; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IGuardian.TargetInvalid.selector, targets[i]));
            _close(targets[i]);
        }
    }

    function test_closeContract_revertsWhen_itIsClosed() external {
        VM.prank(address(timelock));
        manager.setTargetClosed(address(tariff), true);
        _expectStoppedAlready();
        _close(address(tariff));
    }

    function test_closeContract_refusesEveryone_forSeventyTwoHours() external {
        uint64 untilS = uint64(block.timestamp + STOP_S);
        VM.expectEmit(address(guardian));
        emit IGuardian.ContractClosed(address(registry), GUARDIAN, untilS);
        _close(address(registry));
        expectUnauthorised(REGISTRAR);
        VM.prank(REGISTRAR);
        registry.registerResource("other", 1, 1, bytes32(0), bounds(), 0);
        VM.warp(untilS - 1);
        _expectNotOverYet(untilS);
        VM.prank(STRANGER);
        guardian.reopenContract(address(registry));
        VM.warp(untilS);
        VM.expectEmit(address(guardian));
        emit IGuardian.ContractReopened(address(registry));
        VM.prank(STRANGER);
        guardian.reopenContract(address(registry));
        VM.prank(REGISTRAR);
        registry.registerResource("other", 1, 1, bytes32(0), bounds(), 0);
    }

    function test_closeContract_revertsWhen_itWasClosedLately() external {
        _close(address(tariff));
        VM.prank(GUARDIAN);
        guardian.reopenContract(address(tariff));
        VM.expectRevert(
            abi.encodeWithSelector(
                IGuardian.StoppedLately.selector, uint64(block.timestamp + STOP_S)
            )
        );
        _close(address(tariff));
        // Another one is another matter.
        _close(address(validators));
        VM.warp(block.timestamp + STOP_S);
        _close(address(tariff));
    }

    /// @dev A guardian that closes all it can still loses its role by a vote.
    function test_guardian_cannotKeepItsRole() external {
        _close(address(seats));
        _close(address(registry));
        _close(address(tariff));
        _close(address(validators));
        carryOut(
            proposalOf(
                address(manager),
                abi.encodeCall(manager.revokeRole, (Roles.GUARDIAN, GUARDIAN)),
                "dismissed"
            )
        );
        expectUnauthorised(GUARDIAN);
        VM.prank(GUARDIAN);
        guardian.pauseMeter(meter);
        carryOut(
            proposalOf(
                address(manager),
                abi.encodeCall(manager.setTargetClosed, (address(seats), false)),
                "open again"
            )
        );
        assertTrue(!manager.isTargetClosed(address(seats)), "still closed");
    }

    /// @dev The role opens the Guardian contract's three functions and nothing else.
    function test_guardian_holdsNoOtherPower() external {
        (address[] memory targets, bytes[] memory calls) = _powers();
        for (uint256 i = 0; i < calls.length; ++i) {
            VM.prank(GUARDIAN);
            (bool isDone,) = targets[i].call(calls[i]);
            assertTrue(!isDone, VM.toString(i));
            // The same calls work for whom they are meant, so that none fails for another reason.
            VM.prank(address(timelock));
            (isDone,) = targets[i].call(calls[i]);
            assertTrue(isDone, VM.toString(i));
        }
    }

    // Keys

    function test_suspendKey_revertsWhen_callerIsNoGuardian() external {
        uint64 untilS = uint64(block.timestamp + 1 days);
        bytes memory signature = _sign(0, attesterOf(1), untilS);
        expectUnauthorised(STRANGER);
        VM.prank(STRANGER);
        guardian.suspendKey(attesterOf(1), untilS, 0, signature);
    }

    function test_suspendKey_revertsWhen_theTimeIsOutOfBounds() external {
        uint64 latestS = uint64(block.timestamp + 7 days);
        uint64[3] memory wrongS = [latestS + 1, uint64(block.timestamp), 0];
        for (uint256 i = 0; i < wrongS.length; ++i) {
            bytes memory signature = _sign(0, attesterOf(1), wrongS[i]);
            VM.expectRevert(
                abi.encodeWithSelector(IGuardian.SuspensionInvalid.selector, wrongS[i], latestS)
            );
            VM.prank(GUARDIAN);
            guardian.suspendKey(attesterOf(1), wrongS[i], 0, signature);
        }
        _suspend(1, 0, latestS);
    }

    /// @dev One guardian alone, or with the suspended key's own word, suspends nobody.
    function test_suspendKey_revertsWhen_noOtherValidatorSigned() external {
        uint64 untilS = uint64(block.timestamp + 1 days);
        bytes memory own = _sign(1, attesterOf(1), untilS);
        _expectNotSigned(1, attesterOf(1));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(1), untilS, 1, own);
        bytes memory strangers = _sign(9, attesterOf(1), untilS);
        _expectNotSigned(0, attesterOf(9));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(1), untilS, 0, strangers);
        bytes memory others = _sign(0, attesterOf(1), untilS);
        _expectNotSigned(2, attesterOf(0));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(1), untilS, 2, others);
        _expectNotSigned(200, attesterOf(0));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(1), untilS, 200, others);
        _expectNotSigned(0, address(0));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(1), untilS, 0, "");
    }

    function test_suspendKey_takesTheKeyOutOfForce() external {
        uint64 untilS = uint64(block.timestamp + 2 days);
        VM.expectEmit(address(guardian));
        emit IGuardian.SuspensionBegun(attesterOf(1), GUARDIAN, 0, untilS);
        _suspend(1, 0, untilS);
        assertEq(validators.attestersOf(1)[1], address(0));
        assertEq(guardian.suspensionOf(attesterOf(1)).untilS, untilS);
        VM.warp(untilS);
        assertEq(validators.attestersOf(1)[1], attesterOf(1));
    }

    /// @dev The suspended key has no word in suspending others either, nor is there a second one.
    function test_suspendKey_revertsWhen_oneIsSuspended() external {
        uint64 untilS = uint64(block.timestamp + 2 days);
        _suspend(1, 0, untilS);
        bytes memory suspended = _sign(1, attesterOf(2), untilS);
        _expectNotSigned(1, attesterOf(1));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(2), untilS, 1, suspended);
        _expectNotSigned(1, address(0));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(2), untilS, 1, "");
        bytes memory signature = _sign(0, attesterOf(2), untilS);
        VM.expectRevert(
            abi.encodeWithSelector(IValidatorSet.SuspensionInForce.selector, attesterOf(1), untilS)
        );
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(2), untilS, 0, signature);
    }

    /// @dev T2: a signature that suspended once suspends no second time.
    function test_suspendKey_revertsWhen_theSignatureWasUsed() external {
        uint64 startS = uint64(block.timestamp);
        uint64 untilS = startS + 7 days;
        _suspend(1, 0, untilS);
        VM.prank(GUARDIAN);
        guardian.endSuspension();
        VM.warp(startS + STOP_S);
        bytes memory signature = _sign(0, attesterOf(1), untilS);
        VM.expectRevert(
            abi.encodeWithSelector(
                IGuardian.SuspensionInvalid.selector, untilS, startS + STOP_S + 7 days
            )
        );
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(1), untilS, 0, signature);
    }

    function test_suspendKey_revertsWhen_itWasSuspendedLately() external {
        uint64 untilS = uint64(block.timestamp + 2 days);
        _suspend(1, 0, untilS);
        VM.warp(untilS + STOP_S - 1);
        bytes memory signature = _sign(0, attesterOf(1), untilS + 5 days);
        VM.expectRevert(abi.encodeWithSelector(IGuardian.StoppedLately.selector, untilS + STOP_S));
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(1), untilS + 5 days, 0, signature);
        VM.warp(untilS + STOP_S);
        _suspend(1, 0, untilS + 5 days);
    }

    function test_endSuspension_isTheGuardians_andAVotes() external {
        VM.expectRevert(abi.encodeWithSelector(IGuardian.NotStopped.selector));
        guardian.endSuspension();
        uint64 untilS = uint64(block.timestamp + 2 days);
        _suspend(1, 0, untilS);
        _expectNotOverYet(untilS);
        VM.prank(holderOf(0));
        guardian.endSuspension();
        VM.expectEmit(address(guardian));
        emit IGuardian.SuspensionEnded(attesterOf(1));
        VM.prank(address(timelock));
        guardian.endSuspension();
        assertEq(validators.attestersOf(1)[1], attesterOf(1));
        assertEq(guardian.suspensionOf(attesterOf(1)).endedS, block.timestamp);
    }

    // Below

    function _powers() private view returns (address[] memory targets, bytes[] memory calls) {
        targets = new address[](8);
        calls = new bytes[](8);
        for (uint256 i = 0; i < 4; ++i) {
            targets[i] = address(manager);
        }
        calls[0] = abi.encodeCall(manager.grantRole, (Roles.GUARDIAN, STRANGER, 0));
        calls[1] = abi.encodeCall(manager.revokeRole, (Roles.REGISTRAR, REGISTRAR));
        calls[2] = abi.encodeCall(manager.setTargetClosed, (address(tariff), false));
        calls[3] = abi.encodeCall(manager.setRoleGuardian, (Roles.LIMITS, Roles.GUARDIAN));
        targets[4] = address(registry);
        calls[4] = abi.encodeCall(registry.setMeterFrozen, (meter, true));
        targets[5] = address(registry);
        calls[5] = abi.encodeCall(registry.createAccount, (0, "mine", GUARDIAN));
        targets[6] = address(seats);
        calls[6] = abi.encodeCall(seats.grantSeat, (GUARDIAN, acme));
        targets[7] = address(validators);
        calls[7] = abi.encodeCall(validators.setValidators, (membersOf(4)));
    }

    function _pause() private {
        VM.prank(GUARDIAN);
        guardian.pauseMeter(meter);
    }

    function _close(address target) private {
        VM.prank(GUARDIAN);
        guardian.closeContract(target);
    }

    function _suspend(uint256 validator, uint8 by, uint64 untilS) private {
        bytes memory signature = _sign(by, attesterOf(validator), untilS);
        VM.prank(GUARDIAN);
        guardian.suspendKey(attesterOf(validator), untilS, by, signature);
    }

    function _sign(uint256 by, address attester, uint64 untilS)
        private
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(
            attesterKey(by), guardian.suspensionDigest(attester, untilS)
        );
        return abi.encodePacked(r, s, v);
    }

    function _expectStoppedAlready() private {
        VM.expectRevert(abi.encodeWithSelector(IGuardian.StoppedAlready.selector));
    }

    function _expectNotOverYet(uint64 untilS) private {
        VM.expectRevert(abi.encodeWithSelector(IGuardian.NotOverYet.selector, untilS));
    }

    function _expectNotSigned(uint8 validator, address signer) private {
        VM.expectRevert(
            abi.encodeWithSelector(IGuardian.SuspensionNotSigned.selector, validator, signer)
        );
    }
}
