// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budget, BudgetTerms} from "../../contracts/interfaces/IBudgets.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title How spending is divided in time, from Tuesday 2023-11-14 22:13:20 UTC on
contract BudgetsPeriodsTest is BudgetFixture {
    uint64 private constant MONDAY = 1_700_438_400; // 2023-11-20
    uint64 private constant DECEMBER = 1_701_388_800;
    uint64 private constant FEBRUARY = 1_706_745_600;
    uint64 private constant MARCH = 1_709_251_200; // 2024 has a February 29th

    function setUp() external {
        deployBudgets();
        grant(project, 1e12);
    }

    // One kind after the other, up to its last second and into the next period

    function test_period_isAMultipleOfItsLength_whenFixed() external {
        uint64 lengthS = 7000;
        uint64 endS = uint64((START_S / lengthS + 1) * lengthS);
        _expectPeriod(Periods.Kind.Fixed, lengthS, endS, endS + lengthS);
    }

    function test_period_beginsOnMonday_whenWeek() external {
        _expectPeriod(Periods.Kind.Week, 0, MONDAY, MONDAY + 7 days);
    }

    function test_period_beginsOnTheFirst_whenMonth() external {
        _expectPeriod(Periods.Kind.Month, 0, DECEMBER, DECEMBER + 31 days);
        VM.warp(FEBRUARY);
        assertEq(budget(project).periodEndS, MARCH);
        assertEq(budget(project).periodStartS, FEBRUARY);
    }

    function test_period_neverEnds_whenNone() external {
        limit(project, 100);
        charge(project, 60);
        VM.warp(START_S + 36_525 days);
        charge(project, 60);
        assertEq(spent(project), 120);
        assertEq(budget(project).periodStartS, 0);
        assertEq(budget(project).periodEndS, 0);
        assertEq(frozenWhy(project), BY_LIMIT);
    }

    // Rolling

    function test_roll_endsTheFreezeByTheLimit() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 0);
        charge(project, 100);
        VM.warp(MONDAY);
        assertEq(frozenWhy(project), 0);
        VM.recordLogs();
        charge(project, 10);
        assertSaid(charged(project, 10, 10, 0), unfrozen(project), rolled(project, MONDAY + 7 days));
        assertEq(spent(project), 10);
        assertEq(budget(project).spentLifetimeUcr, 110);
    }

    function test_roll_leavesTheOverdraft() external {
        uint32 poor = account(team, "poor");
        limitPer(poor, 100, Periods.Kind.Week, 0, 0);
        charge(poor, 100);
        assertEq(frozenWhy(poor), BY_OVERDRAFT | BY_LIMIT);
        VM.warp(MONDAY);
        assertEq(frozenWhy(poor), BY_OVERDRAFT);
        assertEq(budget(poor).overdraftUcr, 100);
    }

    /// @dev Frozen in both periods: the new freeze is announced, and implies the roll.
    function test_roll_isImplied_whenTheNewPeriodFreezesAtOnce() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 500_000);
        charge(project, 100);
        VM.warp(MONDAY);
        VM.recordLogs();
        charge(project, 100);
        assertSaid(charged(project, 100, 100, 0), frozen(project, BY_LIMIT, 100, 100, 0));
        assertEq(spent(project), 100);
        assertEq(budget(project).periodEndS, MONDAY + 7 days);
    }

    function test_roll_letsTheSoftThresholdBeCrossedAgain() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 500_000);
        charge(project, 60);
        VM.warp(MONDAY);
        assertTrue(!budget(project).isSoftCrossed, "still marked");
        VM.recordLogs();
        charge(project, 49);
        assertSaid(charged(project, 49, 49, 0), rolled(project, MONDAY + 7 days));
        VM.recordLogs();
        charge(project, 1);
        assertSaid(charged(project, 1, 1, 0), softCrossed(project, 50, 100));
    }

    function test_roll_passesWholePeriodsAtOnce() external {
        limitPer(project, 100, Periods.Kind.Month, 0, 0);
        charge(project, 70);
        VM.warp(FEBRUARY + 3);
        VM.recordLogs();
        charge(project, 80);
        assertSaid(charged(project, 80, 80, 0), rolled(project, MARCH));
        assertEq(spent(project), 80);
    }

    /// @dev Each account on the way up has periods of its own.
    function test_roll_isEachAccountsOwn() external {
        limitPer(project, 1000, Periods.Kind.Week, 0, 0);
        limitPer(team, 1000, Periods.Kind.Month, 0, 0);
        charge(project, 10);
        VM.warp(MONDAY);
        VM.recordLogs();
        charge(project, 1);
        assertSaid(charged(project, 1, 1, 0), rolled(project, MONDAY + 7 days));
        assertEq(spent(project), 1);
        assertEq(spent(team), 11);
        assertEq(spent(acme), 11);
    }

    function test_roll_happensWithAGrant() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 0);
        charge(project, 100);
        VM.warp(MONDAY);
        VM.recordLogs();
        grant(project, 1);
        assertSaid(unfrozen(project), rolled(project, MONDAY + 7 days));
    }

    // Changes

    function test_setBudget_keepsThePeriod_whenOnlyTheLimitChanges() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 0);
        charge(project, 60);
        limitPer(project, 200, Periods.Kind.Week, 0, 0);
        assertEq(spent(project), 60);
        assertEq(budget(project).periodEndS, MONDAY);
    }

    function test_setBudget_beginsAPeriod_whenItsKindOrLengthChanges() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 0);
        charge(project, 100);
        VM.recordLogs();
        limitPer(project, 100, Periods.Kind.Fixed, 1000, 0);
        uint64 endS = uint64((START_S / 1000 + 1) * 1000);
        assertSaid(budgetSet(project, 100, Periods.Kind.Fixed, 1000, 0, endS), unfrozen(project));
        charge(project, 5);
        limitPer(project, 100, Periods.Kind.Fixed, 500, 0);
        assertEq(spent(project), 0);
        assertEq(budget(project).spentLifetimeUcr, 105);
    }

    function test_setBudget_countsEverything_whenThereIsNoPeriodAnyMore() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 0);
        charge(project, 60);
        VM.warp(MONDAY);
        charge(project, 60);
        assertEq(frozenWhy(project), 0);
        limit(project, 100);
        assertEq(spent(project), 120);
        assertEq(frozenWhy(project), BY_LIMIT);
    }

    /// @dev In a new period already, though nothing touched the account since.
    function test_setBudget_rollsFirst() external {
        limitPer(project, 100, Periods.Kind.Week, 0, 0);
        charge(project, 60);
        VM.warp(MONDAY);
        VM.recordLogs();
        limitPer(project, 50, Periods.Kind.Week, 0, 0);
        assertSaid(
            budgetSet(project, 50, Periods.Kind.Week, 0, 0, MONDAY + 7 days),
            rolled(project, MONDAY + 7 days)
        );
        assertEq(spent(project), 0);
    }

    /// @dev Whatever the times: now lies in the period shown, and what counts is what was charged inside it.
    function test_fuzz_period_holdsNow(uint8 kindSeed, uint24[6] calldata pauses, uint32 length)
        external
    {
        Periods.Kind kind = Periods.Kind(1 + kindSeed % 3);
        uint64 lengthS = kind == Periods.Kind.Fixed ? uint64(length % 10_000_000) + 1 : 0;
        limitPer(project, 1e9, kind, lengthS, 0);
        uint256 chargedAtS = block.timestamp;
        uint256 spentUcr = 0;
        for (uint256 i = 0; i < 6; ++i) {
            VM.warp(chargedAtS + pauses[i]);
            Budget memory shown = budget(project);
            assertTrue(shown.periodStartS <= block.timestamp, "begins later");
            assertTrue(block.timestamp < shown.periodEndS, "ended before");
            if (chargedAtS < shown.periodStartS) spentUcr = 0;
            assertEq(shown.spentUcr, spentUcr);
            charge(project, i + 1);
            spentUcr += i + 1;
            assertEq(spent(project), spentUcr);
            chargedAtS = block.timestamp;
        }
        assertEq(budget(project).spentLifetimeUcr, 21);
    }

    // Below

    function _expectPeriod(Periods.Kind kind, uint64 lengthS, uint64 endS, uint64 nextEndS)
        private
    {
        limitPer(project, 1000, kind, lengthS, 0);
        charge(project, 10);
        VM.warp(endS - 1);
        charge(project, 20);
        assertEq(spent(project), 30);
        assertEq(budget(project).periodEndS, endS);
        VM.warp(endS);
        Budget memory shown = budget(project);
        assertEq(shown.spentUcr, 0);
        assertEq(shown.periodStartS, endS);
        assertEq(shown.periodEndS, nextEndS);
        VM.recordLogs();
        charge(project, 40);
        assertSaid(charged(project, 40, 40, 0), rolled(project, nextEndS));
        assertEq(spent(project), 40);
        assertEq(budget(project).spentLifetimeUcr, 70);
    }

    // What is carried over

    /// @dev One period's unused limit, as far as the terms say; then it is used up first, and frozen only at the sum.
    function test_carryOver_raisesTheNextPeriodsLimit() external {
        _carry(100, 300_000);
        charge(project, 80);
        VM.warp(MONDAY);
        assertEq(budget(project).carriedUcr, 20);
        assertEq(spent(project), 0);
        VM.recordLogs();
        charge(project, 110);
        assertSaid(charged(project, 110, 110, 0), rolled(project, MONDAY + 7 days));
        assertEq(budget(project).carriedUcr, 0);
        assertEq(spent(project), 90);
        VM.recordLogs();
        charge(project, 10);
        assertSaid(charged(project, 10, 10, 0), frozen(project, BY_LIMIT, 100, 100, 0));
        VM.warp(MONDAY + 7 days);
        assertEq(budget(project).carriedUcr, 0);
        assertEq(frozenWhy(project), 0);
    }

    function test_carryOver_fillsUp_overIdlePeriods() external {
        _carry(100, 300_000);
        charge(project, 100);
        VM.warp(MONDAY + 21 days);
        assertEq(budget(project).carriedUcr, 30);
        charge(project, 129);
        assertEq(frozenWhy(project), 0);
        charge(project, 1);
        assertEq(frozenWhy(project), BY_LIMIT);
    }

    /// @dev A century of weeks at once, and the soft threshold counts from the limit, not from what was carried.
    function test_carryOver_isBounded_afterACentury() external {
        _carry((1 << 59) - 1, 1_000_000);
        VM.warp(MONDAY + 5200 weeks);
        assertEq(budget(project).carriedUcr, (1 << 59) - 1);
        charge(project, 5);
        assertEq(budget(project).carriedUcr, (1 << 59) - 6);
    }

    function test_carryOver_shrinks_withItsCap() external {
        _carry(100, 1_000_000);
        VM.warp(MONDAY);
        assertEq(budget(project).carriedUcr, 100);
        _carry(50, 500_000);
        assertEq(budget(project).carriedUcr, 25);
        limitPer(project, 50, Periods.Kind.Week, 0, 0);
        assertEq(budget(project).carriedUcr, 0);
    }

    function _carry(uint256 limitUcr, uint32 carryPpm) private {
        BudgetTerms memory terms = limitOf(limitUcr);
        (terms.periodKind, terms.carryPpm) = (Periods.Kind.Week, carryPpm);
        setTerms(project, terms);
    }
}
