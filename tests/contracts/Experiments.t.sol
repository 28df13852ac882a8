// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Experiment, IExperiments} from "../../contracts/interfaces/IExperiments.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {Tally} from "../../contracts/libraries/Tally.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title What the exploration pool pays for, and what it protects
contract ExperimentsTest is ReplenishmentFixture {
    bytes32 private constant HYPOTHESIS = keccak256("salted hypothesis");
    bytes32 private constant RESULT = keccak256("salted result");

    function setUp() external {
        deployReplenishment();
        enrol(project, 900 * CREDIT);
    }

    // Opening

    function test_open_revertsWhen_notTheRegistrar() external {
        address[3] memory others = [STRANGER, CONTROLLER, OTHER_REGISTRAR];
        for (uint256 i = 0; i < others.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IExperiments.NotAuthorised.selector, others[i], project)
            );
            VM.prank(others[i]);
            experiments.open(project, 1, HYPOTHESIS);
        }
    }

    function test_open_revertsWhen_anOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IExperiments.NotAProject.selector, acme));
        _open(acme, 1);
    }

    function test_open_revertsWhen_protectionIsOutOfBounds() external {
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ProtectionInvalid.selector, 0, 4));
        _open(project, 0);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ProtectionInvalid.selector, 5, 4));
        _open(project, 5);
    }

    function test_open_revertsWhen_oneIsOpen() external {
        _open(project, 1);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ExperimentOpen.selector, project, 1));
        _open(project, 1);
    }

    function test_open_makesItAFact() external {
        nextEpoch();
        VM.expectEmit(address(experiments));
        emit IExperiments.ExperimentOpened(1, project, 1, 3, HYPOTHESIS);
        VM.expectEmit(address(registry));
        emit IRegistry.ExperimentSet(project, true, uint64(block.timestamp * 1000));
        assertEq(_open(project, 3), 1);
        Experiment memory found = experiments.experimentOf(1);
        assertEq(found.project, project);
        assertEq(found.firstEpoch, 1);
        assertEq(found.lastEpoch, 3);
        assertEq(found.isOpen, true);
        assertEq(found.hypothesisCommitment, HYPOTHESIS);
        assertEq(experiments.lastExperimentOf(project), 1);
        assertEq(experiments.experimentCount(), 1);
        assertEq(experiments.isProtected(project, 0), false);
        assertEq(experiments.isProtected(project, 1), true);
        assertEq(experiments.isProtected(project, 3), true);
        assertEq(experiments.isProtected(project, 4), false);
        assertEq(experiments.isProtected(team, 1), false);
    }

    function test_experimentOf_revertsWhen_unknown() external {
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ExperimentUnknown.selector, 1));
        experiments.experimentOf(1);
    }

    // Funding

    function test_fund_revertsWhen_notGovernance() external {
        _open(project, 1);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, REGISTRAR)
        );
        VM.prank(REGISTRAR);
        experiments.fund(1, CREDIT);
    }

    function test_fund_revertsWhen_theExperimentIsOver() external {
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ExperimentUnknown.selector, 1));
        experiments.fund(1, CREDIT);
        _open(project, 1);
        _end(1);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ExperimentOver.selector, 1));
        experiments.fund(1, CREDIT);
    }

    function test_fund_revertsWhen_theAmountIsWrong() external {
        _open(project, 1);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.AmountInvalid.selector, 0));
        experiments.fund(1, 0);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.AmountInvalid.selector, 1 << 128));
        experiments.fund(1, 1 << 128);
    }

    function test_fund_movesFromThePool_andIsSpentFirst() external {
        _open(project, 1);
        VM.expectEmit(address(experiments));
        emit IExperiments.ExperimentFunded(1, project, 60 * CREDIT);
        experiments.fund(1, 60 * CREDIT);
        assertEq(balance(POOL, EXPLORATION), 40 * CREDIT);
        assertEq(balance(project, EXPLORATION), 60 * CREDIT);
        spend(project, 50 * CREDIT);
        assertEq(balance(project, EXPLORATION), 10 * CREDIT);
        assertEq(balance(project, GENERAL), 900 * CREDIT);
        experiments.fund(1, 40 * CREDIT);
        assertEq(experiments.experimentOf(1).fundedUcr, 100 * CREDIT);
        assertEq(balance(POOL, EXPLORATION), 0);
    }

    // Protection

    function test_protection_keepsTheGrant_butNotForEver() external {
        _open(project, 1);
        live(project, 900 * CREDIT, 0);
        assertEq(grantOf(project, 0), 900 * CREDIT);
        assertEq(epochs.closedOf(project, 0).isProtected, true);
        assertEq(epochs.enrolmentOf(project).isInReview, false);
        live(project, 900 * CREDIT, 0);
        assertEq(grantOf(project, 1), 675 * CREDIT);
        assertEq(epochs.enrolmentOf(project).isInReview, true);
    }

    function test_protection_leavesGrowthAlone() external {
        _open(project, 1);
        live(project, 900 * CREDIT, 200 * DOLLAR);
        assertEq(grantOf(project, 0), 1125 * CREDIT);
    }

    /// @dev An epoch that closes late is judged by the experiment that protected it, not by a newer one.
    function test_protection_isRemembered() external {
        _open(project, 1);
        nextEpoch();
        _end(1);
        nextEpoch();
        _open(project, 2);
        assertEq(experiments.isProtected(project, 0), true);
        assertEq(experiments.isProtected(project, 1), false);
        assertEq(experiments.isProtected(project, 2), true);
        assertEq(experiments.isProtected(project, 3), true);
        assertEq(experiments.isProtected(project, 4), false);
    }

    function test_open_revertsWhen_tooSoonAfterTheLast() external {
        _open(project, 2);
        nextEpoch();
        nextEpoch();
        _end(1);
        // Epochs 0 and 1 were protected: 2 and 3 are not.
        _expectTooSoon(4);
        _open(project, 1);
        nextEpoch();
        _expectTooSoon(4);
        _open(project, 1);
        nextEpoch();
        _open(project, 1);
    }

    function test_end_shortensProtection_whenEarly() external {
        _open(project, 4);
        nextEpoch();
        _end(1);
        assertEq(experiments.isProtected(project, 1), true);
        assertEq(experiments.isProtected(project, 2), false);
        assertEq(experiments.experimentOf(1).lastEpoch, 1);
        nextEpoch();
        nextEpoch();
        _expectTooSoon(4);
        _open(project, 1);
        nextEpoch();
        _open(project, 1);
    }

    // Ending

    function test_end_revertsWhen_notTheRegistrar_beforeItsTime() external {
        _open(project, 1);
        VM.expectRevert(
            abi.encodeWithSelector(IExperiments.NotAuthorised.selector, STRANGER, project)
        );
        VM.prank(STRANGER);
        experiments.end(1, RESULT);
        nextEpoch();
        VM.prank(STRANGER);
        experiments.end(1, 0);
    }

    function test_end_revertsWhen_repeated() external {
        _open(project, 1);
        _end(1);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ExperimentOver.selector, 1));
        _end(1);
    }

    function test_end_returnsWhatIsLeft() external {
        _open(project, 1);
        experiments.fund(1, 60 * CREDIT);
        spend(project, 50 * CREDIT);
        VM.expectEmit(address(experiments));
        emit IExperiments.ExperimentEnded(1, project, 0, 10 * CREDIT, RESULT);
        VM.expectEmit(address(registry));
        emit IRegistry.ExperimentSet(project, false, uint64(block.timestamp * 1000));
        _end(1);
        assertEq(balance(POOL, EXPLORATION), 50 * CREDIT);
        assertEq(balance(project, EXPLORATION), 0);
        Experiment memory found = experiments.experimentOf(1);
        assertEq(found.isOpen, false);
        assertEq(found.returnedUcr, 10 * CREDIT);
        assertEq(found.resultCommitment, RESULT);
        spend(project, CREDIT);
        assertEq(balance(project, GENERAL), 899 * CREDIT);
    }

    // With leases

    function test_end_leavesWhatLeasesReserve_andSweepReturnsItLater() external {
        _open(project, 1);
        experiments.fund(1, 60 * CREDIT);
        _lease(940 * CREDIT);
        _end(1);
        // 960 in all, 940 set aside: 20 are free.
        assertEq(balance(project, EXPLORATION), 40 * CREDIT);
        assertEq(experiments.experimentOf(1).returnedUcr, 20 * CREDIT);
        _lease(0);
        VM.expectEmit(address(experiments));
        emit IExperiments.ExperimentSwept(1, project, 40 * CREDIT);
        VM.prank(STRANGER);
        experiments.sweep(1);
        assertEq(balance(project, EXPLORATION), 0);
        assertEq(balance(POOL, EXPLORATION), 100 * CREDIT);
        assertEq(experiments.experimentOf(1).returnedUcr, 60 * CREDIT);
    }

    function test_sweep_revertsWhen_theExperimentIsOpen_orNotTheLast() external {
        _open(project, 1);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ExperimentOpen.selector, project, 1));
        experiments.sweep(1);
        _end(1);
        nextEpoch();
        nextEpoch();
        _open(project, 1);
        VM.expectRevert(abi.encodeWithSelector(IExperiments.ExperimentOver.selector, 1));
        experiments.sweep(1);
    }

    /// @dev The project has this much set aside, in both books, as by Leases.
    function _lease(uint256 amountUcr) private {
        manager.grantRole(Roles.STATE, address(this), 0);
        uint256[] memory accounts = new uint256[](1);
        accounts[0] = project;
        (Tally[] memory tallies,) = state.load(accounts);
        uint256 leasedUcr = tallies[0].leasedUcr();
        tallies[0] = tallies[0].withLeased(amountUcr);
        state.store(accounts, tallies);
        VM.startPrank(address(budgets));
        if (amountUcr > leasedUcr) credits.reserve(project, amountUcr - leasedUcr);
        else credits.free(project, leasedUcr - amountUcr);
        VM.stopPrank();
    }

    function _open(uint32 which, uint8 protectedEpochs) private returns (uint32) {
        VM.prank(REGISTRAR);
        return experiments.open(which, protectedEpochs, HYPOTHESIS);
    }

    function _end(uint32 experiment) private {
        VM.prank(REGISTRAR);
        experiments.end(experiment, RESULT);
    }

    function _expectTooSoon(uint32 earliestEpoch) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IExperiments.TooSoonAfterExperiment.selector, project, earliestEpoch
            )
        );
    }
}
