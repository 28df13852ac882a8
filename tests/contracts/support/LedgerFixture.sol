// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batches, Segment} from "./Batches.sol";
import {NetworkFixture} from "./NetworkFixture.sol";
import {Log} from "./Vm.sol";

/// @title Batches attested by whom a test likes, sent by whom it likes, and what the chain said to them
abstract contract LedgerFixture is NetworkFixture {
    /// @dev The three of four validators that decide.
    uint256 internal constant QUORUM = 7;

    bytes32 internal constant USAGE_RECORDED =
        keccak256("UsageRecorded(uint32,uint16,uint64,uint64)");
    bytes32 internal constant BATCH_SETTLED =
        keccak256("BatchSettled(uint64,bytes32,address,uint256,uint32,uint32,uint256,bytes32)");
    bytes32 internal constant BATCH_SKIPPED = keccak256("BatchSkipped(bytes32,address,uint8)");
    bytes32 internal constant SEGMENT_SKIPPED =
        keccak256("SegmentSkipped(uint32,uint64,uint16,uint8,uint64)");

    /// @dev A batch in force now: one segment at the meter's cursor, two records of 1,000 ucr. Nine words.
    function sample() internal view returns (bytes32[] memory) {
        uint64 nextSeq = cursors.cursorOf(meter).nextSeq;
        return sampleOf(Batches.segment(meter, nextSeq, Batches.records(2, project, 1000)));
    }

    function sampleOf(Segment memory segment) internal view returns (bytes32[] memory) {
        return Batches.encode(currentHead(), one(segment));
    }

    /// @dev A word with some bits replaced.
    function patched(bytes32 word, uint256 shift, uint256 width, uint256 value)
        internal
        pure
        returns (bytes32)
    {
        uint256 mask = ((1 << width) - 1) << shift;
        return bytes32((uint256(word) & ~mask) | (value << shift));
    }

    function hashOf(bytes32[] memory data) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(data));
    }

    /// @dev What validators sign, put together a second time from docs/protocol.md section 3.
    function digestOf(
        uint256 chainId,
        address verifier,
        uint32 setVersion,
        uint32 rulesVersion,
        bytes32 dataHash
    ) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tallystick"),
                keccak256("1"),
                chainId,
                verifier
            )
        );
        bytes32 config = keccak256(abi.encode(chainId, verifier, setVersion, rulesVersion));
        bytes32 typeHash = keccak256("Batch(bytes32 configDigest,bytes32 dataHash)");
        bytes32 content = keccak256(abi.encode(typeHash, config, dataHash));
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }

    /// @dev Signatures over the batch as its header says.
    function attest(bytes32[] memory data, uint256 bitmap)
        internal
        view
        returns (bytes32[] memory)
    {
        uint256 head = data.length == 0 ? 0 : uint256(data[0]);
        uint32 setVersion = uint32(head >> 192);
        uint32 rulesVersion = uint32(head >> 160);
        bytes32 digest =
            digestOf(block.chainid, address(ledger), setVersion, rulesVersion, hashOf(data));
        return signaturesOf(digest, bitmap);
    }

    function send(bytes32[] memory data) internal {
        sendFrom(senderOf(0), data);
    }

    function sendFrom(address sender, bytes32[] memory data) internal {
        bytes32[] memory signatures = attest(data, QUORUM);
        VM.prank(sender);
        ledger.settle(data, QUORUM, signatures);
    }

    /// @dev The ledger reverts for the batch, though a quorum attested it.
    function expectRefused(bytes32[] memory data, bytes memory reason) internal {
        expectRefusedFrom(senderOf(0), data, QUORUM, attest(data, QUORUM), reason);
    }

    function expectRefusedFrom(
        address sender,
        bytes32[] memory data,
        uint256 bitmap,
        bytes32[] memory signatures,
        bytes memory reason
    ) internal {
        VM.prank(sender);
        VM.expectRevert(reason);
        ledger.settle(data, bitmap, signatures);
    }

    /// @dev What the ledger itself logged since recordLogs.
    function ledgerLogs() internal returns (Log[] memory) {
        return logsOf(address(ledger));
    }

    function logsOf(address emitter) internal returns (Log[] memory found) {
        Log[] memory all = VM.getRecordedLogs();
        uint256 count = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].emitter == emitter) ++count;
        }
        found = new Log[](count);
        for (uint256 i = all.length; i > 0; --i) {
            if (all[i - 1].emitter == emitter) found[--count] = all[i - 1];
        }
    }

    function assertLog(Log memory log, bytes32[] memory topics, bytes memory data) internal pure {
        assertEq(log.topics.length, topics.length);
        for (uint256 i = 0; i < topics.length; ++i) {
            assertEq(log.topics[i], topics[i]);
        }
        assertEq(keccak256(log.data), keccak256(data));
    }

    /// @dev The only thing the ledger said is that it skipped the batch.
    function assertSkipped(bytes32[] memory data, uint8 reason) internal {
        Log[] memory logs = ledgerLogs();
        assertEq(logs.length, 1);
        assertSkippedLog(logs[0], data, reason);
    }

    function assertSkippedLog(Log memory log, bytes32[] memory data, uint8 reason) internal pure {
        bytes32[] memory topics = new bytes32[](3);
        topics[0] = BATCH_SKIPPED;
        topics[1] = hashOf(data);
        topics[2] = bytes32(uint256(uint160(senderOf(0))));
        assertLog(log, topics, abi.encode(reason));
    }

    function assertCursor(uint32 which, uint64 nextSeq) internal view {
        assertEq(cursors.cursorOf(which).nextSeq, nextSeq);
    }
}
