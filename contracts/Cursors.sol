// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Cursor, ICursors, SegmentStatus, Step} from "./interfaces/ICursors.sol";

/// @title Cursors
contract Cursors is ICursors, AccessManaged {
    /// @dev A cursor and a mark, which keeps the slot from ever being zero: the first batch of a meter costs no more
    /// than its later ones.
    struct Entry {
        uint64 nextSeq;
        uint16 keyIndex;
        bool isOpen;
    }

    mapping(uint32 meter => Entry) private _entries;

    /// @inheritdoc ICursors
    bytes32 public override accumulator;
    /// @inheritdoc ICursors
    uint64 public override batchCount;

    /// @param authority_ The network's AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc ICursors
    function open(uint32 meter) external override restricted {
        require(!_entries[meter].isOpen, AlreadyOpen(meter));
        _entries[meter].isOpen = true;
        emit CursorOpened(meter);
    }

    /// @inheritdoc ICursors
    function advance(Step[] calldata steps)
        external
        override
        restricted
        returns (SegmentStatus[] memory statuses, uint64[] memory nextSeqs)
    {
        statuses = new SegmentStatus[](steps.length);
        nextSeqs = new uint64[](steps.length);
        for (uint256 i = 0; i < steps.length; ++i) {
            Entry memory entry = _entries[steps[i].meter];
            SegmentStatus status = _statusOf(steps[i], entry);
            if (status == SegmentStatus.Settled) {
                entry.nextSeq += steps[i].count;
                _entries[steps[i].meter] = entry;
            }
            statuses[i] = status;
            nextSeqs[i] = entry.nextSeq;
        }
    }

    /// @inheritdoc ICursors
    function absorb(bytes32 dataHash, uint256 settledBitmap)
        external
        override
        restricted
        returns (uint64 number, bytes32 newAccumulator)
    {
        number = batchCount;
        newAccumulator = keccak256(abi.encode(accumulator, dataHash, settledBitmap));
        batchCount = number + 1;
        accumulator = newAccumulator;
    }

    /// @inheritdoc ICursors
    function cursorOf(uint32 meter) public view override returns (Cursor memory) {
        return Cursor({nextSeq: _entries[meter].nextSeq, keyIndex: _entries[meter].keyIndex});
    }

    /// @inheritdoc ICursors
    function cursorsOf(uint32[] calldata meters)
        external
        view
        override
        returns (Cursor[] memory cursors)
    {
        cursors = new Cursor[](meters.length);
        for (uint256 i = 0; i < meters.length; ++i) {
            cursors[i] = cursorOf(meters[i]);
        }
    }

    function _statusOf(Step calldata step, Entry memory entry)
        private
        pure
        returns (SegmentStatus)
    {
        if (step.keyIndex != entry.keyIndex) return SegmentStatus.OldKey;
        if (step.firstSeq == entry.nextSeq) return SegmentStatus.Settled;
        if (step.firstSeq > entry.nextSeq) return SegmentStatus.Gap;
        // No overflow: the ledger keeps first + count below 2^63.
        bool isPassed = step.firstSeq + step.count <= entry.nextSeq;
        return isPassed ? SegmentStatus.Passed : SegmentStatus.Overlapping;
    }
}
