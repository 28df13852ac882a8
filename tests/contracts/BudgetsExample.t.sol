// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetTerms} from "../../contracts/interfaces/IBudgets.sol";
import {ILeases} from "../../contracts/interfaces/ILeases.sol";
import {Step} from "../../contracts/interfaces/ICursors.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {LeaseFixture} from "./support/LeaseFixture.sol";

/// @title The worked examples of docs/budgets.md, number by number
contract BudgetsExampleTest is LeaseFixture {
    uint64 private constant CREDIT = 1e6;
    uint8 private constant WHY_LIMIT = 2;
    /// @dev 15 October 2026, and the same day of the months after it.
    uint256 private constant OCTOBER_S = 1_792_022_400;

    uint32 private other;
    uint32 private replica;

    function setUp() external {
        deployBudgets();
        manager.grantRole(Roles.LEDGER, LEDGER, 0);
        gateway = gatewayOn(acme, "gateway");
        replica = gatewayOn(acme, "replica");
        other = account(team, "other");
        VM.warp(OCTOBER_S);
    }

    function test_carryOver_followsTheExample() external {
        BudgetTerms memory terms = limitOf(1000 * CREDIT);
        (terms.periodKind, terms.carryPpm) = (Periods.Kind.Month, 200_000);
        setTerms(project, terms);
        grant(project, 1e12);

        charge(project, 950 * CREDIT);
        VM.warp(OCTOBER_S + 31 days);
        assertEq(budget(project).carriedUcr, 50 * CREDIT);
        charge(project, 700 * CREDIT);
        VM.warp(OCTOBER_S + 61 days);
        assertEq(budget(project).carriedUcr, 200 * CREDIT);
        VM.warp(OCTOBER_S + 123 days);
        assertEq(budget(project).carriedUcr, 200 * CREDIT);
        charge(project, 1199 * CREDIT);
        assertEq(frozenWhy(project), 0);
        charge(project, CREDIT);
        assertEq(frozenWhy(project), BY_LIMIT);
    }

    function test_leases_followTheExample() external {
        grant(project, 1000 * CREDIT);
        grant(other, 5400 * CREDIT);
        limitPer(project, 800 * CREDIT, Periods.Kind.Month, 0, 0);
        limit(acme, 6000 * CREDIT);
        charge(other, 5400 * CREDIT);

        _assertRoom(60 * CREDIT);
        leaseOf(project, gateway, 60 * CREDIT);
        _assertRoom(54 * CREDIT);
        leaseOf(project, replica, 54 * CREDIT);
        _assertFigures(1000, 114, 0, 5400);

        chargeLine(project, gateway, 45 * CREDIT);
        _assertFigures(955, 69, 45, 5445);
        charge(project, 500 * CREDIT);
        _assertFigures(455, 69, 545, 5945);
        expectLeaseRefused(
            CREDIT,
            abi.encodeWithSelector(
                ILeases.LeaseRefused.selector, WHY_LIMIT, acme, uint256(0), uint256(CREDIT)
            )
        );
        chargeLine(project, replica, 54 * CREDIT);
        _assertFigures(401, 15, 599, 5999);

        declare(0);
        _passCursor(gateway);
        leases.release(project, gateway);
        _assertFigures(401, 0, 599, 5999);
        assertEq(budget(project).overdraftUcr, 0);
    }

    function _assertRoom(uint256 roomUcr) private view {
        (uint256 actualUcr, uint32 tightest, uint8 why) = leases.roomOf(project);
        assertEq(actualUcr, roomUcr);
        assertEq(tightest, acme);
        assertEq(why, WHY_LIMIT);
    }

    function _assertFigures(uint256 balance, uint256 leased, uint256 used, uint256 usedByAcme)
        private
        view
    {
        assertEq(budget(project).generalUcr, balance * CREDIT);
        assertEq(budget(project).leasedUcr, leased * CREDIT);
        assertEq(budget(acme).leasedUcr, leased * CREDIT);
        assertEq(spent(project), used * CREDIT);
        assertEq(spent(acme), usedByAcme * CREDIT);
    }

    function _passCursor(uint32 meter) private {
        Step[] memory steps = new Step[](1);
        steps[0] = Step({meter: meter, keyIndex: 0, firstSeq: 0, count: 1});
        VM.prank(LEDGER);
        cursors.advance(steps);
    }
}
