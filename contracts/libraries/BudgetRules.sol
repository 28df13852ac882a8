// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Periods} from "./Periods.sol";
import {Tallies, Tally} from "./Tally.sol";
import {Terms} from "./Terms.sol";

/// @title What time and terms make of an account's tally
library BudgetRules {
    /// @notice The tally in the period that holds a time: unchanged, or at the start of that period.
    /// @param tally The account's tally.
    /// @param terms The account's terms.
    /// @param nowS Unix seconds.
    /// @return The tally, with nothing spent and no mark of the limit where the period is a new one.
    function rolled(Tally tally, Terms terms, uint256 nowS) internal pure returns (Tally) {
        uint256 endS = tally.periodEndS();
        if (endS == 0 || nowS < endS) return tally;
        uint256 newEndS = Periods.endOf(terms.periodKind(), terms.periodLengthS(), nowS);
        return tally.withPeriod(newEndS, 0).withMark(Tallies.FROZEN_LIMIT, false);
    }

    /// @notice The tally with every mark that follows from what was spent and owed.
    /// @param tally The account's tally, rolled.
    /// @param terms The account's terms.
    /// @return The tally with its marks for the soft threshold, the limit, the overdraft, and the need of terms.
    function judged(Tally tally, Terms terms) internal pure returns (Tally) {
        uint256 spentUcr = tally.spentInPeriodUcr();
        return tally.withMark(Tallies.SOFT_CROSSED, terms.isSoftReached(spentUcr))
            .withMark(Tallies.FROZEN_LIMIT, terms.isLimitReached(spentUcr))
            .withMark(Tallies.FROZEN_OVERDRAFT, terms.overdraftUcr() != 0)
            .withMark(Tallies.HAS_TERMS, terms.areNeeded());
    }
}
