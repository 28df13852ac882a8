// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {BudgetState} from "../../../contracts/BudgetState.sol";
import {Budgets} from "../../../contracts/Budgets.sol";
import {Credits} from "../../../contracts/Credits.sol";
import {Cursors} from "../../../contracts/Cursors.sol";
import {Leases} from "../../../contracts/Leases.sol";
import {Registry} from "../../../contracts/Registry.sol";
import {Tariff} from "../../../contracts/Tariff.sol";
import {UsageLedger} from "../../../contracts/UsageLedger.sol";
import {ValidatorSet} from "../../../contracts/ValidatorSet.sol";
import {Bounds} from "../../../contracts/interfaces/IRegistry.sol";
import {Rates} from "../../../contracts/interfaces/ITariff.sol";
import {Validator} from "../../../contracts/interfaces/IValidatorSet.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {Batches, Head, Segment} from "./Batches.sol";
import {Deployment} from "./Deployment.sol";

/// @title A whole network: every contract deployed and wired, validators, one organisation, one resource
/// @dev The test itself is governance and the network's registrar.
abstract contract NetworkFixture is Deployment {
    bytes32 internal constant NETWORK_ID = keccak256("test network");
    uint256 internal constant START_S = 1_700_000_000;
    uint256 internal constant RULES_LEAD_S = 1 days;
    uint256 internal constant SET_LEAD_S = 600;
    uint256 internal constant TARIFF_LEAD_S = 1 hours;
    uint64 internal constant LONGEST_BLOCK_S = 60;
    uint64 internal constant WINDOW_MS = 45 days * 1000;
    uint64 internal constant AHEAD_MS = 5 minutes * 1000;
    uint64 internal constant PUBLIC_ROLE = type(uint64).max;

    address internal constant REGISTRAR = address(0xA11CE);
    address internal constant CONTROLLER = address(0xC0);
    address internal constant STRANGER = address(0xBAD);
    address internal constant GUARDIAN = address(0x64);
    address internal constant WARDEN = address(0x3A4D);

    AccessManager internal manager;
    Cursors internal cursors;
    BudgetState internal state;
    Credits internal credits;
    Registry internal registry;
    ValidatorSet internal validators;
    Tariff internal tariff;
    Budgets internal budgets;
    Leases internal leases;
    UsageLedger internal ledger;

    uint32 internal acme;
    uint32 internal team;
    uint32 internal project;
    uint32 internal meter;
    uint16 internal resource;

    /// @dev Everything in force, with acme/team/project and a meter on acme.
    function deployNetwork(uint256 validatorCount) internal {
        VM.warp(START_S);
        VM.roll(1000);
        manager = AccessManager(deploy("AccessManager", abi.encode(address(this))));
        cursors = Cursors(deploy("Cursors", abi.encode(address(manager), LONGEST_BLOCK_S)));
        state = BudgetState(deploy("BudgetState", abi.encode(address(manager))));
        credits = Credits(deploy("Credits", abi.encode(address(manager))));
        registry = Registry(
            deploy(
                "Registry", abi.encode(address(manager), NETWORK_ID, cursors, state, RULES_LEAD_S)
            )
        );
        validators =
            ValidatorSet(deploy("ValidatorSet", abi.encode(address(manager), 4, SET_LEAD_S)));
        tariff = Tariff(deploy("Tariff", abi.encode(address(manager), registry, TARIFF_LEAD_S)));
        budgets = Budgets(deploy("Budgets", abi.encode(address(manager), registry, state, credits)));
        leases = Leases(
            deploy("Leases", abi.encode(address(manager), registry, state, credits, cursors))
        );
        ledger = UsageLedger(
            deploy(
                "UsageLedger",
                abi.encode(address(manager), registry, validators, tariff, cursors, budgets)
            )
        );
        _wire();
        registry.setRules(2, 0xFF, WINDOW_MS, AHEAD_MS, 0);
        validators.setValidators(membersOf(validatorCount));
        acme = organisation("acme");
        team = account(acme, "team");
        project = account(team, "project");
        VM.prank(CONTROLLER);
        meter = registry.registerMeter(acme, "meter", keccak256("key"), address(0), bounds());
        resource = registry.registerResource("gpt-4o", 1, 1, bytes32(0), bounds(), 0);
    }

    function organisation(string memory name) internal returns (uint32 id) {
        id = registry.createAccount(0, name, CONTROLLER);
        manager.grantRole(Roles.registrarOf(id), REGISTRAR, 0);
        budgets.setMintAllowance(id, 1, type(uint128).max);
        budgets.setMintAllowance(id, 1 << 32, type(uint128).max);
    }

    function account(uint32 parent, string memory name) internal returns (uint32) {
        VM.prank(CONTROLLER);
        return registry.createAccount(parent, name, CONTROLLER);
    }

    function grant(uint32 to, uint256 amountUcr) internal {
        VM.prank(REGISTRAR);
        budgets.grant(to, 1, amountUcr, 0);
    }

    function membersOf(uint256 count) internal pure returns (Validator[] memory members) {
        members = new Validator[](count);
        for (uint256 i = 0; i < count; ++i) {
            members[i] = Validator({
                attester: VM.addr(attesterKey(i)),
                sender: senderOf(i),
                transportKey: keccak256(abi.encode("transport", i)),
                name: string.concat("v", VM.toString(i)),
                url: "http://127.0.0.1"
            });
        }
    }

    function attesterKey(uint256 i) internal pure returns (uint256) {
        return 0xA77E57 + i;
    }

    function senderOf(uint256 i) internal pure returns (address) {
        return VM.addr(0x5E4D + i);
    }

    function bounds() internal pure returns (Bounds memory) {
        return Bounds({
            maxContext: 16_777_215,
            maxComputeMs: type(uint32).max,
            maxMemoryGibS: type(uint32).max,
            maxTransferKib: type(uint32).max,
            maxCostUcr: (1 << 55) - 1
        });
    }

    function tokenRates(uint32 weight) internal pure returns (Rates memory rates) {
        rates.wIn = weight;
        rates.wCached = weight;
        rates.wWritten = weight;
        rates.wOut = weight;
        rates.wReason = weight;
    }

    /// @dev A header that is in force now.
    function currentHead() internal view returns (Head memory) {
        uint64 nowMs = uint64(block.timestamp * 1000);
        return Head({
            setVersion: validators.versionAt(nowMs),
            rulesVersion: registry.rulesVersionAt(nowMs),
            referenceBlock: uint64(block.number - 1),
            referenceHash: blockhash(block.number - 1),
            batchTimeMs: uint48(nowMs),
            validUntilMs: uint48(nowMs + 600_000)
        });
    }

    function one(Segment memory segment) internal pure returns (Segment[] memory segments) {
        segments = new Segment[](1);
        segments[0] = segment;
    }

    /// @dev The signatures of validators whose bit is set, in ascending order.
    function signaturesOf(bytes32 digest, uint256 bitmap)
        internal
        pure
        returns (bytes32[] memory signatures)
    {
        uint256 count = 0;
        for (uint256 bits = bitmap; bits != 0; bits >>= 1) {
            count += bits & 1;
        }
        signatures = new bytes32[](2 * count);
        uint256 next = 0;
        for (uint256 i = 0; bitmap >> i != 0; ++i) {
            if ((bitmap >> i) & 1 == 0) continue;
            (signatures[next], signatures[next + 1]) = VM.signCompact(attesterKey(i), digest);
            next += 2;
        }
    }

    /// @dev A batch attested by a quorum and sent by the first.
    function settle(Segment[] memory segments) internal {
        settleData(Batches.encode(currentHead(), segments));
    }

    function settleData(bytes32[] memory data) internal {
        bytes32 digest = ledger.attestationDigest(keccak256(abi.encodePacked(data)));
        uint256 bitmap = quorumBitmap();
        bytes32[] memory signatures = signaturesOf(digest, bitmap);
        VM.prank(senderOf(0));
        ledger.settle(data, bitmap, signatures);
    }

    /// @dev As many of the first validators as decide.
    function quorumBitmap() internal view returns (uint256) {
        uint256 n = validators.attestersAt(uint64(block.timestamp * 1000)).length;
        return (1 << (n - (n - 1) / 3)) - 1;
    }

    function coolAll() internal {
        VM.cool(address(manager));
        VM.cool(address(cursors));
        VM.cool(address(state));
        VM.cool(address(credits));
        VM.cool(address(registry));
        VM.cool(address(validators));
        VM.cool(address(tariff));
        VM.cool(address(budgets));
        VM.cool(address(leases));
        VM.cool(address(ledger));
    }

    function _wire() private {
        manager.grantRole(Roles.REGISTRAR, address(this), 0);
        manager.grantRole(Roles.GUARDIAN, GUARDIAN, 0);
        manager.grantRole(Roles.WARDEN, WARDEN, 0);
        manager.grantRole(Roles.REGISTRY, address(registry), 0);
        manager.grantRole(Roles.LEDGER, address(ledger), 0);
        manager.grantRole(Roles.BUDGETS, address(budgets), 0);
        manager.grantRole(Roles.STATE, address(budgets), 0);
        manager.grantRole(Roles.STATE, address(leases), 0);
        manager.grantRole(Roles.CHARGER, address(ledger), 0);
        manager.grantRole(Roles.LIMITS, REGISTRAR, 0);
        manager.grantRole(Roles.LIMITS, CONTROLLER, 0);
        manager.setRoleGuardian(Roles.LIMITS, Roles.GUARDIAN);
        _allow(address(registry), registry.registerResource.selector, Roles.REGISTRAR);
        _allow(address(registry), registry.setResource.selector, Roles.REGISTRAR);
        _allow(address(tariff), tariff.adoptRates.selector, Roles.REGISTRAR);
        _allow(address(cursors), cursors.open.selector, Roles.REGISTRY);
        _allow(address(cursors), cursors.rotate.selector, Roles.REGISTRY);
        _allow(address(cursors), cursors.advance.selector, Roles.LEDGER);
        _allow(address(cursors), cursors.absorb.selector, Roles.LEDGER);
        _allow(address(state), state.open.selector, Roles.REGISTRY);
        _allow(address(state), state.store.selector, Roles.STATE);
        _allow(address(state), state.storeTerms.selector, Roles.STATE);
        _allow(address(state), state.storeRate.selector, Roles.STATE);
        _allow(address(state), state.storeLease.selector, Roles.STATE);
        _allow(address(state), state.draw.selector, Roles.STATE);
        _allow(address(credits), credits.mint.selector, Roles.BUDGETS);
        _allow(address(credits), credits.move.selector, Roles.BUDGETS);
        _allow(address(credits), credits.burn.selector, Roles.BUDGETS);
        _allow(address(credits), credits.pay.selector, Roles.BUDGETS);
        _allow(address(credits), credits.reserve.selector, Roles.STATE);
        _allow(address(credits), credits.free.selector, Roles.STATE);
        _allow(address(budgets), budgets.charge.selector, Roles.CHARGER);
        _allow(address(budgets), budgets.setBudget.selector, Roles.LIMITS);
        _allow(address(budgets), budgets.issue.selector, Roles.ISSUER);
        _allow(address(budgets), budgets.retire.selector, Roles.ISSUER);
        _allow(address(budgets), budgets.hold.selector, Roles.ESCROW);
        _allow(address(budgets), budgets.release.selector, Roles.ESCROW);
        _allow(address(budgets), budgets.setExploring.selector, Roles.EXPERIMENTS);
        _allow(address(ledger), ledger.settle.selector, PUBLIC_ROLE);
    }

    function _allow(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }
}
