// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReplenishmentTerms} from "../interfaces/IEpochs.sol";

/// @notice What an epoch makes of a project's grant.
/// @param baseUcr What the grant is measured by, in micro-credits.
/// @param grantUcr The grant, in micro-credits.
/// @param isJudged Whether enough was spent to tell; if not, the grant is its base and the next one's measure stays.
/// @param isLow Whether velocity lies below the low mark.
struct Judgement {
    uint256 baseUcr;
    uint256 grantUcr;
    bool isJudged;
    bool isLow;
}

/// @title The grant as a function of velocity
/// @notice docs/replenishment.md, the same as tallystick.core.replenishment; tests/vectors tie them together. Velocity stays
/// the pair of value and credits: marks are compared by cross-multiplication, and a grant is rounded once, down.
library Velocity {
    /// @notice One, in millionths.
    uint256 internal constant PPM = 1_000_000;
    /// @notice Micro-credits in a credit: marks are per credit, spending is in micro-credits.
    uint256 internal constant UCR_PER_CREDIT = 1_000_000;

    /// @dev A grant is measured by at most five fourths of what was spent.
    uint256 private constant BASE_NUMERATOR = 5;
    uint256 private constant BASE_DENOMINATOR = 4;

    /// @notice The grant for an epoch.
    /// @param terms The terms that hold in the epoch, inside their bounds.
    /// @param previousGrantUcr What it is measured by, in micro-credits, less than 2^128.
    /// @param creditsUcr What was spent, in micro-credits, less than 2^64.
    /// @param valueUusd What was achieved, in micro-USD, less than 2^128.
    /// @param isProtected Whether an experiment keeps the grant from a cut.
    /// @return The grant, and whether a review is due.
    function judge(
        ReplenishmentTerms memory terms,
        uint256 previousGrantUcr,
        uint256 creditsUcr,
        uint256 valueUusd,
        bool isProtected
    ) internal pure returns (Judgement memory) {
        uint256 baseUcr = Math.min(previousGrantUcr, creditsUcr * BASE_NUMERATOR / BASE_DENOMINATOR);
        bool isJudged = creditsUcr != 0 && creditsUcr >= terms.minSpendUcr;
        uint256 countedUusd = valueUusd < terms.minValueUusd ? 0 : valueUusd;
        // Both sides in micro-USD times micro-credits per credit: at most 148 and 128 bits.
        uint256 reached = countedUusd * UCR_PER_CREDIT;
        uint256 low = terms.lowUusd * creditsUcr;
        bool isLow = isJudged && reached < low && !isProtected;
        uint256 grantUcr = baseUcr;
        if (isLow) {
            grantUcr -= _cutOf(terms, baseUcr, low - reached, low);
        } else if (isJudged && reached > low) {
            grantUcr += _growthOf(terms, baseUcr, reached - low, creditsUcr);
        }
        return Judgement({baseUcr: baseUcr, grantUcr: grantUcr, isJudged: isJudged, isLow: isLow});
    }

    /// @dev base * cutPpm * missing / low, rounded up: the grant is rounded down.
    function _cutOf(ReplenishmentTerms memory terms, uint256 baseUcr, uint256 missing, uint256 low)
        private
        pure
        returns (uint256)
    {
        return Math.mulDiv(baseUcr * terms.cutPpm, missing, low * PPM, Math.Rounding.Ceil);
    }

    /// @dev base * growthPpm * above / between the marks, no more than base * growthPpm, rounded down.
    function _growthOf(
        ReplenishmentTerms memory terms,
        uint256 baseUcr,
        uint256 above,
        uint256 creditsUcr
    ) private pure returns (uint256) {
        uint256 span = (terms.highUusd - terms.lowUusd) * creditsUcr;
        return Math.mulDiv(baseUcr * terms.growthPpm, Math.min(above, span), span * PPM);
    }
}
