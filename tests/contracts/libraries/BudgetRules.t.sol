// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetRules} from "../../../contracts/libraries/BudgetRules.sol";
import {Calendar, Periods} from "../../../contracts/libraries/Periods.sol";
import {RateWord, RateWords} from "../../../contracts/libraries/RateWord.sol";
import {Tallies, Tally} from "../../../contracts/libraries/Tally.sol";
import {Terms, TermsLibrary} from "../../../contracts/libraries/Terms.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title What time and terms make of an account's tally
contract BudgetRulesTest is Assertions {
    uint256 private constant FEBRUARY_2024_S = 1_706_745_600;
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
        Terms terms = TermsLibrary.packed(true, 9, Periods.Kind.None, 0, 0, 0);
        assertEq(_unwrapRolled(tally, terms, type(uint32).max), Tally.unwrap(tally));
    }

    /// @dev Whenever it is looked at, spending belongs to the period that holds the time, and a second look changes
    /// nothing.
    function test_fuzz_rolled_endsAfterTheTime(
        uint8 kindSeed,
        uint32 lengthS,
        uint40 endS,
        uint40 nowS
    ) external pure {
        nowS >>= 7;
        endS >>= 6;
        VM.assume(endS != 0);
        Periods.Kind kind = Periods.Kind(1 + kindSeed % 3);
        Terms terms = TermsLibrary.packed(true, 9, kind, uint256(lengthS) + 1, 0, 0);
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
        assertEq(judged.isMarked(Tallies.HAS_LEASE), true);
        assertEq(judged.isMarked(Tallies.OPEN), true);
    }

    function test_judged_marksWhatFollows() external pure {
        Terms terms = TermsLibrary.packed(true, 10, Periods.Kind.None, 0, 500_000, 0);
        _checkJudged(4, terms, false, 0);
        _checkJudged(5, terms, true, 0);
        _checkJudged(10, terms, true, 2);
        _checkJudged(4, terms.withOverdraft(1), false, 1);
        _checkJudged(10, terms.withOverdraft(1), true, 3);
    }

    // What is carried over

    function test_rolled_carriesTheUnusedLimit_overOnePeriod() external pure {
        _checkCarried(1000, MARCH_2024_S, 500_000, 300, 500); // 700 unused, 500 at most
        _checkCarried(1000, MARCH_2024_S, 500_000, 600, 400);
        _checkCarried(1000, MARCH_2024_S, 500_000, 1000, 0);
        _checkCarried(1000, MARCH_2024_S, 500_000, 1500, 0); // what was overspent is forgiven
        _checkCarried(1000, MARCH_2024_S, 0, 0, 0);
        _checkCarried(0, MARCH_2024_S, 1_000_000, 0, 0);
    }

    /// @dev Idle periods fill the carry-over up, however much was spent in the last one that was used.
    function test_rolled_carriesAllItMay_overIdlePeriods() external pure {
        _checkCarried(1000, FEBRUARY_2024_S, 500_000, 1000, 500);
        _checkCarried(1000, FEBRUARY_2024_S, 1_000_000, 999_999, 1000);
        _checkCarried(0, FEBRUARY_2024_S, 1_000_000, 5, 0);
    }

    function test_rolled_carriesWhatWasCarried_again() external pure {
        Terms terms = TermsLibrary.packed(true, 1000, Periods.Kind.Month, 0, 0, 300_000);
        Tally tally = Tallies.opened(7).withPeriod(MARCH_2024_S, -300).withSpent(200, 0);
        Tally next = BudgetRules.rolled(tally, terms, Periods.locate(MARCH_2024_S));
        assertEq(next.carriedUcr(), 300);
        assertEq(BudgetRules.roomUcr(next, terms), 1300);
    }

    /// @dev T14: whatever was spent, carried and leased, the room stays within limit and carry-over.
    function test_fuzz_rolled_carriesAtMostTheCap(
        uint64 limitUcr,
        uint24 ppm,
        int64 net,
        uint24 days_
    ) external pure {
        limitUcr >>= 5;
        ppm %= 1_000_001;
        Terms terms = TermsLibrary.packed(true, limitUcr, Periods.Kind.Month, 0, 0, ppm);
        Tally tally = Tallies.opened(7).withPeriod(MARCH_2024_S, net);
        uint256 nowS = MARCH_2024_S + uint256(days_ % 1000) * 1 days;
        Tally next = BudgetRules.rolled(tally, terms, Periods.locate(nowS));
        assertTrue(next.carriedUcr() <= terms.carryCapUcr(), "more than the cap");
        assertEq(next.spentInPeriodUcr(), 0);
        assertEq(BudgetRules.roomUcr(next, terms), limitUcr + next.carriedUcr());
        if (days_ % 1000 >= 31) assertEq(next.carriedUcr(), terms.carryCapUcr());
    }

    function test_roomUcr_isWhatIsNeitherSpentNorLeased() external pure {
        Terms terms = TermsLibrary.packed(true, 1000, Periods.Kind.None, 0, 0, 0);
        Tally tally = Tallies.opened(7).withSpent(300, 0).withLeased(200);
        assertEq(BudgetRules.roomUcr(tally, terms), 500);
        assertEq(BudgetRules.roomUcr(tally.withSpent(700, 0), terms), 0);
    }

    // What gives more room

    function test_giveMoreRoom_isTrue_forWhatALimitAllows() external pure {
        Terms old = TermsLibrary.packed(true, 1000, Periods.Kind.Month, 0, 0, 100);
        Terms free = TermsLibrary.packed(false, 0, Periods.Kind.None, 0, 0, 0);
        _checkRaise(old, TermsLibrary.packed(true, 1001, Periods.Kind.Month, 0, 0, 100), true);
        _checkRaise(old, TermsLibrary.packed(true, 1000, Periods.Kind.Month, 0, 0, 101), true);
        _checkRaise(old, TermsLibrary.packed(true, 1000, Periods.Kind.Week, 0, 0, 100), true);
        _checkRaise(old, free, true);
        _checkRaise(old, old, false);
        _checkRaise(old, TermsLibrary.packed(true, 999, Periods.Kind.Month, 0, 9, 99), false);
        _checkRaise(old, TermsLibrary.packed(true, 1000, Periods.Kind.None, 0, 0, 100), false);
        _checkRaise(free, old, false);
    }

    function test_giveMoreRoom_isTrue_forWhatARateAllows() external pure {
        _checkRate(100, 10, 101, 10, true);
        _checkRate(100, 10, 100, 9, true);
        _checkRate(100, 10, 0, 0, true);
        _checkRate(100, 10, 99, 10, false);
        _checkRate(100, 10, 50, 5, false);
        _checkRate(100, 10, 50, 4, true);
        _checkRate(0, 0, 50, 4, false);
    }

    function _checkRate(uint256 oldUcr, uint256 oldS, uint256 ucr, uint256 s, bool expected)
        private
        pure
    {
        Terms terms = TermsLibrary.opened();
        RateWord old = oldS == 0 ? RateWord.wrap(0) : RateWords.full(oldUcr, oldS, 1);
        RateWord next = s == 0 ? RateWord.wrap(0) : RateWords.full(ucr, s, 1);
        assertEq(BudgetRules.giveMoreRoom(terms, terms, old, next), expected);
    }

    function _checkRaise(Terms old, Terms next, bool expected) private pure {
        RateWord none = RateWord.wrap(0);
        assertEq(BudgetRules.giveMoreRoom(old, next, none, none), expected);
    }

    /// @dev What a monthly limit carries into March 2024.
    function _checkCarried(
        uint256 limitUcr,
        uint256 endS,
        uint256 ppm,
        uint256 spentUcr,
        uint256 expectedUcr
    ) private pure {
        Terms terms = TermsLibrary.packed(true, limitUcr, Periods.Kind.Month, 0, 0, ppm);
        Tally next =
            BudgetRules.rolled(_spent(spentUcr, endS), terms, Periods.locate(MARCH_2024_S + 5));
        assertEq(next.carriedUcr(), expectedUcr);
        assertEq(next.spentInPeriodUcr(), 0);
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
        return Tallies.opened(7).withPeriod(periodEndS, 0).withSpent(spentUcr, 0);
    }

    function _monthly() private pure returns (Terms) {
        return TermsLibrary.packed(true, 9, Periods.Kind.Month, 0, 0, 0);
    }
}
