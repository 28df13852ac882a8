// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Where the fields lie in a batch's header and in a segment's head
/// @notice The layout is docs/protocol.md section 3.
library BatchLayout {
    /// @notice What the header's first word says.
    struct Header {
        uint256 segments;
        uint256 records;
        uint32 setVersion;
        uint32 rulesVersion;
        uint64 referenceBlock;
        uint48 batchTimeMs;
        uint48 validUntilMs;
    }

    /// @notice Words of the header.
    uint256 internal constant HEADER_WORDS = 2;
    /// @notice Words of a segment before its records: the head and the meter's signature.
    uint256 internal constant SEGMENT_WORDS = 3;
    /// @notice Segments in a batch at most.
    uint256 internal constant MAX_SEGMENTS = 40;
    /// @notice Records in a batch at most.
    uint256 internal constant MAX_RECORDS = 1800;
    /// @notice Records in a segment at most.
    uint256 internal constant MAX_SEGMENT_RECORDS = 900;
    /// @notice How long after its batch time a batch may be valid.
    uint256 internal constant MAX_VALIDITY_MS = 600_000;

    /// @dev The only format there is.
    uint256 private constant FORMAT = 1;
    uint256 private constant SEGMENT_PADDING_MASK = (1 << 120) - 1;

    // Casts cut the fields out of the word: each is as wide as its type.
    // forge-lint: disable-next-item(unsafe-typecast)
    /// @notice The header's fields.
    /// @param word The batch's first word.
    /// @return The fields, unchecked.
    function header(bytes32 word) internal pure returns (Header memory) {
        uint256 bits = uint256(word);
        return Header({
            segments: uint8(bits >> 240),
            records: uint16(bits >> 224),
            setVersion: uint32(bits >> 192),
            rulesVersion: uint32(bits >> 160),
            referenceBlock: uint64(bits >> 96),
            batchTimeMs: uint48(bits >> 48),
            validUntilMs: uint48(bits)
        });
    }

    /// @notice Whether the word begins a batch of the known format.
    /// @param word The batch's first word.
    /// @return True for format 1.
    function isFormatKnown(bytes32 word) internal pure returns (bool) {
        return uint256(word) >> 248 == FORMAT;
    }

    /// @notice Whether a segment's head ends in the zero bytes the layout asks for.
    /// @param head The segment's first word.
    /// @return True if bytes 17 to 31 are zero.
    function isPaddingZero(bytes32 head) internal pure returns (bool) {
        return uint256(head) & SEGMENT_PADDING_MASK == 0;
    }

    /// @notice The meter that signed a segment.
    /// @param head The segment's first word.
    /// @return Its id.
    function meter(bytes32 head) internal pure returns (uint32) {
        return uint32(uint256(head) >> 216);
    }

    /// @notice The index of the key that signed a segment.
    /// @param head The segment's first word.
    /// @return The key index.
    function keyIndex(bytes32 head) internal pure returns (uint16) {
        return uint16(uint256(head) >> 200);
    }

    /// @notice The sequence number of a segment's first record.
    /// @param head The segment's first word.
    /// @return The sequence number.
    function firstSeq(bytes32 head) internal pure returns (uint64) {
        return uint64(uint256(head) >> 136);
    }

    /// @notice How many records a segment holds.
    /// @param head The segment's first word.
    /// @return The count.
    function count(bytes32 head) internal pure returns (uint16) {
        return uint16(uint256(head) >> 120);
    }
}
