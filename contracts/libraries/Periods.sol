// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A time, the end of its ISO week, and its calendar month, in Unix seconds. Made once for many accounts.
struct Calendar {
    uint256 nowS;
    uint256 weekEndS;
    uint256 monthStartS;
    uint256 monthEndS;
}

/// @title Budget periods of a calendar, in UTC
/// @notice A period is found from a time alone, whatever happened since the last one: after a year without use the
/// next period begins at once. Days are those of the proleptic Gregorian calendar.
library Periods {
    /// @notice How an account's spending is divided in time.
    /// None: one period for ever. Fixed: whole multiples of a length since 1970. Week: from Monday. Month: from the 1st.
    enum Kind {
        None,
        Fixed,
        Week,
        Month
    }

    /// @dev 1970-01-01 was a Thursday: the Monday before it lies three days back.
    uint256 private constant DAYS_SINCE_MONDAY = 3;
    /// @dev Days from 0000-03-01 to 1970-01-01.
    uint256 private constant DAYS_TO_EPOCH = 719_468;
    uint256 private constant DAYS_PER_ERA = 146_097;

    /// @notice A time in the calendar.
    /// @param nowS Unix seconds.
    /// @return The time, and the week and the month that hold it.
    function locate(uint256 nowS) internal pure returns (Calendar memory) {
        uint256 day = nowS / 1 days;
        (uint256 year, uint256 month) = _monthOf(day);
        // Below 2^255 seconds no sum comes near 2^256, and less than seven days are subtracted from seven.
        unchecked {
            uint256 daysInto = (day + DAYS_SINCE_MONDAY) % 7;
            return Calendar({
                nowS: nowS,
                weekEndS: (day + 7 - daysInto) * 1 days,
                monthStartS: _startOfMonth(year, month),
                monthEndS: month == 12 ? _startOfMonth(year + 1, 1) : _startOfMonth(year, month + 1)
            });
        }
    }

    /// @notice The end of the period that holds a time.
    /// @param calendar The time.
    /// @param kind The kind of period.
    /// @param lengthS Seconds of a fixed period, not 0; ignored for the others.
    /// @return Unix seconds of the first moment after the period, 0 if it never ends.
    function endOf(Calendar memory calendar, Kind kind, uint256 lengthS)
        internal
        pure
        returns (uint256)
    {
        if (kind == Kind.None) return 0;
        if (kind == Kind.Fixed) return (calendar.nowS / lengthS + 1) * lengthS;
        return kind == Kind.Week ? calendar.weekEndS : calendar.monthEndS;
    }

    /// @notice The start of the period that holds a time.
    /// @param calendar The time.
    /// @param kind The kind of period.
    /// @param lengthS Seconds of a fixed period, not 0; ignored for the others.
    /// @return Unix seconds; 0 where there is only one period, or it began before 1970.
    function startOf(Calendar memory calendar, Kind kind, uint256 lengthS)
        internal
        pure
        returns (uint256)
    {
        if (kind == Kind.None) return 0;
        if (kind == Kind.Fixed) return calendar.nowS / lengthS * lengthS;
        if (kind == Kind.Month) return calendar.monthStartS;
        return calendar.weekEndS < 1 weeks ? 0 : calendar.weekEndS - 1 weeks;
    }

    /// @dev Year and month (1..12) of a day since 1970. Years run from March, so that leap days come last; in them
    /// five months make 153 days. Source: H. Hinnant, chrono-compatible low-level date algorithms.
    function _monthOf(uint256 day) private pure returns (uint256 year, uint256 month) {
        // As in locate; and a year begins at the earliest on the day it is counted from.
        unchecked {
            uint256 shifted = day + DAYS_TO_EPOCH;
            uint256 era = shifted / DAYS_PER_ERA;
            uint256 dayOfEra = shifted % DAYS_PER_ERA;
            uint256 yearOfEra =
                (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
            uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
            uint256 fromMarch = (5 * dayOfYear + 2) / 153;
            month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
            year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        }
    }

    function _startOfMonth(uint256 year, uint256 month) private pure returns (uint256) {
        // As in locate; and no month begins before 1970.
        unchecked {
            uint256 fromMarch = month > 2 ? month - 3 : month + 9;
            uint256 marchYear = month > 2 ? year : year - 1;
            uint256 yearOfEra = marchYear % 400;
            uint256 dayOfYear = (153 * fromMarch + 2) / 5;
            uint256 dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
            return (marchYear / 400 * DAYS_PER_ERA + dayOfEra - DAYS_TO_EPOCH) * 1 days;
        }
    }
}
