// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Calendar, Periods} from "./Periods.sol";
import {Tallies, Tally} from "./Tally.sol";
import {Terms} from "./Terms.sol";

/// @title What time and terms make of an account's tally
/// @notice Computed alike when an account is charged, when its budget is set, and when someone looks.
library BudgetRules {
    uint256 private constant JUDGED =
        Tallies.SOFT_CROSSED | Tallies.FROZEN_LIMIT | Tallies.FROZEN_OVERDRAFT | Tallies.HAS_TERMS;

    /// @notice The tally in the period that holds a time: unchanged, or at the start of that period.
    /// @param tally The account's tally.
    /// @param terms The account's terms.
    /// @param calendar The time.
    /// @return The tally, with nothing spent and no mark of the limit where the period is a new one.
    function rolled(Tally tally, Terms terms, Calendar memory calendar)
        internal
        pure
        returns (Tally)
    {
        uint256 endS = tally.periodEndS();
        if (endS == 0 || calendar.nowS < endS) return tally;
        uint256 newEndS = Periods.endOf(calendar, terms.periodKind(), terms.periodLengthS());
        return tally.withPeriod(newEndS, 0).withMark(Tallies.FROZEN_LIMIT, false);
    }

    /// @notice The tally with every mark that follows from what was spent and owed.
    /// @param tally The account's tally, rolled.
    /// @param terms The account's terms.
    /// @return The tally with its marks for the soft threshold, the limit, the overdraft, and the need of terms.
    function judged(Tally tally, Terms terms) internal pure returns (Tally) {
        if (!terms.areNeeded()) return tally.withMarks(JUDGED, 0);
        uint256 spentUcr = tally.spentInPeriodUcr();
        uint256 marks = Tallies.HAS_TERMS;
        if (terms.isSoftReached(spentUcr)) marks |= Tallies.SOFT_CROSSED;
        if (terms.isLimitReached(spentUcr)) marks |= Tallies.FROZEN_LIMIT;
        if (terms.overdraftUcr() != 0) marks |= Tallies.FROZEN_OVERDRAFT;
        return tally.withMarks(JUDGED, marks);
    }
}
