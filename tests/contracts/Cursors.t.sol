// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cursor, ICursors, SegmentStatus, Step} from "../../contracts/interfaces/ICursors.sol";
import {MoreVm} from "./support/MoreVm.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Where meters stand, tried without a ledger in between
contract CursorsTest is NetworkFixture {
    address private constant LEDGER = address(0x1ED6E);

    function setUp() external {
        deployNetwork(4);
        manager.grantRole(3, LEDGER, 0);
    }

    function test_open_revertsWhen_meterIsOpen() external {
        VM.prank(address(registry));
        VM.expectRevert(abi.encodeWithSelector(ICursors.AlreadyOpen.selector, meter));
        cursors.open(meter);
    }

    function test_open_startsAtZero() external {
        VM.expectEmit(address(cursors));
        emit ICursors.CursorOpened(77);
        VM.prank(address(registry));
        cursors.open(77);
        Cursor memory cursor = cursors.cursorOf(77);
        assertEq(cursor.nextSeq, 0);
        assertEq(cursor.keyIndex, 0);
    }

    /// @dev Against the table of docs/protocol.md section 4, said in another order.
    function test_fuzz_advance_followsTheTable(
        uint64 before,
        uint64 firstSeq,
        uint16 count,
        uint16 keyIndex
    ) external {
        before = _bounded(before);
        firstSeq = _near(firstSeq, before);
        keyIndex %= 2;
        _standAt(before);
        (SegmentStatus status, uint64 nextSeq) = _advance(firstSeq, count, keyIndex);
        SegmentStatus expected;
        if (keyIndex != 0) expected = SegmentStatus.OldKey;
        else if (firstSeq > before) expected = SegmentStatus.Gap;
        else if (firstSeq == before) expected = SegmentStatus.Settled;
        else if (uint256(firstSeq) + count > before) expected = SegmentStatus.Overlapping;
        else expected = SegmentStatus.Passed;
        assertEq(uint256(status), uint256(expected));
        uint64 afterwards = expected == SegmentStatus.Settled ? before + count : before;
        assertEq(nextSeq, afterwards);
        assertEq(cursors.cursorOf(meter).nextSeq, afterwards);
    }

    /// @dev THREATS T14: at the last number there is, the key index beside it stays what it was.
    function test_advance_keepsItsFieldsApart_atTheLastNumber() external {
        _standAt((1 << 63) - 2);
        (SegmentStatus status, uint64 nextSeq) = _advance((1 << 63) - 2, 1, 0);
        assertEq(uint256(status), uint256(SegmentStatus.Settled));
        assertEq(nextSeq, (1 << 63) - 1);
        assertEq(cursors.cursorOf(meter).keyIndex, 0);
    }

    /// @dev Steps of one call meet the cursor that those before them left.
    function test_advance_takesStepsInOrder() external {
        VM.prank(CONTROLLER);
        uint32 second = registry.registerMeter(acme, "second", bytes32("k"), address(0), bounds());
        Step[] memory steps = new Step[](4);
        steps[0] = Step({meter: meter, keyIndex: 0, firstSeq: 0, count: 5});
        steps[1] = Step({meter: second, keyIndex: 0, firstSeq: 1, count: 5});
        steps[2] = Step({meter: meter, keyIndex: 0, firstSeq: 5, count: 1});
        steps[3] = Step({meter: meter, keyIndex: 0, firstSeq: 0, count: 6});
        VM.prank(LEDGER);
        (SegmentStatus[] memory statuses, uint64[] memory nextSeqs) = cursors.advance(steps);
        assertEq(uint256(statuses[0]), uint256(SegmentStatus.Settled));
        assertEq(uint256(statuses[1]), uint256(SegmentStatus.Gap));
        assertEq(uint256(statuses[2]), uint256(SegmentStatus.Settled));
        assertEq(uint256(statuses[3]), uint256(SegmentStatus.Passed));
        assertEq(nextSeqs[0], 5);
        assertEq(nextSeqs[1], 0);
        assertEq(nextSeqs[2], 6);
        assertEq(nextSeqs[3], 6);
    }

    function test_cursorsOf_answersInTheOrderAsked() external {
        _standAt(9);
        uint32[] memory meters = new uint32[](3);
        (meters[0], meters[1], meters[2]) = (999, meter, 999);
        Cursor[] memory found = cursors.cursorsOf(meters);
        assertEq(found.length, 3);
        assertEq(found[0].nextSeq, 0);
        assertEq(found[1].nextSeq, 9);
        assertEq(found[2].nextSeq, 0);
    }

    function test_fuzz_absorb_chains(bytes32[3] calldata hashes, uint256[3] calldata bitmaps)
        external
    {
        bytes32 accumulator = 0;
        for (uint64 i = 0; i < 3; ++i) {
            accumulator = keccak256(bytes.concat(accumulator, hashes[i], bytes32(bitmaps[i])));
            VM.prank(LEDGER);
            (uint64 number, bytes32 said) = cursors.absorb(hashes[i], bitmaps[i]);
            assertEq(number, i);
            assertEq(said, accumulator);
            assertEq(cursors.accumulator(), accumulator);
            assertEq(cursors.batchCount(), i + 1);
        }
    }

    // Below

    function _advance(uint64 firstSeq, uint16 count, uint16 keyIndex)
        private
        returns (SegmentStatus, uint64)
    {
        Step[] memory steps = new Step[](1);
        steps[0] = Step({meter: meter, keyIndex: keyIndex, firstSeq: firstSeq, count: count});
        VM.prank(LEDGER);
        (SegmentStatus[] memory statuses, uint64[] memory nextSeqs) = cursors.advance(steps);
        return (statuses[0], nextSeqs[0]);
    }

    /// @dev A meter that stands anywhere: its word is open u1 | key index u16 | next sequence number u64.
    function _standAt(uint64 nextSeq) private {
        bytes32 slot = _slotOf(meter);
        VM.store(address(cursors), slot, bytes32((uint256(1) << 80) | nextSeq));
        assertEq(cursors.cursorOf(meter).nextSeq, nextSeq);
    }

    /// @dev Found by trying: the mapping's place in storage is the contract's own affair.
    function _slotOf(uint32 which) private view returns (bytes32 slot) {
        for (uint256 place = 0; place < 16; ++place) {
            slot = keccak256(abi.encode(uint256(which), place));
            if (MoreVm(address(VM)).load(address(cursors), slot) != 0) return slot;
        }
        revert NotTrue("cursor's slot");
    }

    function _bounded(uint64 seq) private pure returns (uint64) {
        return seq % ((1 << 63) - 1);
    }

    /// @dev Half of all cases lie around the cursor, where it matters.
    function _near(uint64 seq, uint64 cursor) private pure returns (uint64) {
        seq = _bounded(seq);
        if (seq % 2 == 0) return seq;
        uint64 near = cursor + seq % 2001;
        return near < 1000 ? 0 : _bounded(near - 1000);
    }
}
