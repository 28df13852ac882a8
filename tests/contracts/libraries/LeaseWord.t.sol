// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeaseWord, LeaseWords} from "../../../contracts/libraries/LeaseWord.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The word of one lease, field by field
contract LeaseWordTest is Assertions {
    /// @dev T14: every field comes back whole, at its maximum too, and no step touches another's.
    function test_fuzz_word_keepsItsFieldsApart(
        uint56 left,
        uint40 untilS,
        uint32 nonce,
        uint32 haltedS,
        uint56 ucr,
        uint64 lastSeq
    ) external pure {
        LeaseWord word = LeaseWords.opened(left, untilS, nonce, haltedS);
        _check(word, left, untilS, nonce);
        assertEq(word.haltedBeforeS(), haltedS);
        assertEq(word.endSeq(), 0);
        uint256 taken = ucr % (uint256(left) + 1);
        word = word.drawn(taken);
        _check(word, left - taken, untilS, nonce);
        lastSeq >>= 1;
        word = word.ended(lastSeq);
        _check(word, left - taken, untilS, nonce);
        assertEq(word.endSeq(), uint256(lastSeq) + 1);
        assertEq(word.haltedBeforeS(), haltedS);
        word = word.released();
        assertEq(word.isOpen(), false);
        assertEq(LeaseWord.unwrap(word), uint256(nonce) << 8);
    }

    function test_zero_isNoLease() external pure {
        LeaseWord none = LeaseWord.wrap(0);
        assertEq(none.isOpen(), false);
        assertEq(none.nonce(), 0);
        assertEq(none.leftUcr(), 0);
    }

    function _check(LeaseWord word, uint256 left, uint256 untilS, uint256 nonce) private pure {
        assertEq(word.isOpen(), true);
        assertEq(word.leftUcr(), left);
        assertEq(word.admitUntilS(), untilS);
        assertEq(word.nonce(), nonce);
    }
}
