// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Closing, IEpochs} from "../../contracts/interfaces/IEpochs.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title What an upheld appeal does to a closed epoch
contract EpochsAppealsTest is ReplenishmentFixture {
    function setUp() external {
        deployReplenishment();
        enrol(project, 1000 * CREDIT);
    }

    // A cut

    function test_restore_revertsWhen_notAppeals() external {
        live(project, 1000 * CREDIT, 0);
        address[3] memory others = [STRANGER, REGISTRAR, address(this)];
        for (uint256 i = 0; i < others.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, others[i])
            );
            VM.prank(others[i]);
            epochs.restore(project, 0);
        }
    }

    function test_restore_revertsWhen_notClosed() external {
        VM.expectRevert(abi.encodeWithSelector(IEpochs.NotClosed.selector, project, 0));
        _restore(0);
    }

    function test_restore_revertsWhen_nothingWasCut() external {
        live(project, 1000 * CREDIT, 50 * DOLLAR);
        VM.expectRevert(
            abi.encodeWithSelector(
                IEpochs.NotACut.selector, project, 0, 1000 * CREDIT, 1000 * CREDIT
            )
        );
        _restore(0);
    }

    function test_restore_paysTheCut_andEndsTheReview() external {
        live(project, 1000 * CREDIT, 0);
        assertEq(balance(project, GENERAL), 750 * CREDIT);
        VM.expectEmit(address(epochs));
        emit IEpochs.ReviewEnded(project, 0);
        VM.expectEmit(address(epochs));
        emit IEpochs.GrantRestored(project, 0, 0, 250 * CREDIT, 1000 * CREDIT);
        _restore(0);
        assertEq(balance(project, GENERAL), 1000 * CREDIT);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 1000 * CREDIT);
        assertEq(epochs.enrolmentOf(project).isInReview, false);
        assertEq(epochs.closedOf(project, 0).isRestored, true);
        _assertPool();
        // Once.
        VM.expectRevert(
            abi.encodeWithSelector(
                IEpochs.NotACut.selector, project, 0, 1000 * CREDIT, 1000 * CREDIT
            )
        );
        _restore(0);
    }

    /// @dev A later cut stays what it was; only what was restored is added to the next measure.
    function test_restore_leavesLaterEpochsAlone() external {
        live(project, 1000 * CREDIT, 0);
        live(project, 1000 * CREDIT, 0);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 562_500_000);
        _restore(0);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 812_500_000);
        assertEq(grantOf(project, 1), 562_500_000);
        assertEq(epochs.enrolmentOf(project).isInReview, true);
        assertEq(epochs.enrolmentOf(project).reviewEpoch, 1);
    }

    // A disputed outcome

    function test_recount_revertsWhen_notAppeals() external {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, REGISTRAR)
        );
        VM.prank(REGISTRAR);
        epochs.recount(project, 0);
    }

    function test_recount_doesNothing_whereThereIsNothing() external {
        _recount(0);
        live(project, 1000 * CREDIT, 100 * DOLLAR);
        _recount(0);
        _recount(7);
        assertEq(balance(project, GENERAL), 1125 * CREDIT);
    }

    function test_recount_paysTheDifference_onceTheOutcomeCounts() external {
        _closeWithDispute(100 * DOLLAR);
        assertEq(grantOf(project, 0), 750 * CREDIT);
        VM.prank(APPEALS);
        outcomes.reinstate(project, 0, REVENUE);
        VM.expectEmit(address(epochs));
        emit IEpochs.ReviewEnded(project, 0);
        VM.expectEmit(address(epochs));
        emit IEpochs.GrantRestored(project, 0, 100e6, 375 * CREDIT, 1125 * CREDIT);
        _recount(0);
        Closing memory found = epochs.closedOf(project, 0);
        assertEq(found.valueUusd, 100e6);
        assertEq(found.grantUcr, 1125 * CREDIT);
        assertEq(balance(project, GENERAL), 1125 * CREDIT);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 1125 * CREDIT);
        _assertPool();
        _recount(0);
        assertEq(balance(project, GENERAL), 1125 * CREDIT);
    }

    function test_recount_keepsTheReview_whileVelocityStaysLow() external {
        _closeWithDispute(25 * DOLLAR);
        VM.prank(APPEALS);
        outcomes.reinstate(project, 0, REVENUE);
        _recount(0);
        // Half way up to the low mark: half the cut.
        assertEq(grantOf(project, 0), 875 * CREDIT);
        assertEq(epochs.enrolmentOf(project).isInReview, true);
    }

    /// @dev A restored cut and a reinstated outcome of the same epoch are not paid twice.
    function test_recount_addsToARestoredCut_onlyWhatIsMore() external {
        _closeWithDispute(100 * DOLLAR);
        _restore(0);
        VM.prank(APPEALS);
        outcomes.reinstate(project, 0, REVENUE);
        _recount(0);
        assertEq(grantOf(project, 0), 1125 * CREDIT);
        assertEq(balance(project, GENERAL), 1125 * CREDIT);
        assertEq(epochs.enrolmentOf(project).previousGrantUcr, 1125 * CREDIT);
        _assertPool();
    }

    /// @dev Reinstated before its epoch closes, an outcome counts as any other.
    function test_reinstated_counts_whenTheEpochClosesLater() external {
        spend(project, 1000 * CREDIT);
        nextEpoch();
        earn(project, 0, 100 * DOLLAR);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, "reasons");
        VM.prank(APPEALS);
        outcomes.reinstate(project, 0, REVENUE);
        _recount(0);
        passWindows();
        close(0, project);
        assertEq(grantOf(project, 0), 1125 * CREDIT);
    }

    function _closeWithDispute(uint128 cents) private {
        spend(project, 1000 * CREDIT);
        nextEpoch();
        cut(0, project);
        earn(project, 0, cents);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, "reasons");
        passWindows();
        close(0, project);
    }

    function _restore(uint32 epoch) private {
        VM.prank(APPEALS);
        epochs.restore(project, epoch);
    }

    function _recount(uint32 epoch) private {
        VM.prank(APPEALS);
        epochs.recount(project, epoch);
    }

    function _assertPool() private view {
        (uint256 generalUcr, uint256 poolUcr) = epochs.mintedByEpochs();
        assertEq(poolUcr, generalUcr / 9);
        assertEq(balance(POOL, EXPLORATION), poolUcr);
    }
}
