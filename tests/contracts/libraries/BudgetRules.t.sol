// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetRules} from "../../../contracts/libraries/BudgetRules.sol";
import {Calendar, Periods} from "../../../contracts/libraries/Periods.sol";
import {Tallies, Tally} from "../../../contracts/libraries/Tally.sol";
import {Terms, TermsLibrary} from "../../../contracts/libraries/Terms.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title What time and terms make of an account's tally
contract BudgetRulesTest is Assertions {
    uint256 private constant MARCH_2024_S = 1_709_251_200;
    uint256 private constant APRIL_2024_S = 1_711_929_600;
    uint256 private constant FEBRUARY_2100_S = 4_105_123_200;
    uint256 private constant MARCH_2100_S = 4_107_542_400;

    function test_rolled_leavesTheTally_inItsPeriod() external pure {
        Tally tally = _spent(5, APRIL_2024_S);
        assertEq(_unwrapRolled(tally, _monthly(), MARCH_2024_S), Tally.unwrap(tally));
        assertEq(_unwrapRolled(tally, _monthly(), APRIL_2024_S - 1), Tally.unwrap(tally));
    }

    function test_rolled_beginsThePeriod_thatHoldsTheTime() external pure {
        Tally tally = _spent(5, MARCH_2024_S).withMarks(20, 20);
        Tally next = BudgetRules.rolled(tally, _monthly(), Periods.locate(MARCH_2024_S));
        assertEq(next.periodEndS(), APRIL_2024_S);
        assertEq(next.spentInPeriodUcr(), 0);
        assertEq(next.spentLifetimeUcr(), 5);
        assertEq(next.isMarked(Tallies.SOFT_CROSSED | Tallies.FROZEN_LIMIT), false);
        assertEq(next.parent(), 7);
    }

    /// @dev Seventy-six years of months are passed at once.
    function test_rolled_passesManyPeriodsAtOnce() external pure {
        Tally tally = _spent(5, MARCH_2024_S);
        Tally next = BudgetRules.rolled(tally, _monthly(), Periods.locate(FEBRUARY_2100_S + 9));
        assertEq(next.periodEndS(), MARCH_2100_S);
        assertEq(next.spentInPeriodUcr(), 0);
    }

    function test_rolled_keepsADebt_overThePeriod() external pure {
        Tally tally = _spent(5, MARCH_2024_S).withMark(Tallies.FROZEN_OVERDRAFT, true);
        Tally next = BudgetRules.rolled(tally, _monthly(), Periods.locate(MARCH_2024_S));
        assertEq(next.frozenWhy(), 1);
    }

    function test_rolled_leavesTheTally_thatHasNoPeriod() external pure {
        Tally tally = _spent(5, 0);
        Terms terms = TermsLibrary.packed(true, 9, Periods.Kind.None, 0, 0);
        assertEq(_unwrapRolled(tally, terms, type(uint40).max), Tally.unwrap(tally));
    }

    /// @dev Whenever it is looked at, spending belongs to the period that holds the time, and a second look changes
    /// nothing.
    function test_fuzz_rolled_endsAfterTheTime(
        uint8 kindSeed,
        uint32 lengthS,
        uint40 endS,
        uint40 nowS
    ) external pure {
        VM.assume(endS != 0);
        nowS >>= 1;
        Periods.Kind kind = Periods.Kind(1 + kindSeed % 3);
        Terms terms = TermsLibrary.packed(true, 9, kind, uint256(lengthS) + 1, 0);
        Calendar memory calendar = Periods.locate(nowS);
        Tally next = BudgetRules.rolled(_spent(5, endS), terms, calendar);
        assertTrue(next.periodEndS() > nowS, "the period holds the time");
        assertEq(next.spentInPeriodUcr(), nowS < endS ? 5 : 0);
        assertEq(Tally.unwrap(BudgetRules.rolled(next, terms, calendar)), Tally.unwrap(next));
    }

    function test_judged_clearsEveryMark_withoutTerms() external pure {
        Tally tally = _spent(5, 0).withMarks(62, 62);
        Tally judged = BudgetRules.judged(tally, TermsLibrary.opened());
        assertEq(judged.isMarked(Tallies.HAS_TERMS | Tallies.SOFT_CROSSED), false);
        assertEq(judged.frozenWhy(), 0);
        assertEq(judged.isMarked(Tallies.HAS_PLAN), true);
        assertEq(judged.isMarked(Tallies.OPEN), true);
    }

    function test_judged_marksWhatFollows() external pure {
        Terms terms = TermsLibrary.packed(true, 10, Periods.Kind.None, 0, 500_000);
        _checkJudged(4, terms, false, 0);
        _checkJudged(5, terms, true, 0);
        _checkJudged(10, terms, true, 2);
        _checkJudged(4, terms.withOverdraft(1), false, 1);
        _checkJudged(10, terms.withOverdraft(1), true, 3);
    }

    function _checkJudged(uint256 spentUcr, Terms terms, bool isSoft, uint8 why) private pure {
        Tally judged = BudgetRules.judged(_spent(spentUcr, 0), terms);
        assertEq(judged.isMarked(Tallies.HAS_TERMS), true);
        assertEq(judged.isMarked(Tallies.SOFT_CROSSED), isSoft);
        assertEq(judged.frozenWhy(), why);
    }

    function _unwrapRolled(Tally tally, Terms terms, uint256 nowS) private pure returns (uint256) {
        return Tally.unwrap(BudgetRules.rolled(tally, terms, Periods.locate(nowS)));
    }

    /// @dev The tally of an account below account 7.
    function _spent(uint256 spentUcr, uint256 periodEndS) private pure returns (Tally) {
        return Tallies.opened(7).withPeriod(periodEndS, 0).withSpent(spentUcr);
    }

    function _monthly() private pure returns (Terms) {
        return TermsLibrary.packed(true, 9, Periods.Kind.Month, 0, 0);
    }
}
