// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {BudgetTerms} from "../../contracts/interfaces/IBudgets.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title Budgets fall at once, and rise after a delay in which guardians may cancel
contract BudgetsRaisesTest is BudgetFixture {
    uint32 private constant DELAY_S = 1 hours;

    function setUp() external {
        deployBudgets();
        limitPer(team, 1000, Periods.Kind.Month, 0, 500_000);
        manager.grantRole(Roles.LIMITS, REGISTRAR, DELAY_S);
        // A longer delay holds at once, a shorter one only after it: see AccessManager.
        manager.revokeRole(Roles.LIMITS, CONTROLLER);
    }

    function test_setBudget_isImmediate_whenItGivesNoMoreRoom() external {
        BudgetTerms memory terms = _current();
        (terms.limitUcr, terms.softPpm) = (999, 900_000);
        setTerms(team, terms);
        assertEq(budget(team).limitUcr, 999);
        (terms.rateUcr, terms.rateWindowS) = (10, 60);
        setTerms(team, terms);
        assertEq(budget(team).rateUcr, 10);
        terms.periodKind = Periods.Kind.None;
        VM.prank(CONTROLLER);
        budgets.setBudget(team, terms);
        assertEq(budget(team).periodEndS, 0);
    }

    /// @dev T7: nobody raises at once whose role has a delay, and nobody at all without the role.
    function test_setBudget_revertsWhen_itGivesMoreRoom_unscheduled() external {
        BudgetTerms memory terms = _current();
        terms.limitUcr = 1001;
        _expectNotScheduled(terms);
        terms = _current();
        terms.hasLimit = false;
        _expectNotScheduled(terms);
        terms = _current();
        terms.periodKind = Periods.Kind.Week;
        _expectNotScheduled(terms);
        terms = _current();
        terms.carryPpm = 1;
        _expectNotScheduled(terms);
        VM.prank(CONTROLLER);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, CONTROLLER)
        );
        budgets.setBudget(team, terms);
    }

    function test_setBudget_raises_onceScheduled() external {
        BudgetTerms memory terms = _current();
        terms.limitUcr = 5000;
        bytes32 operation = _schedule(terms);
        VM.warp(block.timestamp + DELAY_S - 1);
        VM.prank(REGISTRAR);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation)
        );
        budgets.setBudget(team, terms);
        VM.warp(block.timestamp + 1);
        setTerms(team, terms);
        assertEq(budget(team).limitUcr, 5000);
        // Once: a schedule is used up.
        limitPer(team, 1000, Periods.Kind.Month, 0, 500_000);
        _expectNotScheduled(terms);
    }

    function test_guardian_cancelsARaise() external {
        BudgetTerms memory terms = _current();
        terms.limitUcr = 5000;
        _schedule(terms);
        VM.prank(GUARDIAN);
        manager.cancel(
            REGISTRAR, address(budgets), abi.encodeCall(budgets.setBudget, (team, terms))
        );
        VM.warp(block.timestamp + DELAY_S);
        _expectNotScheduled(terms);
        assertEq(budget(team).limitUcr, 1000);
    }

    function test_stranger_cancelsNothing() external {
        BudgetTerms memory terms = _current();
        terms.limitUcr = 5000;
        _schedule(terms);
        bytes memory callData = abi.encodeCall(budgets.setBudget, (team, terms));
        VM.prank(STRANGER);
        (bool isDone,) = address(manager)
            .call(abi.encodeCall(manager.cancel, (REGISTRAR, address(budgets), callData)));
        assertTrue(!isDone, "cancelled");
        VM.warp(block.timestamp + DELAY_S);
        setTerms(team, terms);
        assertEq(budget(team).limitUcr, 5000);
    }

    function test_setBudget_raisesARate_onlyScheduled() external {
        BudgetTerms memory terms = _current();
        (terms.rateUcr, terms.rateWindowS) = (10, 60);
        setTerms(team, terms);
        terms.rateWindowS = 59;
        _expectNotScheduled(terms);
        (terms.rateUcr, terms.rateWindowS) = (0, 0);
        _expectNotScheduled(terms);
        (terms.rateUcr, terms.rateWindowS) = (5, 60);
        setTerms(team, terms);
        assertEq(budget(team).rateLevelUcr, 5);
    }

    // Below

    function _current() private pure returns (BudgetTerms memory terms) {
        terms = limitOf(1000);
        (terms.periodKind, terms.softPpm) = (Periods.Kind.Month, 500_000);
    }

    function _schedule(BudgetTerms memory terms) private returns (bytes32 operation) {
        bytes memory callData = abi.encodeCall(budgets.setBudget, (team, terms));
        VM.prank(REGISTRAR);
        (operation,) = manager.schedule(address(budgets), callData, 0);
    }

    function _expectNotScheduled(BudgetTerms memory terms) private {
        bytes memory callData = abi.encodeCall(budgets.setBudget, (team, terms));
        bytes32 operation = manager.hashOperation(REGISTRAR, address(budgets), callData);
        VM.prank(REGISTRAR);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation)
        );
        budgets.setBudget(team, terms);
    }
}
