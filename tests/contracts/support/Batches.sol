// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One frame in a batch.
struct Segment {
    uint32 meter;
    uint16 keyIndex;
    uint64 firstSeq;
    bytes32[] records;
}

/// @notice What a header says beside its counts.
struct Head {
    uint32 setVersion;
    uint32 rulesVersion;
    uint64 referenceBlock;
    bytes32 referenceHash;
    uint48 batchTimeMs;
    uint48 validUntilMs;
}

/// @title Records and batches, laid out a second time and independently of the contracts' libraries
library Batches {
    /// @dev A record that says only what the ledger looks at; every other byte is nonzero.
    function record(uint32 project, uint64 user, uint16 resource, uint64 costWord)
        internal
        pure
        returns (bytes32 first, bytes32 second)
    {
        first = bytes32(
            abi.encodePacked(uint48(0x018bd958a2f8), project, user, resource, uint16(0), bytes10(0))
        );
        second = bytes32(abi.encodePacked(bytes24(0), costWord));
    }

    /// @dev Records of one project that all cost the same.
    function records(uint256 count, uint32 project, uint64 costWord)
        internal
        pure
        returns (bytes32[] memory words)
    {
        words = new bytes32[](count * 2);
        for (uint256 i = 0; i < count; ++i) {
            (words[2 * i], words[2 * i + 1]) = record(project, 7, 1, costWord);
        }
    }

    function segment(uint32 meter, uint64 firstSeq, bytes32[] memory words)
        internal
        pure
        returns (Segment memory)
    {
        return Segment({meter: meter, keyIndex: 0, firstSeq: firstSeq, records: words});
    }

    function encode(Head memory head, Segment[] memory segments)
        internal
        pure
        returns (bytes32[] memory data)
    {
        uint256 length = 2;
        uint256 count = 0;
        for (uint256 i = 0; i < segments.length; ++i) {
            length += 3 + segments[i].records.length;
            count += segments[i].records.length / 2;
        }
        data = new bytes32[](length);
        data[0] = bytes32(
            abi.encodePacked(
                uint8(1),
                uint8(segments.length),
                uint16(count),
                head.setVersion,
                head.rulesVersion,
                head.referenceBlock,
                head.batchTimeMs,
                head.validUntilMs
            )
        );
        data[1] = head.referenceHash;
        uint256 place = 2;
        for (uint256 i = 0; i < segments.length; ++i) {
            place = _append(data, place, segments[i]);
        }
    }

    function _append(bytes32[] memory data, uint256 place, Segment memory one)
        private
        pure
        returns (uint256)
    {
        data[place++] = bytes32(
            abi.encodePacked(
                uint8(1),
                one.meter,
                one.keyIndex,
                one.firstSeq,
                uint16(one.records.length / 2),
                bytes15(0)
            )
        );
        data[place++] = keccak256("the meter's signature, first half");
        data[place++] = keccak256("the meter's signature, second half");
        for (uint256 i = 0; i < one.records.length; ++i) {
            data[place++] = one.records[i];
        }
        return place;
    }
}
