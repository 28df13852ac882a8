// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Settlement: attested batches in, charges and events out
/// @notice A batch is up to 40 frames that meters signed, judged and valued by validators and attested by a quorum of
/// them. Whoever of them submits it, each record passes its meter's cursor once: submitting twice is harmless, and
/// validators need no leader (docs/protocol.md sections 3 and 4). Nothing a record holds makes a batch revert.
interface IUsageLedger {
    /// @notice One record settled; its other fields stand in the transaction's calldata, in this order.
    /// @param project The billed account's id.
    /// @param resource The resource's id.
    /// @param user The user's pseudonym, 0 = not recorded.
    /// @param cost The cost word: reason code in the top byte (0 = valued), micro-credits in the low 55 bits.
    event UsageRecorded(uint32 indexed project, uint16 indexed resource, uint64 user, uint64 cost);
    /// @notice At least one segment of a batch settled; all its records' events precede this one.
    /// @param number How many batches were absorbed before it.
    /// @param dataHash keccak256 of the batch's words.
    /// @param sender The validator's sending key.
    /// @param settledBitmap Bit i set = segment i settled.
    /// @param records How many records settled, quarantined ones among them.
    /// @param quarantined How many of them carry a reason code.
    /// @param costUcr What they cost together, in micro-credits.
    /// @param accumulator The hash over all settled batches, this one included.
    event BatchSettled(
        uint64 indexed number,
        bytes32 indexed dataHash,
        address indexed sender,
        uint256 settledBitmap,
        uint32 records,
        uint32 quarantined,
        uint256 costUcr,
        bytes32 accumulator
    );
    /// @notice Nothing of a batch settled.
    /// @param dataHash keccak256 of the batch's words.
    /// @param sender The validator's sending key.
    /// @param reason 1 expired, 2 old validator set, 3 old rules, 4 wrong fork, 5 no segment settled.
    event BatchSkipped(bytes32 indexed dataHash, address indexed sender, uint8 reason);
    /// @notice A segment did not settle.
    /// @param meter The meter that signed it.
    /// @param firstSeq The sequence number of its first record.
    /// @param count How many records it holds.
    /// @param status 1 passed, 2 overlapping, 3 gap, 4 old key.
    /// @param cursor The meter's next sequence number.
    event SegmentSkipped(
        uint32 indexed meter, uint64 firstSeq, uint16 count, uint8 status, uint64 cursor
    );

    /// @notice The word at this place is not what the layout says, or the data ends before or after it.
    /// @param place The word's index in the batch; 0 also where the calldata is not encoded in the one canonical way.
    /// @param word The word, 0 where there is none.
    error MalformedBatch(uint256 place, bytes32 word);
    /// @notice More segments or records than a batch or segment may hold.
    /// @param segments How many segments, at most 40; 1 where one segment alone is too large.
    /// @param records How many records, at most 1,800, in one segment 900.
    error BatchTooLarge(uint256 segments, uint256 records);
    /// @notice The segment's records bill more projects than a segment, or the batch so far more than a batch, may.
    /// @param segment The segment's index in the batch.
    /// @param limit How many projects it, or the batch, may bill.
    error TooManyProjects(uint256 segment, uint256 limit);
    /// @notice The batch so far has more lines than it may: a line is a project that consecutive segments of one meter bill.
    /// @param segment The segment's index in the batch.
    /// @param limit How many lines a batch may have.
    error TooManyLines(uint256 segment, uint256 limit);
    /// @notice The caller is no sending key of the validators in force, or has code.
    /// @param sender The caller.
    error SenderNotRegistered(address sender);
    /// @notice The sender sent too many batches in which nothing settled, and may send the next later.
    /// @param sender The sender.
    /// @param readyAtS From when on it may, in Unix seconds.
    error SenderAllowanceExhausted(address sender, uint256 readyAtS);

    /// @notice The batch's segments that stand at their meters' cursors are settled: cursors moved, projects charged, every
    /// record announced. Other segments, or the whole batch where it comes too late, are skipped with an event.
    /// @dev Checked in this order: layout and sizes, sender, too late (BatchSkipped), signatures, cursors; the limits of 64
    /// projects in a segment, 120 in a batch and 240 lines in a batch are counted over what settles.
    /// @param data The batch's words.
    /// @param signerBitmap Bit i set = validator i of the set attested.
    /// @param signatures EIP-2098 pairs in ascending order of validator index.
    function settle(bytes32[] calldata data, uint256 signerBitmap, bytes32[] calldata signatures)
        external;

    /// @notice What binds an attestation to this chain, ledger, validator set and rules, all as in force now.
    /// @return keccak256(abi.encode(chain id, ledger, set version, rules version)).
    function configDigest() external view returns (bytes32);

    /// @notice What a validator signs for a batch under the set and rules in force now.
    /// @param dataHash keccak256 of the batch's words.
    /// @return The EIP-712 digest of Batch(bytes32 configDigest,bytes32 dataHash).
    function attestationDigest(bytes32 dataHash) external view returns (bytes32);

    /// @notice How many batches in which nothing settles a sender may send now.
    /// @param sender A sending key.
    /// @return batches How many: 256 at most, one more every 10 seconds.
    function allowanceOf(address sender) external view returns (uint256 batches);

    /// @notice The contracts this ledger works with, so that a reader finds all of them from its address.
    /// @return registry The Registry, where the rules are.
    /// @return validators The ValidatorSet, who attests and sends.
    /// @return tariff The Tariff, what validators value records by.
    /// @return cursors The Cursors, where meters stand.
    /// @return budgets The Budgets, what is charged.
    function parts()
        external
        view
        returns (
            address registry,
            address validators,
            address tariff,
            address cursors,
            address budgets
        );
}
