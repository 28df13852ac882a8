// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title What closing an epoch for a thousand projects takes, page by page
contract EpochsGasTest is ReplenishmentFixture {
    uint256 private constant PAGE_LIMIT = 10_000_000;
    uint256 private constant PROJECTS = 1000;
    /// @dev The largest page there may be: Epochs refuses more.
    uint256 private constant PAGE = 60;

    uint256 private _most;

    /// @dev Every project has spent, earned, an overdraft to repay, and an epoch to close. Every fourth page is measured:
    /// together they would exceed what forge gives a test.
    function test_gas_closesAThousandProjects_inPages() external {
        VM.pauseGasMetering();
        uint32[] memory projects = _prepare(PROJECTS);
        for (uint256 i = 0; i < PROJECTS; i += PAGE) {
            _run(abi.encodeCall(epochs.cut, (0, _slice(projects, i))), i % (4 * PAGE) == 0);
        }
        uint256 mostCut = _most;
        _earnAll(projects);
        passWindows();
        _most = 0;
        for (uint256 i = 0; i < PROJECTS; i += PAGE) {
            _run(abi.encodeCall(epochs.close, (0, _slice(projects, i))), i % (4 * PAGE) == 0);
        }
        for (uint256 i = 0; i < PROJECTS; ++i) {
            assertEq(epochs.isClosedFor(projects[i], 0), true);
        }
        VM.resumeGasMetering();
        VM.snapshotValue("replenishment", "gas of cutting a page of 60, at most", mostCut);
        VM.snapshotValue("replenishment", "gas of closing a page of 60, at most", _most);
        assertBelow(mostCut, PAGE_LIMIT);
        assertBelow(_most, PAGE_LIMIT);
    }

    /// @dev Nothing was cut before, nothing was achieved, every slot is cold.
    function test_gas_staysBelowTheLimit_whenNothingWasCutBefore() external {
        VM.pauseGasMetering();
        uint32[] memory projects = _prepare(PAGE);
        passWindows();
        _run(abi.encodeCall(epochs.close, (0, projects)), true);
        VM.resumeGasMetering();
        VM.snapshotValue("replenishment", "gas of cutting and closing a page of 60", _most);
        assertBelow(_most, PAGE_LIMIT);
    }

    // Below

    function _prepare(uint256 count) private returns (uint32[] memory projects) {
        deployReplenishment();
        projects = new uint32[](count);
        for (uint256 i = 0; i < count; ++i) {
            projects[i] = account(team, string.concat("p", VM.toString(i)));
            enrol(projects[i], 100 * CREDIT);
            spend(projects[i], 120 * CREDIT);
        }
        nextEpoch();
        outcomes.captureSeed();
    }

    function _earnAll(uint32[] memory projects) private {
        for (uint256 i = 0; i < projects.length; ++i) {
            earn(projects[i], 0, 10 * DOLLAR);
        }
    }

    /// @dev A call, and its gas as of a transaction of its own: slots cold, calldata and the base fee added.
    function _run(bytes memory data, bool isMeasured) private {
        if (isMeasured) {
            _cool();
            VM.resumeGasMetering();
        }
        uint256 before = gasleft();
        (bool isDone,) = address(epochs).call(data);
        uint256 gas = before - gasleft();
        if (isMeasured) {
            VM.pauseGasMetering();
            gas += 21_000 + 16 * data.length;
            if (gas > _most) _most = gas;
        }
        assertTrue(isDone, "refused");
    }

    function _cool() private {
        VM.cool(address(manager));
        VM.cool(address(cursors));
        VM.cool(address(state));
        VM.cool(address(credits));
        VM.cool(address(registry));
        VM.cool(address(budgets));
        VM.cool(address(outcomes));
        VM.cool(address(epochs));
        VM.cool(address(experiments));
    }

    function _slice(uint32[] memory all, uint256 from) private pure returns (uint32[] memory page) {
        uint256 left = all.length - from;
        page = new uint32[](left < PAGE ? left : PAGE);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = all[from + i];
        }
    }
}
