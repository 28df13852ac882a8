// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {
    GovernorPreventLateQuorum
} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {INetworkGovernor} from "./interfaces/INetworkGovernor.sol";
import {ISeats} from "./interfaces/ISeats.sol";

/// @title NetworkGovernor
/// @dev OpenZeppelin's parts, put together; only the bounds are ours.
contract NetworkGovernor is
    INetworkGovernor,
    Governor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    uint256 private constant MIN_DELAY_S = 1;
    uint256 private constant MAX_DELAY_S = 14 days;
    uint256 private constant MIN_PERIOD_S = 10;
    uint256 private constant MAX_PERIOD_S = 30 days;
    uint256 private constant MIN_QUORUM_PERCENT = 10;
    uint256 private constant MAX_QUORUM_PERCENT = 75;
    uint256 private constant THRESHOLD = 1;

    /// @param seats Who votes.
    /// @param timelock_ What executes, after its delay.
    /// @param votingDelayS Seconds between a proposal and its vote.
    /// @param votingPeriodS Seconds that a vote lasts at least.
    /// @param quorumPercent Percent of all seats that must vote for or abstain.
    /// @param lateQuorumExtensionS Seconds that a vote lasts at least once its quorum is reached.
    constructor(
        ISeats seats,
        TimelockController timelock_,
        uint48 votingDelayS,
        uint32 votingPeriodS,
        uint256 quorumPercent,
        uint48 lateQuorumExtensionS
    )
        Governor("Tallystick Governor")
        GovernorSettings(votingDelayS, votingPeriodS, THRESHOLD)
        GovernorVotes(seats)
        GovernorVotesQuorumFraction(quorumPercent)
        GovernorPreventLateQuorum(lateQuorumExtensionS)
        GovernorTimelockControl(timelock_)
    {}

    /// @inheritdoc Governor
    function proposalDeadline(uint256 proposal)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposal);
    }

    /// @inheritdoc Governor
    function proposalThreshold()
        public
        view
        override(Governor, GovernorSettings)
        returns (uint256)
    {
        return super.proposalThreshold();
    }

    /// @inheritdoc Governor
    function state(uint256 proposal)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposal);
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(uint256 proposal)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposal);
    }

    function _setVotingDelay(uint48 delayS) internal override {
        _checkBounds("votingDelay", delayS, MIN_DELAY_S, MAX_DELAY_S);
        super._setVotingDelay(delayS);
    }

    function _setVotingPeriod(uint32 periodS) internal override {
        _checkBounds("votingPeriod", periodS, MIN_PERIOD_S, MAX_PERIOD_S);
        super._setVotingPeriod(periodS);
    }

    /// @dev No seat has two votes: any higher threshold would end all governance.
    function _setProposalThreshold(uint256 threshold) internal override {
        _checkBounds("proposalThreshold", threshold, THRESHOLD, THRESHOLD);
        super._setProposalThreshold(threshold);
    }

    function _updateQuorumNumerator(uint256 percent) internal override {
        _checkBounds("quorum", percent, MIN_QUORUM_PERCENT, MAX_QUORUM_PERCENT);
        super._updateQuorumNumerator(percent);
    }

    function _tallyUpdated(uint256 proposal)
        internal
        override(Governor, GovernorPreventLateQuorum)
    {
        super._tallyUpdated(proposal);
    }

    function _queueOperations(
        uint256 proposal,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposal, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposal,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposal, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }

    function _checkBounds(string memory what, uint256 value, uint256 minimum, uint256 maximum)
        private
        pure
    {
        require(
            value >= minimum && value <= maximum, SettingOutOfBounds(what, value, minimum, maximum)
        );
    }
}
