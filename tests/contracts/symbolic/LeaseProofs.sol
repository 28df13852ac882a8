// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeaseWord, LeaseWords} from "../../../contracts/libraries/LeaseWord.sol";
import {RateWord, RateWords} from "../../../contracts/libraries/RateWord.sol";

/// @title What holds of every lease's and every rate's word, proven by symbolic execution (scripts/prove)
contract LeaseProofs {
    uint256 private constant AMOUNT_UCR = 1_000_003;
    uint256 private constant WINDOW_S = 3607;

    /// @dev T14: an opened lease says what it was opened with.
    function check_opened_saysWhatWasAsked(
        uint56 leftUcr,
        uint40 untilS,
        uint32 nonce,
        uint32 haltedS
    ) external pure {
        LeaseWord lease = LeaseWords.opened(leftUcr, untilS, nonce, haltedS);
        assert(lease.isOpen() && lease.endSeq() == 0);
        assert(lease.leftUcr() == leftUcr && lease.admitUntilS() == untilS);
        assert(lease.nonce() == nonce && lease.haltedBeforeS() == haltedS);
    }

    /// @dev Drawing and ending touch their own fields only; a released lease keeps its nonce, so that no request counts twice.
    function check_lifeOfALease_keepsItsNonce(
        uint56 leftUcr,
        uint40 untilS,
        uint32 nonce,
        uint56 drawnUcr,
        uint64 lastSeq
    ) external pure {
        if (drawnUcr > leftUcr || lastSeq >= LeaseWords.MAX_SEQ) return;
        LeaseWord lease = LeaseWords.opened(leftUcr, untilS, nonce, 0).drawn(drawnUcr);
        assert(lease.leftUcr() == leftUcr - drawnUcr && lease.admitUntilS() == untilS);
        lease = lease.ended(lastSeq);
        assert(lease.endSeq() == lastSeq + 1 && lease.nonce() == nonce && lease.isOpen());
        lease = lease.released();
        assert(lease.nonce() == nonce && !lease.isOpen() && lease.leftUcr() == 0);
    }

    /// @dev A bucket holds no more after any pause than a whole window's amount, and no less than before it.
    function check_refilled_staysInTheBucket(uint32 pauseS) external pure {
        RateWord rate = RateWords.full(AMOUNT_UCR, WINDOW_S, 1).taken(AMOUNT_UCR);
        uint256 level = rate.refilled(1 + uint256(pauseS)).level();
        assert(level <= AMOUNT_UCR * WINDOW_S);
        assert(pauseS >= WINDOW_S || level == uint256(pauseS) * AMOUNT_UCR);
    }
}
