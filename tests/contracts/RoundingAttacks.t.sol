// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReplenishmentTerms} from "../../contracts/interfaces/IEpochs.sol";
import {RateWord, RateWords} from "../../contracts/libraries/RateWord.sol";
import {Velocity} from "../../contracts/libraries/Velocity.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title Nobody gains a micro-credit by doing in parts what could be done at once (THREATS T13)
/// @dev Swaps and conversions: test_fuzz_take_neverFillsBelowThePrice, test_fuzz_convert_roundsAgainstTheTaker.
contract RoundingAttacksTest is ReplenishmentFixture {
    /// @dev Two projects with a share of the spending and value of one get no more than that one.
    function test_fuzz_grant_doesNotGrow_byDividingAProject(
        uint32 previousUcr,
        uint32 creditsUcr,
        uint32 valueUusd,
        uint16 one,
        uint16 other,
        uint32 step
    ) external pure {
        ReplenishmentTerms memory one_ = terms();
        (one_.minSpendUcr, one_.minValueUusd) = (0, 0);
        (one_.growthPpm, one_.cutPpm) = (step % 500_001, (step >> 8) % 500_001);
        uint256 parts = 0;
        uint16[2] memory shares = [one, other];
        for (uint256 i = 0; i < 2; ++i) {
            parts += Velocity.judge(
                one_,
                uint256(previousUcr) * shares[i],
                uint256(creditsUcr) * shares[i],
                uint256(valueUusd) * shares[i],
                false
            )
            .grantUcr;
        }
        uint256 shares_ = uint256(one) + other;
        uint256 whole =
            Velocity.judge(
            one_, previousUcr * shares_, creditsUcr * shares_, valueUusd * shares_, false
        )
        .grantUcr;
        assertTrue(parts <= whole, "parts are worth more");
        // Each of two bases, growths or cuts is rounded once.
        assertTrue(parts + 6 >= whole, "parts are worth less than rounding explains");
    }

    /// @dev However leases are divided, a bucket lets through what it held and what has flowed in, and no more.
    function test_fuzz_rate_letsThroughNoMore_inManyParts(
        uint40 amountUcr,
        uint24 windowS,
        uint16[12] memory pausesS,
        uint64[12] memory parts
    ) external pure {
        uint256 amount = 1 + uint256(amountUcr);
        uint256 window = 1 + uint256(windowS);
        uint256 nowS = START_S;
        RateWord rate = RateWords.full(amount, window, nowS);
        uint256 takenUcr = 0;
        for (uint256 i = 0; i < parts.length; ++i) {
            nowS += pausesS[i];
            rate = rate.refilled(nowS);
            uint256 levelUcr = rate.levelUcr();
            uint256 partUcr = parts[i] % 2 == 0 ? levelUcr : parts[i] % (levelUcr + 1);
            rate = rate.taken(partUcr);
            takenUcr += partUcr;
            uint256 flowedUcr = amount + (nowS - START_S) * amount / window;
            assertTrue(takenUcr <= flowedUcr, "more than the rate");
        }
    }

    /// @dev An invoice in parts brings no more than the whole one.
    function test_fuzz_invoices_bringNoMore_inParts(uint32 one, uint32 other, uint64 price)
        external
    {
        VM.startPrank(REGISTRAR);
        plans.setPlan(project, 1e12 + 7, 1 + price % 1e9);
        uint64[3] memory cents = [1 + uint64(one), 1 + uint64(other), 2 + uint64(one) + other];
        uint256[3] memory broughtUcr;
        for (uint256 i = 0; i < 3; ++i) {
            plans.reportInvoice(project, bytes32(i + 1), cents[i]);
            broughtUcr[i] = plans.invoiceOf(bytes32(i + 1)).creditsUcr;
        }
        VM.stopPrank();
        assertTrue(broughtUcr[0] + broughtUcr[1] <= broughtUcr[2], "parts bring more");
    }

    function setUp() external {
        deployReplenishment();
    }
}
