// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IUsageLedger} from "../../contracts/interfaces/IUsageLedger.sol";
import {Batches, Segment} from "./support/Batches.sol";
import {LedgerFixture} from "./support/LedgerFixture.sol";
import {Log} from "./support/Vm.sol";

/// @title What an attested batch does: projects counted, cursors passed, events exact, nothing from quarantined records
contract UsageLedgerSettlingTest is LedgerFixture {
    uint64 private constant COST_MASK = (1 << 55) - 1;
    uint64 private constant QUARANTINED = 3 << 56;

    function setUp() external {
        deployNetwork(4);
    }

    // Limits on projects

    /// @dev THREATS T10.
    function test_settle_revertsWhen_segmentHasTooManyProjects() external {
        send(sampleOf(Batches.segment(meter, 0, _projects(1, 64))));
        expectRefused(
            sampleOf(Batches.segment(meter, 64, _projects(1, 65))), _tooManyProjects(0, 64)
        );
    }

    /// @dev Projects of an earlier segment count again in a later one.
    function test_settle_revertsWhen_laterSegmentHasTooManyProjects() external {
        Segment[] memory segments = _segments(_projects(1, 10), _projects(1, 65));
        expectRefused(Batches.encode(currentHead(), segments), _tooManyProjects(1, 64));
    }

    /// @dev THREATS T10.
    /// @dev A line is a project that consecutive segments of one meter bill: 240 of them, and one more.
    function test_settle_revertsWhen_batchHasTooManyLines() external {
        uint32 beside = _otherMeter();
        Segment[] memory segments = new Segment[](8);
        for (uint256 i = 0; i < 8; ++i) {
            // Pairs of one meter's segments with the same projects are one line each.
            uint32 from = i / 2 % 2 == 0 ? meter : beside;
            uint64 firstSeq = uint64(i / 4 * 120 + i % 2 * 60);
            segments[i] = Batches.segment(from, firstSeq, _projects(1, 60));
        }
        bytes32[] memory data = Batches.encode(currentHead(), segments);
        Segment[] memory more = new Segment[](9);
        for (uint256 i = 0; i < 8; ++i) {
            more[i] = segments[i];
        }
        more[8] = Batches.segment(meter, 240, _projects(60, 1));
        expectRefused(
            Batches.encode(currentHead(), more),
            abi.encodeWithSelector(IUsageLedger.TooManyLines.selector, 8, 240)
        );
        send(data);
        assertCursor(meter, 240);
    }

    function test_settle_revertsWhen_batchHasTooManyProjects() external {
        Segment[] memory segments = _segments(_projects(1, 60), _projects(61, 61));
        expectRefused(Batches.encode(currentHead(), segments), _tooManyProjects(1, 120));
        send(Batches.encode(currentHead(), _segments(_projects(1, 60), _projects(61, 60))));
    }

    /// @dev What is skipped bills nobody.
    function test_settle_ignoresProjectsOfSkippedSegments() external {
        Segment[] memory segments = _segments(_projects(1, 65), _projects(1, 1));
        segments[0].firstSeq = 5;
        segments[1].firstSeq = 0;
        send(Batches.encode(currentHead(), segments));
        assertCursor(meter, 1);
    }

    // Statuses of segments

    function test_settle_skipsSegment_whenItPassed() external {
        send(sample());
        _expectSegmentSkipped(Batches.segment(meter, 0, Batches.records(2, project, 1)), 1);
        _expectSegmentSkipped(Batches.segment(meter, 0, Batches.records(1, project, 1)), 1);
    }

    function test_settle_skipsSegment_whenItOverlaps() external {
        send(sample());
        _expectSegmentSkipped(Batches.segment(meter, 0, Batches.records(3, project, 1)), 2);
        _expectSegmentSkipped(Batches.segment(meter, 1, Batches.records(2, project, 1)), 2);
    }

    function test_settle_skipsSegment_whenItLeavesAGap() external {
        _expectSegmentSkipped(Batches.segment(meter, 1, Batches.records(1, project, 1)), 3);
        _expectSegmentSkipped(
            Batches.segment(meter, (1 << 63) - 2, Batches.records(1, project, 1)), 3
        );
    }

    /// @dev Checked before the cursor.
    function test_settle_skipsSegment_whenItsKeyIsAnother() external {
        Segment memory segment = Batches.segment(meter, 0, Batches.records(1, project, 1));
        segment.keyIndex = 1;
        _expectSegmentSkipped(segment, 4);
        segment.firstSeq = 9;
        _expectSegmentSkipped(segment, 4);
    }

    /// @dev THREATS T17: two validators send the same frames, in other batches; who comes second loses nothing but gas.
    function test_settle_settlesOnce_whenTwoValidatorsSendTheSame() external {
        grant(project, 10_000);
        bytes32[] memory data = sample();
        sendFrom(senderOf(1), data);
        Segment[] memory segments =
            _segments(Batches.records(2, project, 1000), Batches.records(1, project, 1));
        VM.recordLogs();
        sendFrom(senderOf(2), Batches.encode(currentHead(), segments));
        Log[] memory logs = ledgerLogs();
        assertEq(logs.length, 3);
        _assertSegmentSkipped(logs[0], segments[0], 1, 2);
        assertCursor(meter, 3);
        assertEq(cursors.batchCount(), 2);
        assertEq(budgets.budgetOf(project).spentUcr, 2001);
    }

    /// @dev THREATS T17: a validator that leaves frames out or sends them late holds up nobody.
    function test_settle_settlesWhatFits_whenSegmentsAreOutOfOrder() external {
        Segment[] memory segments =
            _segments(Batches.records(1, project, 1), Batches.records(2, project, 1));
        (segments[0].firstSeq, segments[1].firstSeq) = (2, 0);
        VM.recordLogs();
        send(Batches.encode(currentHead(), segments));
        Log[] memory logs = ledgerLogs();
        _assertSegmentSkipped(logs[0], segments[0], 3, 0);
        assertCursor(meter, 2);
        send(sampleOf(segments[0]));
        assertCursor(meter, 3);
    }

    // Events

    function test_settle_announcesRecordsInOrder() external {
        bytes32[] memory words = new bytes32[](6);
        (words[0], words[1]) = Batches.record(project, type(uint64).max, 1, 1000);
        (words[2], words[3]) = Batches.record(team, 0, 65_535, QUARANTINED | 5);
        (words[4], words[5]) = Batches.record(project, 7, 2, 234);
        Segment[] memory segments = _segments(words, Batches.records(1, project, 1));
        segments[1].keyIndex = 3;
        bytes32[] memory data = Batches.encode(currentHead(), segments);
        VM.recordLogs();
        send(data);
        Log[] memory logs = ledgerLogs();
        assertEq(logs.length, 5);
        _assertRecorded(logs[0], project, 1, type(uint64).max, 1000);
        _assertRecorded(logs[1], team, 65_535, 0, QUARANTINED | 5);
        _assertRecorded(logs[2], project, 2, 7, 234);
        _assertSegmentSkipped(logs[3], segments[1], 4, 3);
        bytes32 accumulator = keccak256(abi.encode(bytes32(0), hashOf(data), uint256(1)));
        _assertSettled(logs[4], 0, data, abi.encode(1, 3, 1, 1234, accumulator));
    }

    function test_settle_announcesNothingSettled() external {
        bytes32[] memory data = sample();
        send(data);
        VM.recordLogs();
        send(data);
        Log[] memory logs = ledgerLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], SEGMENT_SKIPPED);
        assertSkippedLog(logs[1], data, 5);
        assertEq(cursors.batchCount(), 1);
    }

    /// @dev Invariant I8: from calldata and statuses alone.
    function test_settle_chainsSettledBatches() external {
        bytes32 accumulator = 0;
        for (uint64 number = 0; number < 3; ++number) {
            Segment[] memory segments =
                _segments(Batches.records(1, project, 1), Batches.records(2, project, 1));
            // The first segment fits the first batch alone.
            segments[1].firstSeq = number == 0 ? 1 : 1 + 2 * number;
            bytes32[] memory data = Batches.encode(currentHead(), segments);
            uint256 settledBitmap = number == 0 ? 3 : 2;
            accumulator = keccak256(abi.encode(accumulator, hashOf(data), settledBitmap));
            VM.recordLogs();
            send(data);
            Log memory log = theOne(ledgerLogs(), BATCH_SETTLED);
            assertEq(uint256(log.topics[1]), number);
            assertEq(cursors.accumulator(), accumulator);
            send(data);
            assertEq(cursors.accumulator(), accumulator);
        }
        assertEq(cursors.batchCount(), 3);
    }

    // What records move

    function test_settle_chargesNothing_whenRecordsAreQuarantined() external {
        grant(project, 500);
        VM.recordLogs();
        send(
            sampleOf(
                Batches.segment(meter, 0, Batches.records(3, project, QUARANTINED | COST_MASK))
            )
        );
        assertEq(logsOf(address(budgets)).length, 0);
        assertCursor(meter, 3);
        assertEq(budgets.budgetOf(project).spentLifetimeUcr, 0);
        assertEq(budgets.budgetOf(project).generalUcr, 500);
    }

    /// @dev Invariant I7, THREATS T14: the top byte says whether a record counts, the low 55 bits how much, and bit 55
    /// nothing.
    function test_fuzz_settle_chargesTheCostWord(uint64 costWord, uint64 other) external {
        bytes32[] memory words = new bytes32[](4);
        (words[0], words[1]) = Batches.record(project, 7, 1, costWord);
        (words[2], words[3]) = Batches.record(project, 7, 1, other);
        VM.recordLogs();
        send(sampleOf(Batches.segment(meter, 0, words)));
        uint256 costUcr = _costOf(costWord) + _costOf(other);
        uint256 quarantined = (costWord >> 56 == 0 ? 0 : 1) + (other >> 56 == 0 ? 0 : 1);
        Log[] memory logs = ledgerLogs();
        _assertRecorded(logs[0], project, 1, 7, costWord);
        (, uint256 records, uint256 saidQuarantined, uint256 saidUcr,) =
            abi.decode(logs[2].data, (uint256, uint256, uint256, uint256, bytes32));
        assertEq(records, 2);
        assertEq(saidQuarantined, quarantined);
        assertEq(saidUcr, costUcr);
        assertEq(budgets.budgetOf(project).spentLifetimeUcr, costUcr);
        assertEq(budgets.budgetOf(project).overdraftUcr, costUcr);
    }

    /// @dev Totals run over segments, and start afresh with every batch though all share one transaction here.
    function test_settle_chargesEachProjectOnce() external {
        for (uint64 number = 0; number < 2; ++number) {
            Segment[] memory segments =
                _segments(Batches.records(2, project, 10), Batches.records(3, team, 100));
            segments[0].firstSeq += 7 * number;
            segments[1].firstSeq += 7 * number;
            Segment[] memory all = new Segment[](3);
            (all[0], all[1]) = (segments[0], segments[1]);
            all[2] = Batches.segment(meter, 5 + 7 * number, Batches.records(2, project, 1));
            send(Batches.encode(currentHead(), all));
            assertEq(budgets.budgetOf(project).spentLifetimeUcr, 22 * (number + 1));
            assertEq(budgets.budgetOf(team).spentLifetimeUcr, 322 * (number + 1));
        }
    }

    /// @dev THREATS T11: no content stops a batch, nor what the same batch holds beside it.
    function test_fuzz_settle_neverRevertsForContent(bytes32[8] calldata content) external {
        bytes32[] memory words = new bytes32[](10);
        for (uint256 i = 0; i < 8; ++i) {
            words[i] = content[i];
        }
        (words[8], words[9]) = Batches.record(project, 7, 1, 1000);
        uint256 spentUcr = 1000;
        for (uint256 i = 0; i < 8; i += 2) {
            if (uint32(uint256(words[i]) >> 176) == project) {
                spentUcr += _costOf(uint64(uint256(words[i + 1])));
            }
        }
        send(sampleOf(Batches.segment(meter, 0, words)));
        assertCursor(meter, 5);
        assertEq(budgets.budgetOf(project).spentLifetimeUcr, spentUcr);
    }

    /// @dev THREATS T11: projects nobody knows, among them those whose ids lie next to the ledger's own transient words.
    function test_settle_toleratesUnknownProjects() external {
        bytes32[] memory words = new bytes32[](6);
        (words[0], words[1]) = Batches.record(0, 7, 1, 10);
        (words[2], words[3]) = Batches.record(type(uint32).max, 7, 1, 20);
        (words[4], words[5]) = Batches.record(project, 7, 1, 30);
        send(sampleOf(Batches.segment(meter, 0, words)));
        assertEq(budgets.budgetOf(project).spentLifetimeUcr, 30);
        assertEq(budgets.budgetOf(acme).spentLifetimeUcr, 30);
    }

    // Below

    function _otherMeter() private returns (uint32) {
        VM.prank(CONTROLLER);
        return registry.registerMeter(acme, "other", keccak256("other"), address(0), bounds());
    }

    /// @dev Two segments of the meter, the second right behind the first.
    function _segments(bytes32[] memory first, bytes32[] memory second)
        private
        view
        returns (Segment[] memory segments)
    {
        segments = new Segment[](2);
        segments[0] = Batches.segment(meter, 0, first);
        segments[1] = Batches.segment(meter, uint64(first.length / 2), second);
    }

    /// @dev One record each of projects in a row.
    function _projects(uint32 first, uint32 count) private pure returns (bytes32[] memory words) {
        words = new bytes32[](2 * count);
        for (uint32 i = 0; i < count; ++i) {
            (words[2 * i], words[2 * i + 1]) = Batches.record(first + i, 7, 1, 1);
        }
    }

    function _costOf(uint64 costWord) private pure returns (uint256) {
        return costWord >> 56 == 0 ? costWord & COST_MASK : 0;
    }

    function _expectSegmentSkipped(Segment memory segment, uint8 status) private {
        uint64 nextSeq = cursors.cursorOf(segment.meter).nextSeq;
        bytes32[] memory data = sampleOf(segment);
        VM.recordLogs();
        send(data);
        Log[] memory logs = ledgerLogs();
        assertEq(logs.length, 2);
        _assertSegmentSkipped(logs[0], segment, status, nextSeq);
        assertSkippedLog(logs[1], data, 5);
        assertCursor(segment.meter, nextSeq);
    }

    function _assertSegmentSkipped(
        Log memory log,
        Segment memory segment,
        uint8 status,
        uint64 nextSeq
    ) private pure {
        bytes32[] memory topics = new bytes32[](2);
        topics[0] = SEGMENT_SKIPPED;
        topics[1] = bytes32(uint256(segment.meter));
        uint256 count = segment.records.length / 2;
        assertLog(log, topics, abi.encode(segment.firstSeq, count, status, nextSeq));
    }

    function _assertRecorded(
        Log memory log,
        uint32 billed,
        uint16 used,
        uint64 user,
        uint64 costWord
    ) private pure {
        bytes32[] memory topics = new bytes32[](3);
        topics[0] = USAGE_RECORDED;
        topics[1] = bytes32(uint256(billed));
        topics[2] = bytes32(uint256(used));
        assertLog(log, topics, abi.encode(user, costWord));
    }

    function _assertSettled(
        Log memory log,
        uint64 number,
        bytes32[] memory data,
        bytes memory values
    ) private pure {
        bytes32[] memory topics = new bytes32[](4);
        topics[0] = BATCH_SETTLED;
        topics[1] = bytes32(uint256(number));
        topics[2] = hashOf(data);
        topics[3] = bytes32(uint256(uint160(senderOf(0))));
        assertLog(log, topics, values);
    }

    function _tooManyProjects(uint256 segment, uint256 limit) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IUsageLedger.TooManyProjects.selector, segment, limit);
    }
}
