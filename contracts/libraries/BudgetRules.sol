// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Calendar, Periods} from "./Periods.sol";
import {RateWord} from "./RateWord.sol";
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
    /// @return The tally, with nothing spent but what was carried over, and no mark of the limit, where the period is new.
    function rolled(Tally tally, Terms terms, Calendar memory calendar)
        internal
        pure
        returns (Tally)
    {
        uint256 endS = tally.periodEndS();
        if (endS == 0 || calendar.nowS < endS) return tally;
        uint256 newEndS = Periods.endOf(calendar, terms.periodKind(), terms.periodLengthS());
        // At most the limit, of 59 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        int256 carriedUcr = int256(_carriedUcr(tally, terms, calendar));
        return tally.withPeriod(newEndS, -carriedUcr).withMark(Tallies.FROZEN_LIMIT, false);
    }

    /// @notice The tally in the period that new terms ask for, with no more carried over than they allow.
    /// @param tally The account's tally, rolled.
    /// @param oldTerms The terms so far.
    /// @param terms The new ones.
    /// @param calendar The time.
    /// @return The tally: without a period everything ever spent counts, in another period than before nothing.
    function moved(Tally tally, Terms oldTerms, Terms terms, Calendar memory calendar)
        internal
        pure
        returns (Tally)
    {
        // Sums have 64 bits, a carry-over at most the limit's 59.
        // forge-lint: disable-next-item(unsafe-typecast)
        if (isSamePeriod(oldTerms, terms)) {
            int256 leastUcr = -int256(terms.carryCapUcr());
            return tally.netUcr() < leastUcr ? tally.withNet(leastUcr) : tally;
        }
        if (terms.periodKind() == Periods.Kind.None) {
            // As above.
            // forge-lint: disable-next-line(unsafe-typecast)
            return tally.withPeriod(0, int256(tally.spentLifetimeUcr()));
        }
        return
            tally.withPeriod(Periods.endOf(calendar, terms.periodKind(), terms.periodLengthS()), 0);
    }

    /// @notice What leases may take of an account's limit at most: what was not spent and is not leased.
    /// @param tally The account's tally, rolled.
    /// @param terms The account's terms, with a limit.
    /// @return Micro-credits.
    function roomUcr(Tally tally, Terms terms) internal pure returns (uint256) {
        // Limits, nets and leases have at most 64 bits.
        // forge-lint: disable-next-item(unsafe-typecast)
        unchecked {
            int256 room = int256(terms.limitUcr()) - tally.netUcr() - int256(tally.leasedUcr());
            return room > 0 ? uint256(room) : 0;
        }
    }

    /// @notice Whether two terms divide time alike.
    /// @param terms Some terms.
    /// @param other Others.
    /// @return True if kind and length of their periods are the same.
    function isSamePeriod(Terms terms, Terms other) internal pure returns (bool) {
        return
            terms.periodKind() == other.periodKind()
                && terms.periodLengthS() == other.periodLengthS();
    }

    /// @notice Whether new terms give more room than the old ones did: a limit that rises or goes, a new period under a limit,
    /// more carry-over, a rate that rises or goes.
    /// @param oldTerms The terms so far.
    /// @param terms The new ones.
    /// @param oldRate The rate so far.
    /// @param rate The new one.
    /// @return True if any of them does, whatever the others take.
    function giveMoreRoom(Terms oldTerms, Terms terms, RateWord oldRate, RateWord rate)
        internal
        pure
        returns (bool)
    {
        return _isRateRaised(oldRate, rate)
            || (oldTerms.hasLimit() && _isLimitRaised(oldTerms, terms));
    }

    /// @notice The tally with every mark that follows from what was spent and owed.
    /// @param tally The account's tally, rolled.
    /// @param terms The account's terms.
    /// @return The tally with its marks for the soft threshold, the limit, the overdraft, and the need of terms.
    function judged(Tally tally, Terms terms) internal pure returns (Tally) {
        if (!terms.areNeeded()) return tally.withMarks(JUDGED, 0);
        int256 netUcr = tally.netUcr();
        uint256 marks = Tallies.HAS_TERMS;
        if (terms.isSoftReached(netUcr)) marks |= Tallies.SOFT_CROSSED;
        if (terms.isLimitReached(netUcr)) marks |= Tallies.FROZEN_LIMIT;
        if (terms.overdraftUcr() != 0) marks |= Tallies.FROZEN_OVERDRAFT;
        return tally.withMarks(JUDGED, marks);
    }

    /// @dev What the last period leaves to the one that holds the time: its unused limit, or, where whole periods lie
    /// between, as much as there may be, since the one before was not used at all.
    function _carriedUcr(Tally tally, Terms terms, Calendar memory calendar)
        private
        pure
        returns (uint256)
    {
        uint256 capUcr = terms.carryCapUcr();
        if (capUcr == 0) return 0;
        uint256 startS = Periods.startOf(calendar, terms.periodKind(), terms.periodLengthS());
        if (startS > tally.periodEndS()) return capUcr;
        // Limits and nets have at most 64 bits.
        // forge-lint: disable-next-item(unsafe-typecast)
        unchecked {
            int256 unused = int256(terms.limitUcr()) - tally.netUcr();
            if (unused <= 0) return 0;
            return uint256(unused) < capUcr ? uint256(unused) : capUcr;
        }
    }

    /// @dev Under a limit, any other period but one for ever resets what was spent.
    function _isLimitRaised(Terms oldTerms, Terms terms) private pure returns (bool) {
        if (!terms.hasLimit() || terms.limitUcr() > oldTerms.limitUcr()) return true;
        if (terms.carryPpm() > oldTerms.carryPpm()) return true;
        return terms.periodKind() != Periods.Kind.None && !isSamePeriod(oldTerms, terms);
    }

    /// @dev A rate rises where more may be taken at once, or in the long run.
    function _isRateRaised(RateWord oldRate, RateWord rate) private pure returns (bool) {
        if (!oldRate.isSet()) return false;
        if (!rate.isSet() || rate.amountUcr() > oldRate.amountUcr()) return true;
        return rate.amountUcr() * oldRate.windowS() > oldRate.amountUcr() * rate.windowS();
    }
}
