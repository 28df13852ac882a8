// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOutcomes, Outcome, OutcomeStatus} from "../../contracts/interfaces/IOutcomes.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title Who confirms, who disputes, and what counts then
contract OutcomesConfirmingTest is ReplenishmentFixture {
    bytes32 private constant REASONS = keccak256("salted reasons");

    function setUp() external {
        deployReplenishment();
    }

    // The pool

    function test_setConfirmer_revertsWhen_heSpeaksForAnother() external {
        VM.expectRevert(
            abi.encodeWithSelector(IOutcomes.ConfirmerTaken.selector, CONFIRMER, globexTeam)
        );
        outcomes.setConfirmer(otherTeam, CONFIRMER);
    }

    function test_setConfirmer_revertsWhen_thePoolIsFull() external {
        for (uint256 i = 1; i < 64; ++i) {
            outcomes.setConfirmer(
                account(globex, string.concat("t", VM.toString(i))), address(uint160(0x1000 + i))
            );
        }
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.PoolFull.selector, 64));
        outcomes.setConfirmer(globex, address(0x2000));
        outcomes.setConfirmer(globexTeam, address(0));
        outcomes.setConfirmer(globex, address(0x2000));
    }

    function test_setConfirmer_replacesAndRemoves() external {
        outcomes.setConfirmer(otherTeam, address(0x77));
        outcomes.setConfirmer(globexTeam, address(0x78));
        assertEq(outcomes.accountOfConfirmer(CONFIRMER), 0);
        assertEq(outcomes.accountOfConfirmer(address(0x78)), globexTeam);
        outcomes.setConfirmer(globexTeam, address(0));
        assertEq(outcomes.accountOfConfirmer(address(0x78)), 0);
        (uint32[] memory accounts, address[] memory confirmers) = outcomes.pool();
        assertEq(accounts.length, 1);
        assertEq(accounts[0], otherTeam);
        assertEq(confirmers[0], address(0x77));
        outcomes.setConfirmer(otherTeam, address(0));
        (accounts,) = outcomes.pool();
        assertEq(accounts.length, 0);
    }

    // The draw

    function test_confirmer_isNobody_inAnEmptyPool() external {
        outcomes.setConfirmer(globexTeam, address(0));
        assertEq(outcomes.confirmerOf(project, 0, REVENUE), address(0));
    }

    /// @dev Nobody of the project's side is drawn, whichever way he is in the pool.
    function test_confirmer_isNeverOfTheProjectsSide() external {
        outcomes.setConfirmer(globexTeam, address(0));
        outcomes.setConfirmer(acme, address(0x71));
        outcomes.setConfirmer(team, address(0x72));
        outcomes.setConfirmer(project, address(0x73));
        outcomes.setConfirmer(account(team, "sibling"), address(0x74));
        assertEq(outcomes.confirmerOf(project, 0, REVENUE), address(0));
        // Through another account, but with authority over the project.
        outcomes.setConfirmer(globexTeam, CONTROLLER);
        assertEq(outcomes.confirmerOf(project, 0, REVENUE), address(0));
        outcomes.setConfirmer(globexTeam, REGISTRAR);
        assertEq(outcomes.confirmerOf(project, 0, REVENUE), address(0));
        outcomes.setConfirmer(otherTeam, address(0x75));
        assertEq(outcomes.confirmerOf(project, 0, REVENUE), address(0x75));
    }

    /// @dev Wherever the search begins, it goes around the whole pool.
    function test_confirmer_isFound_whereverTheSearchBegins() external {
        for (uint256 i = 1; i < 8; ++i) {
            outcomes.setConfirmer(
                account(team, string.concat("t", VM.toString(i))), address(uint160(0x1000 + i))
            );
        }
        for (uint32 epoch = 0; epoch < 32; ++epoch) {
            assertEq(outcomes.confirmerOf(project, epoch, REVENUE), CONFIRMER);
        }
    }

    function test_confirmer_isNeverTheReporter() external {
        outcomes.setConfirmer(globexTeam, SOURCE);
        assertEq(outcomes.confirmerOf(project, 0, REVENUE), SOURCE);
        report(project, 0, 1);
        assertEq(outcomes.confirmerOf(project, 0, REVENUE), address(0));
    }

    /// @dev A silent confirmer is replaced: other epochs draw by other seeds.
    function test_confirmer_isDrawnAnew_inEveryEpoch() external {
        for (uint256 i = 1; i < 32; ++i) {
            outcomes.setConfirmer(
                account(globex, string.concat("t", VM.toString(i))), address(uint160(0x1000 + i))
            );
        }
        report(project, 0, 1);
        address first = outcomes.confirmerOf(project, 0, REVENUE);
        uint256 changes = 0;
        for (uint256 i = 0; i < 4; ++i) {
            nextEpoch();
            outcomes.captureSeed();
            address next = outcomes.confirmerOf(project, 0, REVENUE);
            if (next != first) ++changes;
        }
        assertTrue(changes > 2, "the same one again and again");
        assertTrue(outcomes.seedOf(0) != outcomes.seedOf(1), "the same seed");
    }

    function test_seed_isFixed_byTheFirstTouchOfAnEpoch() external {
        outcomes.captureSeed();
        bytes32 seed = outcomes.seedOf(0);
        assertEq(seed, keccak256(abi.encode(cursors.accumulator(), uint32(0))));
        _absorb();
        outcomes.captureSeed();
        assertEq(outcomes.seedOf(0), seed);
        nextEpoch();
        outcomes.captureSeed();
        assertEq(outcomes.seedOf(1), keccak256(abi.encode(cursors.accumulator(), uint32(1))));
    }

    // Confirming

    function test_confirm_revertsWhen_nothingWasReported() external {
        _expectStatus(OutcomeStatus.Reported, OutcomeStatus.None);
        VM.prank(CONFIRMER);
        outcomes.confirm(project, 0, REVENUE);
    }

    function test_confirm_revertsWhen_notDrawn() external {
        report(project, 0, 1);
        address[5] memory others = [SOURCE, CONTROLLER, REGISTRAR, STRANGER, address(this)];
        for (uint256 i = 0; i < others.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IOutcomes.NotTheConfirmer.selector, others[i], CONFIRMER)
            );
            VM.prank(others[i]);
            outcomes.confirm(project, 0, REVENUE);
        }
    }

    /// @dev The project's own team in the pool is no way in.
    function test_confirm_revertsWhen_ofTheOwnTeam() external {
        outcomes.setConfirmer(globexTeam, address(0));
        outcomes.setConfirmer(team, address(0x72));
        report(project, 0, 1);
        VM.expectRevert(
            abi.encodeWithSelector(IOutcomes.NotTheConfirmer.selector, address(0x72), address(0))
        );
        VM.prank(address(0x72));
        outcomes.confirm(project, 0, REVENUE);
    }

    function test_confirm_counts_once() external {
        report(project, 0, 250);
        VM.expectEmit(address(outcomes));
        emit IOutcomes.OutcomeConfirmed(project, 0, REVENUE, globexTeam, CONFIRMER);
        VM.prank(CONFIRMER);
        outcomes.confirm(project, 0, REVENUE);
        (uint128 uusd, bool isPending) = outcomes.valueOf(project, 0);
        assertEq(uusd, 2_500_000);
        assertEq(isPending, false);
        assertEq(outcomes.outcomeOf(project, 0, REVENUE).confirmer, CONFIRMER);
        _expectStatus(OutcomeStatus.Reported, OutcomeStatus.Confirmed);
        VM.prank(CONFIRMER);
        outcomes.confirm(project, 0, REVENUE);
    }

    function test_confirm_revertsWhen_theEpochIsClosed() external {
        enrol(project, 1e6);
        nextEpoch();
        report(project, 0, 250);
        passWindows();
        forward(2 * EPOCH_S, 2 * EPOCH_S / LONGEST_BLOCK_S);
        close(0, project);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.EpochClosedAlready.selector, project, 0));
        VM.prank(CONFIRMER);
        outcomes.confirm(project, 0, REVENUE);
    }

    // Disputes

    function test_dispute_revertsWhen_theCallerMayNot() external {
        report(project, 0, 250);
        address[3] memory others = [STRANGER, SOURCE, OTHER_REGISTRAR];
        for (uint256 i = 0; i < others.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IOutcomes.NotAuthorised.selector, others[i], project)
            );
            VM.prank(others[i]);
            outcomes.dispute(project, 0, REVENUE, REASONS);
        }
    }

    function test_dispute_isOpen_toPoolRegistrarAndGuardian() external {
        address[3] memory callers = [CONFIRMER, REGISTRAR, GUARDIAN];
        uint32[3] memory projects = [project, team, otherTeam];
        for (uint256 i = 0; i < callers.length; ++i) {
            report(projects[i], 0, 250);
            VM.expectEmit(address(outcomes));
            emit IOutcomes.OutcomeDisputed(projects[i], 0, REVENUE, callers[i], REASONS);
            VM.prank(callers[i]);
            outcomes.dispute(projects[i], 0, REVENUE, REASONS);
        }
    }

    function test_dispute_makesAConfirmedOutcomeCountNothing() external {
        earn(project, 0, 250);
        forward(60, 1);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, REASONS);
        (uint128 uusd, bool isPending) = outcomes.valueOf(project, 0);
        assertEq(uusd, 0);
        assertEq(isPending, false);
        Outcome memory found = outcomes.outcomeOf(project, 0, REVENUE);
        assertEq(found.disputedAtS, START_S + 60);
        _expectStatus(OutcomeStatus.Reported, OutcomeStatus.Disputed);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, REASONS);
    }

    function test_dispute_revertsWhen_theEpochIsClosed() external {
        enrol(project, 1e6);
        live(project, 0, 250);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.EpochClosedAlready.selector, project, 0));
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, REASONS);
    }

    // Reinstatement

    function test_reinstate_revertsWhen_nothingIsDisputed() external {
        earn(project, 0, 250);
        _expectStatus(OutcomeStatus.Disputed, OutcomeStatus.Confirmed);
        VM.prank(APPEALS);
        outcomes.reinstate(project, 0, REVENUE);
    }

    function test_reinstate_makesItCount_forGood() external {
        report(project, 0, 250);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, REASONS);
        VM.expectEmit(address(outcomes));
        emit IOutcomes.OutcomeReinstated(project, 0, REVENUE);
        VM.prank(APPEALS);
        outcomes.reinstate(project, 0, REVENUE);
        (uint128 uusd, bool isPending) = outcomes.valueOf(project, 0);
        assertEq(uusd, 2_500_000);
        assertEq(isPending, false);
        _expectStatus(OutcomeStatus.Reported, OutcomeStatus.Reinstated);
        VM.prank(GUARDIAN);
        outcomes.dispute(project, 0, REVENUE, REASONS);
    }

    function _absorb() private {
        manager.grantRole(Roles.LEDGER, address(this), 0);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = cursors.absorb.selector;
        manager.setTargetFunctionRole(address(cursors), selectors, Roles.LEDGER);
        cursors.absorb("data", 1);
    }

    function _expectStatus(OutcomeStatus expected, OutcomeStatus actual) private {
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.StatusInvalid.selector, expected, actual));
    }
}
