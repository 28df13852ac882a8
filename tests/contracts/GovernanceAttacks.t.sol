// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorPreventLateQuorum
} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {GovernanceFixture, Proposal} from "./support/GovernanceFixture.sol";
import {Reentrant} from "./support/Reentrant.sol";

/// @title What must not work: around the timelock, ahead of the vote, after the vote (THREATS T7, T8, T9)
contract GovernanceAttacksTest is GovernanceFixture {
    function setUp() external {
        deployGovernance();
        handOver();
    }

    // T7: the timelock

    function test_timelock_takesProposals_fromTheGovernorAlone() external {
        address[5] memory callers =
            [STRANGER, address(this), holderOf(0), GUARDIAN, address(guardian)];
        bytes32 role = timelock.PROPOSER_ROLE();
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectMissing(callers[i], role);
            VM.prank(callers[i]);
            timelock.schedule(address(manager), 0, _seizure(), 0, 0, TIMELOCK_S);
            _expectMissing(callers[i], role);
            VM.prank(callers[i]);
            timelock.scheduleBatch(new address[](0), new uint256[](0), new bytes[](0), 0, 0, 0);
        }
    }

    function test_timelock_cancels_forTheGovernorAlone() external {
        queued(_seizureProposal());
        _expectMissing(holderOf(0), timelock.CANCELLER_ROLE());
        VM.prank(holderOf(0));
        timelock.cancel(bytes32(uint256(1)));
    }

    /// @dev Whoever deployed it is its admin no longer; who could name a second proposer could skip the vote.
    function test_timelock_hasNoAdmin_butItself() external {
        bytes32 role = timelock.PROPOSER_ROLE();
        address[4] memory callers = [address(this), holderOf(0), address(governor), GUARDIAN];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectMissing(callers[i], ADMIN_ROLE);
            VM.prank(callers[i]);
            timelock.grantRole(role, callers[i]);
        }
        assertTrue(timelock.hasRole(ADMIN_ROLE, address(timelock)), "not its own admin");
    }

    function test_timelock_changesItsDelay_forItselfAlone() external {
        VM.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockUnauthorizedCaller.selector, address(governor)
            )
        );
        VM.prank(address(governor));
        timelock.updateDelay(0);
    }

    /// @dev CVE-2021-39167: with an open executor, a batch that would schedule itself as it runs.
    function test_timelock_executesNothing_thatWasNotScheduled() external {
        address[] memory targets = new address[](3);
        bytes[] memory calls = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) {
            targets[i] = address(timelock);
        }
        calls[0] = abi.encodeCall(timelock.updateDelay, (0));
        calls[1] = abi.encodeCall(timelock.grantRole, (timelock.PROPOSER_ROLE(), STRANGER));
        calls[2] = abi.encodeCall(timelock.grantRole, (ADMIN_ROLE, STRANGER));
        bytes32 operation =
            timelock.hashOperationBatch(targets, new uint256[](3), calls, 0, bytes32(0));
        _expectNotReady(operation);
        VM.prank(STRANGER);
        timelock.executeBatch(targets, new uint256[](3), calls, 0, bytes32(0));
        assertEq(timelock.getMinDelay(), TIMELOCK_S);
    }

    function test_execution_happensOnce_whenTheTargetReenters() external {
        Reentrant target = new Reentrant();
        Proposal memory proposal =
            proposalOf(address(target), abi.encodeCall(target.count, ()), "counts, and calls back");
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(proposal.description));
        uint256 id = queued(proposal);
        VM.warp(block.timestamp + TIMELOCK_S);
        target.aim(
            address(timelock),
            abi.encodeCall(
                timelock.executeBatch, (proposal.targets, proposal.values, proposal.calls, 0, salt)
            )
        );
        _expectNotReady(
            timelock.hashOperationBatch(proposal.targets, proposal.values, proposal.calls, 0, salt)
        );
        execute(proposal);
        assertEq(target.counted(), 0);

        target.aim(
            address(governor),
            abi.encodeCall(
                governor.execute,
                (
                    proposal.targets,
                    proposal.values,
                    proposal.calls,
                    keccak256(bytes(proposal.description))
                )
            )
        );
        _expectState(id, IGovernor.ProposalState.Executed, uint8(IGovernor.ProposalState.Queued));
        execute(proposal);
        assertEq(target.counted(), 0);

        target.aim(address(0), "");
        execute(proposal);
        assertEq(target.counted(), 1);
    }

    /// @dev No seat, no guardian and no deployer acts on the manager; only what was voted does.
    function test_manager_obeysNobody_butTheTimelock() external {
        address[5] memory callers =
            [STRANGER, address(this), holderOf(0), GUARDIAN, address(governor)];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedAccount.selector,
                    callers[i],
                    Roles.GOVERNANCE
                )
            );
            VM.prank(callers[i]);
            manager.grantRole(Roles.GOVERNANCE, callers[i], 0);
        }
        carryOut(_seizureProposal());
        (bool isMember,) = manager.hasRole(Roles.GOVERNANCE, STRANGER);
        assertTrue(isMember, "a vote may");
    }

    // T8: capture, flash votes, late votes

    /// @dev Beanstalk's: votes, and their effect, in the block that made the votes.
    function test_proposal_hasNoEffect_inItsOwnBlock() external {
        Proposal memory proposal = _seizureProposal();
        uint256 id = propose(proposal);
        _expectState(id, IGovernor.ProposalState.Pending, uint8(IGovernor.ProposalState.Active));
        VM.prank(holderOf(0));
        governor.castVote(id, 1);
        _expectState(id, IGovernor.ProposalState.Pending, uint8(IGovernor.ProposalState.Succeeded));
        queue(proposal);
        _expectState(id, IGovernor.ProposalState.Pending, uint8(IGovernor.ProposalState.Queued));
        execute(proposal);
    }

    function test_proposal_cannotSkip_theTimelock() external {
        Proposal memory proposal = _seizureProposal();
        uint256 id = propose(proposal);
        toActive();
        voteFor(id, SEATS);
        toEnd(id);
        _expectState(id, IGovernor.ProposalState.Succeeded, uint8(IGovernor.ProposalState.Queued));
        execute(proposal);
    }

    /// @dev Seats granted after the snapshot weigh nothing, however many.
    function test_castVote_weighsNothing_forSeatsGrantedAfterTheSnapshot() external {
        uint256 id = propose(_seizureProposal());
        toActive();
        VM.startPrank(address(timelock));
        for (uint256 i = SEATS; i < 25; ++i) {
            seats.grantSeat(holderOf(i), acme);
        }
        VM.stopPrank();
        VM.warp(block.timestamp + 1);
        for (uint256 i = SEATS; i < 25; ++i) {
            VM.prank(holderOf(i));
            assertEq(governor.castVote(id, 1), 0);
        }
        (, uint256 votesFor,) = governor.proposalVotes(id);
        assertEq(votesFor, 0);
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Defeated);
    }

    /// @dev A seat taken away after the snapshot still has its say in that one, and in no later one.
    function test_castVote_counts_forSeatsRevokedAfterTheSnapshot() external {
        uint256 id = propose(_seizureProposal());
        toActive();
        VM.prank(address(timelock));
        seats.revokeSeat(holderOf(1));
        VM.warp(block.timestamp + 1);
        VM.prank(holderOf(1));
        assertEq(governor.castVote(id, 1), 1);
        VM.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, holderOf(1), 0, 1
            )
        );
        proposeAs(holderOf(1), proposalOf(address(1), "", "mine"));
    }

    /// @dev A quorum that comes in the last second leaves the others a day to object.
    function test_lateQuorum_extendsTheVote() external {
        uint256 id = propose(_seizureProposal());
        uint256 deadlineS = governor.proposalDeadline(id);
        toActive();
        voteFor(id, 1);
        VM.warp(deadlineS);
        VM.expectEmit(address(governor));
        emit GovernorPreventLateQuorum.ProposalExtended(id, uint64(deadlineS + EXTENSION_S));
        VM.prank(holderOf(1));
        governor.castVote(id, 1);
        assertEq(governor.proposalDeadline(id), deadlineS + EXTENSION_S);
        VM.warp(deadlineS + EXTENSION_S);
        for (uint256 i = 2; i < SEATS; ++i) {
            VM.prank(holderOf(i));
            governor.castVote(id, 0);
        }
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Defeated);
    }

    function test_earlyQuorum_extendsNothing() external {
        uint256 id = propose(_seizureProposal());
        uint256 deadlineS = governor.proposalDeadline(id);
        toActive();
        voteFor(id, 2);
        VM.warp(deadlineS);
        VM.prank(holderOf(2));
        governor.castVote(id, 1);
        assertEq(governor.proposalDeadline(id), deadlineS);
    }

    // T9: the past is not voted anew; nobody takes another's proposal

    function test_lowerQuorum_revivesNoDefeatedProposal() external {
        Proposal memory defeated = _seizureProposal();
        uint256 id = propose(defeated);
        toActive();
        voteFor(id, 1);
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Defeated);
        carryOut(
            proposalOf(
                address(governor), abi.encodeCall(governor.updateQuorumNumerator, (20)), "lower"
            )
        );
        VM.warp(block.timestamp + 1);
        assertEq(governor.quorum(block.timestamp - 1), 1);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), 2);
        assertState(id, IGovernor.ProposalState.Defeated);
        _expectState(id, IGovernor.ProposalState.Defeated, uint8(IGovernor.ProposalState.Succeeded));
        queue(defeated);
    }

    function test_propose_revertsWhen_theDescriptionNamesAnother() external {
        Proposal memory proposal = _seizureProposal();
        proposal.description = string.concat("mine\n#proposer=", Strings.toHexString(holderOf(0)));
        VM.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, holderOf(1))
        );
        proposeAs(holderOf(1), proposal);
        uint256 id = proposeAs(holderOf(0), proposal);
        assertEq(governor.proposalProposer(id), holderOf(0));
    }

    // Below

    function _seizure() private view returns (bytes memory) {
        return abi.encodeCall(manager.grantRole, (Roles.GOVERNANCE, STRANGER, 0));
    }

    function _seizureProposal() private view returns (Proposal memory) {
        return proposalOf(address(manager), _seizure(), "all power to a stranger");
    }

    function _expectMissing(address caller, bytes32 role) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, caller, role
            )
        );
    }

    function _expectNotReady(bytes32 operation) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockUnexpectedOperationState.selector,
                operation,
                bytes32(uint256(1) << 2)
            )
        );
    }

    function _expectState(uint256 id, IGovernor.ProposalState current, uint8 expected) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                id,
                current,
                bytes32(uint256(1) << expected)
            )
        );
    }
}
