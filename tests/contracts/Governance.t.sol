// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {INetworkGovernor} from "../../contracts/interfaces/INetworkGovernor.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {Rates} from "../../contracts/interfaces/ITariff.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {GovernanceFixture, Proposal} from "./support/GovernanceFixture.sol";

/// @title How votes become acts
contract GovernanceTest is GovernanceFixture {
    uint8 private constant AGAINST = 0;
    uint8 private constant FOR = 1;
    uint8 private constant ABSTAIN = 2;

    function setUp() external {
        deployGovernance();
        handOver();
    }

    // A whole life

    /// @dev Governor, timelock, AccessManager, Tariff: a price is voted and nobody hurries it.
    function test_proposal_setsRates() external {
        Proposal memory proposal = _ratesProposal(7000);
        uint256 id = propose(proposal);
        assertState(id, IGovernor.ProposalState.Pending);
        toActive();
        assertState(id, IGovernor.ProposalState.Active);
        voteFor(id, 3);
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Succeeded);
        queue(proposal);
        assertState(id, IGovernor.ProposalState.Queued);
        assertEq(governor.proposalEta(id), block.timestamp + TIMELOCK_S);
        VM.warp(block.timestamp + TIMELOCK_S);
        VM.prank(STRANGER);
        execute(proposal);
        assertState(id, IGovernor.ProposalState.Executed);
        (Rates memory rates,) = tariff.votedRatesAt(resource, uint64(block.timestamp * 1000));
        assertEq(rates.wIn, 7000);
    }

    function test_proposal_changesTheValidators() external {
        Proposal memory proposal = _membersProposal(5);
        uint256 id = queued(proposal);
        VM.warp(block.timestamp + TIMELOCK_S);
        uint64 fromMs = uint64((block.timestamp + SET_LEAD_S) * 1000);
        VM.expectEmit(address(validators));
        emit IValidatorSet.ValidatorSetChanged(2, fromMs, membersOf(5));
        execute(proposal);
        assertState(id, IGovernor.ProposalState.Executed);
        assertEq(validators.attestersAt(fromMs).length, 5);
        assertEq(validators.attestersAt(fromMs - 1).length, 4);
    }

    /// @dev A vote on how votes are taken goes through the governor itself.
    function test_proposal_changesTheVotingPeriod() external {
        carryOut(
            proposalOf(
                address(governor), abi.encodeCall(governor.setVotingPeriod, (5 days)), "longer"
            )
        );
        assertEq(governor.votingPeriod(), 5 days);
    }

    function test_proposal_doesAllOrNothing() external {
        Proposal memory proposal = _ratesProposal(7000);
        address[] memory targets = new address[](2);
        bytes[] memory calls = new bytes[](2);
        (targets[0], calls[0]) = (proposal.targets[0], proposal.calls[0]);
        targets[1] = address(registry);
        calls[1] = abi.encodeCall(registry.setRules, (0, 0, 0, 0, 0));
        (proposal.targets, proposal.calls) = (targets, calls);
        proposal.values = new uint256[](2);
        queued(proposal);
        VM.warp(block.timestamp + TIMELOCK_S);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.RulesInvalid.selector, 0, 0, 0));
        execute(proposal);
        assertEq(tariff.version(), 0);
    }

    // What does not pass

    function test_propose_revertsWhen_callerHasNoSeat() external {
        address[3] memory callers = [STRANGER, address(this), GUARDIAN];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IGovernor.GovernorInsufficientProposerVotes.selector, callers[i], 0, 1
                )
            );
            proposeAs(callers[i], _ratesProposal(1));
        }
    }

    function test_proposal_isDefeated_belowTheQuorum() external {
        Proposal memory proposal = _ratesProposal(7000);
        uint256 id = propose(proposal);
        toActive();
        voteFor(id, 1);
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Defeated);
        _expectState(id, IGovernor.ProposalState.Defeated, IGovernor.ProposalState.Succeeded);
        queue(proposal);
    }

    function test_proposal_isDefeated_onATie() external {
        uint256 id = propose(_ratesProposal(7000));
        toActive();
        voteFor(id, 2);
        _vote(id, 2, AGAINST);
        _vote(id, 3, AGAINST);
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Defeated);
    }

    /// @dev Of five seats two are the quorum: one for and one abstaining reach it, one against does not count to it.
    function test_proposal_countsAbstentions_toTheQuorum() external {
        uint256 id = propose(_ratesProposal(7000));
        toActive();
        voteFor(id, 1);
        _vote(id, 4, ABSTAIN);
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Succeeded);
        id = propose(_ratesProposal(7001));
        toActive();
        voteFor(id, 1);
        toEnd(id);
        assertState(id, IGovernor.ProposalState.Defeated);
    }

    function test_castVote_revertsWhen_seatVotedAlready() external {
        uint256 id = propose(_ratesProposal(7000));
        toActive();
        voteFor(id, 1);
        VM.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, holderOf(0))
        );
        _vote(id, 0, FOR);
    }

    function test_execute_revertsWhen_theDelayIsNotOver() external {
        Proposal memory proposal = _ratesProposal(7000);
        queued(proposal);
        VM.warp(block.timestamp + TIMELOCK_S - 1);
        bytes32 operation = timelock.hashOperationBatch(
            proposal.targets,
            proposal.values,
            proposal.calls,
            0,
            bytes20(address(governor)) ^ keccak256(bytes(proposal.description))
        );
        VM.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockUnexpectedOperationState.selector,
                operation,
                bytes32(uint256(1) << 2)
            )
        );
        execute(proposal);
        VM.warp(block.timestamp + 1);
        execute(proposal);
    }

    function test_cancel_isTheProposers_beforeTheVote() external {
        Proposal memory proposal = _ratesProposal(7000);
        uint256 id = propose(proposal);
        bytes32 hash = keccak256(bytes(proposal.description));
        VM.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, holderOf(1))
        );
        VM.prank(holderOf(1));
        governor.cancel(proposal.targets, proposal.values, proposal.calls, hash);
        VM.prank(holderOf(0));
        governor.cancel(proposal.targets, proposal.values, proposal.calls, hash);
        assertState(id, IGovernor.ProposalState.Canceled);
    }

    // Hard bounds (I11)

    function test_settings_stayInsideTheirBounds() external {
        _refuses(abi.encodeCall(governor.setVotingDelay, (0)), "votingDelay", 0, 1, 14 days);
        _refuses(
            abi.encodeCall(governor.setVotingDelay, (14 days + 1)),
            "votingDelay",
            14 days + 1,
            1,
            14 days
        );
        _refuses(abi.encodeCall(governor.setVotingPeriod, (9)), "votingPeriod", 9, 10, 30 days);
        _refuses(
            abi.encodeCall(governor.setVotingPeriod, (30 days + 1)),
            "votingPeriod",
            30 days + 1,
            10,
            30 days
        );
        _refuses(abi.encodeCall(governor.setProposalThreshold, (0)), "proposalThreshold", 0, 1, 1);
        _refuses(abi.encodeCall(governor.setProposalThreshold, (2)), "proposalThreshold", 2, 1, 1);
        _refuses(abi.encodeCall(governor.updateQuorumNumerator, (9)), "quorum", 9, 10, 75);
        _refuses(abi.encodeCall(governor.updateQuorumNumerator, (76)), "quorum", 76, 10, 75);
    }

    function test_settings_areOutOfReach_forEveryoneElse() external {
        address[4] memory callers = [STRANGER, address(this), holderOf(0), GUARDIAN];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, callers[i])
            );
            VM.prank(callers[i]);
            governor.setVotingDelay(2 days);
        }
    }

    // Below

    function _ratesProposal(uint32 weight) private view returns (Proposal memory) {
        uint16[] memory resources = new uint16[](1);
        Rates[] memory rates = new Rates[](1);
        resources[0] = resource;
        rates[0].wIn = weight;
        rates[0].wOut = weight;
        return proposalOf(
            address(tariff),
            abi.encodeCall(tariff.setRates, (resources, rates, 0)),
            string.concat("weights ", VM.toString(weight))
        );
    }

    function _membersProposal(uint256 count) private view returns (Proposal memory) {
        return proposalOf(
            address(validators),
            abi.encodeCall(validators.setValidators, (membersOf(count))),
            "a validator more"
        );
    }

    function _vote(uint256 id, uint256 seat, uint8 support) private {
        VM.prank(holderOf(seat));
        governor.castVote(id, support);
    }

    /// @dev Even a vote cannot set it.
    function _refuses(
        bytes memory call,
        string memory what,
        uint256 value,
        uint256 minimum,
        uint256 maximum
    ) private {
        Proposal memory proposal = proposalOf(address(governor), call, string(call));
        queued(proposal);
        VM.warp(block.timestamp + TIMELOCK_S);
        VM.expectRevert(
            abi.encodeWithSelector(
                INetworkGovernor.SettingOutOfBounds.selector, what, value, minimum, maximum
            )
        );
        execute(proposal);
    }

    function _expectState(
        uint256 id,
        IGovernor.ProposalState current,
        IGovernor.ProposalState expected
    ) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                id,
                current,
                bytes32(uint256(1) << uint8(expected))
            )
        );
    }
}
