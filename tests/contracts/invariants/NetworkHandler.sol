// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budgets} from "../../../contracts/Budgets.sol";
import {Credits} from "../../../contracts/Credits.sol";
import {Cursors} from "../../../contracts/Cursors.sol";
import {Registry} from "../../../contracts/Registry.sol";
import {Tariff} from "../../../contracts/Tariff.sol";
import {Quorum} from "../../../contracts/libraries/Quorum.sol";
import {Batches, Segment} from "../support/Batches.sol";
import {Log} from "../support/Vm.sol";
import {CreditActions} from "./CreditActions.sol";

/// @title What validators do at random, honest and other, with a model beside the chain
/// @notice A batch mixes segments of every status with records of every kind. The model knows only what was handed in.
contract NetworkHandler is CreditActions {
    /// @notice A record that settled, and what the tariff said of it then.
    struct Priced {
        uint16 resource;
        uint32 inFresh;
        uint32 outVisible;
        uint64 timeMs;
        uint64 costUcr;
    }

    /// @notice What the accumulator absorbed.
    struct Absorbed {
        bytes32 dataHash;
        uint256 settledBitmap;
    }

    /// @notice The next sequence number of a meter, by the model.
    mapping(uint32 meter => uint64) public nextSeqOf;
    /// @notice What was charged to an account itself, by the model.
    mapping(uint32 account => uint256) public ownUcrOf;
    /// @notice UsageRecorded events heard.
    uint256 public recorded;
    /// @notice Ucr that BatchSettled events said were charged, and what of it went to accounts nobody knows.
    uint256 public saidUcr;
    uint256 public unplacedUcr;

    Priced[] private _priced;
    Absorbed[] private _absorbed;
    uint256 private _draws;

    constructor() {
        deployWorld();
    }

    /// @notice A quorum's batch has settled as far as it fits.
    function settleBatch(uint256 seed) external atItsTime {
        _submit(_draw(seed, 4) + 1, 5);
    }

    /// @notice A quorum's batch of quarantined records has settled, and moved nothing but cursors.
    function settleQuarantined(uint256 seed) external atItsTime {
        bytes32 before = hashOfMoney();
        _submit(_draw(seed, 2) + 1, 1);
        assertEq(hashOfMoney(), before);
    }

    /// @notice A batch without a quorum was refused, and moved nothing at all.
    function settleUnattested(uint256 seed) external atItsTime {
        _draw(seed, 1);
        (bytes32[] memory data,,) = _batch(1, 5, false);
        uint256 bitmap = [uint256(0), 1, 2, 4, 8, 3, 5, 6, 9, 10, 12][_next(11)];
        bytes32[] memory signatures = attest(data, bitmap);
        if (_next(2) == 0) {
            // Two of a quorum's three, and one of them again.
            bitmap = QUORUM;
            signatures = attest(data, QUORUM);
            (signatures[4], signatures[5]) = (signatures[0], signatures[1]);
        }
        bytes32 before = keccak256(abi.encode(hashOfMoney(), hashOfCursors()));
        VM.prank(senderOf(_next(4)));
        try ledger.settle(data, bitmap, signatures) {
            assertTrue(false, "settled without a quorum");
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == Quorum.QuorumNotReached.selector
                    || selector == Quorum.SignatureInvalid.selector,
                "refused for another reason"
            );
        }
        assertEq(keccak256(abi.encode(hashOfMoney(), hashOfCursors())), before);
    }

    /// @notice The contracts of the network.
    function parts() external view returns (Registry, Tariff, Cursors, Budgets, Credits) {
        return (registry, tariff, cursors, budgets, credits);
    }

    /// @notice Every settled record the model keeps, with its price.
    function priced() external view returns (Priced[] memory) {
        return _priced;
    }

    /// @notice Every batch of which something settled, in order.
    function absorbed() external view returns (Absorbed[] memory) {
        return _absorbed;
    }

    /// @notice All there is to be known of balances and budgets.
    function hashOfMoney() public view returns (bytes32) {
        uint256[] memory sums = new uint256[](_accounts.length);
        for (uint256 i = 0; i < sums.length; ++i) {
            sums[i] = credits.minted((1 << 32) + uint256(_accounts[i]));
        }
        return keccak256(
            abi.encode(
                budgets.budgetsOf(_accounts), credits.minted(GENERAL), credits.burned(GENERAL), sums
            )
        );
    }

    /// @notice All there is to be known of cursors and the accumulator.
    function hashOfCursors() public view returns (bytes32) {
        return keccak256(
            abi.encode(cursors.cursorsOf(_meters), cursors.accumulator(), cursors.batchCount())
        );
    }

    // Internal: submitting

    /// @param valuedOf Every valuedOf-th record is quarantined.
    function _submit(uint256 segmentCount, uint256 valuedOf) private {
        (bytes32[] memory data, Segment[] memory segments, uint256 settledBitmap) =
            _batch(segmentCount, valuedOf, true);
        uint256 bitmap = [uint256(7), 11, 13, 14, 15][_next(5)];
        bytes32[] memory signatures = attest(data, bitmap);
        VM.recordLogs();
        VM.prank(senderOf(_next(4)));
        ledger.settle(data, bitmap, signatures);
        _hear();
        if (settledBitmap == 0) return;
        _absorbed.push(Absorbed({dataHash: hashOf(data), settledBitmap: settledBitmap}));
        for (uint256 i = 0; i < segments.length; ++i) {
            if ((settledBitmap >> i) & 1 == 1) _count(segments[i]);
        }
    }

    function _hear() private {
        Log[] memory logs = ledgerLogs();
        recorded += countOf(logs, USAGE_RECORDED);
        if (countOf(logs, BATCH_SETTLED) == 0) return;
        (,,, uint256 costUcr,) = abi.decode(
            theOne(logs, BATCH_SETTLED).data, (uint256, uint256, uint256, uint256, bytes32)
        );
        saidUcr += costUcr;
    }

    /// @dev A settled segment's records in the model.
    function _count(Segment memory segment) private {
        for (uint256 i = 0; i < segment.records.length; i += 2) {
            uint256 first = uint256(segment.records[i]);
            uint256 second = uint256(segment.records[i + 1]);
            uint64 costWord = uint64(second);
            if (costWord >> 56 != 0) continue;
            uint32 billed = uint32(first >> 176);
            ownUcrOf[billed] += costWord;
            if (billed > registry.accountCount()) unplacedUcr += costWord;
            uint64 timeMs = uint48(first >> 208);
            if (_priced.length > 40) continue;
            _priced.push(
                Priced({
                    resource: uint16(first >> 96),
                    inFresh: uint32(first >> 48),
                    outVisible: uint32(second >> 208),
                    timeMs: timeMs,
                    costUcr: costWord
                })
            );
        }
    }

    // Internal: drawing

    /// @dev A batch, and which of its segments the model says will settle; it moves the model's cursors if told to.
    function _batch(uint256 segmentCount, uint256 valuedOf, bool isModelMoved)
        private
        returns (bytes32[] memory data, Segment[] memory segments, uint256 settledBitmap)
    {
        segments = new Segment[](segmentCount);
        for (uint256 i = 0; i < segmentCount; ++i) {
            uint32 from = _meters[_next(_meters.length)];
            segments[i] = Batches.segment(from, nextSeqOf[from], _records(valuedOf));
            bool isFitting = _bend(segments[i]);
            if (!isFitting) continue;
            settledBitmap |= 1 << i;
            if (isModelMoved) nextSeqOf[from] += uint64(segments[i].records.length / 2);
        }
        data = Batches.encode(currentHead(), segments);
    }

    /// @dev Up to half of all segments are made to miss the cursor, one way or another. Returns whether it still fits.
    function _bend(Segment memory segment) private returns (bool) {
        uint256 way = _next(8);
        uint64 count = uint64(segment.records.length / 2);
        if (way == 0) segment.firstSeq += 1 + uint64(_next(9));
        else if (way == 1) segment.keyIndex = 1;
        else if (way == 2 && segment.firstSeq != 0) segment.firstSeq -= 1;
        else if (way == 3 && segment.firstSeq >= count) segment.firstSeq -= count;
        else return true;
        return false;
    }

    function _records(uint256 valuedOf) private returns (bytes32[] memory words) {
        words = new bytes32[](2 * (1 + _next(5)));
        for (uint256 i = 0; i < words.length; i += 2) {
            (words[i], words[i + 1]) = _record(_next(valuedOf) == 0);
        }
    }

    /// @dev A record that bills any account or an unknown one, of any time in the last 40 days, at the tariff's price.
    function _record(bool isQuarantined) private returns (bytes32 first, bytes32 second) {
        uint256 which = _next(_accounts.length + 1);
        uint32 billed = which < _accounts.length ? _accounts[which] : 1000;
        uint16 used = _resources[_next(_resources.length)];
        uint32[8] memory quantities;
        quantities[0] = uint32(_next(1e6));
        quantities[3] = uint32(_next(1e6));
        uint48 timeMs = uint48(_nowS * 1000 - _next(40 days * 1000));
        uint64 costWord = tariff.value(used, 0, quantities, timeMs);
        if (isQuarantined) costWord |= uint64(1 + _next(10)) << 56;
        first = bytes32(
            abi.encodePacked(timeMs, billed, uint64(7), used, uint16(0), quantities[0], uint48(0))
        );
        second = bytes32(abi.encodePacked(uint16(0), quantities[3], bytes18(0), costWord));
    }

    /// @dev Draws begin anew from this seed; the first of them.
    function _draw(uint256 seed, uint256 below) private returns (uint256) {
        _draws = seed;
        return _next(below);
    }

    function _next(uint256 below) private returns (uint256) {
        _draws = uint256(keccak256(abi.encode(_draws)));
        return _draws % below;
    }
}
