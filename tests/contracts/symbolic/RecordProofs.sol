// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RecordLayout} from "../../../contracts/libraries/RecordLayout.sol";

/// @title What holds of every record's two words, proven by symbolic execution (scripts/prove)
contract RecordProofs {
    /// @dev T14: what an encoder of the documented layout packs is what the ledger reads, bit for bit.
    function check_fields_areThoseThatWerePacked(
        uint48 timeMs,
        uint32 project,
        uint64 user,
        uint16 resource,
        uint16 flags,
        uint80 tokens
    ) external pure {
        bytes32 first = bytes32(abi.encodePacked(timeMs, project, user, resource, flags, tokens));
        assert(RecordLayout.project(first) == project);
        assert(RecordLayout.user(first) == user);
        assert(RecordLayout.resource(first) == resource);
    }

    /// @dev I7: a reason code in the top byte quarantines whatever the other bits say, and without one the whole cost is
    /// read, so that no cost hides in the reason and no reason in the cost.
    function check_costWord_isReasonOrCost(uint192 quantities, uint8 reason, uint56 cost)
        external
        pure
    {
        if (cost >= 1 << 55) return;
        bytes32 second = bytes32(abi.encodePacked(quantities, reason, cost));
        uint256 word = RecordLayout.costWord(second);
        assert(RecordLayout.isQuarantined(word) == (reason != 0));
        assert(RecordLayout.costUcr(word) == cost);
    }
}
