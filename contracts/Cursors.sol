// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Cursor, ICursors, SegmentStatus, Step} from "./interfaces/ICursors.sol";

/// @title Cursors
contract Cursors is ICursors, AccessManaged {
    uint256 private constant OPEN = 1 << 80;
    uint256 private constant KEY_AT = 64;

    /// @dev open u1 | key index u16 | next sequence number u64. Never zero once opened, so that the first batch of a
    /// meter costs no more than its later ones.
    mapping(uint256 meter => uint256) private _entries;

    /// @inheritdoc ICursors
    bytes32 public override accumulator;
    /// @inheritdoc ICursors
    uint64 public override batchCount;

    /// @param authority_ The network's AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc ICursors
    function open(uint32 meter) external override restricted {
        require(_entries[meter] == 0, AlreadyOpen(meter));
        _entries[meter] = OPEN;
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
            Step calldata step = steps[i];
            uint256 entry = _entries[step.meter];
            SegmentStatus status = _statusOf(step, entry);
            if (status == SegmentStatus.Settled) {
                // The ledger keeps first + count below 2^63, so the sum stays in its field.
                entry += step.count;
                _entries[step.meter] = entry;
            }
            statuses[i] = status;
            // The low field of the word.
            // forge-lint: disable-next-line(unsafe-typecast)
            nextSeqs[i] = uint64(entry);
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
        uint256 entry = _entries[meter];
        // The fields of the word.
        // forge-lint: disable-next-line(unsafe-typecast)
        return Cursor({nextSeq: uint64(entry), keyIndex: uint16(entry >> KEY_AT)});
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

    function _statusOf(Step calldata step, uint256 entry) private pure returns (SegmentStatus) {
        // The fields of the word.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 nextSeq = uint64(entry);
        // forge-lint: disable-next-line(unsafe-typecast)
        if (step.keyIndex != uint16(entry >> KEY_AT)) return SegmentStatus.OldKey;
        if (step.firstSeq == nextSeq) return SegmentStatus.Settled;
        if (step.firstSeq > nextSeq) return SegmentStatus.Gap;
        bool isPassed = step.firstSeq + step.count <= nextSeq;
        return isPassed ? SegmentStatus.Passed : SegmentStatus.Overlapping;
    }
}
