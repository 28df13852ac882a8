// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Corrections} from "../../contracts/Corrections.sol";
import {MeterFreezes} from "../../contracts/MeterFreezes.sol";
import {UsageLedger} from "../../contracts/UsageLedger.sol";
import {ValidatorSet} from "../../contracts/ValidatorSet.sol";
import {Credit, Release} from "../../contracts/interfaces/ICorrections.sol";
import {Rates, ResolvedRates} from "../../contracts/interfaces/ITariff.sol";
import {Validator} from "../../contracts/interfaces/IValidatorSet.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {Valuation} from "../../contracts/libraries/Valuation.sol";
import {LedgerFixture} from "./support/LedgerFixture.sol";
import {MoreVm} from "./support/MoreVm.sol";
import {Log} from "./support/Vm.sol";

/// @title The same bytes and numbers as the Python side, from tests/vectors
contract VectorsTest is LedgerFixture {
    uint256 private constant RATES = 12;
    uint256 private constant RESOLVED = 10;
    uint256 private constant QUANTITIES = 8;

    function setUp() external {
        deployNetwork(4);
    }

    // Valuation

    function test_valuation_followsTheVectors() external view {
        string memory json = VM.readFile("tests/vectors/valuation.json");
        uint256[][] memory rates = _tableOf(json, ".cases[*].rates");
        uint256[][] memory resolved = _tableOf(json, ".cases[*].resolved");
        uint256[][] memory quantities = _tableOf(json, ".cases[*].quantities");
        uint256[] memory indices = _columnOf(json, ".cases[*].index_ppm");
        uint256[] memory flags = _columnOf(json, ".cases[*].flags");
        uint256[] memory costsUcr = _columnOf(json, ".cases[*].cost_ucr");
        assertTrue(costsUcr.length > 100, "few cases");
        for (uint256 i = 0; i < costsUcr.length; ++i) {
            ResolvedRates memory found = Valuation.resolve(_ratesOf(rates[i]), indices[i]);
            assertEq(keccak256(abi.encode(found)), keccak256(abi.encodePacked(resolved[i])));
            assertEq(resolved[i].length, RESOLVED);
            assertTrue(Valuation.isInBound(found), "out of bound");
            uint32[8] memory used = _quantitiesOf(quantities[i]);
            assertEq(Valuation.value(found, uint16(flags[i]), used), costsUcr[i]);
        }
    }

    // Settlement

    function test_settlement_followsTheVectors() external {
        string memory json = VM.readFile("tests/vectors/settlement.json");
        bytes32[] memory data = _wordsOf(VM.parseJsonBytes(json, ".data"));
        bytes32[] memory signatures = _signaturesIn(json);
        _deployAsIn(json);
        VM.warp(uint48(uint256(data[0]) >> 48) / 1000);
        VM.roll(uint64(uint256(data[0]) >> 96) + 1);
        VM.setBlockhash(block.number - 1, data[1]);

        bytes32 dataHash = hashOf(data);
        assertEq(dataHash, VM.parseJsonBytes32(json, ".data_hash"));
        assertEq(ledger.configDigest(), VM.parseJsonBytes32(json, ".config_digest"));
        bytes32 digest = ledger.attestationDigest(dataHash);
        assertEq(digest, VM.parseJsonBytes32(json, ".attestation_digest"));

        VM.recordLogs();
        VM.prank(senderOf(0));
        ledger.settle(data, (1 << (signatures.length / 2)) - 1, signatures);
        Log memory log = theOne(ledgerLogs(), BATCH_SETTLED);
        (uint256 settledBitmap,,,, bytes32 accumulator) =
            abi.decode(log.data, (uint256, uint256, uint256, uint256, bytes32));
        assertEq(settledBitmap, VM.parseJsonUint(json, ".settled_bitmap"));
        assertEq(accumulator, VM.parseJsonBytes32(json, ".accumulator"));

        VM.prank(address(ledger));
        (, accumulator) = cursors.absorb(dataHash, 1);
        assertEq(accumulator, VM.parseJsonBytes32(json, ".next_accumulator"));
    }

    /// @dev A settled segment, its cost words zeroed, is the frame its meter signed: header, records, signature.
    function test_settlement_holdsTheFramesOfTheVectors() external view {
        string memory json = VM.readFile("tests/vectors/settlement.json");
        bytes32 networkId = VM.parseJsonBytes32(json, ".network_id");
        bytes32[] memory data = _wordsOf(VM.parseJsonBytes(json, ".data"));
        bytes[] memory frames = VM.parseJsonBytesArray(json, ".frames");
        uint256 place = 2;
        for (uint256 i = 0; i < frames.length; ++i) {
            bytes32 head = data[place];
            uint256 count = uint16(uint256(head) >> 120);
            // version u8, then network id, then meter u32 | key index u16 | first u64 | count u16.
            bytes memory unsigned = bytes.concat(bytes1(head), networkId, bytes16(head << 8));
            for (uint256 j = 0; j < count; ++j) {
                bytes32 second = data[place + 4 + 2 * j];
                unsigned =
                    bytes.concat(unsigned, data[place + 3 + 2 * j], bytes24(second), bytes8(0));
            }
            bytes memory frame = bytes.concat(unsigned, data[place + 1], data[place + 2]);
            assertEq(keccak256(frame), keccak256(frames[i]));
            bytes32 digest = sha256(bytes.concat("tallystick/frame/v1", unsigned));
            string memory key = string.concat(".frame_digests[", VM.toString(i), "]");
            assertEq(digest, VM.parseJsonBytes32(json, key));
            place += 3 + 2 * count;
        }
        assertEq(place, data.length);
    }

    // Below

    /// @dev The vectors' ledger: at their address, on their chain, with their attesters and a second meter.
    // Corrections and freezes

    function test_corrections_followTheVectors() external {
        string memory json = VM.readFile("tests/vectors/corrections.json");
        VM.chainId(VM.parseJsonUint(json, ".chain_id"));
        Corrections corrections = Corrections(VM.parseJsonAddress(json, ".corrections"));
        _moveTo(
            address(corrections),
            deploy("Corrections", abi.encode(address(manager), registry, validators, budgets))
        );
        bytes32 recordHash = keccak256(VM.parseJsonBytes(json, ".record"));
        Release memory release = abi.decode(VM.parseJsonBytes(json, ".release"), (Release));
        Credit memory credit = abi.decode(VM.parseJsonBytes(json, ".credit"), (Credit));
        assertEq(release.recordHash, recordHash);
        assertEq(credit.recordHash, recordHash);
        assertEq(corrections.releaseDigest(release), VM.parseJsonBytes32(json, ".release_digest"));
        assertEq(corrections.creditDigest(credit), VM.parseJsonBytes32(json, ".credit_digest"));
    }

    function test_freezes_followTheVectors() external {
        string memory json = VM.readFile("tests/vectors/corrections.json");
        VM.chainId(VM.parseJsonUint(json, ".chain_id"));
        MeterFreezes freezes = MeterFreezes(VM.parseJsonAddress(json, ".meter_freezes"));
        _moveTo(
            address(freezes),
            deploy("MeterFreezes", abi.encode(address(manager), registry, validators))
        );
        bytes[] memory frames = VM.parseJsonBytesArray(json, ".frames");
        // The second is of fewer records, so that its bytes are the smaller ones.
        bytes32 proofHash = keccak256(bytes.concat(frames[1], frames[0]));
        assertEq(proofHash, VM.parseJsonBytes32(json, ".proof_hash"));
        assertEq(freezes.freezeDigest(3, proofHash), VM.parseJsonBytes32(json, ".freeze_digest"));
    }

    /// @dev A digest depends on where its contract lies.
    function _moveTo(address place, address deployed) private {
        VM.etch(place, deployed.code);
    }

    function _deployAsIn(string memory json) private {
        VM.prank(CONTROLLER);
        registry.registerMeter(acme, "second", bytes32("key"), address(0), bounds());
        address[] memory attesters = VM.parseJsonAddressArray(json, ".attesters");
        Validator[] memory members = membersOf(attesters.length);
        for (uint256 i = 0; i < attesters.length; ++i) {
            members[i].attester = attesters[i];
        }
        validators =
            ValidatorSet(deploy("ValidatorSet", abi.encode(address(manager), 4, SET_LEAD_S)));
        validators.setValidators(members);
        assertEq(validators.versionCount(), VM.parseJsonUint(json, ".set_version"));
        assertEq(registry.rulesCount(), VM.parseJsonUint(json, ".rules_version"));

        VM.chainId(VM.parseJsonUint(json, ".chain_id"));
        ledger = UsageLedger(VM.parseJsonAddress(json, ".ledger"));
        bytes memory arguments = abi.encode(manager, registry, validators, tariff, cursors, budgets);
        // The constructor runs at the address itself, and its answer is the code to be there.
        string memory artifact = VM.readFile("client/tallystick/chain/artifacts/UsageLedger.json");
        bytes memory creation = VM.parseJsonBytes(artifact, ".bytecode");
        VM.etch(address(ledger), bytes.concat(creation, arguments));
        (, bytes memory code) = address(ledger).call("");
        VM.etch(address(ledger), code);

        manager.grantRole(Roles.LEDGER, address(ledger), 0);
        manager.grantRole(Roles.CHARGER, address(ledger), 0);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = ledger.settle.selector;
        manager.setTargetFunctionRole(address(ledger), selectors, PUBLIC_ROLE);
    }

    function _signaturesIn(string memory json) private pure returns (bytes32[] memory) {
        bytes[] memory attestations = VM.parseJsonBytesArray(json, ".attestations");
        bytes memory all;
        for (uint256 i = 0; i < attestations.length; ++i) {
            all = bytes.concat(all, attestations[i]);
        }
        return _wordsOf(all);
    }

    function _wordsOf(bytes memory content) private pure returns (bytes32[] memory words) {
        assertEq(content.length % 32, 0);
        words = new bytes32[](content.length / 32);
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word = 0;
            for (uint256 j = 0; j < 32; ++j) {
                word = (word << 8) | uint8(content[32 * i + j]);
            }
            words[i] = bytes32(word);
        }
    }

    function _columnOf(string memory json, string memory key)
        private
        pure
        returns (uint256[] memory)
    {
        return abi.decode(MoreVm(address(VM)).parseJson(json, key), (uint256[]));
    }

    function _tableOf(string memory json, string memory key)
        private
        pure
        returns (uint256[][] memory)
    {
        return abi.decode(MoreVm(address(VM)).parseJson(json, key), (uint256[][]));
    }

    function _ratesOf(uint256[] memory values) private pure returns (Rates memory) {
        assertEq(values.length, RATES);
        return abi.decode(abi.encodePacked(values), (Rates));
    }

    function _quantitiesOf(uint256[] memory values) private pure returns (uint32[8] memory) {
        assertEq(values.length, QUANTITIES);
        return abi.decode(abi.encodePacked(values), (uint32[8]));
    }
}
