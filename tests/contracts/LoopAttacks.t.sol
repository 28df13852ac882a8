// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Roles} from "../../contracts/libraries/Roles.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title Nobody fills a list until those who walk it run out of gas (THREATS T10)
/// @dev Lists are as long as they may be, and hold whatever takes longest. Pages of epochs are in EpochsGas.t.sol.
contract LoopAttacksTest is ReplenishmentFixture {
    uint256 private constant POOL_SIZE = 64;
    uint16 private constant KINDS = 16;
    uint256 private constant LIMIT_GAS = 1_000_000;

    uint32 private deep;

    /// @dev A pool in which everyone but one is a registrar of the project's organisation, who may not confirm, and every
    /// kind of outcome there can be.
    function setUp() external {
        deployReplenishment();
        deep = account(project, "deep");
        for (uint256 i = 1; i < POOL_SIZE; ++i) {
            address one = address(uint160(0x1000 + i));
            manager.grantRole(Roles.registrarOf(acme), one, 0);
            outcomes.setConfirmer(account(globex, string.concat("t", VM.toString(i))), one);
        }
        for (uint16 kind = 3; kind <= KINDS; ++kind) {
            outcomes.setKind(kind, string.concat("k", VM.toString(kind)), 1, ATTRIBUTION_S, 0);
        }
        VM.startPrank(REGISTRAR);
        for (uint16 kind = 1; kind <= KINDS; ++kind) {
            outcomes.setSource(acme, kind, SOURCE, true);
        }
        VM.stopPrank();
    }

    function test_confirm_staysBelowItsLimit_inAPoolOfTheProjectsFriends() external {
        for (uint16 kind = 1; kind <= KINDS; ++kind) {
            VM.prank(SOURCE);
            outcomes.report(deep, 0, kind, 1, keccak256("evidence"));
            VM.cool(address(outcomes));
            VM.cool(address(registry));
            VM.cool(address(manager));
            VM.prank(CONFIRMER);
            uint256 before = gasleft();
            outcomes.confirm(deep, 0, kind);
            assertBelow(before - gasleft(), LIMIT_GAS);
        }
    }

    /// @dev One project's close with all kinds reported is a small part of a page.
    function test_close_staysBelowItsLimit_withEveryKindReported() external {
        enrol(deep, 1000 * CREDIT);
        spend(deep, CREDIT);
        for (uint16 kind = 1; kind <= KINDS; ++kind) {
            VM.prank(SOURCE);
            outcomes.report(deep, 0, kind, 1, keccak256("evidence"));
            VM.prank(CONFIRMER);
            outcomes.confirm(deep, 0, kind);
        }
        nextEpoch();
        passWindows();
        VM.cool(address(outcomes));
        VM.cool(address(epochs));
        VM.cool(address(registry));
        uint256 before = gasleft();
        close(0, deep);
        assertBelow(before - gasleft(), 500_000);
    }
}
