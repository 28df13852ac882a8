// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FactTime} from "../../../contracts/libraries/FactTime.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title When facts begin
contract FactTimeTest is Assertions {
    uint256 private constant NOW_S = 1_700_000_000;

    function test_ofChange_revertsWhen_beforeBlockTime() external {
        VM.warp(NOW_S);
        _expectTooEarly(1_699_999_999_999, 1_700_000_000_000);
        this.ofChange(1_699_999_999_999, 0);
    }

    function test_ofChange_revertsWhen_insideLead() external {
        VM.warp(NOW_S);
        _expectTooEarly(1_700_000_599_999, 1_700_000_600_000);
        this.ofChange(1_700_000_599_999, 600);
    }

    function test_ofChange_isEarliest_whenZero() external {
        VM.warp(NOW_S);
        assertEq(FactTime.ofChange(0, 0), 1_700_000_000_000);
        assertEq(FactTime.ofChange(0, 600), 1_700_000_600_000);
    }

    function test_ofChange_isAsAsked_fromTheEarliestOn() external {
        VM.warp(NOW_S);
        assertEq(FactTime.ofChange(1_700_000_600_000, 600), 1_700_000_600_000);
        assertEq(FactTime.ofChange(type(uint64).max, 600), type(uint64).max);
    }

    /// @dev T14: block times of 40 bits and any lead the contracts allow fit without a cut.
    function test_fuzz_nowMs_isNeverCut(uint40 nowS, uint32 leadS) external {
        VM.warp(nowS);
        assertEq(FactTime.nowMs(), uint256(nowS) * 1000);
        assertEq(FactTime.ofChange(0, leadS), (uint256(nowS) + leadS) * 1000);
    }

    /// @dev T9: whatever is asked for, no change begins before the lead has passed.
    function test_fuzz_ofChange_neverBeginsEarly(uint40 nowS, uint32 leadS, uint64 fromMs)
        external
    {
        VM.warp(nowS);
        uint256 earliestMs = (uint256(nowS) + leadS) * 1000;
        try this.ofChange(fromMs, leadS) returns (uint64 resolvedMs) {
            assertEq(resolvedMs, fromMs == 0 ? earliestMs : fromMs);
            assertTrue(resolvedMs >= earliestMs, "begins after the lead");
        } catch {
            assertTrue(fromMs < earliestMs, "refused only if early");
        }
    }

    function ofChange(uint64 fromMs, uint256 leadS) external view returns (uint64) {
        return FactTime.ofChange(fromMs, leadS);
    }

    function _expectTooEarly(uint64 fromMs, uint64 earliestMs) private {
        VM.expectRevert(abi.encodeWithSelector(FactTime.FactTooEarly.selector, fromMs, earliestMs));
    }
}
