// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetTerms} from "../../contracts/interfaces/IBudgets.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title When accounts freeze, thaw, and hear of it: limits, overdrafts, soft thresholds
contract BudgetsLimitsTest is BudgetFixture {
    uint256 private constant GENERAL = 1;
    uint256 private constant PLENTY = 1e12;

    function setUp() external {
        deployBudgets();
    }

    // The limit

    function test_charge_freezes_whenLimitIsReached() external {
        grant(project, PLENTY);
        limit(project, 100);
        VM.recordLogs();
        charge(project, 99);
        assertSaid(charged(project, 99, 99, 0));
        assertEq(frozenWhy(project), 0);
        VM.recordLogs();
        charge(project, 1);
        assertSaid(charged(project, 1, 1, 0), frozen(project, BY_LIMIT, 100, 100, 0));
        VM.recordLogs();
        charge(project, 50);
        assertSaid(charged(project, 50, 50, 0));
        assertEq(frozenWhy(project), BY_LIMIT);
    }

    /// @dev Each account is held against its own limit; being over one is no debt.
    function test_charge_freezesTheAncestor_whenItsLimitIsReached() external {
        uint32 beside = account(team, "beside");
        limit(team, 100);
        charge(beside, 60);
        VM.recordLogs();
        charge(project, 60);
        assertSaid(
            charged(project, 60, 0, 60),
            frozen(project, BY_OVERDRAFT, 60, 0, 60),
            frozen(team, BY_LIMIT, 120, 100, 0)
        );
        assertEq(budget(team).overdraftUcr, 0);
        assertEq(frozenWhy(acme), 0);
    }

    function test_charge_freezesForBothReasons_atOnce() external {
        grant(project, 40);
        limit(project, 100);
        VM.recordLogs();
        charge(project, 100);
        assertSaid(charged(project, 100, 40, 60), frozen(project, 3, 100, 100, 60));
    }

    function test_charge_namesBothReasons_whenTheSecondArises() external {
        limit(project, 100);
        charge(project, 50);
        VM.recordLogs();
        charge(project, 50);
        assertSaid(charged(project, 50, 0, 100), frozen(project, 3, 100, 100, 100));
    }

    function test_setBudget_freezes_whenLimitLiesBelowSpending() external {
        grant(project, PLENTY);
        charge(project, 100);
        VM.recordLogs();
        limit(project, 100);
        assertSaid(
            budgetSet(project, 100, Periods.Kind.None, 0, 0, 0),
            frozen(project, BY_LIMIT, 100, 100, 0)
        );
    }

    function test_setBudget_unfreezes_whenLimitRises() external {
        grant(project, PLENTY);
        limit(project, 100);
        charge(project, 100);
        VM.recordLogs();
        limit(project, 101);
        assertSaid(budgetSet(project, 101, Periods.Kind.None, 0, 0, 0), unfrozen(project));
        assertEq(frozenWhy(project), 0);
    }

    function test_setBudget_unfreezes_whenLimitGoes() external {
        grant(project, PLENTY);
        limit(project, 0);
        assertEq(frozenWhy(project), BY_LIMIT);
        BudgetTerms memory terms;
        setTerms(project, terms);
        assertEq(frozenWhy(project), 0);
        charge(project, 1000);
        assertEq(frozenWhy(project), 0);
    }

    /// @dev Each way out is for its own reason alone.
    function test_unfreezing_needsBothWaysOut() external {
        limit(project, 100);
        charge(project, 100);
        VM.recordLogs();
        limit(project, 200);
        assertSaid(
            budgetSet(project, 200, Periods.Kind.None, 0, 0, 0),
            frozen(project, BY_OVERDRAFT, 100, 200, 100)
        );
        limit(project, 100);
        VM.recordLogs();
        grant(project, 100);
        assertSaid(repaid(project, GENERAL, 100, 0), frozen(project, BY_LIMIT, 100, 100, 0));
        limit(project, 200);
        assertEq(frozenWhy(project), 0);
    }

    /// @dev A grant is no permission: the limit stays reached.
    function test_grant_leavesTheLimit() external {
        grant(project, 100);
        limit(project, 100);
        charge(project, 100);
        VM.recordLogs();
        grant(project, PLENTY);
        assertSaid();
        assertEq(frozenWhy(project), BY_LIMIT);
    }

    function test_fuzz_freeze_followsFromSpentAndOwed(
        uint8 grantedUcr,
        uint8 limitUcr,
        uint8[3] calldata costs
    ) external {
        if (grantedUcr != 0) grant(project, grantedUcr);
        limit(project, limitUcr);
        uint256 spentUcr = 0;
        for (uint256 i = 0; i < 3; ++i) {
            charge(project, costs[i]);
            spentUcr += costs[i];
            uint256 why = spentUcr > grantedUcr ? BY_OVERDRAFT : 0;
            if (spentUcr >= limitUcr) why |= BY_LIMIT;
            assertEq(frozenWhy(project), why);
        }
    }

    // The soft threshold

    function test_softThreshold_isCrossedOnce() external {
        grant(project, PLENTY);
        limitPer(project, 1000, Periods.Kind.None, 0, 800_000);
        charge(project, 799);
        VM.recordLogs();
        charge(project, 1);
        assertSaid(charged(project, 1, 1, 0), softCrossed(project, 800, 1000));
        assertTrue(budget(project).isSoftCrossed, "not marked");
        VM.recordLogs();
        charge(project, 100);
        assertSaid(charged(project, 100, 100, 0));
    }

    function test_softThreshold_isImplied_whenTheLimitIsReachedAtOnce() external {
        grant(project, PLENTY);
        limitPer(project, 1000, Periods.Kind.None, 0, 800_000);
        VM.recordLogs();
        charge(project, 5000);
        assertSaid(charged(project, 5000, 5000, 0), frozen(project, BY_LIMIT, 5000, 1000, 0));
        assertTrue(budget(project).isSoftCrossed, "not marked");
    }

    /// @dev A freeze for another reason implies nothing.
    function test_softThreshold_isAnnounced_besideAnOverdraft() external {
        limitPer(project, 1000, Periods.Kind.None, 0, 800_000);
        VM.recordLogs();
        charge(project, 900);
        assertSaid(
            charged(project, 900, 0, 900),
            softCrossed(project, 900, 1000),
            frozen(project, BY_OVERDRAFT, 900, 1000, 900)
        );
    }

    function test_softThreshold_isCrossedAgain_afterTheLimitRose() external {
        grant(project, PLENTY);
        limitPer(project, 1000, Periods.Kind.None, 0, 800_000);
        charge(project, 800);
        limitPer(project, 2000, Periods.Kind.None, 0, 800_000);
        assertTrue(!budget(project).isSoftCrossed, "still marked");
        VM.recordLogs();
        charge(project, 800);
        assertSaid(charged(project, 800, 800, 0), softCrossed(project, 1600, 2000));
    }

    function test_softThreshold_isCrossed_whenSetBelowSpending() external {
        grant(project, PLENTY);
        charge(project, 800);
        VM.recordLogs();
        limitPer(project, 1000, Periods.Kind.None, 0, 800_000);
        assertSaid(
            budgetSet(project, 1000, Periods.Kind.None, 0, 800_000, 0),
            softCrossed(project, 800, 1000)
        );
    }

    function test_softThreshold_isNeverCrossed_whenZero() external {
        grant(project, PLENTY);
        limit(project, 100);
        charge(project, 100);
        assertTrue(!budget(project).isSoftCrossed, "marked");
    }

    /// @dev THREATS T13: exact, with nothing divided. The boundary itself and the unit below it.
    function test_fuzz_softThreshold_isExact(uint64 limitUcr, uint32 ppm) external {
        uint32 softPpm = ppm % 1_000_000 + 1;
        limitUcr >>= 5;
        VM.assume(limitUcr != 0);
        uint256 boundaryUcr = (uint256(limitUcr) * softPpm + 999_999) / 1_000_000;
        limitPer(project, limitUcr, Periods.Kind.None, 0, softPpm);
        charge(project, boundaryUcr - 1);
        assertTrue(!budget(project).isSoftCrossed, "crossed early");
        charge(project, 1);
        assertTrue(budget(project).isSoftCrossed, "not crossed");
    }
}
