// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetRules} from "./BudgetRules.sol";
import {Calendar} from "./Periods.sol";
import {Lists} from "./Lists.sol";
import {RateWord} from "./RateWord.sol";
import {Tallies, Tally} from "./Tally.sol";
import {Terms} from "./Terms.sol";

/// @notice The words of a leasing account and of its ancestors, from the account up.
struct Path {
    uint256[] accounts;
    Tally[] tallies;
    Terms[] terms;
    RateWord[] rates;
}

/// @notice How much a lease may take, what allows no more, and which accounts of the path have crossed their soft threshold
/// (bit i = account i).
struct Room {
    uint256 roomUcr;
    uint256 account;
    uint8 why;
    uint256 throttled;
}

/// @title How much room there is for a lease
/// @notice The tightest of several rooms counts; of equal ones the first, in the order credits, then limit and rate of each
/// account from the leasing one up.
library LeaseRules {
    using Lists for uint256[];
    using Lists for Tally[];
    using Lists for Terms[];
    using Lists for RateWord[];

    /// @notice The leasing account's own credits.
    uint8 internal constant BALANCE = 1;
    /// @notice A limit.
    uint8 internal constant LIMIT = 2;
    /// @notice A rate.
    uint8 internal constant RATE = 3;
    /// @notice A freeze.
    uint8 internal constant FROZEN = 4;
    /// @notice An account that is not active.
    uint8 internal constant INACTIVE = 5;

    uint256 private constant MILLION = 1_000_000;

    /// @notice The most a lease may take now; the path's buckets are refilled.
    /// @dev Where the soft threshold is crossed, shares are halved and buckets give half: see take.
    /// @param path The leasing account and its ancestors.
    /// @param calendar The time.
    /// @param freeUcr The leasing account's credits that no lease reserves.
    /// @param sharePpm The share of what is left that a lease may take, in millionths.
    /// @return room How much, and what allows no more; a freeze leaves none.
    function roomOf(Path memory path, Calendar memory calendar, uint256 freeUcr, uint256 sharePpm)
        internal
        pure
        returns (Room memory room)
    {
        room.roomUcr = type(uint256).max;
        for (uint256 i = 0; i < path.accounts.length; ++i) {
            uint256 account = path.accounts.get(i);
            Terms terms = path.terms.get(i);
            Tally tally =
                BudgetRules.judged(BudgetRules.rolled(path.tallies.get(i), terms, calendar), terms);
            if (tally.frozenWhy() != 0) {
                return Room({roomUcr: 0, account: account, why: FROZEN, throttled: 0});
            }
            bool isThrottled = tally.isMarked(Tallies.SOFT_CROSSED);
            if (isThrottled) room.throttled |= 1 << i;
            uint256 share = isThrottled ? sharePpm / 2 : sharePpm;
            if (i == 0) _narrow(room, account, BALANCE, freeUcr * share / MILLION);
            _narrow(room, account, LIMIT, _limitRoomUcr(tally, terms, share));
            RateWord rate = path.rates.get(i).refilled(calendar.nowS);
            if (!rate.isSet()) continue;
            path.rates.put(i, rate);
            uint256 levelUcr = rate.levelUcr();
            _narrow(room, account, RATE, isThrottled ? levelUcr / 2 : levelUcr);
        }
    }

    /// @notice The path's words are those after a lease.
    /// @param path The leasing account and its ancestors, buckets refilled.
    /// @param amountUcr What the lease takes, for which there is room.
    /// @param throttled Whose soft threshold is crossed: their buckets give twice the amount.
    function take(Path memory path, uint256 amountUcr, uint256 throttled) internal pure {
        for (uint256 i = 0; i < path.accounts.length; ++i) {
            Tally tally = path.tallies.get(i);
            path.tallies.put(i, tally.withLeased(tally.leasedUcr() + amountUcr));
            RateWord rate = path.rates.get(i);
            if (!rate.isSet()) continue;
            bool isThrottled = (throttled >> i) & 1 != 0;
            path.rates.put(i, rate.taken(isThrottled ? 2 * amountUcr : amountUcr));
        }
        path.tallies.put(0, path.tallies.get(0).withMark(Tallies.HAS_LEASE, true));
    }

    /// @dev Without a limit only what one word may hold is a bound.
    function _limitRoomUcr(Tally tally, Terms terms, uint256 sharePpm)
        private
        pure
        returns (uint256)
    {
        uint256 mostUcr = Tallies.MAX_LEASED_UCR - tally.leasedUcr();
        if (!terms.hasLimit()) return mostUcr;
        uint256 shareUcr = BudgetRules.roomUcr(tally, terms) * sharePpm / MILLION;
        return shareUcr < mostUcr ? shareUcr : mostUcr;
    }

    function _narrow(Room memory room, uint256 account, uint8 why, uint256 roomUcr) private pure {
        if (roomUcr >= room.roomUcr) return;
        room.roomUcr = roomUcr;
        room.account = account;
        room.why = why;
    }
}
