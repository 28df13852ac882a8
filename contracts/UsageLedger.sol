// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBudgets} from "./interfaces/IBudgets.sol";
import {ICursors, SegmentStatus, Step} from "./interfaces/ICursors.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITariff} from "./interfaces/ITariff.sol";
import {IUsageLedger} from "./interfaces/IUsageLedger.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {BatchLayout} from "./libraries/BatchLayout.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {RecordLayout} from "./libraries/RecordLayout.sol";

/// @title UsageLedger
/// @dev Totals per project live in transient storage while a batch is worked on, under the project's id:
/// run u64 | segment u8 | index into the batch's projects u8 | index of its last line u8 | that line's total u80 | total u88.
/// Run and segment tell whether the project was seen in this batch and in this segment, so that nothing needs clearing.
///
/// Consecutive segments of one meter are a group, and a project that a group bills is a line: its index u16 | the meter u32 |
/// the line's total u128, which is filled in when the project's next line begins, or at the end.
contract UsageLedger is IUsageLedger, AccessManaged, EIP712 {
    using TransientSlot for bytes32;
    using TransientSlot for TransientSlot.Uint256Slot;

    /// @dev What a batch has come to so far.
    struct Progress {
        uint256 run;
        uint256 settledBitmap;
        uint256 records;
        uint256 quarantined;
        uint256 projectCount;
        uint256[] projects;
        uint256 lineCount;
        bytes32[] lines;
        uint256 groupMeter;
        uint256 groupTag;
    }

    uint8 private constant EXPIRED = 1;
    uint8 private constant OLD_VALIDATOR_SET = 2;
    uint8 private constant OLD_RULES = 3;
    uint8 private constant WRONG_FORK = 4;
    uint8 private constant NOTHING_SETTLED = 5;

    uint256 private constant MAX_SEGMENT_PROJECTS = 64;
    uint256 private constant MAX_PROJECTS = 120;
    uint256 private constant MAX_LINES = 240;
    uint256 private constant MAX_SEQ = 1 << 63;
    uint256 private constant BLOCKHASHES = 256;

    uint256 private constant ALLOWANCE_BATCHES = 256;
    uint256 private constant ALLOWANCE_REFILL_S = 10;

    bytes32 private constant BATCH_TYPEHASH =
        keccak256("Batch(bytes32 configDigest,bytes32 dataHash)");
    /// @dev Above every account id.
    bytes32 private constant RUN_SLOT = bytes32(uint256(1) << 32);
    uint256 private constant RUN_AT = 192;
    uint256 private constant TAG_AT = 184;
    uint256 private constant INDEX_AT = 176;
    uint256 private constant LINE_AT = 168;
    uint256 private constant LINE_TOTAL_AT = 88;
    uint256 private constant LINE_TOTAL_MASK = (1 << 80) - 1;
    uint256 private constant TOTAL_MASK = (1 << LINE_TOTAL_AT) - 1;
    /// @dev Everything but the tag.
    uint256 private constant KEPT_MASK = (1 << TAG_AT) - 1;
    /// @dev Adds a cost to both totals.
    uint256 private constant BOTH_TOTALS = (1 << LINE_TOTAL_AT) | 1;
    uint256 private constant LINE_INDEX_AT = 160;
    uint256 private constant LINE_METER_AT = 128;

    IRegistry private immutable REGISTRY;
    IValidatorSet private immutable VALIDATORS;
    ITariff private immutable TARIFF;
    ICursors private immutable CURSORS;
    IBudgets private immutable BUDGETS;

    /// @dev When the last of the empty batches a sender sent is forgiven, in Unix seconds.
    mapping(address sender => uint256 timeS) private _forgivenAtS;

    /// @param authority_ The network's AccessManager.
    /// @param registry Where the rules are.
    /// @param validators Who attests and sends.
    /// @param tariff What validators value records by; not called, but found from here.
    /// @param cursors Where meters stand.
    /// @param budgets What is charged.
    constructor(
        address authority_,
        IRegistry registry,
        IValidatorSet validators,
        ITariff tariff,
        ICursors cursors,
        IBudgets budgets
    ) AccessManaged(authority_) EIP712("Tallystick", "1") {
        REGISTRY = registry;
        VALIDATORS = validators;
        TARIFF = tariff;
        CURSORS = cursors;
        BUDGETS = budgets;
    }

    /// @inheritdoc IUsageLedger
    function settle(bytes32[] calldata data, uint256 signerBitmap, bytes32[] calldata signatures)
        external
        override
        restricted
    {
        _checkCalldata(data.length, signatures.length);
        (BatchLayout.Header memory header, Step[] memory steps) = _parse(data);
        uint32 setVersion = VALIDATORS.versionAt(FactTime.nowMs());
        require(
            msg.sender.code.length == 0 && VALIDATORS.isSender(setVersion, msg.sender),
            SenderNotRegistered(msg.sender)
        );
        bytes32 dataHash = keccak256(abi.encodePacked(data));
        uint8 reason = _reasonToSkip(header, data[1], setVersion);
        if (reason != 0) {
            _skip(dataHash, reason);
            return;
        }
        Quorum.check(
            _digestOf(header.setVersion, header.rulesVersion, dataHash),
            VALIDATORS.attestersOf(setVersion),
            signerBitmap,
            signatures
        );
        _settle(data, steps, dataHash);
    }

    /// @inheritdoc IUsageLedger
    function configDigest() external view override returns (bytes32) {
        (uint32 setVersion, uint32 rulesVersion) = _versionsInForce();
        return _configDigestOf(setVersion, rulesVersion);
    }

    /// @inheritdoc IUsageLedger
    function attestationDigest(bytes32 dataHash) external view override returns (bytes32) {
        (uint32 setVersion, uint32 rulesVersion) = _versionsInForce();
        return _digestOf(setVersion, rulesVersion, dataHash);
    }

    /// @inheritdoc IUsageLedger
    function allowanceOf(address sender) external view override returns (uint256 batches) {
        uint256 owedS = Math.saturatingSub(_forgivenAtS[sender], block.timestamp);
        return ALLOWANCE_BATCHES - Math.ceilDiv(owedS, ALLOWANCE_REFILL_S);
    }

    /// @inheritdoc IUsageLedger
    function parts()
        external
        view
        override
        returns (
            address registry,
            address validators,
            address tariff,
            address cursors,
            address budgets
        )
    {
        return (
            address(REGISTRY),
            address(VALIDATORS),
            address(TARIFF),
            address(CURSORS),
            address(BUDGETS)
        );
    }

    // Internal: settling

    function _settle(bytes32[] calldata data, Step[] memory steps, bytes32 dataHash) private {
        (SegmentStatus[] memory statuses, uint64[] memory cursors) = CURSORS.advance(steps);
        // Memory begins as zero.
        // slither-disable-next-line uninitialized-local
        Progress memory progress;
        progress.projects = new uint256[](MAX_PROJECTS);
        progress.lines = new bytes32[](MAX_LINES);
        progress.run = RUN_SLOT.asUint256().tload() + 1;
        RUN_SLOT.asUint256().tstore(progress.run);

        uint256 place = BatchLayout.HEADER_WORDS;
        for (uint256 i = 0; i < steps.length; ++i) {
            Step memory step = steps[i];
            uint256 first = place + BatchLayout.SEGMENT_WORDS;
            place = first + step.count * RecordLayout.WORDS;
            if (statuses[i] == SegmentStatus.Settled) {
                if (step.meter != progress.groupMeter) {
                    progress.groupMeter = step.meter;
                    progress.groupTag = _tagOf(i, progress);
                }
                _record(data[first:place], i, progress);
            } else {
                emit SegmentSkipped(
                    step.meter, step.firstSeq, step.count, uint8(statuses[i]), cursors[i]
                );
            }
        }
        if (progress.settledBitmap == 0) _skip(dataHash, NOTHING_SETTLED);
        else _finish(progress, dataHash);
    }

    /// @dev A segment's records are announced and added to their projects' totals.
    function _record(bytes32[] calldata records, uint256 segment, Progress memory progress)
        private
    {
        // No segment is empty; but for a way out the compiler would make this a part of its caller, which keeps the loop's
        // variables in memory and costs 60 gas more a record.
        if (records.length == 0) return;
        uint256 tag = _tagOf(segment, progress);
        uint256 seen = 0;
        uint256 quarantined = 0;
        // Nothing overflows: at most 1,800 records of less than 2^55 each are counted, and added up in 80 bits. The length is
        // even, so a record's second word exists where its first does.
        unchecked {
            for (uint256 i = 0; i < records.length; i += RecordLayout.WORDS) {
                (bytes32 first, bytes32 second) = RecordLayout.load(records, i);
                uint256 costWord = RecordLayout.costWord(second);
                uint256 project = RecordLayout.project(first);
                _announce(project, RecordLayout.resource(first), RecordLayout.user(first), costWord);
                TransientSlot.Uint256Slot slot = bytes32(project).asUint256();
                uint256 word = slot.tload();
                if (word >> TAG_AT != tag) {
                    ++seen;
                    if (word >> TAG_AT < progress.groupTag) {
                        word = _enter(project, word, segment, progress);
                    }
                    word = (tag << TAG_AT) | (word & KEPT_MASK);
                }
                if (RecordLayout.isQuarantined(costWord)) ++quarantined;
                else word += RecordLayout.costUcr(costWord) * BOTH_TOTALS;
                slot.tstore(word);
            }
        }
        require(seen <= MAX_SEGMENT_PROJECTS, TooManyProjects(segment, MAX_SEGMENT_PROJECTS));
        progress.settledBitmap |= 1 << segment;
        progress.records += records.length / RecordLayout.WORDS;
        progress.quarantined += quarantined;
    }

    /// @dev Emits UsageRecorded. Written out, since `emit` costs 130 gas more a record (of some 2,500): the two plain
    /// arguments go through the scratch space, and the arguments are clean, being cut out of words by RecordLayout.
    function _announce(uint256 project, uint256 resource, uint256 user, uint256 costWord) private {
        bytes32 topic = UsageRecorded.selector;
        assembly ("memory-safe") {
            mstore(0, user)
            mstore(32, costWord)
            log3(0, 64, topic, project, resource)
        }
    }

    /// @dev Run and segment as they stand in a project's word. Segments count from 1.
    function _tagOf(uint256 segment, Progress memory progress) private pure returns (uint256) {
        return (progress.run << (RUN_AT - TAG_AT)) | (segment + 1);
    }

    /// @dev A project appears in the group for the first time, and maybe in the batch: it begins a line. Returns its word.
    function _enter(uint256 project, uint256 word, uint256 segment, Progress memory progress)
        private
        pure
        returns (uint256)
    {
        uint256 line = progress.lineCount;
        require(line < MAX_LINES, TooManyLines(segment, MAX_LINES));
        // The field has 8 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 index = uint8(word >> INDEX_AT);
        // Both counts stay below 256.
        unchecked {
            if (word >> RUN_AT == progress.run) {
                _fill(progress.lines, word);
            } else {
                word = 0;
                index = progress.projectCount;
                require(index < MAX_PROJECTS, TooManyProjects(segment, MAX_PROJECTS));
                progress.projects[index] = project;
                progress.projectCount = index + 1;
            }
            progress.lines[line] =
                bytes32((index << LINE_INDEX_AT) | (progress.groupMeter << LINE_METER_AT));
            progress.lineCount = line + 1;
        }
        return (index << INDEX_AT) | (line << LINE_AT) | (word & TOTAL_MASK);
    }

    /// @dev A project's last line has its total.
    function _fill(bytes32[] memory lines, uint256 word) private pure {
        // The field has 8 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 line = uint8(word >> LINE_AT);
        lines[line] = bytes32(uint256(lines[line]) | ((word >> LINE_TOTAL_AT) & LINE_TOTAL_MASK));
    }

    function _finish(Progress memory progress, bytes32 dataHash) private {
        (uint256[] memory costsUcr, uint256 costUcr) = _costs(progress);
        if (costUcr != 0) BUDGETS.charge(progress.projects, costsUcr, progress.lines);
        (uint64 number, bytes32 accumulator) = CURSORS.absorb(dataHash, progress.settledBitmap);
        emit BatchSettled(
            number,
            dataHash,
            msg.sender,
            progress.settledBitmap,
            uint32(progress.records),
            uint32(progress.quarantined),
            costUcr,
            accumulator
        );
    }

    /// @dev What each project's records cost, and all together. Projects whose records cost nothing leave the list, and their
    /// lines leave theirs.
    function _costs(Progress memory progress)
        private
        view
        returns (uint256[] memory costsUcr, uint256 sumUcr)
    {
        uint256[] memory projects = progress.projects;
        bytes32[] memory lines = progress.lines;
        uint256 count = progress.projectCount;
        costsUcr = new uint256[](count);
        uint256[] memory places = new uint256[](count);
        uint256 kept = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 project = projects[i];
            uint256 word = bytes32(project).asUint256().tload();
            uint256 costUcr = word & TOTAL_MASK;
            if (costUcr == 0) continue;
            _fill(lines, word);
            projects[kept] = project;
            costsUcr[kept] = costUcr;
            places[i] = kept;
            sumUcr += costUcr;
            ++kept;
        }
        Arrays.splice(projects, 0, kept);
        Arrays.splice(costsUcr, 0, kept);
        Arrays.splice(lines, 0, progress.lineCount);
        if (kept != count) _renumber(lines, places);
    }

    /// @dev Lines name the places where projects are now; those of no cost are dropped.
    function _renumber(bytes32[] memory lines, uint256[] memory places) private pure {
        uint256 kept = 0;
        for (uint256 i = 0; i < lines.length; ++i) {
            uint256 line = uint256(lines[i]);
            // The low fields of the line.
            // forge-lint: disable-next-line(unsafe-typecast)
            if (uint128(line) == 0) continue;
            uint256 place = places[line >> LINE_INDEX_AT];
            // forge-lint: disable-next-line(unsafe-typecast)
            lines[kept++] = bytes32((place << LINE_INDEX_AT) | uint160(line));
        }
        Arrays.splice(lines, 0, kept);
    }

    /// @dev The batch leaves no trace but this event, and a debt in its sender's allowance.
    function _skip(bytes32 dataHash, uint8 reason) private {
        uint256 capacityS = ALLOWANCE_BATCHES * ALLOWANCE_REFILL_S;
        uint256 forgivenAtS =
            Math.max(_forgivenAtS[msg.sender], block.timestamp) + ALLOWANCE_REFILL_S;
        require(
            forgivenAtS <= block.timestamp + capacityS,
            SenderAllowanceExhausted(msg.sender, forgivenAtS - capacityS)
        );
        _forgivenAtS[msg.sender] = forgivenAtS;
        emit BatchSkipped(dataHash, msg.sender, reason);
    }

    // Internal: checks

    /// @dev Reverts unless the arguments are encoded in the one canonical way, each array right behind what precedes it and
    /// nothing after the last: readers of settlement transactions find records by it.
    function _checkCalldata(uint256 words, uint256 signatureWords) private pure {
        bool isCanonical = msg.data.length == 4 + 32 * (5 + words + signatureWords)
            && uint256(bytes32(msg.data[4:36])) == 0x60
            && uint256(bytes32(msg.data[68:100])) == 0x80 + 32 * words;
        require(isCanonical, MalformedBatch(0, 0));
    }

    /// @dev Reverts unless the data is laid out exactly as a batch. Costs are not looked at.
    function _parse(bytes32[] calldata data)
        private
        pure
        returns (BatchLayout.Header memory header, Step[] memory steps)
    {
        require(
            data.length > BatchLayout.HEADER_WORDS && BatchLayout.isFormatKnown(data[0]),
            MalformedBatch(0, data.length == 0 ? bytes32(0) : data[0])
        );
        header = BatchLayout.header(data[0]);
        bool isTimeValid = header.validUntilMs >= header.batchTimeMs
            && header.validUntilMs - header.batchTimeMs <= BatchLayout.MAX_VALIDITY_MS;
        require(isTimeValid && header.segments != 0, MalformedBatch(0, data[0]));
        require(
            header.segments <= BatchLayout.MAX_SEGMENTS
                && header.records <= BatchLayout.MAX_RECORDS,
            BatchTooLarge(header.segments, header.records)
        );
        steps = new Step[](header.segments);
        uint256 place = BatchLayout.HEADER_WORDS;
        uint256 records = 0;
        for (uint256 i = 0; i < steps.length; ++i) {
            require(place < data.length, MalformedBatch(place, 0));
            steps[i] = _parseHead(data[place], place);
            records += steps[i].count;
            place += BatchLayout.SEGMENT_WORDS + steps[i].count * RecordLayout.WORDS;
        }
        require(place == data.length, MalformedBatch(place, 0));
        require(records == header.records, MalformedBatch(0, data[0]));
    }

    function _parseHead(bytes32 head, uint256 place) private pure returns (Step memory step) {
        step = Step({
            meter: BatchLayout.meter(head),
            keyIndex: BatchLayout.keyIndex(head),
            firstSeq: BatchLayout.firstSeq(head),
            count: BatchLayout.count(head)
        });
        bool isWellFormed = BatchLayout.isPaddingZero(head) && step.count != 0
            && uint256(step.firstSeq) + step.count < MAX_SEQ;
        require(isWellFormed, MalformedBatch(place, head));
        require(step.count <= BatchLayout.MAX_SEGMENT_RECORDS, BatchTooLarge(1, step.count));
    }

    /// @dev Why a batch comes too late, or was made for another chain; 0 = it does not.
    function _reasonToSkip(
        BatchLayout.Header memory header,
        bytes32 referenceHash,
        uint32 setVersion
    ) private view returns (uint8) {
        uint64 nowMs = FactTime.nowMs();
        if (nowMs > header.validUntilMs) return EXPIRED;
        if (header.setVersion != setVersion) return OLD_VALIDATOR_SET;
        if (header.rulesVersion != REGISTRY.rulesVersionAt(nowMs)) return OLD_RULES;
        // A reference block that is not there yet belongs to another fork, too.
        bool isTooOldToTell = uint256(header.referenceBlock) + BLOCKHASHES < block.number;
        bytes32 hash = blockhash(header.referenceBlock);
        if (!isTooOldToTell && (hash == 0 || hash != referenceHash)) return WRONG_FORK;
        return 0;
    }

    // Internal: digests

    function _versionsInForce() private view returns (uint32 setVersion, uint32 rulesVersion) {
        uint64 nowMs = FactTime.nowMs();
        return (VALIDATORS.versionAt(nowMs), REGISTRY.rulesVersionAt(nowMs));
    }

    function _configDigestOf(uint32 setVersion, uint32 rulesVersion)
        private
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(block.chainid, address(this), setVersion, rulesVersion));
    }

    function _digestOf(uint32 setVersion, uint32 rulesVersion, bytes32 dataHash)
        private
        view
        returns (bytes32)
    {
        bytes32 config = _configDigestOf(setVersion, rulesVersion);
        return _hashTypedDataV4(keccak256(abi.encode(BATCH_TYPEHASH, config, dataHash)));
    }
}
