// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {BudgetTerms, IBudgets} from "../../contracts/interfaces/IBudgets.sol";
import {CreditIds} from "../../contracts/libraries/CreditIds.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {Batches, Segment} from "./support/Batches.sol";
import {LeaseFixture} from "./support/LeaseFixture.sol";
import {Log} from "./support/Vm.sol";

/// @title What settling costs, every slot cold, as a transaction pays for it
contract GasTest is LeaseFixture {
    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 private constant NONZERO_BYTE_GAS = 16;
    uint256 private constant ZERO_BYTE_GAS = 4;
    uint256 private constant WORST_CASE_LIMIT = 16_700_000;
    uint256 private constant MAX_TRANSACTION_BYTES = 120_000;
    uint256 private constant PER_RECORD_LIMIT = 4000;
    uint256 private constant LEASE_LIMIT = 160_000;
    uint64 private constant LEASE_UCR = 1000;

    function test_gas_staysBelowLimit_perRecord() external {
        VM.pauseGasMetering();
        deployNetwork(4);
        uint32[] memory projects = new uint32[](50);
        for (uint256 i = 0; i < 50; ++i) {
            if (i % 10 == 0) team = account(acme, string.concat("t", VM.toString(i)));
            projects[i] = account(team, string.concat("p", VM.toString(i)));
            grant(projects[i], 1e12);
            _limit(projects[i], 1e12, Periods.Kind.Month, 0);
            if (i % 10 == 0) _limit(team, 1e13, Periods.Kind.Month, 0);
        }
        _limit(acme, 1e14, Periods.Kind.Month, 0);
        uint32[] memory meters = _meters(4, acme);
        grant(project, 1e9);
        settle(one(Batches.segment(meter, 0, Batches.records(1, project, 1000))));
        Segment[] memory segments = new Segment[](8);
        for (uint256 s = 0; s < 8; ++s) {
            bytes32[] memory words = new bytes32[](450);
            for (uint256 i = 0; i < 225; ++i) {
                // 50 projects in a frame, in no order; mean cost as in the demo's traces.
                uint32 billed = projects[(i * 37 + s) % 50];
                (words[2 * i], words[2 * i + 1]) =
                    Batches.record(billed, uint64(0x9E3779B97F4A7C15 * (i + 1)), 3, 350_000);
                words[2 * i] |= bytes32(uint256(0x000005DC));
                words[2 * i + 1] |= bytes32(uint256(0x0104) << 192);
            }
            segments[s] = Batches.segment(meters[s / 2], uint64(s % 2 * 225), words);
        }
        uint256 gas = _gasOf(segments, 7);
        VM.snapshotValue(
            "settle", "gas per record: 1800 records, 8 segments, 50 projects", gas / 1800
        );
        assertBelow(gas / 1800, PER_RECORD_LIMIT);
    }

    /// @dev 40 segments of 40 meters, 240 lines, each of which draws on a lease.
    function test_gas_staysBelowLimit_atAllMaxima() external {
        (uint32[] memory projects, uint32[] memory meters) = _deployMaxima();
        for (uint256 s = 0; s < 40; ++s) {
            for (uint256 j = 0; j < 6; ++j) {
                leaseOf(projects[s % 20 * 6 + j], meters[s], LEASE_UCR);
            }
        }
        Segment[] memory segments = new Segment[](40);
        for (uint256 s = 0; s < 40; ++s) {
            segments[s] = _fullSegment(projects, s, meters[s], 0);
        }
        uint256 gas = _gasAtMaxima(segments, 240);
        VM.snapshotValue("settle", "gas at all maxima, every slot cold", gas);
        assertBelow(gas, WORST_CASE_LIMIT);
    }

    /// @dev Depth 4 with a limit and a rate on every level, and another lease of the same project and meter before.
    function test_gas_staysBelowLimit_ofALease() external {
        VM.pauseGasMetering();
        deployLeases();
        uint32 deep = account(project, "deep");
        grant(deep, 1e12);
        VM.prank(REGISTRAR);
        budgets.grant(deep, planOf(deep), 1e12, 0);
        uint32[4] memory path = [acme, team, project, deep];
        for (uint256 i = 0; i < 4; ++i) {
            setTerms(
                path[i], BudgetTerms(true, 1e12, Periods.Kind.Month, 0, 800_000, 100_000, 1e12, 60)
            );
        }
        leaseOf(deep, gateway, 1e6);
        VM.warp(START_S + 40 days);
        uint64 untilS = uint64(block.timestamp) + TTL_S;
        bytes memory callData = abi.encodeCall(
            leases.openLease,
            (deep, gateway, 1e6, untilS, 2, signLease(KEY, deep, gateway, 1e6, untilS, 2))
        );
        coolAll();
        VM.resumeGasMetering();
        (bool isDone, uint256 used) = _call(address(leases), callData);
        VM.pauseGasMetering();
        assertTrue(isDone, "openLease");
        uint256 gas = TRANSACTION_GAS + used + _calldataGas(callData);
        VM.snapshotValue(
            "lease", "openLease, four levels with limits and rates, every slot cold", gas
        );
        assertBelow(gas, LEASE_LIMIT);
    }

    function _deployMaxima() private returns (uint32[] memory projects, uint32[] memory meters) {
        VM.pauseGasMetering();
        deployNetwork(32);
        manager.grantRole(Roles.ISSUER, address(this), 0);
        manager.grantRole(Roles.ESCROW, address(this), 0);
        manager.grantRole(Roles.EXPERIMENTS, address(this), 0);
        budgets.issue(CreditIds.EXPLORATION_POOL, CreditIds.EXPLORATION, 1e12);
        projects = new uint32[](120);
        meters = new uint32[](40);
        for (uint256 s = 0; s < 20; ++s) {
            uint32 top = _deepOrganisation(s);
            for (uint256 j = 0; j < 6; ++j) {
                projects[s * 6 + j] = _deepProject(top, s * 6 + j);
            }
            meters[s] = gatewayOn(top, string.concat("l", VM.toString(s)));
            meters[s + 20] = gatewayOn(top, string.concat("k", VM.toString(s)));
        }
    }

    /// @dev 1,787 records are as many as 120,000 bytes hold beside 40 segments' heads and 22 signatures.
    function _fullSegment(uint32[] memory projects, uint256 s, uint32 from, uint64 firstSeq)
        private
        pure
        returns (Segment memory)
    {
        uint256 count = s < 13 ? 44 : 45;
        bytes32[] memory words = new bytes32[](2 * count);
        for (uint256 i = 0; i < count; ++i) {
            // Whatever a record that costs anything can hold: no count of tokens reaches 2^24, no flag lies above bit 7.
            (words[2 * i], words[2 * i + 1]) = Batches.record(
                projects[s % 20 * 6 + i % 6], type(uint64).max, type(uint16).max, 0x01010101010101
            );
            words[2 * i] |= bytes32(uint256(0x00FF00FFFFFF00FFFFFF00FF));
            words[
                2 * i + 1
            ] |= bytes32(uint256(0xFFFF00FFFFFF00FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF) << 64);
        }
        return Batches.segment(from, firstSeq, words);
    }

    /// @dev Every account of 20 organisations with six deep projects each reaches its limit and its soft threshold in a new
    /// period, every project uses up credits of all kinds and gets an overdraft.
    function _gasAtMaxima(Segment[] memory segments, uint256 drawn) private returns (uint256 gas) {
        grant(project, 1e9);
        settle(one(Batches.segment(meter, 0, Batches.records(1, project, 1000))));
        VM.warp(START_S + 400 days);
        VM.recordLogs();
        gas = _gasOf(segments, (1 << 22) - 1);
        Log[] memory logs = VM.getRecordedLogs();
        assertEq(countOf(logs, IBudgets.AccountFrozen.selector), 380);
        assertEq(countOf(logs, IERC6909.Transfer.selector), 360);
        assertEq(_leasedUcr(logs), drawn * LEASE_UCR);
    }

    function _leasedUcr(Log[] memory logs) private pure returns (uint256 sumUcr) {
        uint256 charged = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IBudgets.ProjectCharged.selector) continue;
            (,,, uint256 fromLeaseUcr) =
                abi.decode(logs[i].data, (uint256, uint256, uint256, uint256));
            sumUcr += fromLeaseUcr;
            ++charged;
        }
        assertEq(charged, 120);
    }

    /// @dev An organisation with a limit.
    function _deepOrganisation(uint256 i) private returns (uint32 node) {
        node = organisation(string.concat("o", VM.toString(i)));
        _limit(node, 1e6, Periods.Kind.Fixed, 30 days);
    }

    /// @dev A project of depth 4 that shares nothing but its organisation, with a little of every credit and limits all the
    /// way up.
    function _deepProject(uint32 top, uint256 i) private returns (uint32 node) {
        node = account(top, string.concat("t", VM.toString(i)));
        _limit(node, 1e6, Periods.Kind.Month, 0);
        for (uint256 depth = 3; depth <= 4; ++depth) {
            node = account(node, "a");
            _limit(node, 1e6, Periods.Kind.Month, 0);
        }
        grant(node, 1e6);
        VM.prank(REGISTRAR);
        budgets.grant(node, (1 << 32) | node, 1e6, 0);
        budgets.setExploring(node, true);
        budgets.release(CreditIds.EXPLORATION_POOL, node, CreditIds.EXPLORATION, 1e6);
    }

    function _limit(uint32 node, uint256 limitUcr, Periods.Kind kind, uint64 lengthS) private {
        VM.prank(REGISTRAR);
        budgets.setBudget(node, BudgetTerms(true, limitUcr, kind, lengthS, 800_000, 0, 0, 0));
    }

    function _meters(uint256 count, uint32 owner) private returns (uint32[] memory meters) {
        meters = new uint32[](count);
        for (uint256 i = 0; i < count; ++i) {
            VM.prank(CONTROLLER);
            meters[i] = registry.registerMeter(
                owner, string.concat("m", VM.toString(i)), bytes32(i + 1), address(0), bounds()
            );
        }
    }

    /// @dev A call and its gas alone. In Solidity the caller would pay for a copy of the call's data, too.
    function _call(address target, bytes memory callData)
        private
        returns (bool isDone, uint256 used)
    {
        assembly ("memory-safe") {
            let before := gas()
            isDone := call(before, target, 0, add(callData, 32), mload(callData), 0, 0)
            used := sub(before, gas())
        }
    }

    /// @dev What the whole transaction costs.
    function _gasOf(Segment[] memory segments, uint256 bitmap) private returns (uint256) {
        bytes32[] memory data = Batches.encode(currentHead(), segments);
        bytes32 digest = ledger.attestationDigest(keccak256(abi.encodePacked(data)));
        bytes memory callData =
            abi.encodeCall(ledger.settle, (data, bitmap, signaturesOf(digest, bitmap)));
        assertBelow(callData.length, MAX_TRANSACTION_BYTES);
        coolAll();
        VM.prank(senderOf(0));
        VM.resumeGasMetering();
        (bool isDone, uint256 used) = _call(address(ledger), callData);
        VM.pauseGasMetering();
        assertTrue(isDone, "settle");
        return TRANSACTION_GAS + used + _calldataGas(callData);
    }

    function _calldataGas(bytes memory callData) private pure returns (uint256 gas) {
        for (uint256 i = 0; i < callData.length; ++i) {
            gas += callData[i] == 0 ? ZERO_BYTE_GAS : NONZERO_BYTE_GAS;
        }
    }
}
