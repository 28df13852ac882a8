// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReplenishmentTerms} from "../../../contracts/interfaces/IEpochs.sol";
import {Judgement, Velocity} from "../../../contracts/libraries/Velocity.sol";
import {Assertions} from "../support/Assertions.sol";
import {MoreVm} from "../support/MoreVm.sol";

/// @title The grant function against a second computation in 512 bits, its own shape, and the vectors
contract VelocityTest is Assertions {
    uint256 private constant PPM = 1_000_000;
    uint256 private constant NO_LIMIT = type(uint128).max;

    // Too little to tell

    function test_judge_keepsTheBase_whenTooLittleWasSpent() external pure {
        ReplenishmentTerms memory terms = _terms();
        terms.minSpendUcr = 1000;
        Judgement memory found = Velocity.judge(terms, 5000, 999, 0, false);
        assertEq(found.baseUcr, 1248);
        assertEq(found.grantUcr, 1248);
        assertEq(found.isJudged, false);
        assertEq(found.isLow, false);
        assertEq(Velocity.judge(terms, 5000, 1000, 0, false).isLow, true);
    }

    function test_judge_grantsNothing_whenNothingWasSpent() external pure {
        ReplenishmentTerms memory terms = _terms();
        terms.minSpendUcr = 0;
        Judgement memory found = Velocity.judge(terms, 5000, 0, NO_LIMIT, false);
        assertEq(found.grantUcr, 0);
        assertEq(found.isJudged, false);
    }

    function test_judge_countsTooLittleValue_asNone() external pure {
        ReplenishmentTerms memory terms = _terms();
        terms.minValueUusd = 1_000_000;
        // 10 credits at the low mark are worth half a dollar.
        assertEq(Velocity.judge(terms, 10e6, 10e6, 999_999, false).grantUcr, 7.5e6);
        assertEq(Velocity.judge(terms, 10e6, 10e6, 1_000_000, false).isLow, false);
    }

    // Marks

    function test_judge_isContinuous_atTheLowMark() external pure {
        Judgement memory found = _judge(1000e6, 1000e6, 50_000_000);
        assertEq(found.grantUcr, 1000e6);
        assertEq(found.isLow, false);
        found = _judge(1000e6, 1000e6, 49_999_999);
        // A micro-dollar less: a cut of 250_000 / 1e6 / 50e6 of the base, rounded up.
        assertEq(found.grantUcr, 1000e6 - 5);
        assertEq(found.isLow, true);
        assertEq(_judge(1000e6, 1000e6, 50_000_001).grantUcr, 1000e6 + 2);
    }

    function test_judge_isContinuous_atTheHighMark() external pure {
        assertEq(_judge(1000e6, 1000e6, 150_000_000).grantUcr, 1250e6);
        assertEq(_judge(1000e6, 1000e6, 149_999_999).grantUcr, 1250e6 - 3);
        assertEq(_judge(1000e6, 1000e6, NO_LIMIT).grantUcr, 1250e6);
    }

    function test_judge_cutsInFull_withoutValue() external pure {
        assertEq(_judge(1000e6, 1000e6, 0).grantUcr, 750e6);
    }

    function test_judge_measuresByFiveFourths_ofWhatWasSpent() external pure {
        assertEq(_judge(1000e6, 800e6, 40_000_000).baseUcr, 1000e6);
        assertEq(_judge(1000e6, 799_999_999, 40_000_000).baseUcr, 999_999_998);
    }

    function test_judge_neverCuts_underALowMarkOfZero() external pure {
        ReplenishmentTerms memory terms = _terms();
        terms.lowUusd = 0;
        Judgement memory found = Velocity.judge(terms, 100, 100, 0, false);
        assertEq(found.grantUcr, 100);
        assertEq(found.isLow, false);
    }

    // Shape, whatever the terms

    function test_fuzz_grant_staysInsideItsBounds(
        uint256 seed,
        uint128 previousUcr,
        uint64 creditsUcr,
        uint128 valueUusd,
        bool isProtected
    ) external pure {
        ReplenishmentTerms memory terms = _drawn(seed);
        Judgement memory found =
            Velocity.judge(terms, previousUcr, creditsUcr, valueUusd, isProtected);
        uint256 base = found.baseUcr;
        assertTrue(base <= previousUcr && base <= uint256(creditsUcr) * 5 / 4, "base");
        assertTrue(found.grantUcr <= base + base * terms.growthPpm / PPM, "growth");
        assertTrue(found.grantUcr >= base * (PPM - terms.cutPpm) / PPM, "cut");
        if (isProtected) assertTrue(found.grantUcr >= base && !found.isLow, "protected");
        if (!found.isJudged) assertEq(found.grantUcr, base);
        if (!found.isLow) assertTrue(found.grantUcr >= base, "a cut without review");
    }

    function test_fuzz_grant_neverFalls_asValueRises(
        uint256 seed,
        uint128 previousUcr,
        uint64 creditsUcr,
        uint128 lessUusd,
        uint128 moreUusd
    ) external pure {
        if (lessUusd > moreUusd) (lessUusd, moreUusd) = (moreUusd, lessUusd);
        ReplenishmentTerms memory terms = _drawn(seed);
        Judgement memory less = Velocity.judge(terms, previousUcr, creditsUcr, lessUusd, false);
        Judgement memory more = Velocity.judge(terms, previousUcr, creditsUcr, moreUusd, false);
        assertTrue(less.grantUcr <= more.grantUcr, "the grant fell");
        assertTrue(less.isLow || !more.isLow, "a review opened");
    }

    function test_fuzz_grant_neverFalls_asItsMeasureRises(
        uint256 seed,
        uint128 lessUcr,
        uint128 moreUcr,
        uint64 creditsUcr,
        uint128 valueUusd
    ) external pure {
        if (lessUcr > moreUcr) (lessUcr, moreUcr) = (moreUcr, lessUcr);
        ReplenishmentTerms memory terms = _drawn(seed);
        Judgement memory less = Velocity.judge(terms, lessUcr, creditsUcr, valueUusd, false);
        Judgement memory more = Velocity.judge(terms, moreUcr, creditsUcr, valueUusd, false);
        assertTrue(less.grantUcr <= more.grantUcr, "the grant fell");
    }

    /// @dev A micro-dollar more moves the grant by no more than the steeper slope says, and the rounding of one step.
    function test_fuzz_grant_isContinuous(
        uint256 seed,
        uint64 previousUcr,
        uint64 creditsUcr,
        uint128 valueUusd
    ) external pure {
        ReplenishmentTerms memory terms = _drawn(seed);
        terms.minValueUusd = 0;
        uint256 value = _near(terms, creditsUcr, valueUusd);
        uint256 step = Velocity.judge(terms, previousUcr, creditsUcr, value + 1, false).grantUcr
            - Velocity.judge(terms, previousUcr, creditsUcr, value, false).grantUcr;
        uint256 base = Velocity.judge(terms, previousUcr, creditsUcr, 0, true).baseUcr;
        if (creditsUcr == 0) return assertEq(step, 0);
        uint256 rising =
            base * terms.growthPpm / (uint256(terms.highUusd - terms.lowUusd) * creditsUcr);
        uint256 falling =
            terms.lowUusd == 0 ? 0 : base * terms.cutPpm / (uint256(terms.lowUusd) * creditsUcr);
        assertTrue(step <= rising + falling + 3, "a jump");
    }

    // Exact, in 512 bits

    function test_fuzz_growth_isExact(
        uint256 seed,
        uint128 previousUcr,
        uint64 creditsUcr,
        uint128 valueUusd
    ) external pure {
        ReplenishmentTerms memory terms = _drawn(seed);
        uint256 value = _near(terms, creditsUcr, valueUusd);
        if (value < terms.minValueUusd) value = 0;
        Judgement memory found = Velocity.judge(terms, previousUcr, creditsUcr, value, false);
        uint256 low = uint256(terms.lowUusd) * creditsUcr;
        if (!found.isJudged || value * PPM < low) return;
        uint256 span = uint256(terms.highUusd - terms.lowUusd) * creditsUcr;
        uint256 above = Math.min(value * PPM - low, span);
        _assertFloor(found.grantUcr - found.baseUcr, found.baseUcr * terms.growthPpm, above, span);
    }

    function test_fuzz_cut_isExact(
        uint256 seed,
        uint128 previousUcr,
        uint64 creditsUcr,
        uint128 valueUusd
    ) external pure {
        ReplenishmentTerms memory terms = _drawn(seed);
        terms.minValueUusd = 0;
        uint256 low = uint256(terms.lowUusd) * creditsUcr;
        uint256 value = low == 0 ? 0 : valueUusd % (low / PPM + 1);
        Judgement memory found = Velocity.judge(terms, previousUcr, creditsUcr, value, false);
        if (!found.isLow) return assertTrue(found.grantUcr >= found.baseUcr, "a cut");
        uint256 cut = found.baseUcr - found.grantUcr;
        uint256 missing = low - value * PPM;
        if (cut == 0) return assertEq(found.baseUcr * terms.cutPpm, 0);
        // Rounded up: one less would be too little.
        uint256 factor = found.baseUcr * terms.cutPpm;
        assertTrue(_isAtLeast(cut, low * PPM, factor, missing), "cut too little");
        assertTrue(!_isAtLeast(cut - 1, low * PPM, factor, missing), "cut too much");
    }

    // The same as in Python

    function test_judge_followsTheVectors() external view {
        string memory json = VM.readFile("tests/vectors/replenishment.json");
        uint256[][] memory terms = _table(json, ".grants[*].terms");
        uint256[][] memory given = _table(json, ".grants[*].given");
        uint256[][] memory expected = _table(json, ".grants[*].expected");
        assertTrue(terms.length > 100, "few cases");
        for (uint256 i = 0; i < terms.length; ++i) {
            Judgement memory found = Velocity.judge(
                abi.decode(abi.encodePacked(terms[i]), (ReplenishmentTerms)),
                given[i][0],
                given[i][1],
                given[i][2],
                given[i][3] == 1
            );
            assertEq(keccak256(abi.encode(found)), keccak256(abi.encodePacked(expected[i])));
        }
    }

    // Below

    function _judge(uint256 previousUcr, uint256 creditsUcr, uint256 valueUusd)
        private
        pure
        returns (Judgement memory)
    {
        return Velocity.judge(_terms(), previousUcr, creditsUcr, valueUusd, false);
    }

    function _terms() private pure returns (ReplenishmentTerms memory) {
        return ReplenishmentTerms({
            lowUusd: 50_000,
            highUusd: 150_000,
            growthPpm: 250_000,
            cutPpm: 250_000,
            minSpendUcr: 1,
            minValueUusd: 0,
            explorationPpm: 100_000,
            disputeS: 1 days
        });
    }

    /// @dev Any terms inside their bounds, of any magnitude.
    function _drawn(uint256 seed) private pure returns (ReplenishmentTerms memory terms) {
        uint256 bits = 1 + uint8(seed) % 63;
        terms.lowUusd = uint64((seed >> 8) % (1 << bits));
        terms.highUusd = uint64(terms.lowUusd + 1 + (seed >> 72) % (1 << bits));
        terms.growthPpm = uint32((seed >> 136) % 500_001);
        terms.cutPpm = uint32((seed >> 160) % 500_001);
        terms.minSpendUcr = uint64((seed >> 184) % 1000);
        terms.minValueUusd = uint128((seed >> 200) % 1000);
    }

    /// @dev A value up to a little above the high mark: most drawn ones would lie far beyond.
    function _near(ReplenishmentTerms memory terms, uint256 creditsUcr, uint256 valueUusd)
        private
        pure
        returns (uint256)
    {
        uint256 high = terms.highUusd * creditsUcr / PPM;
        return valueUusd % (high + high / 8 + 2);
    }

    /// @dev quotient = floor(factor * above / (span * PPM)), told by products of 512 bits.
    function _assertFloor(uint256 quotient, uint256 factor, uint256 above, uint256 span)
        private
        pure
    {
        assertTrue(_isAtLeast(factor, above, quotient, span * PPM), "rounded too high");
        assertTrue(!_isAtLeast(factor, above, quotient + 1, span * PPM), "rounded too low");
    }

    /// @dev a * b >= c * d.
    function _isAtLeast(uint256 a, uint256 b, uint256 c, uint256 d) private pure returns (bool) {
        (uint256 high, uint256 low) = Math.mul512(a, b);
        (uint256 otherHigh, uint256 otherLow) = Math.mul512(c, d);
        return high > otherHigh || (high == otherHigh && low >= otherLow);
    }

    function _table(string memory json, string memory key)
        private
        pure
        returns (uint256[][] memory)
    {
        return abi.decode(MoreVm(address(VM)).parseJson(json, key), (uint256[][]));
    }
}
