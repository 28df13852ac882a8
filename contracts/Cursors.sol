// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Cursor, ICursors, SegmentStatus, Step} from "./interfaces/ICursors.sol";

/// @title Cursors
contract Cursors is ICursors, AccessManaged {
    /// @dev What moves with every batch, in one slot, so that telling halts costs a batch nothing.
    struct Progress {
        uint64 batchCount;
        uint64 blockNumber;
        uint64 blockTimeS;
        uint64 haltedS;
    }

    uint256 private constant OPEN = 1 << 80;
    uint256 private constant KEY_AT = 64;
    uint64 private constant MAX_LONGEST_BLOCK_S = 1 days;

    /// @inheritdoc ICursors
    uint64 public immutable override longestBlockS;

    /// @dev open u1 | key index u16 | next sequence number u64. Never zero once opened, so that the first batch of a
    /// meter costs no more than its later ones.
    mapping(uint256 meter => uint256) private _entries;

    /// @inheritdoc ICursors
    bytes32 public override accumulator;
    Progress private _progress;

    /// @param authority_ The network's AccessManager.
    /// @param longestBlockS_ Seconds from one block to the next at most while the chain runs; 0 = halts are not told.
    constructor(address authority_, uint64 longestBlockS_) AccessManaged(authority_) {
        require(longestBlockS_ <= MAX_LONGEST_BLOCK_S, ParameterInvalid("longestBlockS"));
        longestBlockS = longestBlockS_;
        _progress = Progress({
            batchCount: 0,
            blockNumber: uint64(block.number),
            blockTimeS: uint64(block.timestamp),
            haltedS: 0
        });
    }

    /// @inheritdoc ICursors
    function open(uint32 meter) external override restricted {
        require(_entries[meter] == 0, AlreadyOpen(meter));
        _entries[meter] = OPEN;
        emit CursorOpened(meter);
    }

    /// @inheritdoc ICursors
    function rotate(uint32 meter)
        external
        override
        restricted
        returns (uint16 keyIndex, uint64 firstSeq)
    {
        uint256 entry = _entries[meter];
        require(entry != 0, NotOpen(meter));
        // The fields of the word.
        // forge-lint: disable-next-line(unsafe-typecast)
        (keyIndex, firstSeq) = (uint16(entry >> KEY_AT), uint64(entry));
        require(keyIndex != type(uint16).max, KeysExhausted(meter));
        ++keyIndex;
        _entries[meter] = entry + (1 << KEY_AT);
        emit CursorKeyRotated(meter, keyIndex, firstSeq);
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
        Progress memory progress = _observed(_progress);
        number = progress.batchCount;
        newAccumulator = keccak256(abi.encode(accumulator, dataHash, settledBitmap));
        progress.batchCount = number + 1;
        _progress = progress;
        accumulator = newAccumulator;
    }

    /// @inheritdoc ICursors
    function observe() external override returns (uint64) {
        Progress memory progress = _observed(_progress);
        _progress = progress;
        return progress.haltedS;
    }

    /// @inheritdoc ICursors
    function batchCount() external view override returns (uint64) {
        return _progress.batchCount;
    }

    /// @inheritdoc ICursors
    function haltedS() external view override returns (uint64) {
        return _progress.haltedS;
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

    /// @dev What is known as of this block: what the time since the last observation exceeds its blocks by was a halt.
    function _observed(Progress memory before) private returns (Progress memory) {
        uint256 addedS = 0;
        if (longestBlockS != 0) {
            uint256 passedS = Math.saturatingSub(block.timestamp, before.blockTimeS);
            uint256 blocks = Math.saturatingSub(block.number, before.blockNumber);
            addedS = Math.saturatingSub(passedS, blocks * longestBlockS);
        }
        // Halts add up to no more than the time that passed, which fits 40 bits for the next 30,000 years.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 totalS = before.haltedS + uint64(addedS);
        // forge-lint: disable-next-line(unsafe-typecast)
        if (addedS != 0) emit HaltObserved(totalS, uint64(addedS));
        return Progress({
            batchCount: before.batchCount,
            blockNumber: uint64(block.number),
            blockTimeS: uint64(block.timestamp),
            haltedS: totalS
        });
    }

    function _statusOf(Step calldata step, uint256 entry) private pure returns (SegmentStatus) {
        // The fields of the word. One that was never opened is zero, and accepts no key.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 nextSeq = uint64(entry);
        // forge-lint: disable-next-line(unsafe-typecast)
        bool isKeyInForce = entry != 0 && step.keyIndex == uint16(entry >> KEY_AT);
        if (!isKeyInForce) return SegmentStatus.OldKey;
        if (step.firstSeq == nextSeq) return SegmentStatus.Settled;
        if (step.firstSeq > nextSeq) return SegmentStatus.Gap;
        bool isPassed = step.firstSeq + step.count <= nextSeq;
        return isPassed ? SegmentStatus.Passed : SegmentStatus.Overlapping;
    }
}
