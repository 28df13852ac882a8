// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Calendar, Periods} from "../../../contracts/libraries/Periods.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title Budget periods against dates of the calendar and against a slow walk through it
contract PeriodsTest is Assertions {
    /// @dev The walk below costs a step a year; this is the year 2700.
    uint256 private constant WALK_END_S = 23_036_832_000;

    function test_month_isKnown_inOrdinaryYears() external pure {
        _checkMonth(0, 0, 2_678_400); // 1970-01-01: January 1970
        _checkMonth(1_677_628_799, 1_675_209_600, 1_677_628_800); // 2023-02-28 23:59:59
        _checkMonth(1_735_689_599, 1_733_011_200, 1_735_689_600); // 2024-12-31 23:59:59
        _checkMonth(946_684_800, 946_684_800, 949_363_200); // 2000-01-01
    }

    function test_month_isKnown_inLeapYears() external pure {
        _checkMonth(1_709_251_199, 1_706_745_600, 1_709_251_200); // 2024-02-29 23:59:59
        _checkMonth(1_709_251_200, 1_709_251_200, 1_711_929_600); // 2024-03-01
        _checkMonth(951_825_600, 949_363_200, 951_868_800); // 2000-02-29, a century with a leap day
        _checkMonth(13_574_563_200, 13_572_144_000, 13_574_649_600); // 2400-02-29
        _checkMonth(4_107_542_399, 4_105_123_200, 4_107_542_400); // 2100-02-28, without one
        _checkMonth(4_107_542_400, 4_107_542_400, 4_110_220_800); // 2100-03-01
    }

    function test_week_isKnown_aroundNewYear() external pure {
        _checkWeek(1_609_416_000, 1_609_113_600, 1_609_718_400); // 2020-12-31: week 53 of 2020
        _checkWeek(1_609_718_399, 1_609_113_600, 1_609_718_400); // 2021-01-03: still week 53 of 2020
        _checkWeek(1_609_718_400, 1_609_718_400, 1_610_323_200); // 2021-01-04: week 1 of 2021
        _checkWeek(1_735_689_599, 1_735_516_800, 1_736_121_600); // 2024-12-31: week 1 of 2025
        _checkWeek(1_799_020_799, 1_798_416_000, 1_799_020_800); // 2027-01-03: week 53 of 2026
    }

    function test_week_isKnown_aroundALeapDay() external pure {
        _checkWeek(1_709_251_199, 1_708_905_600, 1_709_510_400); // 2024-02-29
        _checkWeek(1_709_251_200, 1_708_905_600, 1_709_510_400); // 2024-03-01
    }

    function test_week_startsAtZero_whenItBeganBefore1970() external pure {
        _checkWeek(0, 0, 345_600); // Thursday 1970-01-01, the week began on 1969-12-29
        _checkWeek(345_599, 0, 345_600);
        _checkWeek(345_600, 345_600, 950_400);
    }

    function test_fixed_isAMultipleOfItsLength() external pure {
        _check(Periods.Kind.Fixed, 3600, 7199, 3600, 7200);
        _check(Periods.Kind.Fixed, 3600, 7200, 7200, 10_800);
        _check(Periods.Kind.Fixed, 1, 7200, 7200, 7201);
        _check(Periods.Kind.Fixed, 1e10, 7200, 0, 1e10);
    }

    function test_none_neverEnds() external pure {
        _check(Periods.Kind.None, 0, 0, 0, 0);
        _check(Periods.Kind.None, 3600, 1_709_251_200, 0, 0);
    }

    function test_fuzz_month_equalsASlowWalk(uint256 nowS) external pure {
        nowS %= WALK_END_S;
        (uint256 startS, uint256 endS) = _walkToMonth(nowS);
        _checkMonth(nowS, startS, endS);
    }

    function test_fuzz_week_startsOnMonday(uint64 nowS) external pure {
        Calendar memory calendar = Periods.locate(nowS);
        uint256 endS = Periods.endOf(calendar, Periods.Kind.Week, 0);
        uint256 firstMondayS = 4 days;
        assertEq(endS % 1 weeks, firstMondayS);
        assertTrue(nowS < endS && endS - nowS <= 1 weeks, "the week holds the time");
        uint256 startS = Periods.startOf(calendar, Periods.Kind.Week, 0);
        assertEq(startS, endS < 1 weeks ? 0 : endS - 1 weeks);
    }

    /// @dev Every time lies in one period, and the next begins where it ends, up to the last block time there can be.
    function test_fuzz_periods_followWithoutGap(uint64 nowS, uint8 kindSeed, uint32 lengthS)
        external
        pure
    {
        Periods.Kind kind = Periods.Kind(1 + kindSeed % 3);
        uint256 length = uint256(lengthS) + 1;
        Calendar memory calendar = Periods.locate(nowS);
        uint256 startS = Periods.startOf(calendar, kind, length);
        uint256 endS = Periods.endOf(calendar, kind, length);
        assertTrue(startS <= nowS && nowS < endS, "the period holds the time");
        assertEq(Periods.startOf(Periods.locate(endS), kind, length), endS);
        assertEq(Periods.endOf(Periods.locate(endS - 1), kind, length), endS);
        assertEq(Periods.endOf(Periods.locate(startS), kind, length), endS);
        assertEq(Periods.startOf(Periods.locate(startS), kind, length), startS);
    }

    function test_fuzz_fixed_isAMultiple(uint64 nowS, uint40 length) external pure {
        uint256 lengthS = uint256(length) + 1;
        Calendar memory calendar = Periods.locate(nowS);
        uint256 endS = Periods.endOf(calendar, Periods.Kind.Fixed, lengthS);
        assertEq(endS % lengthS, 0);
        assertEq(endS - Periods.startOf(calendar, Periods.Kind.Fixed, lengthS), lengthS);
    }

    function _checkMonth(uint256 nowS, uint256 startS, uint256 endS) private pure {
        _check(Periods.Kind.Month, 0, nowS, startS, endS);
    }

    function _checkWeek(uint256 nowS, uint256 startS, uint256 endS) private pure {
        _check(Periods.Kind.Week, 0, nowS, startS, endS);
    }

    function _check(Periods.Kind kind, uint256 lengthS, uint256 nowS, uint256 startS, uint256 endS)
        private
        pure
    {
        Calendar memory calendar = Periods.locate(nowS);
        assertEq(Periods.startOf(calendar, kind, lengthS), startS);
        assertEq(Periods.endOf(calendar, kind, lengthS), endS);
    }

    /// @dev The month that holds a time, counted year by year and month by month from 1970.
    function _walkToMonth(uint256 nowS) private pure returns (uint256 startS, uint256 endS) {
        uint256 year = 1970;
        while (startS + _daysOfYear(year) * 1 days <= nowS) {
            startS += _daysOfYear(year++) * 1 days;
        }
        uint8[12] memory lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        lengths[1] += uint8(_daysOfYear(year) - 365);
        uint256 month = 0;
        while (startS + uint256(lengths[month]) * 1 days <= nowS) {
            startS += uint256(lengths[month++]) * 1 days;
        }
        endS = startS + uint256(lengths[month]) * 1 days;
    }

    function _daysOfYear(uint256 year) private pure returns (uint256) {
        bool isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        return isLeap ? 366 : 365;
    }
}
