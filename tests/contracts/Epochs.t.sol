// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Enrolment, IEpochs, ReplenishmentTerms} from "../../contracts/interfaces/IEpochs.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title Terms, enrolment and cuts
contract EpochsTest is ReplenishmentFixture {
    function setUp() external {
        deployReplenishment();
    }

    // Terms

    function test_setTerms_revertsWhen_notGovernance() external {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER)
        );
        VM.prank(STRANGER);
        epochs.setTerms(terms());
    }

    function test_setTerms_revertsWhen_outOfBounds() external {
        ReplenishmentTerms memory wrong = terms();
        wrong.explorationPpm = 99_999;
        VM.expectRevert(abi.encodeWithSelector(IEpochs.TermsInvalid.selector, "explorationPpm"));
        epochs.setTerms(wrong);
    }

    function test_setTerms_holdsFromTheNextEpoch() external {
        nextEpoch();
        ReplenishmentTerms memory changed = terms();
        changed.lowUusd = 1;
        VM.expectEmit(address(epochs));
        emit IEpochs.TermsSet(2, changed);
        epochs.setTerms(changed);
        assertEq(epochs.termsAt(1).lowUusd, 50_000);
        assertEq(epochs.termsAt(2).lowUusd, 1);
        changed.lowUusd = 2;
        epochs.setTerms(changed);
        assertEq(epochs.termsAt(2).lowUusd, 2);
        assertEq(epochs.termsAt(0).highUusd, 150_000);
    }

    // Enrolment

    function test_enrol_revertsWhen_notTheRegistrar() external {
        address[3] memory others = [STRANGER, CONTROLLER, OTHER_REGISTRAR];
        for (uint256 i = 0; i < others.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IEpochs.NotAuthorised.selector, others[i], project)
            );
            VM.prank(others[i]);
            epochs.enrol(project, CREDIT);
        }
    }

    function test_enrol_revertsWhen_anOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IEpochs.NotAProject.selector, acme));
        enrol(acme, CREDIT);
    }

    function test_enrol_revertsWhen_theAmountIsWrong() external {
        VM.expectRevert(abi.encodeWithSelector(IEpochs.AmountInvalid.selector, 0));
        enrol(project, 0);
        VM.expectRevert(abi.encodeWithSelector(IEpochs.AmountInvalid.selector, 1 << 80));
        enrol(project, 1 << 80);
    }

    function test_enrol_revertsWhen_repeated() external {
        enrol(project, CREDIT);
        VM.expectRevert(abi.encodeWithSelector(IEpochs.AlreadyEnrolled.selector, project));
        enrol(project, CREDIT);
    }

    function test_enrol_revertsWhen_theAllowanceIsUsedUp() external {
        epochs.setEnrolmentAllowance(acme, 10 * CREDIT);
        enrol(project, 7 * CREDIT);
        _expectAllowanceExceeded(4 * CREDIT, 3 * CREDIT);
        enrol(team, 4 * CREDIT);
        enrol(team, 3 * CREDIT);
        (uint256 amountUcr, uint256 usedUcr) = epochs.enrolmentAllowanceOf(acme);
        assertEq(amountUcr, usedUcr);
        epochs.setEnrolmentAllowance(acme, 5 * CREDIT);
        _expectAllowanceExceeded(1, 0);
        enrol(otherTeam, 1);
    }

    function test_enrol_paysTheFirstGrant() external {
        nextEpoch();
        VM.expectEmit(address(epochs));
        emit IEpochs.Enrolled(project, 1, 90 * CREDIT);
        enrol(project, 90 * CREDIT);
        assertEq(balance(project, GENERAL), 90 * CREDIT);
        // A tenth of all of it.
        assertEq(balance(POOL, EXPLORATION), 10 * CREDIT);
        Enrolment memory found = epochs.enrolmentOf(project);
        assertEq(found.isEnrolled, true);
        assertEq(found.firstEpoch, 1);
        assertEq(found.nextCut, 1);
        assertEq(found.nextClose, 1);
        assertEq(found.previousGrantUcr, 90 * CREDIT);
        assertEq(epochs.isClosedFor(project, 0), true);
        assertEq(epochs.isClosedFor(project, 1), false);
        assertEq(epochs.isClosedFor(team, 0), false);
    }

    // Cuts

    function test_cut_revertsWhen_theEpochRuns() external {
        enrol(project, CREDIT);
        VM.expectRevert(
            abi.encodeWithSelector(IEpochs.EpochNotEnded.selector, 0, outcomes.endOf(0))
        );
        cut(0, project);
    }

    function test_cut_revertsWhen_thePageIsTooLarge() external {
        nextEpoch();
        VM.expectRevert(abi.encodeWithSelector(IEpochs.PageTooLarge.selector, 61, 60));
        epochs.cut(0, new uint32[](61));
        assertEq(epochs.cut(0, new uint32[](60)), 0);
    }

    function test_cut_countsWhatWasSpent_sinceEnrolment() external {
        spend(project, 5);
        enrol(project, CREDIT);
        spend(project, 70);
        nextEpoch();
        VM.expectEmit(address(epochs));
        emit IEpochs.EpochCut(project, 0, 70);
        assertEq(cut(0, project), 1);
        assertEq(epochs.closedOf(project, 0).creditsUcr, 70);
        assertEq(epochs.closedOf(project, 0).isCut, true);
        assertEq(epochs.closedOf(project, 0).isClosed, false);
    }

    function test_cut_skips_whatIsNotNext() external {
        enrol(project, CREDIT);
        nextEpoch();
        nextEpoch();
        assertEq(cut(1, project), 0);
        assertEq(cut(0, project), 1);
        spend(project, 70);
        assertEq(cut(0, project), 0);
        assertEq(epochs.closedOf(project, 0).creditsUcr, 0);
        assertEq(cut(1, project), 1);
        assertEq(epochs.closedOf(project, 1).creditsUcr, 70);
        assertEq(cut(0, team), 0);
    }

    /// @dev Whenever it is cut, what was spent counts to one epoch, and to no other.
    function test_fuzz_cuts_loseNothing_andCountNothingTwice(uint40[6] memory costs, uint8 when)
        external
    {
        enrol(project, CREDIT);
        uint256 sumUcr = 0;
        uint32 next = 0;
        for (uint32 epoch = 0; epoch < costs.length; ++epoch) {
            if (costs[epoch] != 0) spend(project, costs[epoch]);
            sumUcr += costs[epoch];
            nextEpoch();
            if ((when >> epoch) & 1 == 0) continue;
            for (; next <= epoch; ++next) {
                cut(next, project);
            }
        }
        for (; next < costs.length; ++next) {
            cut(next, project);
        }
        uint256 countedUcr = 0;
        for (uint32 epoch = 0; epoch < costs.length; ++epoch) {
            countedUcr += epochs.closedOf(project, epoch).creditsUcr;
        }
        assertEq(countedUcr, sumUcr);
    }

    function _expectAllowanceExceeded(uint256 amountUcr, uint256 leftUcr) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IEpochs.EnrolmentAllowanceExceeded.selector, acme, amountUcr, leftUcr
            )
        );
    }
}
