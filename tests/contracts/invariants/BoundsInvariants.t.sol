// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epochs} from "../../../contracts/Epochs.sol";
import {Leases} from "../../../contracts/Leases.sol";
import {ProviderDesk} from "../../../contracts/ProviderDesk.sol";
import {ReplenishmentTerms} from "../../../contracts/interfaces/IEpochs.sol";
import {DeskRate} from "../../../contracts/interfaces/IProviderDesk.sol";
import {Rates} from "../../../contracts/interfaces/ITariff.sol";
import {Assertions} from "../support/Assertions.sol";
import {BoundsHandler} from "./BoundsHandler.sol";

/// @title What no vote can move, whatever is voted: docs/invariants.md
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 4
/// forge-config: default.invariant.include-storage = false
/// forge-config: default.invariant.include-push-bytes = false
contract BoundsInvariantsTest is Assertions {
    BoundsHandler private handler;
    Leases private leases;
    Epochs private epochs;
    ProviderDesk private desk;

    function setUp() external {
        handler = new BoundsHandler();
        (address leases_, address epochs_,, address desk_) = handler.parts();
        (leases, epochs, desk) = (Leases(leases_), Epochs(epochs_), ProviderDesk(desk_));
    }

    /// @notice Whom forge calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_I11_leaseTermsStayInsideTheirBounds() external view {
        (uint32 sharePpm, uint32 maxTtlS, uint32 graceS) = leases.leaseTerms();
        assertTrue(sharePpm >= 1 && sharePpm <= 500_000, "share");
        assertTrue(maxTtlS >= 1 && maxTtlS <= 1 hours, "time");
        assertTrue(graceS >= 1 hours && graceS <= 7 days, "grace");
    }

    function invariant_I11_replenishmentTermsStayInsideTheirBounds() external view {
        ReplenishmentTerms memory terms = handler.termsAhead();
        assertTrue(terms.lowUusd < terms.highUusd, "marks");
        assertTrue(terms.growthPpm <= 500_000 && terms.cutPpm <= 500_000, "step");
        assertTrue(
            terms.explorationPpm >= 100_000 && terms.explorationPpm <= 150_000, "exploration"
        );
        assertTrue(terms.disputeS >= 1 days && terms.disputeS <= 30 days, "dispute");
    }

    /// @dev A GPU is worth a hundredth to a hundred times the reference; bandwidth at most a hundred times its rate.
    function invariant_I11_ratesStayInsideTheirBounds() external view {
        Rates memory rates = handler.ratesAhead();
        if (rates.gpuMultiplierPpm == 0 && rates.computeNcr == 0) return;
        assertTrue(rates.gpuMultiplierPpm >= 10_000, "below a hundredth");
        assertTrue(rates.gpuMultiplierPpm <= 100_000_000, "above a hundred times");
        assertTrue(rates.bandwidthFactorPpm <= 100_000_000, "bandwidth");
    }

    function invariant_I11_providerRatesStayInsideTheirBounds() external {
        handler.toNow();
        DeskRate memory rate = desk.rateOf(1);
        uint64[3] memory all = [rate.currentPpm, rate.queuedPpm, rate.appliedPpm];
        for (uint256 i = 0; i < all.length; ++i) {
            assertTrue(all[i] == 0 || (all[i] >= 1000 && all[i] <= 1_000_000_000), "rate");
        }
    }

    /// @dev From one day to the next an index moves by at most 15 in a hundred up, and as much down again.
    function invariant_I11_indexTakesSmallSteps() external view {
        uint64[] memory all = handler.indices();
        for (uint256 i = 1; i < all.length; ++i) {
            uint256 before = all[i - 1];
            assertTrue(uint256(all[i]) * 100 <= before * 115, "too far up");
            assertTrue(uint256(all[i]) * 115 >= before * 100, "too far down");
            assertTrue(all[i] >= 1000 && all[i] <= 1_000_000_000, "index");
        }
    }

    /// @dev Votes inside the bounds are accepted, or all of the above would hold of nothing.
    function afterInvariant() external view {
        assertTrue(handler.acceptedVotes() != 0, "no vote was accepted");
    }
}
