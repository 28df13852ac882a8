// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A segment that asks to pass its meter's cursor.
/// @param meter The meter's id.
/// @param keyIndex The index of the key that signed it.
/// @param firstSeq The sequence number of its first record.
/// @param count How many records it holds.
struct Step {
    uint32 meter;
    uint16 keyIndex;
    uint64 firstSeq;
    uint16 count;
}

/// @notice Where a meter stands.
/// @param nextSeq The next sequence number the chain accepts.
/// @param keyIndex The index of the key it accepts it under.
struct Cursor {
    uint64 nextSeq;
    uint16 keyIndex;
}

/// @notice What became of a segment (docs/protocol.md section 4).
enum SegmentStatus {
    Settled,
    Passed,
    Overlapping,
    Gap,
    OldKey
}

/// @title Which records have settled: one cursor per meter, and one hash over all settled batches
/// @notice A sequence number passes its meter's cursor once, in order, whoever submits it: that is the network's only
/// ordering. Kept apart from the ledger, so that a replacement of the ledger keeps both.
///
/// It also tells for how long the chain stood still, since windows that are counted in time are longer by that. The time
/// between two observations that exceeds longestBlockS for each block in between was a halt. Every settled batch observes,
/// and whoever wants a halt counted may, as long as few blocks have followed it.
interface ICursors {
    /// @notice A meter's records may settle, from sequence number 0 under key index 0.
    /// @param meter The meter's id.
    event CursorOpened(uint32 indexed meter);
    /// @notice A meter's records settle under another key from its cursor on.
    /// @param meter The meter's id.
    /// @param keyIndex The new key's index.
    /// @param firstSeq The first sequence number under it.
    event CursorKeyRotated(uint32 indexed meter, uint16 keyIndex, uint64 firstSeq);
    /// @notice The chain had stood still.
    /// @param haltedS For how long in all, in seconds.
    /// @param addedS For how long since the last observation, in seconds.
    event HaltObserved(uint64 haltedS, uint64 addedS);

    /// @notice A constructor argument lies outside its bounds.
    /// @param name The argument's name.
    error ParameterInvalid(string name);
    /// @notice The meter was opened before.
    /// @param meter The meter's id.
    error AlreadyOpen(uint32 meter);
    /// @notice The meter was never opened.
    /// @param meter The meter's id.
    error NotOpen(uint32 meter);
    /// @notice The meter's key index can rise no further.
    /// @param meter The meter's id.
    error KeysExhausted(uint32 meter);

    /// @notice A meter has its cursor at 0. Registry only.
    /// @param meter The meter's id.
    function open(uint32 meter) external;

    /// @notice A meter's records settle under the next key index from its cursor on, and no longer under the one before.
    /// Registry only.
    /// @param meter The meter's id.
    /// @return keyIndex The new key's index.
    /// @return firstSeq The first sequence number under it: where the meter stands.
    function rotate(uint32 meter) external returns (uint16 keyIndex, uint64 firstSeq);

    /// @notice Each step in turn is tried against its meter's cursor, which moves where the step settles. Ledger only.
    /// @dev Checked in this order: a meter that was never opened, or another key index than the meter's: OldKey; first
    /// sequence number at the cursor: Settled; above it: Gap; all below it: Passed; else Overlapping.
    /// @param steps The segments of a batch, with first + count below 2^63.
    /// @return statuses What became of each.
    /// @return nextSeqs The cursor each met, as it stood after the step.
    function advance(Step[] calldata steps)
        external
        returns (SegmentStatus[] memory statuses, uint64[] memory nextSeqs);

    /// @notice A settled batch becomes part of the accumulator; a halt before it is counted. Ledger only.
    /// @param dataHash keccak256 of the batch's words.
    /// @param settledBitmap Bit i set = segment i settled.
    /// @return number The batch's number: how many were absorbed before it.
    /// @return newAccumulator keccak256(abi.encode(accumulator before, dataHash, settledBitmap)).
    function absorb(bytes32 dataHash, uint256 settledBitmap)
        external
        returns (uint64 number, bytes32 newAccumulator);

    /// @notice A halt since the last observation is counted. By anyone.
    /// @return For how long the chain stood still in all, in seconds.
    function observe() external returns (uint64);

    /// @notice For how long the chain stood still, as far as it was observed. Never falls.
    /// @return Seconds, since the contract was deployed.
    function haltedS() external view returns (uint64);

    /// @notice How long one block takes at most while the chain runs.
    /// @return Seconds; 0 = halts are not told.
    function longestBlockS() external view returns (uint64);

    /// @notice Where a meter stands.
    /// @param meter The meter's id.
    /// @return Its cursor; all zero for a meter that was never opened.
    function cursorOf(uint32 meter) external view returns (Cursor memory);

    /// @notice Where many meters stand.
    /// @param meters The meters' ids.
    /// @return Their cursors in the order asked.
    function cursorsOf(uint32[] calldata meters) external view returns (Cursor[] memory);

    /// @notice The hash over all settled batches.
    /// @return The accumulator, zero before the first batch.
    function accumulator() external view returns (bytes32);

    /// @notice How many batches were absorbed.
    /// @return The next batch's number.
    function batchCount() external view returns (uint64);
}
