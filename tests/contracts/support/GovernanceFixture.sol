// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Guardian} from "../../../contracts/Guardian.sol";
import {NetworkGovernor} from "../../../contracts/NetworkGovernor.sol";
import {Registry} from "../../../contracts/Registry.sol";
import {Seats} from "../../../contracts/Seats.sol";
import {Tariff} from "../../../contracts/Tariff.sol";
import {ValidatorSet} from "../../../contracts/ValidatorSet.sol";
import {Bounds} from "../../../contracts/interfaces/IRegistry.sol";
import {Validator} from "../../../contracts/interfaces/IValidatorSet.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {Deployment} from "./Deployment.sol";

/// @notice Calls that are voted on together.
struct Proposal {
    address[] targets;
    uint256[] values;
    bytes[] calls;
    string description;
}

/// @title A network that is governed by seats and by nobody else: everything is handed over
/// @dev Five seats: two of acme, two of globex, one of initech. The test itself deployed all of it and holds no role.
abstract contract GovernanceFixture is Deployment {
    uint256 internal constant START_S = 1_700_000_000;
    uint48 internal constant DELAY_S = 1 days;
    uint32 internal constant PERIOD_S = 3 days;
    uint48 internal constant EXTENSION_S = 1 days;
    uint256 internal constant QUORUM_PERCENT = 40;
    uint256 internal constant TIMELOCK_S = 2 days;
    uint256 internal constant SET_LEAD_S = 600;
    uint256 internal constant SEATS = 5;
    uint64 internal constant LONGEST_BLOCK_S = 60;

    address internal constant CONTROLLER = address(0xC0);
    address internal constant REGISTRAR = address(0xA11CE);
    address internal constant GUARDIAN = address(0x64);
    address internal constant STRANGER = address(0xBAD);
    bytes32 internal constant ADMIN_ROLE = 0;

    AccessManager internal manager;
    Registry internal registry;
    ValidatorSet internal validators;
    Tariff internal tariff;
    Seats internal seats;
    TimelockController internal timelock;
    NetworkGovernor internal governor;
    Guardian internal guardian;
    address internal cursors;
    address internal state;

    uint32 internal acme;
    uint32 internal globex;
    uint32 internal initech;
    uint32 internal meter;
    uint16 internal resource;

    function deployGovernance() internal {
        VM.warp(START_S);
        VM.roll(1000);
        manager = AccessManager(deploy("AccessManager", abi.encode(address(this))));
        cursors = deploy("Cursors", abi.encode(address(manager), LONGEST_BLOCK_S));
        state = deploy("BudgetState", abi.encode(address(manager)));
        registry = Registry(
            deploy(
                "Registry",
                abi.encode(address(manager), keccak256("test network"), cursors, state, 1 days)
            )
        );
        validators =
            ValidatorSet(deploy("ValidatorSet", abi.encode(address(manager), 3, SET_LEAD_S)));
        tariff = Tariff(deploy("Tariff", abi.encode(address(manager), registry, 1 hours)));
        seats = Seats(deploy("Seats", abi.encode(address(manager))));
        timelock = TimelockController(payable(_deployTimelock()));
        governor = NetworkGovernor(payable(_deployGovernor()));
        guardian = Guardian(deploy("Guardian", abi.encode(address(manager), registry, validators)));
        _wire();
        _found();
    }

    /// @dev No power stays with the test. Deployers do the same, in this order.
    function handOver() internal {
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.renounceRole(ADMIN_ROLE, address(this));
        manager.renounceRole(Roles.GOVERNANCE, address(this));
    }

    function holderOf(uint256 i) internal pure returns (address) {
        return VM.addr(0x5EA7 + i);
    }

    function attesterKey(uint256 i) internal pure returns (uint256) {
        return 0xA77E57 + i;
    }

    function attesterOf(uint256 i) internal pure returns (address) {
        return VM.addr(attesterKey(i));
    }

    function membersOf(uint256 count) internal pure returns (Validator[] memory members) {
        members = new Validator[](count);
        for (uint256 i = 0; i < count; ++i) {
            members[i] = Validator({
                attester: attesterOf(i),
                sender: VM.addr(0x5E4D + i),
                transportKey: keccak256(abi.encode("transport", i)),
                name: string.concat("v", VM.toString(i)),
                url: "http://127.0.0.1"
            });
        }
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

    // What a proposal goes through, step by step

    function proposalOf(address target, bytes memory call, string memory description)
        internal
        pure
        returns (Proposal memory proposal)
    {
        proposal.targets = new address[](1);
        proposal.values = new uint256[](1);
        proposal.calls = new bytes[](1);
        proposal.targets[0] = target;
        proposal.calls[0] = call;
        proposal.description = description;
    }

    function propose(Proposal memory proposal) internal returns (uint256) {
        return proposeAs(holderOf(0), proposal);
    }

    function proposeAs(address proposer, Proposal memory proposal) internal returns (uint256) {
        VM.prank(proposer);
        return
            governor.propose(
                proposal.targets, proposal.values, proposal.calls, proposal.description
            );
    }

    function queue(Proposal memory proposal) internal {
        governor.queue(
            proposal.targets,
            proposal.values,
            proposal.calls,
            keccak256(bytes(proposal.description))
        );
    }

    function execute(Proposal memory proposal) internal {
        governor.execute(
            proposal.targets,
            proposal.values,
            proposal.calls,
            keccak256(bytes(proposal.description))
        );
    }

    /// @dev The first `count` seats vote for it.
    function voteFor(uint256 id, uint256 count) internal {
        for (uint256 i = 0; i < count; ++i) {
            VM.prank(holderOf(i));
            governor.castVote(id, 1);
        }
    }

    function toActive() internal {
        VM.warp(block.timestamp + DELAY_S + 1);
    }

    function toEnd(uint256 id) internal {
        VM.warp(governor.proposalDeadline(id) + 1);
    }

    /// @dev Proposed, voted for by everyone, and queued; the timelock's delay lies ahead.
    function queued(Proposal memory proposal) internal returns (uint256 id) {
        id = propose(proposal);
        toActive();
        voteFor(id, SEATS);
        toEnd(id);
        queue(proposal);
    }

    /// @dev Voted and in effect.
    function carryOut(Proposal memory proposal) internal returns (uint256 id) {
        id = queued(proposal);
        VM.warp(block.timestamp + TIMELOCK_S);
        execute(proposal);
    }

    function assertState(uint256 id, IGovernor.ProposalState expected) internal view {
        assertEq(uint256(governor.state(id)), uint256(expected));
    }

    function expectUnauthorised(address caller) internal {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }

    function allow(address target, bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }

    function _deployTimelock() private returns (address) {
        address[] memory nobody = new address[](0);
        address[] memory anyone = new address[](1);
        return deploy("TimelockController", abi.encode(TIMELOCK_S, nobody, anyone, address(this)));
    }

    function _deployGovernor() private returns (address) {
        return deploy(
            "NetworkGovernor",
            abi.encode(seats, timelock, DELAY_S, PERIOD_S, QUORUM_PERCENT, EXTENSION_S)
        );
    }

    function _wire() private {
        manager.grantRole(Roles.GOVERNANCE, address(timelock), 0);
        manager.grantRole(Roles.GOVERNANCE, address(guardian), 0);
        manager.grantRole(Roles.WARDEN, address(guardian), 0);
        manager.grantRole(Roles.GUARDIAN, GUARDIAN, 0);
        manager.grantRole(Roles.REGISTRAR, REGISTRAR, 0);
        manager.grantRole(Roles.REGISTRY, address(registry), 0);
        allow(cursors, bytes4(keccak256("open(uint32)")), Roles.REGISTRY);
        allow(state, bytes4(keccak256("open(uint32,uint32)")), Roles.REGISTRY);
        allow(address(registry), registry.registerResource.selector, Roles.REGISTRAR);
        allow(address(validators), validators.suspend.selector, Roles.WARDEN);
        allow(address(guardian), guardian.pauseMeter.selector, Roles.GUARDIAN);
        allow(address(guardian), guardian.closeContract.selector, Roles.GUARDIAN);
        allow(address(guardian), guardian.suspendKey.selector, Roles.GUARDIAN);
    }

    function _found() private {
        validators.setValidators(membersOf(4));
        acme = registry.createAccount(0, "acme", CONTROLLER);
        globex = registry.createAccount(0, "globex", CONTROLLER);
        initech = registry.createAccount(0, "initech", CONTROLLER);
        VM.prank(CONTROLLER);
        meter = registry.registerMeter(acme, "meter", keccak256("key"), address(0), bounds());
        VM.prank(REGISTRAR);
        resource = registry.registerResource("gpt-4o", 1, 1, bytes32(0), bounds(), 0);
        uint32[5] memory organisations = [acme, acme, globex, globex, initech];
        for (uint256 i = 0; i < SEATS; ++i) {
            seats.grantSeat(holderOf(i), organisations[i]);
        }
        VM.warp(START_S + 60);
    }
}
