// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../../contracts/interfaces/ITariff.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";
import {Log} from "./support/Vm.sol";

/// @title The events of docs/protocol.md section 5, name, types and indexed fields to the letter
/// @dev Verdicts are recomputed from these alone, so every follower breaks with them.
contract FactEventsTest is NetworkFixture {
    string private constant BOUNDS = "(uint32,uint32,uint32,uint32,uint64)";
    string private constant RATES =
        "(uint32,uint32,uint32,uint32,uint32,uint32,uint32,uint32,uint32,uint32,uint64,uint32)";
    string private constant VALIDATORS = "(address,address,bytes32,string,string)[]";

    function setUp() external {
        deployNetwork(4);
        VM.recordLogs();
    }

    function test_accountSet_isTheProtocols() external {
        registry.createAccount(0, "new", CONTROLLER);
        _checkEvent(address(registry), "AccountSet(uint32,uint32,string,address,bool,uint64)", 2);
    }

    function test_meterSetAndKeySet_areTheProtocols() external {
        VM.prank(CONTROLLER);
        registry.registerMeter(acme, "m", keccak256("key"), address(0), bounds());
        Log[] memory logs = VM.getRecordedLogs();
        string memory signature =
            string.concat("MeterSet(uint32,uint32,string,address,", BOUNDS, ",bool,uint64)");
        _checkEvent(logs, address(registry), signature, 2);
        _checkEvent(logs, address(registry), "MeterKeySet(uint32,uint16,bytes32,uint64)", 2);
    }

    function test_meterFrozenSet_isTheProtocols() external {
        registry.setMeterFrozen(meter, true);
        _checkEvent(address(registry), "MeterFrozenSet(uint32,bool,uint64)", 1);
    }

    function test_resourceSet_isTheProtocols() external {
        registry.registerResource("x", 1, 1, bytes32(0), bounds(), 0);
        string memory signature = string.concat(
            "ResourceSet(uint16,string,uint8,uint8,bytes32,", BOUNDS, ",bool,uint64)"
        );
        _checkEvent(address(registry), signature, 1);
    }

    function test_experimentSet_isTheProtocols() external {
        VM.prank(REGISTRAR);
        registry.setExperiment(project, true, 0);
        _checkEvent(address(registry), "ExperimentSet(uint32,bool,uint64)", 1);
    }

    function test_rulesSet_isTheProtocols() external {
        registry.setRules(2, 0xFF, WINDOW_MS, AHEAD_MS, 0);
        _checkEvent(address(registry), "RulesSet(uint32,uint256,uint16,uint64,uint64,uint64)", 1);
    }

    function test_validatorSetChanged_isTheProtocols() external {
        validators.setValidators(membersOf(4));
        string memory signature =
            string.concat("ValidatorSetChanged(uint32,uint64,", VALIDATORS, ")");
        _checkEvent(address(validators), signature, 1);
    }

    function test_ratesSet_isTheProtocols() external {
        uint16[] memory ids = new uint16[](1);
        ids[0] = resource;
        Rates[] memory rates = new Rates[](1);
        tariff.setRates(ids, rates, 0);
        string memory signature = string.concat("RatesSet(uint32,uint16,", RATES, ",uint64)");
        _checkEvent(address(tariff), signature, 2);
    }

    function test_indexSet_isTheProtocols() external {
        tariff.setIndex("h100", 1_000_000, 0);
        _checkEvent(address(tariff), "IndexSet(bytes32,uint32,uint64,uint64)", 2);
    }

    function _checkEvent(address emitter, string memory signature, uint256 indexedFields) private {
        _checkEvent(VM.getRecordedLogs(), emitter, signature, indexedFields);
    }

    function _checkEvent(
        Log[] memory logs,
        address emitter,
        string memory signature,
        uint256 indexedFields
    ) private pure {
        Log memory log = theOne(logs, keccak256(bytes(signature)));
        assertEq(log.emitter, emitter);
        assertEq(log.topics.length, 1 + indexedFields);
    }
}
