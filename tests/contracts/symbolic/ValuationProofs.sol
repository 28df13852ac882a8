// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ResolvedRates} from "../../../contracts/interfaces/ITariff.sol";
import {Valuation} from "../../../contracts/libraries/Valuation.sol";

/// @title What holds of every valuation inside the bound, proven by symbolic execution (scripts/prove)
/// @dev The solver multiplies two unknowns of 32 bits with effort, a sum of several such products not at all: the proofs take
/// the terms of the formula one at a time, and the bound is their sum.
contract ValuationProofs {
    uint256 private constant MAX_COST_NCR = type(uint64).max - 999;

    /// @dev A rate for machine time that is in bound lets no quantity overflow.
    function check_machineTime_staysInBound(uint32 g, uint32 used) external pure {
        ResolvedRates memory rates;
        rates.g = g;
        if (!Valuation.isInBound(rates)) return;
        assert(uint256(used) * g <= MAX_COST_NCR);
    }

    /// @dev A rate that does not fit its 32 bits is out of bounds, whatever the others are.
    function check_isInBound_isFalse_beyondTheRatesType(uint256 g) external pure {
        ResolvedRates memory rates;
        rates.g = g;
        if (g > type(uint32).max && g < 1 << 128) assert(!Valuation.isInBound(rates));
    }

    /// @dev Continuations and aggregates carry no model complexity index.
    function check_value_isFree_ofMciByFlag(uint64 base, uint16 flags) external pure {
        ResolvedRates memory rates;
        rates.mciBase = base;
        if (!Valuation.isInBound(rates) || flags & 0xC0 == 0) return;
        uint32[8] memory nothing;
        assert(Valuation.value(rates, flags, nothing) == 0);
    }
}
