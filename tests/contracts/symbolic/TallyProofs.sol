// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tallies, Tally} from "../../../contracts/libraries/Tally.sol";

/// @title What holds of every account's word, proven by symbolic execution (scripts/prove)
contract TallyProofs {
    uint256 private constant MAX_LIFETIME_UCR = type(uint64).max;

    /// @dev T14: spending changes three fields by what it should and leaves the others alone.
    function check_withSpent_touchesItsFieldsOnly(uint256 word, uint128 costUcr, uint56 coveredUcr)
        external
        pure
    {
        Tally before = Tally.wrap(word);
        int256 most = int256(Tallies.MAX_NET_UCR);
        if (before.netUcr() < -most) return; // no word is ever written like this
        Tally afterwards = before.withSpent(costUcr, coveredUcr);
        assert(afterwards.isLike(before));
        uint256 lifetimeUcr = before.spentLifetimeUcr() + costUcr;
        if (lifetimeUcr > MAX_LIFETIME_UCR) lifetimeUcr = MAX_LIFETIME_UCR;
        assert(afterwards.spentLifetimeUcr() == lifetimeUcr);
        int256 net = before.netUcr() + int256(uint256(costUcr));
        assert(afterwards.netUcr() == (net > most ? most : net));
        uint256 leasedUcr = before.leasedUcr();
        assert(afterwards.leasedUcr() == (coveredUcr < leasedUcr ? leasedUcr - coveredUcr : 0));
    }

    /// @dev A lease changes what is leased and nothing else.
    function check_withLeased_touchesItsFieldOnly(uint256 word, uint56 leasedUcr) external pure {
        Tally before = Tally.wrap(word);
        Tally afterwards = before.withLeased(leasedUcr);
        assert(afterwards.leasedUcr() == leasedUcr);
        assert(afterwards.isLike(before));
        assert(afterwards.netUcr() == before.netUcr());
        assert(afterwards.spentLifetimeUcr() == before.spentLifetimeUcr());
    }

    /// @dev A period that begins changes its end, the mark of the soft threshold and what counts as spent in it.
    function check_withPeriod_keepsTheRest(uint256 word, uint32 endS, int56 net) external pure {
        Tally before = Tally.wrap(word);
        Tally afterwards = before.withPeriod(endS, net);
        assert(afterwards.periodEndS() == endS);
        assert(afterwards.netUcr() == net);
        assert(!afterwards.isMarked(Tallies.SOFT_CROSSED));
        assert(afterwards.parent() == before.parent());
        assert(afterwards.leasedUcr() == before.leasedUcr());
        assert(afterwards.spentLifetimeUcr() == before.spentLifetimeUcr());
    }
}
