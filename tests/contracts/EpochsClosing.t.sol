// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Closing,
    Enrolment,
    IEpochs,
    ReplenishmentTerms,
    WhyOpen
} from "../../contracts/interfaces/IEpochs.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title When epochs close, and what projects get then
contract EpochsClosingTest is ReplenishmentFixture {
    function setUp() external {
        deployReplenishment();
        enrol(project, 1000 * CREDIT);
    }

    // When

    function test_close_revertsWhen_theEpochRuns() external {
        VM.expectRevert(
            abi.encodeWithSelector(IEpochs.EpochNotEnded.selector, 0, outcomes.endOf(0))
        );
        close(0, project);
    }

    function test_close_revertsWhen_aWindowIsOpen() external {
        nextEpoch();
        cut(0, project);
        _expectNothing(0, project, WhyOpen.WindowOpen);
        close(0, project);
        forward(ATTRIBUTION_S + DISPUTE_S - 1, 100);
        assertEq(epochs.closesAtS(project, 0), block.timestamp + 1);
        _expectNothing(0, project, WhyOpen.WindowOpen);
        close(0, project);
        forward(1, 0);
        assertEq(close(0, project), 1);
    }

    function test_close_revertsWhen_fewBlocksHavePassed() external {
        nextEpoch();
        cut(0, project);
        forward(ATTRIBUTION_S + DISPUTE_S, 49);
        cursors.observe();
        _expectNothing(0, project, WhyOpen.WindowOpen);
        close(0, project);
    }

    /// @dev Time without blocks is no time to object.
    function test_close_revertsWhen_theChainStoodStill() external {
        nextEpoch();
        cut(0, project);
        forward(ATTRIBUTION_S + DISPUTE_S, 60);
        uint256 haltS = ATTRIBUTION_S + DISPUTE_S - 60 * uint256(LONGEST_BLOCK_S);
        _expectNothing(0, project, WhyOpen.WindowOpen);
        close(0, project);
        forward(haltS, haltS / LONGEST_BLOCK_S);
        assertEq(close(0, project), 1);
    }

    function test_close_revertsWhen_nobodyOpenedTheWindow() external {
        nextEpoch();
        forward(30 days, 30 days / LONGEST_BLOCK_S);
        _expectNothing(0, project, WhyOpen.WindowOpen);
        close(0, project);
    }

    function test_close_revertsWhen_outOfOrder() external {
        nextEpoch();
        nextEpoch();
        passWindows();
        _expectNothing(1, project, WhyOpen.EarlierEpochOpen);
        close(1, project);
        assertEq(close(0, project), 1);
        assertEq(close(1, project), 1);
    }

    function test_close_revertsWhen_closedAlready() external {
        live(project, 1000 * CREDIT, 0);
        _expectNothing(0, project, WhyOpen.ClosedAlready);
        close(0, project);
        assertEq(balance(project, GENERAL), 750 * CREDIT);
    }

    function test_close_revertsWhen_notEnrolled() external {
        nextEpoch();
        passWindows();
        _expectNothing(0, team, WhyOpen.NotEnrolled);
        close(0, team);
    }

    function test_close_revertsWhen_thePageIsTooLarge() external {
        nextEpoch();
        VM.expectRevert(abi.encodeWithSelector(IEpochs.PageTooLarge.selector, 61, 60));
        epochs.close(0, new uint32[](61));
    }

    function test_close_skips_whatCannotClose() external {
        enrol(team, 1);
        nextEpoch();
        passWindows();
        close(0, team);
        uint32[] memory page = new uint32[](4);
        (page[0], page[1], page[2], page[3]) = (otherTeam, team, project, project);
        assertEq(epochs.close(0, page), 1);
        assertEq(epochs.closedOf(project, 0).isClosed, true);
    }

    // Pending outcomes

    function test_close_waitsForAPendingOutcome_twoEpochsAtMost() external {
        spend(project, 1000 * CREDIT);
        nextEpoch();
        report(project, 0, 100 * DOLLAR);
        passWindows();
        _expectNothing(0, project, WhyOpen.OutcomePending);
        close(0, project);
        forward(2 * EPOCH_S - 1, 2 * EPOCH_S / LONGEST_BLOCK_S + 1);
        assertTrue(epochs.whyOpen(project, 0) == WhyOpen.OutcomePending, "pending");
        forward(1, 0);
        close(0, project);
        // It counts nothing.
        assertEq(grantOf(project, 0), 750 * CREDIT);
    }

    function test_close_goesOn_whenThePendingOutcomeIsConfirmed() external {
        spend(project, 1000 * CREDIT);
        nextEpoch();
        report(project, 0, 100 * DOLLAR);
        passWindows();
        VM.prank(CONFIRMER);
        outcomes.confirm(project, 0, REVENUE);
        close(0, project);
        assertEq(grantOf(project, 0), 1125 * CREDIT);
    }

    function test_close_countsNothing_ofADisputedOutcome() external {
        spend(project, 1000 * CREDIT);
        nextEpoch();
        cut(0, project);
        earn(project, 0, 100 * DOLLAR);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, "reasons");
        passWindows();
        close(0, project);
        assertEq(grantOf(project, 0), 750 * CREDIT);
    }

    // What

    function test_close_saysEverything() external {
        spend(project, 1000 * CREDIT);
        nextEpoch();
        cut(0, project);
        earn(project, 0, 100 * DOLLAR);
        passWindows();
        VM.expectEmit(address(epochs));
        emit IEpochs.EpochClosed(
            project, 0, 100e6, 1000 * CREDIT, 1000 * CREDIT, 1125 * CREDIT, false
        );
        VM.expectEmit(address(epochs));
        emit IEpochs.ExplorationMinted(0, 1125 * CREDIT, 125 * CREDIT);
        close(0, project);
        Closing memory found = epochs.closedOf(project, 0);
        assertEq(found.valueUusd, 100e6);
        assertEq(found.creditsUcr, 1000 * CREDIT);
        assertEq(found.baseUcr, 1000 * CREDIT);
        assertEq(found.grantUcr, 1125 * CREDIT);
        assertEq(found.closedAtS, block.timestamp);
        assertEq(found.isReviewed, false);
        assertEq(balance(project, GENERAL), 1125 * CREDIT);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 1125 * CREDIT);
        assertEq(epochs.isClosedFor(project, 0), true);
    }

    function test_close_cutsFirst_whatWasNotCut() external {
        spend(project, 400 * CREDIT);
        nextEpoch();
        passWindows();
        spend(project, 400 * CREDIT);
        close(0, project);
        // Everything up to the close: nobody had cut before.
        assertEq(epochs.closedOf(project, 0).creditsUcr, 800 * CREDIT);
        assertEq(epochs.enrolmentOf(project).nextCut, 1);
    }

    function test_close_repaysAnOverdraft_first() external {
        spend(project, 1100 * CREDIT);
        assertEq(budgets.budgetOf(project).overdraftUcr, 100 * CREDIT);
        live(project, 0, 200 * DOLLAR);
        assertEq(grantOf(project, 0), 1250 * CREDIT);
        assertEq(budgets.budgetOf(project).overdraftUcr, 0);
        assertEq(balance(project, GENERAL), 1150 * CREDIT);
    }

    function test_close_keepsTheMeasure_whenTooLittleWasSpent() external {
        live(project, CREDIT - 1, 0);
        Closing memory found = epochs.closedOf(project, 0);
        assertEq(found.grantUcr, (CREDIT - 1) * 5 / 4);
        assertEq(found.isReviewed, false);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 1000 * CREDIT);
        // Nothing spent, nothing granted, and the measure is still there.
        live(project, 0, 100 * DOLLAR);
        assertEq(grantOf(project, 1), 0);
        live(project, 1000 * CREDIT, 100 * DOLLAR);
        assertEq(grantOf(project, 2), 1125 * CREDIT);
    }

    function test_close_usesTheTerms_ofItsEpoch() external {
        spend(project, 1000 * CREDIT);
        ReplenishmentTerms memory harder = terms();
        harder.cutPpm = 500_000;
        epochs.setTerms(harder);
        nextEpoch();
        cut(0, project);
        spend(project, 1000 * CREDIT);
        nextEpoch();
        cut(1, project);
        passWindows();
        close(0, project);
        close(1, project);
        assertEq(grantOf(project, 0), 750 * CREDIT);
        assertEq(grantOf(project, 1), 375 * CREDIT);
    }

    // Reviews

    function test_review_opensBelowTheLowMark_andEndsAboveIt() external {
        spend(project, 1000 * CREDIT);
        nextEpoch();
        cut(0, project);
        passWindows();
        VM.expectEmit(address(epochs));
        emit IEpochs.ReviewOpened(project, 0);
        close(0, project);
        Enrolment memory found = epochs.enrolmentOf(project);
        assertEq(found.isInReview, true);
        assertEq(found.reviewEpoch, 0);
        assertEq(epochs.closedOf(project, 0).isReviewed, true);

        spend(project, 750 * CREDIT);
        nextEpoch();
        cut(1, project);
        earn(project, 1, 75 * DOLLAR);
        passWindows();
        VM.expectEmit(address(epochs));
        emit IEpochs.ReviewEnded(project, 0);
        close(1, project);
        assertEq(epochs.enrolmentOf(project).isInReview, false);
        assertEq(epochs.closedOf(project, 1).isReviewed, false);
    }

    function test_review_stays_whenTooLittleWasSpent() external {
        live(project, 1000 * CREDIT, 0);
        live(project, 0, 0);
        assertEq(epochs.enrolmentOf(project).isInReview, true);
        assertEq(epochs.enrolmentOf(project).reviewEpoch, 0);
    }

    function test_review_staysAway_atTheLowMark() external {
        live(project, 1000 * CREDIT, 50 * DOLLAR);
        assertEq(grantOf(project, 0), 1000 * CREDIT);
        assertEq(epochs.enrolmentOf(project).isInReview, false);
    }

    // I9

    function test_fuzz_invariant_I9_pool_isAShareOfAllMinting(uint40[4] memory costs, uint8 how)
        external
    {
        for (uint256 i = 0; i < costs.length; ++i) {
            live(project, costs[i], (how >> i) & 1 == 0 ? 0 : 100 * DOLLAR);
            (uint256 generalUcr, uint256 poolUcr) = epochs.mintedByEpochs();
            assertEq(poolUcr, generalUcr / 9);
            assertEq(balance(POOL, EXPLORATION), poolUcr);
            assertEq(credits.minted(GENERAL), generalUcr);
            assertEq(credits.minted(EXPLORATION), poolUcr);
        }
    }

    function _expectNothing(uint32 epoch, uint32 which, WhyOpen why) private {
        VM.expectRevert(abi.encodeWithSelector(IEpochs.NothingToClose.selector, epoch, which, why));
    }
}
