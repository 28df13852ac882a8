// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Registry} from "../../contracts/Registry.sol";
import {Bounds, IRegistry, Resource} from "../../contracts/interfaces/IRegistry.sol";
import {FactTime} from "../../contracts/libraries/FactTime.sol";
import {Names} from "../../contracts/libraries/Names.sol";
import {History} from "./support/History.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Resources and rules in the Registry: who may do what, what is announced, and what holds when
contract RegistryRulesTest is NetworkFixture {
    uint64 private constant START_MS = 1_700_000_000_000;
    uint64 private constant LEAD_MS = 1 days * 1000;
    uint64 private constant MAX_COST_UCR = (1 << 55) - 1;
    uint64 private constant MAX_WINDOW_MS = 36_525 days * 1000;
    uint64 private constant MAX_AHEAD_MS = 1 hours * 1000;
    bytes32 private constant CLASS = "h100";

    History private _announced;

    function setUp() external {
        deployNetwork(4);
    }

    // Resources

    function test_registerResource_revertsWhen_callerIsNotTheNetworksRegistrar() external {
        address[4] memory callers = [STRANGER, CONTROLLER, REGISTRAR, GUARDIAN];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            registry.registerResource("", 0, 0, CLASS, bounds(), 0);
        }
    }

    function test_registerResource_revertsWhen_slugIsInvalid() external {
        VM.expectRevert(abi.encodeWithSelector(Names.NameInvalid.selector, "GPT"));
        registry.registerResource("GPT", 0, 0, CLASS, bounds(), 0);
    }

    function test_registerResource_revertsWhen_slugIsTaken() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NameTaken.selector, "gpt-4o", resource));
        registry.registerResource("gpt-4o", 0, 0, CLASS, bounds(), 0);
    }

    /// @dev T4: neither kind nor basis has a default.
    function test_registerResource_revertsWhen_kindOrBasisIsUnknown() external {
        _expectResourceInvalid(0, 1);
        _expectResourceInvalid(4, 1);
        _expectResourceInvalid(1, 0);
        _expectResourceInvalid(1, 3);
        _expectResourceInvalid(255, 255);
    }

    function test_registerResource_revertsWhen_maximumCostExceeds55Bits() external {
        Bounds memory tooHigh = bounds();
        tooHigh.maxCostUcr = MAX_COST_UCR + 1;
        _expectCostTooHigh();
        registry.registerResource("x", 1, 1, CLASS, tooHigh, 0);
    }

    function test_registerResource_announcesAResource() external {
        VM.expectEmit(address(registry));
        emit IRegistry.ResourceSet(
            resource + 1, "gpu:h100@eu/1", 3, 2, CLASS, bounds(), true, 12_345
        );
        uint16 id = registry.registerResource("gpu:h100@eu/1", 3, 2, CLASS, bounds(), 12_345);
        assertEq(id, resource + 1);
        Resource memory created = registry.resourceOf(id);
        assertEq(created.kind, 3);
        assertEq(created.basis, 2);
        assertEq(created.active, true);
        assertEq(created.indexClass, CLASS);
        assertEq(registry.resourceBySlug("gpu:h100@eu/1"), id);
        assertEq(registry.resourceCount(), id);
    }

    function test_setResource_revertsWhen_callerIsNotTheNetworksRegistrar() external {
        _expectUnauthorised(REGISTRAR);
        VM.prank(REGISTRAR);
        registry.setResource(resource, bounds(), false, 0);
    }

    function test_setResource_revertsWhen_resourceIsUnknown() external {
        _expectResourceUnknown(0);
        registry.setResource(0, bounds(), false, 0);
        _expectResourceUnknown(99);
        registry.setResource(99, bounds(), false, 0);
    }

    function test_setResource_revertsWhen_maximumCostExceeds55Bits() external {
        Bounds memory tooHigh = bounds();
        tooHigh.maxCostUcr = MAX_COST_UCR + 1;
        _expectCostTooHigh();
        registry.setResource(resource, tooHigh, false, 1);
    }

    /// @dev T9: no resource is switched off for records that were made before.
    function test_setResource_revertsWhen_aChangeLiesInThePast() external {
        VM.expectRevert(
            abi.encodeWithSelector(FactTime.FactTooEarly.selector, START_MS - 1, START_MS)
        );
        registry.setResource(resource, bounds(), false, START_MS - 1);
    }

    function test_setResource_announcesAChange() external {
        Bounds memory narrow = Bounds(1, 2, 3, 4, 5);
        VM.expectEmit(address(registry));
        emit IRegistry.ResourceSet(resource, "gpt-4o", 1, 1, 0, narrow, false, START_MS);
        registry.setResource(resource, narrow, false, 0);
        VM.expectEmit(address(registry));
        emit IRegistry.ResourceSet(resource, "gpt-4o", 1, 1, 0, bounds(), true, START_MS + 9);
        registry.setResource(resource, bounds(), true, START_MS + 9);
        assertEq(registry.resourceOf(resource).active, true);
    }

    // Rules

    function test_setRules_revertsWhen_callerIsNotGovernance() external {
        address[3] memory callers = [STRANGER, GUARDIAN, REGISTRAR];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            registry.setRules(0, 0, 0, 0, 0);
        }
    }

    /// @dev T4: rules that accept no frame version would make silence look like agreement.
    function test_setRules_revertsWhen_noFrameVersionIsAccepted() external {
        _expectRulesInvalid(0, WINDOW_MS, AHEAD_MS);
        registry.setRules(0, 0xFF, WINDOW_MS, AHEAD_MS, 1);
    }

    function test_setRules_revertsWhen_windowOrAheadExceedsItsBound() external {
        _expectRulesInvalid(2, MAX_WINDOW_MS + 1, MAX_AHEAD_MS);
        registry.setRules(2, 0xFF, MAX_WINDOW_MS + 1, MAX_AHEAD_MS, 0);
        _expectRulesInvalid(2, MAX_WINDOW_MS, MAX_AHEAD_MS + 1);
        registry.setRules(2, 0xFF, MAX_WINDOW_MS, MAX_AHEAD_MS + 1, 0);
        assertEq(registry.setRules(2, 0xFF, MAX_WINDOW_MS, MAX_AHEAD_MS, 0), 2);
    }

    /// @dev T9: nobody is surprised by rules they could not have read.
    function test_setRules_revertsWhen_insideTheLead() external {
        VM.expectRevert(
            abi.encodeWithSelector(
                FactTime.FactTooEarly.selector, START_MS + LEAD_MS - 1, START_MS + LEAD_MS
            )
        );
        registry.setRules(2, 0xFF, WINDOW_MS, AHEAD_MS, START_MS + LEAD_MS - 1);
    }

    function test_setRules_revertsWhen_beforeAnAnnouncedChange() external {
        _setRules(START_MS + LEAD_MS + 2);
        VM.expectRevert(
            abi.encodeWithSelector(
                IRegistry.ChangeOutOfOrder.selector, START_MS + LEAD_MS + 1, START_MS + LEAD_MS + 2
            )
        );
        _setRules(START_MS + LEAD_MS + 1);
    }

    function test_setRules_announcesTheFirst_asAsked() external {
        Registry bare = new Registry(address(manager), NETWORK_ID, cursors, state, RULES_LEAD_S);
        VM.expectEmit(address(bare));
        emit IRegistry.RulesSet(1, 6, 0x3F, 1, 2, 12_345);
        bare.setRules(6, 0x3F, 1, 2, 12_345);
        assertEq(bare.rulesVersionAt(12_344), 0);
        assertEq(bare.rulesVersionAt(12_345), 1);
    }

    function test_setRules_resolvesZero_inAChange() external {
        VM.expectEmit(address(registry));
        emit IRegistry.RulesSet(2, 6, 0x3F, 1, 2, START_MS + LEAD_MS);
        assertEq(registry.setRules(6, 0x3F, 1, 2, 0), 2);
        assertEq(registry.rulesVersionAt(START_MS + LEAD_MS - 1), 1);
        assertEq(registry.rulesVersionAt(START_MS + LEAD_MS), 2);
        assertEq(registry.rulesOf(2).frameVersions, 6);
        assertEq(registry.rulesOf(2).definedFlags, 0x3F);
        assertEq(registry.rulesOf(1).fromMs, 0);
    }

    function test_setRules_replaces_atTheSameTime() external {
        _setRules(START_MS + LEAD_MS);
        assertEq(_setRules(START_MS + LEAD_MS), 3);
        assertEq(registry.rulesVersionAt(START_MS + LEAD_MS - 1), 1);
        assertEq(registry.rulesVersionAt(START_MS + LEAD_MS), 3);
    }

    function test_rulesOf_revertsWhen_versionIsUnknown() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.RulesUnknown.selector, 0));
        registry.rulesOf(0);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.RulesUnknown.selector, 2));
        registry.rulesOf(2);
    }

    /// @dev T9: an announcement changes nothing that holds before its lead has passed.
    function test_fuzz_setRules_leavesThePastAlone(uint32 passedS, uint64 timeMs) external {
        _setRules(0);
        VM.warp(START_S + passedS);
        timeMs %= uint64((START_S + passedS + RULES_LEAD_S) * 1000);
        uint32 before = registry.rulesVersionAt(timeMs);
        _setRules(0);
        assertEq(registry.rulesVersionAt(timeMs), before);
    }

    function test_fuzz_rulesVersionAt_equalsALinearScan(
        uint16[12] memory gaps,
        uint32[8] memory timesS
    ) external {
        _announced.push(0, 1);
        uint64 fromMs = START_MS + LEAD_MS;
        for (uint256 i = 0; i < gaps.length; ++i) {
            fromMs += gaps[i] % 4 == 0 ? 0 : uint64(gaps[i]) * 1000;
            _announced.push(fromMs, _setRules(fromMs));
        }
        for (uint256 i = 0; i < timesS.length; ++i) {
            uint64 timeMs = START_MS + LEAD_MS - 10 + uint64(timesS[i] % 500_000) * 1000;
            assertEq(registry.rulesVersionAt(timeMs), _announced.valueAt(timeMs));
        }
        for (uint256 i = 0; i < _announced.fromMs.length; ++i) {
            uint64 edgeMs = _announced.fromMs[i];
            assertEq(registry.rulesVersionAt(edgeMs), _announced.valueAt(edgeMs));
            if (edgeMs == 0) continue;
            assertEq(registry.rulesVersionAt(edgeMs - 1), _announced.valueAt(edgeMs - 1));
        }
    }

    function _setRules(uint64 fromMs) private returns (uint32) {
        return registry.setRules(2, 0xFF, WINDOW_MS, AHEAD_MS, fromMs);
    }

    function _expectUnauthorised(address caller) private {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }

    function _expectResourceInvalid(uint8 kind, uint8 basis) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.ResourceInvalid.selector, kind, basis));
        registry.registerResource("x", kind, basis, CLASS, bounds(), 0);
    }

    function _expectResourceUnknown(uint16 id) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.ResourceUnknown.selector, id));
    }

    function _expectCostTooHigh() private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IRegistry.MaximumCostTooHigh.selector, MAX_COST_UCR + 1, MAX_COST_UCR
            )
        );
    }

    function _expectRulesInvalid(uint256 frameVersions, uint64 windowMs, uint64 aheadMs) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IRegistry.RulesInvalid.selector, frameVersions, windowMs, aheadMs
            )
        );
    }
}
