// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Cursors} from "../../../contracts/Cursors.sol";
import {Window, Windows} from "../../../contracts/libraries/Windows.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title Windows against time, blocks and halts of a real Cursors contract
contract WindowsTest is Deployment {
    uint64 private constant START_S = 1_700_000_000;
    uint64 private constant LONGEST_BLOCK_S = 10;
    uint64 private constant LENGTH_S = 1000;

    Cursors private _cursors;

    function setUp() external {
        VM.warp(START_S);
        VM.roll(1000);
        address manager = address(new AccessManager(address(this)));
        _cursors = Cursors(deploy("Cursors", abi.encode(manager, LONGEST_BLOCK_S)));
    }

    function test_window_closes_atItsVeryEnd() external {
        Window memory window = Windows.open(_cursors, LENGTH_S);
        assertEq(window.openedAtS, START_S);
        assertEq(window.openedBlock, 1000);
        _forward(LENGTH_S - 1, 100);
        assertEq(window.isClosed(_cursors), false);
        _forward(1, 0);
        assertEq(window.isClosed(_cursors), true);
        assertEq(window.closesAtS(_cursors), START_S + LENGTH_S);
    }

    function test_window_staysOpen_beforeFiftyBlocks() external {
        Window memory window = Windows.open(_cursors, LENGTH_S);
        _forward(LENGTH_S, 49);
        assertEq(window.isClosed(_cursors), false);
        _forward(0, 1);
        assertEq(window.isClosed(_cursors), true);
        assertEq(window.closesAtBlock(), 1050);
    }

    function test_window_isExtended_byAHalt() external {
        Window memory window = Windows.open(_cursors, LENGTH_S);
        // 900 s in which a block could have come every ten: ten blocks account for 100 of them.
        _forward(900, 10);
        _cursors.observe();
        assertEq(window.closesAtS(_cursors), START_S + LENGTH_S + 800);
        _forward(899, 90);
        assertEq(window.isClosed(_cursors), false);
        _forward(1, 1);
        assertEq(window.isClosed(_cursors), true);
    }

    function test_window_ignoresHalts_beforeItOpened() external {
        _forward(900, 1);
        _cursors.observe();
        assertEq(_cursors.haltedS(), 890);
        Window memory window = Windows.open(_cursors, LENGTH_S);
        assertEq(window.closesAtS(_cursors), START_S + 900 + LENGTH_S);
    }

    function test_openAt_beginsWhenItIsTold() external view {
        Window memory window = Windows.openAt(_cursors, START_S - 600, LENGTH_S);
        assertEq(window.openedAtS, START_S - 600);
        assertEq(window.closesAtS(_cursors), START_S + 400);
    }

    function _forward(uint256 seconds_, uint256 blocks) private {
        VM.warp(block.timestamp + seconds_);
        VM.roll(block.number + blocks);
    }
}
