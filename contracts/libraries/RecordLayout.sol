// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Where the fields lie in a usage record of two words
/// @notice The layout is docs/protocol.md section 1; the ledger reads the fields it needs, all others are
/// for readers of its calldata.
library RecordLayout {
    /// @notice Words in one record.
    uint256 internal constant WORDS = 2;

    uint256 private constant COST_MASK = (1 << 55) - 1;

    /// @notice Both words of a record.
    /// @dev Read directly, since the compiler's bounds checks cost 130 gas a record (of some 2,500).
    /// @param words The records of a segment.
    /// @param index Where the record begins; the caller keeps index + 1 below words.length.
    /// @return first The record's first word.
    /// @return second The record's second word.
    function load(bytes32[] calldata words, uint256 index)
        internal
        pure
        returns (bytes32 first, bytes32 second)
    {
        assembly ("memory-safe") {
            let offset := add(words.offset, shl(5, index))
            first := calldataload(offset)
            second := calldataload(add(offset, 32))
        }
    }

    /// @notice The account that is billed.
    /// @param first The record's first word.
    /// @return Its id.
    function project(bytes32 first) internal pure returns (uint256) {
        return (uint256(first) >> 176) & type(uint32).max;
    }

    /// @notice The pseudonym of the user, 0 = not recorded.
    /// @param first The record's first word.
    /// @return The pseudonym.
    function user(bytes32 first) internal pure returns (uint256) {
        return (uint256(first) >> 112) & type(uint64).max;
    }

    /// @notice The resource that was used.
    /// @param first The record's first word.
    /// @return Its id.
    function resource(bytes32 first) internal pure returns (uint256) {
        return (uint256(first) >> 96) & type(uint16).max;
    }

    /// @notice The cost word: reason code in the top byte, cost in the low 55 bits.
    /// @param second The record's second word.
    /// @return The cost word.
    function costWord(bytes32 second) internal pure returns (uint256) {
        return uint256(second) & type(uint64).max;
    }

    /// @notice Whether a record failed a check and moves nothing.
    /// @param word The cost word.
    /// @return True if it carries a reason code.
    function isQuarantined(uint256 word) internal pure returns (bool) {
        return word >> 56 != 0;
    }

    /// @notice What a record costs that is not quarantined.
    /// @param word The cost word.
    /// @return Micro-credits.
    function costUcr(uint256 word) internal pure returns (uint256) {
        return word & COST_MASK;
    }
}
