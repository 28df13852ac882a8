// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IUsageLedger} from "../../contracts/interfaces/IUsageLedger.sol";
import {Validator} from "../../contracts/interfaces/IValidatorSet.sol";
import {Batches, Head, Segment} from "./support/Batches.sol";
import {LedgerFixture} from "./support/LedgerFixture.sol";

/// @title What settle refuses before it looks at a signature: layout, sizes, sender, allowance
contract UsageLedgerTest is LedgerFixture {
    uint256 private constant SEGMENT_HEAD = 2;
    uint256 private constant WORDS = 9;

    function setUp() external {
        deployNetwork(4);
    }

    // The call

    function test_settle_revertsWhen_ledgerIsClosed() external {
        manager.setTargetClosed(address(ledger), true);
        expectRefused(
            sample(),
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, senderOf(0))
        );
    }

    /// @dev Readers find records by the canonical encoding, so that one odd call would stop them all.
    function test_settle_revertsWhen_bytesTrail() external {
        _expectCallRefused(bytes.concat(_canonicalCall(), bytes32(0)));
        _expectCallRefused(bytes.concat(_canonicalCall(), bytes1(0)));
    }

    /// @dev The same words, the signatures first.
    function test_settle_revertsWhen_arraysAreSwapped() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        _expectCallRefused(
            bytes.concat(
                abi.encodeWithSelector(ledger.settle.selector, 0x80 + 32 * 6, QUORUM, 0x60),
                bytes32(signatures.length),
                abi.encodePacked(signatures),
                bytes32(data.length),
                abi.encodePacked(data)
            )
        );
    }

    /// @dev The signatures begin inside the data, at a word that happens to look like their number.
    function test_settle_revertsWhen_arraysOverlap() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        uint256 place = 5;
        data[place] = bytes32(signatures.length);
        _expectCallRefused(
            bytes.concat(
                abi.encodeWithSelector(ledger.settle.selector, 0x60, QUORUM, 0x80 + 32 * place),
                bytes32(data.length),
                abi.encodePacked(data),
                bytes32(signatures.length),
                abi.encodePacked(signatures)
            )
        );
    }

    // The header

    function test_settle_revertsWhen_thereIsNoData() external {
        expectRefused(new bytes32[](0), _malformed(0, 0));
    }

    function test_settle_revertsWhen_nothingFollowsTheHeader() external {
        bytes32 head = sample()[0];
        for (uint256 length = 1; length <= 2; ++length) {
            bytes32[] memory data = new bytes32[](length);
            data[0] = head;
            expectRefused(data, _malformed(0, head));
        }
    }

    function test_fuzz_settle_revertsWhen_formatIsUnknown(uint8 format) external {
        VM.assume(format != 1);
        _expectHeadRefused(248, 8, format);
    }

    function test_settle_revertsWhen_batchEndsBeforeItBegins() external {
        _expectHeadRefused(0, 48, block.timestamp * 1000 - 1);
    }

    function test_settle_revertsWhen_batchIsValidTooLong() external {
        _expectHeadRefused(0, 48, block.timestamp * 1000 + 600_001);
    }

    function test_settle_revertsWhen_headerCountsNoSegment() external {
        _expectHeadRefused(240, 8, 0);
    }

    function test_fuzz_settle_revertsWhen_headerCountsTooManySegments(uint8 segments) external {
        VM.assume(segments > 40);
        bytes32[] memory data = sample();
        data[0] = patched(data[0], 240, 8, segments);
        expectRefused(data, _tooLarge(segments, 2));
    }

    function test_fuzz_settle_revertsWhen_headerCountsTooManyRecords(uint16 records) external {
        VM.assume(records > 1800);
        bytes32[] memory data = sample();
        data[0] = patched(data[0], 224, 16, records);
        expectRefused(data, _tooLarge(1, records));
    }

    // Segments

    function test_settle_revertsWhen_headerCountsMoreSegmentsThanThereAre() external {
        bytes32[] memory data = sample();
        data[0] = patched(data[0], 240, 8, 2);
        expectRefused(data, _malformed(WORDS, 0));
    }

    function test_fuzz_settle_revertsWhen_segmentPaddingIsUsed(uint256 bit) external {
        _expectSegmentRefused(bit % 120, 1, 1);
    }

    function test_settle_revertsWhen_segmentIsEmpty() external {
        _expectSegmentRefused(120, 16, 0);
    }

    /// @dev THREATS T14: the sum stays inside its field.
    function test_fuzz_settle_revertsWhen_sequenceNumbersEndTooHigh(uint64 firstSeq) external {
        VM.assume(firstSeq > (1 << 63) - 3);
        _expectSegmentRefused(136, 64, firstSeq);
    }

    function test_fuzz_settle_revertsWhen_segmentIsTooLarge(uint16 count) external {
        VM.assume(count > 900);
        bytes32[] memory data = sample();
        data[SEGMENT_HEAD] = patched(data[SEGMENT_HEAD], 120, 16, count);
        expectRefused(data, _tooLarge(1, count));
    }

    function test_settle_revertsWhen_oneAboveALimit() external {
        bytes32[] memory data = sample();
        data[0] = patched(data[0], 240, 8, 41);
        expectRefused(data, _tooLarge(41, 2));
        data[0] = patched(patched(data[0], 240, 8, 1), 224, 16, 1801);
        expectRefused(data, _tooLarge(1, 1801));
        data = sample();
        data[SEGMENT_HEAD] = patched(data[SEGMENT_HEAD], 120, 16, 901);
        expectRefused(data, _tooLarge(1, 901));
        _expectSegmentRefused(136, 64, (1 << 63) - 2);
    }

    function test_fuzz_settle_revertsWhen_dataEndsElsewhere(uint8 length) external {
        VM.assume(length > SEGMENT_HEAD && length != WORDS);
        bytes32[] memory whole = sample();
        bytes32[] memory data = new bytes32[](length);
        for (uint256 i = 0; i < length && i < WORDS; ++i) {
            data[i] = whole[i];
        }
        expectRefused(data, _malformed(WORDS, 0));
    }

    function test_fuzz_settle_revertsWhen_headerCountsOtherRecords(uint16 records) external {
        VM.assume(records <= 1800 && records != 2);
        _expectHeadRefused(224, 16, records);
    }

    /// @dev THREATS T10: all maxima that cost gas are refused one above.
    function test_settle_settlesUpToEveryLimit() external {
        Segment[] memory segments = new Segment[](40);
        for (uint256 i = 0; i < 2; ++i) {
            segments[i] = Batches.segment(meter, uint64(900 * i), Batches.records(881, project, 1));
        }
        segments[1].firstSeq = 881;
        for (uint256 i = 2; i < 40; ++i) {
            segments[i] = Batches.segment(meter, uint64(1760 + i), Batches.records(1, project, 1));
        }
        send(Batches.encode(currentHead(), segments));
        assertCursor(meter, 1800);
        send(sampleOf(Batches.segment(meter, 1800, Batches.records(900, project, 1))));
        assertCursor(meter, 2700);
    }

    // The sender

    function test_settle_revertsWhen_senderIsAStranger() external {
        _expectSenderRefused(STRANGER);
    }

    function test_settle_revertsWhen_senderIsOnlyAnAttester() external {
        _expectSenderRefused(VM.addr(attesterKey(0)));
    }

    /// @dev THREATS T3: the empty set accepts nobody.
    function test_settle_revertsWhen_noSetIsInForce() external {
        bytes32[] memory data = sample();
        VM.warp(START_S - 1);
        expectRefused(data, _notRegistered(senderOf(0)));
    }

    function test_settle_revertsWhen_senderLeftTheSet() external {
        Validator[] memory members = membersOf(4);
        members[0].sender = STRANGER;
        validators.setValidators(members);
        VM.warp(block.timestamp + SET_LEAD_S - 1);
        send(sample());
        VM.warp(block.timestamp + 1);
        expectRefused(sample(), _notRegistered(senderOf(0)));
    }

    /// @dev THREATS T23: code at the sender closes this door, for records have to lie in a transaction's calldata. It
    /// opens none: without code a stranger stays a stranger (above), and no other authority asks for code.
    function test_settle_revertsWhen_senderHasCode() external {
        VM.etch(senderOf(0), hex"00");
        _expectSenderRefused(senderOf(0));
        VM.etch(REGISTRAR, hex"00");
        grant(project, 1);
    }

    // Its allowance

    function test_allowance_revertsWhen_usedUp() external {
        bytes32[] memory data = _expired();
        _skip(data, 256);
        assertEq(ledger.allowanceOf(senderOf(0)), 0);
        uint256 readyAtS = block.timestamp + 10;
        for (uint256 waitedS = 0; waitedS < 10; waitedS += 9) {
            VM.warp(readyAtS - 10 + waitedS);
            expectRefused(
                data,
                abi.encodeWithSelector(
                    IUsageLedger.SenderAllowanceExhausted.selector, senderOf(0), readyAtS
                )
            );
        }
        VM.warp(readyAtS);
        assertEq(ledger.allowanceOf(senderOf(0)), 1);
        send(data);
    }

    function test_allowance_revertsWhen_everySegmentOfAnotherBatchPassed() external {
        bytes32[] memory data = sample();
        send(data);
        _skip(data, 256);
        expectRefused(
            data,
            abi.encodeWithSelector(
                IUsageLedger.SenderAllowanceExhausted.selector, senderOf(0), block.timestamp + 10
            )
        );
    }

    /// @dev THREATS T17: what one sender wastes takes nothing from another, nor from itself where something settles.
    function test_allowance_isNotNeeded_whenSomethingSettles() external {
        _skip(_expired(), 256);
        send(sample());
        sendFrom(senderOf(1), sample());
        assertCursor(meter, 4);
        assertEq(ledger.allowanceOf(senderOf(1)), 256);
    }

    /// @dev THREATS T13: part of ten seconds gives nothing back.
    function test_fuzz_allowance_returnsEveryTenSeconds(uint8 batches, uint16 waitedS) external {
        batches %= 64;
        _skip(_expired(), batches);
        VM.warp(block.timestamp + waitedS);
        uint256 back = uint256(waitedS) / 10;
        uint256 gone = back < batches ? batches - back : 0;
        assertEq(ledger.allowanceOf(senderOf(0)), 256 - gone);
    }

    // Views

    function test_parts_nameTheContracts() external view {
        (address a, address b, address c, address d, address e) = ledger.parts();
        assertEq(a, address(registry));
        assertEq(b, address(validators));
        assertEq(c, address(tariff));
        assertEq(d, address(cursors));
        assertEq(e, address(budgets));
    }

    // Below

    function _expectHeadRefused(uint256 shift, uint256 width, uint256 value) private {
        bytes32[] memory data = sample();
        data[0] = patched(data[0], shift, width, value);
        expectRefused(data, _malformed(0, data[0]));
    }

    function _expectSegmentRefused(uint256 shift, uint256 width, uint256 value) private {
        bytes32[] memory data = sample();
        data[SEGMENT_HEAD] = patched(data[SEGMENT_HEAD], shift, width, value);
        expectRefused(data, _malformed(SEGMENT_HEAD, data[SEGMENT_HEAD]));
    }

    function _expectSenderRefused(address sender) private {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        expectRefusedFrom(sender, data, QUORUM, signatures, _notRegistered(sender));
    }

    function _expectCallRefused(bytes memory call) private {
        VM.prank(senderOf(0));
        (bool isDone, bytes memory reason) = address(ledger).call(call);
        assertTrue(!isDone, "the call went through");
        assertEq(keccak256(reason), keccak256(_malformed(0, 0)));
    }

    function _canonicalCall() private view returns (bytes memory) {
        bytes32[] memory data = sample();
        return abi.encodeCall(ledger.settle, (data, QUORUM, attest(data, QUORUM)));
    }

    function _expired() private view returns (bytes32[] memory) {
        Head memory head = currentHead();
        (head.batchTimeMs, head.validUntilMs) = (1, 2);
        return Batches.encode(head, one(Batches.segment(meter, 0, Batches.records(1, project, 1))));
    }

    function _skip(bytes32[] memory data, uint256 times) private {
        bytes32[] memory signatures = attest(data, QUORUM);
        VM.startPrank(senderOf(0));
        for (uint256 i = 0; i < times; ++i) {
            ledger.settle(data, QUORUM, signatures);
        }
        VM.stopPrank();
    }

    function _malformed(uint256 place, bytes32 word) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IUsageLedger.MalformedBatch.selector, place, word);
    }

    function _tooLarge(uint256 segments, uint256 records) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IUsageLedger.BatchTooLarge.selector, segments, records);
    }

    function _notRegistered(address sender) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IUsageLedger.SenderNotRegistered.selector, sender);
    }
}
