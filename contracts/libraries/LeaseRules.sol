// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BudgetRules} from "./BudgetRules.sol";
import {Calendar} from "./Periods.sol";
import {RateWord} from "./RateWord.sol";
import {Tallies, Tally} from "./Tally.sol";
import {Terms} from "./Terms.sol";

/// @notice The words of a leasing account and of its ancestors, from the account up; tallies and rates as of now.
struct Path {
    uint256[] accounts;
    Tally[] tallies;
    Terms[] terms;
    RateWord[] rates;
}

/// @notice How much a lease may take, and what allows no more.
struct Room {
    uint256 roomUcr;
    uint256 account;
    uint8 why;
}

/// @title How much room there is for a lease
/// @notice The tightest of several rooms counts; of equal ones the first, in the order credits, limits and rates from the
/// leasing account up.
library LeaseRules {
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

    /// @notice The path as of a time.
    /// @param path The words as they are stored.
    /// @param calendar The time.
    /// @return now_ The same accounts with tallies rolled and judged and rates refilled, in arrays of their own.
    function current(Path memory path, Calendar memory calendar)
        internal
        pure
        returns (Path memory now_)
    {
        uint256 length = path.accounts.length;
        now_.accounts = path.accounts;
        now_.terms = path.terms;
        now_.tallies = new Tally[](length);
        now_.rates = new RateWord[](length);
        for (uint256 i = 0; i < length; ++i) {
            Terms terms = path.terms[i];
            now_.tallies[i] =
                BudgetRules.judged(BudgetRules.rolled(path.tallies[i], terms, calendar), terms);
            now_.rates[i] = path.rates[i].refilled(calendar.nowS);
        }
    }

    /// @notice The most a lease may take.
    /// @param path The leasing account and its ancestors as of now.
    /// @param freeUcr The leasing account's credits that no lease reserves.
    /// @param sharePpm The share of what is left that a lease may take, in millionths.
    /// @return room How much, and what allows no more; a freeze leaves none.
    function roomOf(Path memory path, uint256 freeUcr, uint256 sharePpm)
        internal
        pure
        returns (Room memory room)
    {
        uint256 length = path.accounts.length;
        for (uint256 i = 0; i < length; ++i) {
            if (path.tallies[i].frozenWhy() != 0) return Room(0, path.accounts[i], FROZEN);
        }
        uint256 share = _isThrottled(path, 0) ? sharePpm / 2 : sharePpm;
        room = Room(_shareOf(freeUcr, share), path.accounts[0], BALANCE);
        for (uint256 i = 0; i < length; ++i) {
            _narrow(room, path.accounts[i], LIMIT, _limitRoomUcr(path, i, sharePpm));
        }
        for (uint256 i = 0; i < length; ++i) {
            if (!path.rates[i].isSet()) continue;
            uint256 divisor = _isThrottled(path, i) ? 2 : 1;
            _narrow(room, path.accounts[i], RATE, path.rates[i].levelUcr() / divisor);
        }
    }

    /// @notice What a lease takes from the bucket of an account: twice its amount where the soft threshold is crossed.
    /// @param path The leasing account and its ancestors as of now.
    /// @param i The account's index.
    /// @param amountUcr The lease's amount.
    /// @return The bucket afterwards, zero = no rate.
    function rateAfter(Path memory path, uint256 i, uint256 amountUcr)
        internal
        pure
        returns (RateWord)
    {
        RateWord rate = path.rates[i];
        if (!rate.isSet()) return rate;
        return rate.taken(_isThrottled(path, i) ? 2 * amountUcr : amountUcr);
    }

    /// @dev Without a limit only what one word may hold is a bound.
    function _limitRoomUcr(Path memory path, uint256 i, uint256 sharePpm)
        private
        pure
        returns (uint256)
    {
        Tally tally = path.tallies[i];
        uint256 mostUcr = Tallies.MAX_LEASED_UCR - tally.leasedUcr();
        if (!path.terms[i].hasLimit()) return mostUcr;
        uint256 share = _isThrottled(path, i) ? sharePpm / 2 : sharePpm;
        uint256 shareUcr = _shareOf(BudgetRules.roomUcr(tally, path.terms[i]), share);
        return shareUcr < mostUcr ? shareUcr : mostUcr;
    }

    function _narrow(Room memory room, uint256 account, uint8 why, uint256 roomUcr) private pure {
        if (roomUcr >= room.roomUcr) return;
        room.roomUcr = roomUcr;
        room.account = account;
        room.why = why;
    }

    function _isThrottled(Path memory path, uint256 i) private pure returns (bool) {
        return path.tallies[i].isMarked(Tallies.SOFT_CROSSED);
    }

    function _shareOf(uint256 ucr, uint256 sharePpm) private pure returns (uint256) {
        return ucr * sharePpm / MILLION;
    }
}
