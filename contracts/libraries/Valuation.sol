// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Rates, ResolvedRates} from "../interfaces/ITariff.sol";

/// @title The network's valuation formula
/// @notice docs/protocol.md section 6, the same as tallystick.core.valuation; tests/vectors tie them together.
library Valuation {
    /// @notice One, in millionths.
    uint256 internal constant PPM = 1_000_000;
    /// @notice LLM tokens of a record at most, over all five fields.
    uint256 internal constant MAX_CONTEXT = (1 << 24) - 1;

    /// @dev Flags 6 (continuation) and 7 (aggregate of many calls) carry no model complexity index.
    uint256 private constant NO_MCI_FLAGS = 0xC0;
    uint256 private constant NCR_PER_UCR = 1000;
    /// @dev A cost up to here can be rounded up to ucr in 64 bits.
    uint256 private constant MAX_COST_NCR = (1 << 64) - 1000;
    uint256 private constant MAX_U32 = type(uint32).max;

    /// @notice More tokens than one record may hold.
    error ContextTooLarge(uint256 context, uint256 limit);

    /// @notice Rates under an index, each rounded up once.
    /// @param rates As voted.
    /// @param indexPpm The index of the resource's class, 1,000,000 without one.
    /// @return Nano-credits per unit.
    function resolve(Rates memory rates, uint256 indexPpm)
        internal
        pure
        returns (ResolvedRates memory)
    {
        return ResolvedRates({
            wIn: Math.ceilDiv(rates.wIn * indexPpm, PPM),
            wCached: Math.ceilDiv(rates.wCached * indexPpm, PPM),
            wWritten: Math.ceilDiv(rates.wWritten * indexPpm, PPM),
            wOut: Math.ceilDiv(rates.wOut * indexPpm, PPM),
            wReason: Math.ceilDiv(rates.wReason * indexPpm, PPM),
            g: Math.ceilDiv(
                uint256(rates.computeNcr) * rates.gpuMultiplierPpm * indexPpm, PPM * PPM
            ),
            m: rates.memoryNcr,
            t: Math.ceilDiv(uint256(rates.transferNcr) * rates.bandwidthFactorPpm, PPM),
            mciBase: rates.mciBase,
            mciQuad: rates.mciQuad
        });
    }

    /// @notice Whether no record can overflow 64 bits under these rates, and each fits its type.
    /// @param rates Resolved rates.
    /// @return True inside the bound.
    function isInBound(ResolvedRates memory rates) internal pure returns (bool) {
        uint256 heaviest = Math.max(
            Math.max(Math.max(rates.wIn, rates.wCached), Math.max(rates.wWritten, rates.wOut)),
            rates.wReason
        );
        if (Math.max(heaviest, Math.max(rates.g, rates.t)) > MAX_U32) return false;
        uint256 kilo = MAX_CONTEXT / 1000;
        uint256 worstNcr = MAX_CONTEXT * heaviest + MAX_U32 * (rates.g + rates.m + rates.t)
            + rates.mciBase + kilo * kilo * rates.mciQuad;
        return worstNcr <= MAX_COST_NCR;
    }

    /// @notice What a record costs.
    /// @param rates Resolved rates, inside their bound.
    /// @param flags The record's flags.
    /// @param quantities In the record's order; the five token fields hold at most MAX_CONTEXT together.
    /// @return costUcr Micro-credits, rounded up once.
    function value(ResolvedRates memory rates, uint16 flags, uint32[8] memory quantities)
        internal
        pure
        returns (uint64 costUcr)
    {
        uint256 context = uint256(quantities[0]) + quantities[1] + quantities[2] + quantities[3]
            + quantities[4];
        require(context <= MAX_CONTEXT, ContextTooLarge(context, MAX_CONTEXT));
        uint256 costNcr = quantities[0] * rates.wIn + quantities[1] * rates.wCached + quantities[2]
            * rates.wWritten + quantities[3] * rates.wOut + quantities[4] * rates.wReason
            + quantities[5] * rates.g + quantities[6] * rates.m + quantities[7] * rates.t;
        if (flags & NO_MCI_FLAGS == 0) {
            uint256 kilo = context / 1000;
            costNcr += rates.mciBase + kilo * kilo * rates.mciQuad;
        }
        // The bound keeps costNcr at 2^64 - 1000 at most.
        return uint64(Math.ceilDiv(costNcr, NCR_PER_UCR));
    }
}
