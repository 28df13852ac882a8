// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates, ResolvedRates} from "../../../contracts/interfaces/ITariff.sol";
import {Valuation} from "../../../contracts/libraries/Valuation.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The network's valuation formula (docs/protocol.md section 6), against figures worked out by hand
contract ValuationTest is Assertions {
    uint256 private constant MAX_CONTEXT = 16_777_215;
    uint256 private constant MAX_U32 = type(uint32).max;
    uint256 private constant MAX_KILO_SQUARED = 281_467_729;
    uint256 private constant BOUND_NCR = type(uint64).max - 999;
    uint16 private constant CONTINUATION = 1 << 6;
    uint16 private constant AGGREGATE = 1 << 7;

    function test_resolve_roundsEachRateUpOnce() external pure {
        ResolvedRates memory resolved = Valuation.resolve(_votedRates(), 1_000_001);
        assertEq(resolved.wIn, 2); // 1.000001
        assertEq(resolved.wCached, 3);
        assertEq(resolved.wWritten, 4);
        assertEq(resolved.wOut, 1_000_001); // exactly
        assertEq(resolved.wReason, 0);
        assertEq(resolved.g, 16); // 10 * 1.5 * 1.000001, in one step
        assertEq(resolved.m, 9); // not indexed
        assertEq(resolved.t, 3); // 7 * 0.333333, not indexed
        assertEq(resolved.mciBase, 11);
        assertEq(resolved.mciQuad, 12);
    }

    function test_resolve_keepsWeights_atIndexOne() external pure {
        ResolvedRates memory resolved = Valuation.resolve(_votedRates(), 1_000_000);
        assertEq(resolved.wIn, 1);
        assertEq(resolved.wOut, 1_000_000);
        assertEq(resolved.g, 15);
    }

    function test_value_revertsWhen_contextIsTooLarge() external {
        uint32[8] memory quantities;
        quantities[0] = 16_777_215;
        quantities[4] = 1;
        VM.expectRevert(
            abi.encodeWithSelector(Valuation.ContextTooLarge.selector, 16_777_216, MAX_CONTEXT)
        );
        this.value(_weights(1), 0, quantities);
    }

    function test_value_acceptsTheLargestContext() external view {
        uint32[8] memory quantities;
        quantities[4] = 16_777_215;
        assertEq(this.value(_weights(1000), 0, quantities), MAX_CONTEXT);
    }

    function test_value_multipliesEachQuantityWithItsRate() external view {
        ResolvedRates memory rates = ResolvedRates(1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 0, 0);
        uint32[8] memory quantities = [uint32(1), 2, 3, 4, 5, 6, 7, 8];
        assertEq(this.value(rates, 0, quantities), 87_654_321);
    }

    function test_value_roundsUpOnce() external view {
        uint32[8] memory quantities;
        assertEq(this.value(_weights(1), 0, quantities), 0);
        quantities[0] = 1;
        assertEq(this.value(_weights(1), 0, quantities), 1);
        quantities[1] = 999;
        assertEq(this.value(_weights(1), 0, quantities), 1); // 1 + 999 nano-credits make one
        quantities[2] = 1;
        assertEq(this.value(_weights(1), 0, quantities), 2);
    }

    function test_value_squaresWholeThousandsOfContext() external view {
        ResolvedRates memory rates;
        rates.mciBase = 5000;
        rates.mciQuad = 1000;
        uint32[8] memory quantities;
        assertEq(this.value(rates, 0, quantities), 5);
        quantities[0] = 999;
        assertEq(this.value(rates, 0, quantities), 5);
        quantities[4] = 1;
        assertEq(this.value(rates, 0, quantities), 6);
        quantities[2] = 1999;
        assertEq(this.value(rates, 0, quantities), 9); // 2,999 tokens
    }

    function test_value_carriesNoMci_onContinuationsAndAggregates() external view {
        ResolvedRates memory rates = _weights(1000);
        rates.mciBase = 5000;
        rates.mciQuad = 1000;
        uint32[8] memory quantities;
        quantities[0] = 2000;
        assertEq(this.value(rates, 0, quantities), 2009);
        assertEq(this.value(rates, CONTINUATION, quantities), 2000);
        assertEq(this.value(rates, AGGREGATE, quantities), 2000);
        assertEq(this.value(rates, type(uint16).max ^ (CONTINUATION | AGGREGATE), quantities), 2009);
    }

    function test_isInBound_isFalse_whenARateExceeds32Bits() external pure {
        ResolvedRates memory rates;
        rates.wReason = MAX_U32;
        assertEq(Valuation.isInBound(rates), true);
        rates.wReason = MAX_U32 + 1;
        assertEq(Valuation.isInBound(rates), false);
        rates.wReason = 0;
        rates.g = MAX_U32;
        assertEq(Valuation.isInBound(rates), true);
        rates.g = MAX_U32 + 1;
        assertEq(Valuation.isInBound(rates), false);
        rates.g = 0;
        rates.t = MAX_U32 + 1;
        assertEq(Valuation.isInBound(rates), false);
    }

    function test_isInBound_seesEveryWeight() external pure {
        ResolvedRates memory rates;
        rates.mciBase = BOUND_NCR;
        assertEq(Valuation.isInBound(rates), true);
        rates.wIn = 1;
        assertEq(Valuation.isInBound(rates), false);
        (rates.wIn, rates.wCached) = (0, 1);
        assertEq(Valuation.isInBound(rates), false);
        (rates.wCached, rates.wWritten) = (0, 1);
        assertEq(Valuation.isInBound(rates), false);
        (rates.wWritten, rates.wOut) = (0, 1);
        assertEq(Valuation.isInBound(rates), false);
        (rates.wOut, rates.wReason) = (0, 1);
        assertEq(Valuation.isInBound(rates), false);
        (rates.wReason, rates.mciQuad) = (0, 1);
        assertEq(Valuation.isInBound(rates), false);
    }

    /// @dev (2^32 - 1) * 2^32 = 2^64 - 2^32 is the last multiple that fits.
    function test_isInBound_addsTheGpuRates() external pure {
        ResolvedRates memory rates;
        (rates.g, rates.m, rates.t) = (1 << 31, 1 << 30, 1 << 30);
        assertEq(Valuation.isInBound(rates), true);
        rates.m += 1;
        assertEq(Valuation.isInBound(rates), false);
    }

    /// @dev T13: at the very edge accepted, one nano-credit above refused.
    function test_fuzz_isInBound_endsAtTheEdge(
        uint32 weight,
        uint32 g,
        uint32 m,
        uint32 t,
        uint32 quad
    ) external pure {
        ResolvedRates memory rates = _weights(weight);
        (rates.g, rates.m, rates.t, rates.mciQuad) = (g / 4, m / 4, t / 4, quad);
        uint256 worstNcr = MAX_CONTEXT * weight + MAX_U32 * (rates.g + rates.m + rates.t)
            + MAX_KILO_SQUARED * quad;
        rates.mciBase = BOUND_NCR - worstNcr;
        assertEq(Valuation.isInBound(rates), true);
        rates.mciBase += 1;
        assertEq(Valuation.isInBound(rates), false);
    }

    /// @dev The dearest record there can be at the edge: its cost is exact, and fits the cost word's 55 bits.
    function test_value_fits_atTheEdge() external view {
        ResolvedRates memory rates = _weights(1);
        (rates.g, rates.m, rates.t, rates.mciQuad) = (1 << 30, 1 << 30, 1 << 30, 1);
        rates.mciBase = BOUND_NCR - MAX_CONTEXT - MAX_U32 * (3 << 30) - MAX_KILO_SQUARED;
        assertEq(Valuation.isInBound(rates), true);
        uint32[8] memory quantities;
        quantities[3] = 16_777_215;
        for (uint256 i = 5; i < 8; ++i) {
            quantities[i] = type(uint32).max;
        }
        assertEq(this.value(rates, 0, quantities), 18_446_744_073_709_551);
        assertBelow(this.value(rates, 0, quantities), 1 << 55);
    }

    /// @dev T14: inside the bound no record's cost loses a bit to its type.
    function test_fuzz_value_isNeverCut(
        uint32[5] memory weights,
        uint32[8] memory quantities,
        uint16 flags
    ) external view {
        ResolvedRates memory rates;
        (rates.wIn, rates.wCached, rates.wWritten) = (weights[0], weights[1], weights[2]);
        (rates.wOut, rates.wReason) = (weights[3], weights[4]);
        (rates.g, rates.m, rates.t) = (weights[0] >> 2, weights[1] >> 2, weights[2] >> 2);
        uint256 sumNcr = 0;
        for (uint256 i = 0; i < 5; ++i) {
            quantities[i] >>= 11;
            sumNcr += uint256(quantities[i]) * weights[i];
        }
        for (uint256 i = 5; i < 8; ++i) {
            sumNcr += uint256(quantities[i]) * (weights[i - 5] >> 2);
        }
        assertEq(Valuation.isInBound(rates), true);
        assertEq(this.value(rates, flags, quantities), (sumNcr + 999) / 1000);
    }

    function value(ResolvedRates calldata rates, uint16 flags, uint32[8] calldata quantities)
        external
        pure
        returns (uint64)
    {
        return Valuation.value(rates, flags, quantities);
    }

    function _votedRates() private pure returns (Rates memory rates) {
        (rates.wIn, rates.wCached, rates.wWritten) = (1, 2, 3);
        rates.wOut = 1_000_000;
        (rates.computeNcr, rates.gpuMultiplierPpm, rates.memoryNcr) = (10, 1_500_000, 9);
        (rates.transferNcr, rates.bandwidthFactorPpm) = (7, 333_333);
        (rates.mciBase, rates.mciQuad) = (11, 12);
    }

    function _weights(uint256 weight) private pure returns (ResolvedRates memory rates) {
        rates.wIn = weight;
        rates.wCached = weight;
        rates.wWritten = weight;
        rates.wOut = weight;
        rates.wReason = weight;
    }
}
