// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Settlement: attested batches in, charges and events out
/// @notice A batch is up to 40 frames that meters signed, judged and valued by validators and attested by a quorum of
/// them. Whoever of them submits it, each record passes its meter's cursor once: submitting twice is harmless, and
/// validators need no leader (docs/protocol.md sections 3 and 4). Nothing a record holds makes a batch revert.
interface IUsageLedger {
    /// @notice One record settled; its other fields stand in the transaction's calldata, in this order.
    /// @param cost The cost word: reason code in the top byte (0 = valued), micro-credits in the low 55 bits.
    event UsageRecorded(uint32 indexed project, uint16 indexed resource, uint64 user, uint64 cost);
    /// @notice At least one segment of a batch settled; all its records' events precede this one.
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
    /// @notice Nothing of a batch settled: 1 expired, 2 old validator set, 3 old rules, 4 wrong fork, 5 no segment did.
    event BatchSkipped(bytes32 indexed dataHash, address indexed sender, uint8 reason);
    /// @notice A segment did not settle: 1 passed, 2 overlapping, 3 gap, 4 old key.
    event SegmentSkipped(
        uint32 indexed meter, uint64 firstSeq, uint16 count, uint8 status, uint64 cursor
    );

    /// @notice The word at this place is not what the layout says, or the data ends before or after it.
    error MalformedBatch(uint256 place, bytes32 word);
    /// @notice More segments or records than a batch or segment may hold.
    error BatchTooLarge(uint256 segments, uint256 records);
    /// @notice The segment's records bill more projects than a segment, or the batch so far more than a batch, may.
    error TooManyProjects(uint256 segment, uint256 limit);
    /// @notice The caller is no sending key of the validators in force, or has code.
    error SenderNotRegistered(address sender);
    /// @notice The sender sent too many batches in which nothing settled, and may send the next after this moment.
    error SenderAllowanceExhausted(address sender, uint256 readyAtS);

    /// @notice The batch's segments that stand at their meters' cursors are settled: cursors moved, projects charged, every
    /// record announced. Other segments, or the whole batch where it comes too late, are skipped with an event.
    /// @dev Checked in this order: layout and sizes, sender, too late (BatchSkipped), signatures, cursors; the limits of 64
    /// projects in a segment and 120 in a batch are counted over what settles.
    /// @param data The batch's words.
    /// @param signerBitmap Bit i set = validator i of the set attested.
    /// @param signatures EIP-2098 pairs in ascending order of validator index.
    function settle(bytes32[] calldata data, uint256 signerBitmap, bytes32[] calldata signatures)
        external;

    /// @notice What binds an attestation to this chain, ledger, validator set and rules, all as in force now.
    function configDigest() external view returns (bytes32);

    /// @notice What a validator signs for a batch under the set and rules in force now.
    /// @param dataHash keccak256 of the batch's words.
    function attestationDigest(bytes32 dataHash) external view returns (bytes32);

    /// @notice How many batches in which nothing settles a sender may send now.
    function allowanceOf(address sender) external view returns (uint256 batches);

    /// @notice The contracts this ledger works with, so that a reader finds all of them from its address. The tariff is
    /// what its validators value records by.
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
