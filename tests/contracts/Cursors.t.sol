// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cursors} from "../../contracts/Cursors.sol";
import {Cursor, ICursors, SegmentStatus, Step} from "../../contracts/interfaces/ICursors.sol";
import {MoreVm} from "./support/MoreVm.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Where meters stand, tried without a ledger in between
contract CursorsTest is NetworkFixture {
    address private constant LEDGER = address(0x1ED6E);
    uint32 private constant UNKNOWN = 77;

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

    // Keys

    function test_rotate_revertsWhen_meterWasNeverOpened() external {
        VM.prank(address(registry));
        VM.expectRevert(abi.encodeWithSelector(ICursors.NotOpen.selector, UNKNOWN));
        cursors.rotate(UNKNOWN);
    }

    function test_rotate_revertsWhen_keysAreExhausted() external {
        VM.store(address(cursors), _slotOf(meter), bytes32((uint256(1) << 80) | (0xFFFF << 64) | 7));
        VM.prank(address(registry));
        VM.expectRevert(abi.encodeWithSelector(ICursors.KeysExhausted.selector, meter));
        cursors.rotate(meter);
        assertEq(cursors.cursorOf(meter).nextSeq, 7);
        assertEq(cursors.cursorOf(meter).keyIndex, 0xFFFF);
    }

    /// @dev The new key begins where the meter stands, and the one before ends there.
    function test_fuzz_rotate_beginsAtTheCursor(uint64 before) external {
        before = _bounded(before);
        _standAt(before);
        VM.expectEmit(address(cursors));
        emit ICursors.CursorKeyRotated(meter, 1, before);
        VM.prank(address(registry));
        (uint16 keyIndex, uint64 firstSeq) = cursors.rotate(meter);
        assertEq(keyIndex, 1);
        assertEq(firstSeq, before);
        assertEq(cursors.cursorOf(meter).nextSeq, before);
        assertEq(cursors.cursorOf(meter).keyIndex, 1);
    }

    /// @dev THREATS T4: whoever holds an old key can settle nothing with it.
    function test_advance_skipsTheOldKey_afterARotation() external {
        _standAt(10);
        VM.prank(address(registry));
        cursors.rotate(meter);
        (SegmentStatus old,) = _advance(10, 5, 0);
        (SegmentStatus fresh, uint64 nextSeq) = _advance(10, 5, 1);
        (SegmentStatus next,) = _advance(15, 5, 2);
        assertEq(uint256(old), uint256(SegmentStatus.OldKey));
        assertEq(uint256(fresh), uint256(SegmentStatus.Settled));
        assertEq(uint256(next), uint256(SegmentStatus.OldKey));
        assertEq(nextSeq, 15);
    }

    function test_advance_acceptsNoKey_ofAMeterNeverOpened() external {
        Step[] memory steps = new Step[](1);
        for (uint16 keyIndex = 0; keyIndex < 3; ++keyIndex) {
            steps[0] = Step({meter: UNKNOWN, keyIndex: keyIndex, firstSeq: 0, count: 1});
            VM.prank(LEDGER);
            (SegmentStatus[] memory statuses, uint64[] memory nextSeqs) = cursors.advance(steps);
            assertEq(uint256(statuses[0]), uint256(SegmentStatus.OldKey));
            assertEq(nextSeqs[0], 0);
        }
        VM.prank(address(registry));
        cursors.open(UNKNOWN);
        assertEq(cursors.cursorOf(UNKNOWN).nextSeq, 0);
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

    // Halts

    function test_constructor_revertsWhen_longestBlockIsOverADay() external {
        VM.expectRevert(abi.encodeWithSelector(ICursors.ParameterInvalid.selector, "longestBlockS"));
        new Cursors(address(manager), 1 days + 1);
    }

    function test_observe_countsNothing_whileBlocksGoOn() external {
        for (uint256 i = 0; i < 5; ++i) {
            _passBlocks(1, LONGEST_BLOCK_S);
            assertEq(cursors.observe(), 0);
        }
        _passBlocks(100, 2 * 100);
        assertEq(cursors.observe(), 0);
        assertEq(cursors.haltedS(), 0);
    }

    function test_observe_countsTheHalt_onceAndForGood() external {
        _passBlocks(1, 3600 + LONGEST_BLOCK_S);
        VM.expectEmit(address(cursors));
        emit ICursors.HaltObserved(3600, 3600);
        assertEq(cursors.observe(), 3600);
        assertEq(cursors.observe(), 3600);
        _passBlocks(1000, 2000);
        assertEq(cursors.observe(), 3600);
        _passBlocks(1, LONGEST_BLOCK_S + 5);
        VM.expectEmit(address(cursors));
        emit ICursors.HaltObserved(3605, 5);
        VM.prank(STRANGER);
        cursors.observe();
        assertEq(cursors.haltedS(), 3605);
    }

    /// @dev Settling tells halts by itself.
    function test_absorb_observes() external {
        _passBlocks(2, 1000);
        VM.prank(LEDGER);
        cursors.absorb(bytes32("data"), 1);
        assertEq(cursors.haltedS(), 1000 - 2 * LONGEST_BLOCK_S);
        assertEq(cursors.batchCount(), 1);
    }

    /// @dev No observation counts more than the time that passed, and none takes anything back.
    function test_fuzz_observe_staysWithinTheTimeThatPassed(
        uint16[8] calldata blocks,
        uint24[8] calldata timesS
    ) external {
        uint64 before = 0;
        uint256 passedS = 0;
        for (uint256 i = 0; i < 8; ++i) {
            _passBlocks(blocks[i], timesS[i]);
            passedS += timesS[i];
            uint64 haltedS = cursors.observe();
            uint256 allowedS = uint256(blocks[i]) * LONGEST_BLOCK_S;
            uint256 expectedS = timesS[i] > allowedS ? timesS[i] - allowedS : 0;
            assertEq(haltedS - before, expectedS);
            assertTrue(haltedS <= passedS, "no more than passed");
            before = haltedS;
        }
    }

    function test_observe_countsNothing_whereHaltsAreNotTold() external {
        Cursors idle = new Cursors(address(manager), 0);
        _passBlocks(1, 365 days);
        assertEq(idle.observe(), 0);
    }

    // Below

    function _passBlocks(uint256 blocks, uint256 timeS) private {
        VM.roll(block.number + blocks);
        VM.warp(block.timestamp + timeS);
    }

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
