// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEpochs} from "../../contracts/interfaces/IEpochs.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title Nobody gains by acting at the edge of an epoch (THREATS T21)
contract EpochAttacksTest is ReplenishmentFixture {
    function setUp() external {
        deployReplenishment();
    }

    /// @dev Enrolled a second before the end, a project has its first grant and not another for an epoch it did not see.
    function test_enrolment_paysOnce_inTheLastSecond() external {
        uint256 toEndS = outcomes.endOf(0) - block.timestamp;
        forward(toEndS - 1, toEndS / LONGEST_BLOCK_S + 1);
        enrol(project, 1000 * CREDIT);
        forward(1, 1);
        cut(0, project);
        passWindows();
        close(0, project);
        assertEq(balance(project, GENERAL), 1000 * CREDIT);
        assertEq(grantOf(project, 0), 0);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 1000 * CREDIT);
    }

    /// @dev An epoch that waited for its cut takes in what came late, and the next one loses as much: nothing counts twice.
    function test_lateCut_countsNothingTwice() external {
        enrol(project, 1000 * CREDIT);
        spend(project, 100 * CREDIT);
        nextEpoch();
        spend(project, 30 * CREDIT);
        cut(0, project);
        spend(project, 5 * CREDIT);
        nextEpoch();
        cut(1, project);
        assertEq(epochs.closedOf(project, 0).creditsUcr, 130 * CREDIT);
        assertEq(epochs.closedOf(project, 1).creditsUcr, 5 * CREDIT);
    }

    /// @dev Cut a second before its end, an epoch could leave out what was spent in its last one.
    function test_cut_isRefused_aSecondTooEarly() external {
        enrol(project, 1000 * CREDIT);
        uint64 endS = outcomes.endOf(0);
        forward(endS - 1 - block.timestamp, 1000);
        uint32[] memory projects = one(project);
        VM.expectRevert(abi.encodeWithSelector(IEpochs.EpochNotEnded.selector, 0, endS));
        epochs.cut(0, projects);
        forward(1, 1);
        assertEq(epochs.cut(0, projects), 1);
    }

    /// @dev An outcome is for the epoch it names; the edge does not let one count in two.
    function test_outcome_countsOnce_atTheEdge() external {
        enrol(project, 1000 * CREDIT);
        spend(project, 100 * CREDIT);
        uint64 endS = outcomes.endOf(0);
        forward(endS - block.timestamp, EPOCH_S / LONGEST_BLOCK_S);
        assertEq(outcomes.epochAt(endS - 1), 0);
        assertEq(outcomes.epochAt(endS), 1);
        cut(0, project);
        earn(project, 0, 20 * DOLLAR);
        (uint128 zeroUusd,) = outcomes.valueOf(project, 0);
        (uint128 oneUusd,) = outcomes.valueOf(project, 1);
        assertEq(zeroUusd, 20e6);
        assertEq(oneUusd, 0);
    }
}
