// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UsageLedger} from "../../contracts/UsageLedger.sol";
import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {Batches, Head} from "./support/Batches.sol";
import {LedgerFixture} from "./support/LedgerFixture.sol";

/// @title Batches that come too late or from elsewhere, and who has to sign the others
contract UsageLedgerAttestationTest is LedgerFixture {
    /// @dev The order of secp256k1's group.
    uint256 private constant ORDER =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 private constant PARITY_BIT = 1 << 255;

    function setUp() external {
        deployNetwork(4);
    }

    // Skipped whole

    function test_settle_skips_whenExpired() external {
        Head memory head = currentHead();
        bytes32[] memory data = _batchOf(head);
        VM.warp(block.timestamp + 600);
        VM.roll(block.number + 1);
        send(data);
        assertCursor(meter, 1);
        data = sample();
        VM.warp(block.timestamp + 601);
        _expectSkipped(data, 1);
    }

    /// @dev THREATS T2: a replay under another set.
    function test_settle_skips_whenSetIsAnother() external {
        Head memory head = currentHead();
        head.setVersion = 2;
        _expectSkipped(_batchOf(head), 2);
        head.setVersion = 0;
        _expectSkipped(_batchOf(head), 2);
        bytes32[] memory data = sample();
        validators.setValidators(membersOf(4));
        VM.warp(block.timestamp + SET_LEAD_S);
        _expectSkipped(data, 2);
    }

    function test_settle_skips_whenRulesAreOthers() external {
        Head memory head = currentHead();
        head.rulesVersion = 0;
        _expectSkipped(_batchOf(head), 3);
        registry.setRules(2, 1, WINDOW_MS, AHEAD_MS, 0);
        head.rulesVersion = 2;
        _expectSkipped(_batchOf(head), 3);
        VM.warp(block.timestamp + RULES_LEAD_S);
        head = currentHead();
        head.rulesVersion = 1;
        _expectSkipped(_batchOf(head), 3);
        send(sample());
    }

    function test_settle_skips_whenReferenceBlockHasAnotherHash() external {
        for (uint64 back = 1; back <= 256; back += 51) {
            Head memory head = currentHead();
            head.referenceBlock = uint64(block.number) - back;
            head.referenceHash = keccak256("another fork's");
            _expectSkipped(_batchOf(head), 4);
            head.referenceHash = blockhash(block.number - back);
            assertTrue(head.referenceHash != 0, "no hash");
            send(_batchOf(head));
        }
    }

    /// @dev THREATS T4: blocks without a hash read as zero.
    function test_settle_skips_whenReferenceBlockIsYetToCome() external {
        Head memory head = currentHead();
        for (uint64 ahead = 0; ahead < 2; ++ahead) {
            head.referenceBlock = uint64(block.number) + ahead;
            head.referenceHash = 0;
            _expectSkipped(_batchOf(head), 4);
        }
        head.referenceBlock = type(uint64).max;
        _expectSkipped(_batchOf(head), 4);
    }

    function test_settle_settles_whenReferenceBlockIsTooOldToTell() external {
        Head memory head = currentHead();
        head.referenceBlock = uint64(block.number) - 257;
        head.referenceHash = keccak256("unknown by now");
        send(_batchOf(head));
        assertCursor(meter, 1);
    }

    function test_settle_namesTheFirstReason_whenSeveralApply() external {
        Head memory head = currentHead();
        head.referenceHash = 0;
        head.rulesVersion = 9;
        _expectSkipped(_batchOf(head), 3);
        head.setVersion = 9;
        _expectSkipped(_batchOf(head), 2);
        (head.batchTimeMs, head.validUntilMs) = (1, 2);
        _expectSkipped(_batchOf(head), 1);
    }

    /// @dev What is not settled needs no signature: validators do not sign what comes too late.
    function test_settle_skips_whenNobodySigned() external {
        Head memory head = currentHead();
        head.setVersion = 9;
        bytes32[] memory data = _batchOf(head);
        VM.recordLogs();
        VM.prank(senderOf(0));
        ledger.settle(data, 0, new bytes32[](0));
        assertSkipped(data, 2);
    }

    // The quorum

    /// @dev THREATS T3. Every choice of signers, with their true signatures.
    function test_settle_revertsWhen_signersAreTooFew() external {
        bytes32[] memory data = sample();
        for (uint256 bitmap = 0; bitmap < 16; ++bitmap) {
            uint256 signers = _countBits(bitmap);
            if (signers >= 3) continue;
            bytes memory reason =
                abi.encodeWithSelector(Quorum.QuorumNotReached.selector, signers, 3);
            expectRefusedFrom(senderOf(0), data, bitmap, attest(data, bitmap), reason);
        }
    }

    function test_settle_settles_whenAnyQuorumSigned() external {
        for (uint256 bitmap = 0; bitmap < 16; ++bitmap) {
            if (_countBits(bitmap) < 3) continue;
            bytes32[] memory data = sample();
            bytes32[] memory signatures = attest(data, bitmap);
            VM.prank(senderOf(0));
            ledger.settle(data, bitmap, signatures);
        }
        assertCursor(meter, 10);
    }

    /// @dev THREATS T1: what counts is the signer, whose bit there is only one of.
    function test_settle_revertsWhen_signersRepeat() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        (signatures[4], signatures[5]) = (signatures[2], signatures[3]);
        _expectInvalid(data, QUORUM, signatures, 2);
    }

    function test_settle_revertsWhen_signaturesAreOutOfOrder() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        (signatures[0], signatures[2]) = (signatures[2], signatures[0]);
        (signatures[1], signatures[3]) = (signatures[3], signatures[1]);
        _expectInvalid(data, QUORUM, signatures, 0);
    }

    function test_fuzz_settle_revertsWhen_bitIsNobodys(uint8 bit) external {
        VM.assume(bit > 3);
        bytes32[] memory data = sample();
        _expectInvalid(data, QUORUM | (1 << bit), attest(data, QUORUM), 4);
    }

    function test_settle_revertsWhen_signatureIsMissing() external {
        bytes32[] memory data = sample();
        _expectInvalid(data, 15, attest(data, QUORUM), 3);
        bytes32[] memory signatures = attest(data, QUORUM);
        bytes32[] memory cut = new bytes32[](5);
        for (uint256 i = 0; i < 5; ++i) {
            cut[i] = signatures[i];
        }
        _expectInvalid(data, QUORUM, cut, 2);
    }

    function test_settle_revertsWhen_signatureIsSuperfluous() external {
        bytes32[] memory data = sample();
        _expectInvalid(data, QUORUM, attest(data, 15), 3);
        bytes32[] memory signatures = new bytes32[](7);
        bytes32[] memory whole = attest(data, QUORUM);
        for (uint256 i = 0; i < 6; ++i) {
            signatures[i] = whole[i];
        }
        _expectInvalid(data, QUORUM, signatures, 3);
    }

    /// @dev THREATS T3: a failed recovery yields the zero address, which is nobody.
    function test_settle_revertsWhen_recoveryFails() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        for (uint256 i = 0; i < 3; ++i) {
            bytes32[] memory broken = attest(data, QUORUM);
            (broken[2 * i], broken[2 * i + 1]) = (0, 0);
            _expectInvalid(data, QUORUM, broken, i);
        }
        signatures[0] = bytes32(ORDER);
        _expectInvalid(data, QUORUM, signatures, 0);
    }

    /// @dev THREATS T1: (r, n - s) with the other parity recovers to the same signer where high s is let through.
    function test_settle_revertsWhen_sIsHigh() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        uint256 word = uint256(signatures[1]);
        uint256 s = word & ~PARITY_BIT;
        signatures[1] = bytes32((ORDER - s) | (~word & PARITY_BIT));
        _expectInvalid(data, QUORUM, signatures, 0);
        signatures[1] = bytes32((ORDER - s) & ~PARITY_BIT);
        _expectInvalid(data, QUORUM, signatures, 0);
    }

    function test_fuzz_settle_revertsWhen_signatureIsChanged(uint8 word, uint8 bit) external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        uint256 place = word % 6;
        signatures[place] = bytes32(uint256(signatures[place]) ^ (1 << bit));
        _expectInvalid(data, QUORUM, signatures, place / 2);
    }

    /// @dev Whatever the quorum saw is what settles, to the bit. The header is left alone: its checks come first.
    function test_fuzz_settle_revertsWhen_dataIsChanged(uint8 word, uint8 bit) external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        uint256 place = 3 + word % 6;
        data[place] = bytes32(uint256(data[place]) ^ (1 << bit));
        _expectInvalid(data, QUORUM, signatures, 0);
    }

    // The digest

    function test_digests_followTheProtocol() external view {
        bytes32 dataHash = keccak256("any data");
        bytes32 digest = digestOf(block.chainid, address(ledger), 1, 1, dataHash);
        assertEq(ledger.attestationDigest(dataHash), digest);
        bytes32 config = keccak256(abi.encode(block.chainid, address(ledger), 1, 1));
        assertEq(ledger.configDigest(), config);
    }

    function test_digests_followSetAndRulesInForce() external {
        validators.setValidators(membersOf(4));
        registry.setRules(2, 1, WINDOW_MS, AHEAD_MS, 0);
        assertEq(ledger.configDigest(), keccak256(abi.encode(block.chainid, ledger, 1, 1)));
        VM.warp(block.timestamp + SET_LEAD_S);
        assertEq(ledger.configDigest(), keccak256(abi.encode(block.chainid, ledger, 2, 1)));
        VM.warp(block.timestamp + RULES_LEAD_S);
        assertEq(ledger.configDigest(), keccak256(abi.encode(block.chainid, ledger, 2, 2)));
    }

    /// @dev THREATS T2: an attestation is for one chain, ledger, set, and rules.
    function test_settle_revertsWhen_attestationIsForAnother() external {
        bytes32[] memory data = sample();
        bytes32 dataHash = hashOf(data);
        address self = address(ledger);
        _expectWrongDigest(data, digestOf(block.chainid + 1, self, 1, 1, dataHash));
        _expectWrongDigest(data, digestOf(block.chainid, address(this), 1, 1, dataHash));
        _expectWrongDigest(data, digestOf(block.chainid, self, 2, 1, dataHash));
        _expectWrongDigest(data, digestOf(block.chainid, self, 1, 2, dataHash));
        _expectWrongDigest(data, digestOf(block.chainid, self, 1, 1, keccak256("other data")));
        _expectWrongDigest(data, dataHash);
    }

    /// @dev THREATS T2: the chain splits, and a batch of one branch is sent on the other.
    function test_settle_revertsWhen_chainIdChanged() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        VM.chainId(block.chainid + 1);
        _expectInvalid(data, QUORUM, signatures, 0);
        send(data);
    }

    /// @dev THREATS T2: a batch of a replaced ledger is sent to the new one.
    function test_settle_revertsWhen_attestedForAnotherLedger() external {
        bytes32[] memory data = sample();
        bytes32[] memory signatures = attest(data, QUORUM);
        ledger = UsageLedger(
            deploy(
                "UsageLedger",
                abi.encode(address(manager), registry, validators, tariff, cursors, budgets)
            )
        );
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = ledger.settle.selector;
        manager.setTargetFunctionRole(address(ledger), selectors, PUBLIC_ROLE);
        _expectInvalid(data, QUORUM, signatures, 0);
    }

    // Below

    function _batchOf(Head memory head) private view returns (bytes32[] memory) {
        uint64 nextSeq = cursors.cursorOf(meter).nextSeq;
        return Batches.encode(
            head, one(Batches.segment(meter, nextSeq, Batches.records(1, project, 1000)))
        );
    }

    /// @dev The batch is skipped, and nothing but its sender's allowance changes.
    function _expectSkipped(bytes32[] memory data, uint8 reason) private {
        uint64 nextSeq = cursors.cursorOf(meter).nextSeq;
        bytes32 accumulator = cursors.accumulator();
        uint256 allowance = ledger.allowanceOf(senderOf(0));
        VM.recordLogs();
        send(data);
        assertSkipped(data, reason);
        assertCursor(meter, nextSeq);
        assertEq(cursors.accumulator(), accumulator);
        assertEq(ledger.allowanceOf(senderOf(0)), allowance - 1);
    }

    function _expectInvalid(
        bytes32[] memory data,
        uint256 bitmap,
        bytes32[] memory signatures,
        uint256 index
    ) private {
        bytes memory reason = abi.encodeWithSelector(Quorum.SignatureInvalid.selector, index);
        expectRefusedFrom(senderOf(0), data, bitmap, signatures, reason);
    }

    function _expectWrongDigest(bytes32[] memory data, bytes32 digest) private {
        _expectInvalid(data, QUORUM, signaturesOf(digest, QUORUM), 0);
    }

    function _countBits(uint256 bitmap) private pure returns (uint256 count) {
        for (; bitmap != 0; bitmap >>= 1) {
            count += bitmap & 1;
        }
    }
}
