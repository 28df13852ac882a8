// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budget, BudgetTerms} from "../../contracts/interfaces/IBudgets.sol";
import {ILeases, Lease} from "../../contracts/interfaces/ILeases.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {LeaseFixture} from "./support/LeaseFixture.sol";

/// @title Nobody gains by acting at the edge of a period, a window or a deadline (THREATS T21)
contract PeriodAttacksTest is LeaseFixture {
    uint64 private constant LIMIT_UCR = 1_000_000;
    uint64 private constant LENGTH_S = 1 days;

    uint256 private _endS;

    /// @dev Half of all room may be leased.
    function setUp() external {
        deployLeases();
        leases.setLeaseTerms(500_000, 1 hours, 1 hours);
        limitPer(team, LIMIT_UCR, Periods.Kind.Fixed, LENGTH_S, 0);
        _endS = budget(team).periodEndS;
    }

    /// @dev Leased in the last second, used in the next period: it counts in that one, and takes its room there.
    function test_lease_countsInThePeriodItIsUsedIn_whenOpenedAtTheEndOfAnother() external {
        VM.warp(_endS - 1);
        lease(LIMIT_UCR / 2);
        VM.warp(_endS);
        (uint256 roomUcr, uint32 tightest,) = leases.roomOf(project);
        assertEq(roomUcr, LIMIT_UCR / 4);
        assertEq(tightest, team);
        chargeLine(project, gateway, LIMIT_UCR / 2);
        assertEq(spent(team), LIMIT_UCR / 2);
        (roomUcr,,) = leases.roomOf(project);
        assertEq(roomUcr, LIMIT_UCR / 4);
    }

    /// @dev A bucket emptied right before its window ends is not full right after it.
    function test_rate_givesNoSecondBucket_atTheEdgeOfItsWindow() external {
        setTerms(team, BudgetTerms(false, 0, Periods.Kind.None, 0, 0, 0, LIMIT_UCR, 100));
        VM.warp(START_S + 99);
        lease(LIMIT_UCR);
        VM.warp(START_S + 100);
        (uint256 roomUcr,, uint8 why) = leases.roomOf(project);
        assertEq(roomUcr, LIMIT_UCR / 100);
        assertEq(why, 3);
    }

    /// @dev A change of the window makes nothing of what was taken undone.
    function test_rate_isNotRefilled_bySettingItAnew() external {
        BudgetTerms memory terms = BudgetTerms(false, 0, Periods.Kind.None, 0, 0, 0, LIMIT_UCR, 100);
        setTerms(team, terms);
        lease(LIMIT_UCR);
        terms.rateWindowS = 50;
        setTerms(team, terms);
        (uint256 roomUcr,,) = leases.roomOf(project);
        assertEq(roomUcr, 0);
    }

    /// @dev What a gateway still holds cannot be had again a second too early.
    function test_release_isRefused_untilTheGraceIsOver() external {
        lease(LIMIT_UCR / 2);
        Lease memory found = leases.leaseOf(project, gateway);
        uint64 dueAtS = found.admitUntilS + 1 hours;
        VM.warp(dueAtS - 1);
        VM.expectRevert(abi.encodeWithSelector(ILeases.LeaseInUse.selector, 0, 0, dueAtS));
        leases.release(project, gateway);
        VM.warp(dueAtS);
        leases.release(project, gateway);
        assertEq(budget(team).leasedUcr, 0);
    }

    /// @dev Spending at the very edge counts in one period: the last second in the old one, the next in the new one.
    function test_spending_countsInOnePeriod_atItsEdge() external {
        VM.warp(_endS - 1);
        charge(project, 7);
        assertEq(spent(team), 7);
        VM.warp(_endS);
        assertEq(spent(team), 0);
        charge(project, 5);
        Budget memory found = budget(team);
        assertEq(found.spentUcr, 5);
        assertEq(found.spentLifetimeUcr, 12);
    }
}
