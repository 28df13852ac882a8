// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchLayout} from "../../../contracts/libraries/BatchLayout.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title Where the fields lie in a batch, against words written by hand (docs/protocol.md section 3)
contract BatchLayoutTest is Assertions {
    /// @dev format 1, 3 segments, 0x0708 = 1,800 records, set 0x11121314, rules 0x21222324, block
    /// 0x3132333435363738, batch time 0x414243444546, valid until 0x515253545556.
    bytes32 private constant HEADER =
        0x0103070811121314212223243132333435363738414243444546515253545556;
    /// @dev version 1, meter 0x11121314, key 0x2122, first 0x3132333435363738, count 0x0384 = 900, padding.
    bytes32 private constant HEAD =
        0x0111121314212231323334353637380384000000000000000000000000000000;

    function test_header_liesWhereTheProtocolSays() external pure {
        BatchLayout.Header memory header = BatchLayout.header(HEADER);
        assertEq(header.segments, 3);
        assertEq(header.records, 1800);
        assertEq(header.setVersion, 0x11121314);
        assertEq(header.rulesVersion, 0x21222324);
        assertEq(header.referenceBlock, 0x3132333435363738);
        assertEq(header.batchTimeMs, 0x414243444546);
        assertEq(header.validUntilMs, 0x515253545556);
    }

    function test_isFormatKnown_isTrueForOneOnly() external pure {
        for (uint256 format = 0; format < 256; ++format) {
            bytes32 word = bytes32((format << 248) | (uint256(HEADER) & (type(uint256).max >> 8)));
            assertEq(BatchLayout.isFormatKnown(word), format == 1);
        }
    }

    function test_head_liesWhereTheProtocolSays() external pure {
        assertEq(BatchLayout.meter(HEAD), 0x11121314);
        assertEq(BatchLayout.keyIndex(HEAD), 0x2122);
        assertEq(BatchLayout.firstSeq(HEAD), 0x3132333435363738);
        assertEq(BatchLayout.count(HEAD), 900);
        assertEq(BatchLayout.isPaddingZero(HEAD), true);
    }

    /// @dev T14: bits that carry no meaning may not differ between two encodings of one batch.
    function test_fuzz_isPaddingZero_seesEveryBit(uint8 bit) external pure {
        bit %= 120;
        assertEq(BatchLayout.isPaddingZero(HEAD | bytes32(uint256(1) << bit)), false);
    }

    function test_fuzz_isPaddingZero_looksAtPaddingOnly(uint136 fields) external pure {
        assertEq(BatchLayout.isPaddingZero(bytes32(uint256(fields) << 120)), true);
    }

    /// @dev T14: every field comes back whole, and nothing of its neighbours with it.
    function test_fuzz_header_comesBackWhole(
        uint8 segments,
        uint16 records,
        uint32 setVersion,
        uint32 rulesVersion,
        uint64 referenceBlock,
        uint48 batchTimeMs,
        uint48 validUntilMs
    ) external pure {
        BatchLayout.Header memory header = BatchLayout.header(
            bytes32(
                abi.encodePacked(
                    uint8(1),
                    segments,
                    records,
                    setVersion,
                    rulesVersion,
                    referenceBlock,
                    batchTimeMs,
                    validUntilMs
                )
            )
        );
        assertEq(header.segments, segments);
        assertEq(header.records, records);
        assertEq(header.setVersion, setVersion);
        assertEq(header.rulesVersion, rulesVersion);
        assertEq(header.referenceBlock, referenceBlock);
        assertEq(header.batchTimeMs, batchTimeMs);
        assertEq(header.validUntilMs, validUntilMs);
    }

    /// @dev T14, for a segment's head.
    function test_fuzz_head_comesBackWhole(
        uint8 version,
        uint32 meter,
        uint16 keyIndex,
        uint64 firstSeq,
        uint16 count,
        bytes15 padding
    ) external pure {
        bytes32 head = bytes32(abi.encodePacked(version, meter, keyIndex, firstSeq, count, padding));
        assertEq(BatchLayout.meter(head), meter);
        assertEq(BatchLayout.keyIndex(head), keyIndex);
        assertEq(BatchLayout.firstSeq(head), firstSeq);
        assertEq(BatchLayout.count(head), count);
        assertEq(BatchLayout.isPaddingZero(head), padding == bytes15(0));
    }
}
