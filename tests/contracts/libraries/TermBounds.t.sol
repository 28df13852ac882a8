// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEpochs, ReplenishmentTerms} from "../../../contracts/interfaces/IEpochs.sol";
import {TermBounds} from "../../../contracts/libraries/TermBounds.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title I11: what no vote on replenishment can go beyond
contract TermBoundsTest is Assertions {
    ReplenishmentTerms private _terms;

    function setUp() external {
        _terms = ReplenishmentTerms({
            lowUusd: 50_000,
            highUusd: 50_001,
            growthPpm: 500_000,
            cutPpm: 500_000,
            minSpendUcr: type(uint64).max,
            minValueUusd: type(uint128).max,
            explorationPpm: 150_000,
            disputeS: 30 days
        });
    }

    function test_check_accepts_atTheVeryEdge() external {
        this.check(_terms);
        _terms.explorationPpm = 100_000;
        _terms.disputeS = 1 days;
        _terms.lowUusd = 0;
        (_terms.growthPpm, _terms.cutPpm) = (0, 0);
        this.check(_terms);
    }

    function test_check_revertsWhen_marksMeet() external {
        _terms.highUusd = 50_000;
        _expect("lowUusd");
        this.check(_terms);
    }

    function test_check_revertsWhen_aStepExceedsHalf() external {
        _terms.growthPpm = 500_001;
        _expect("growthPpm");
        this.check(_terms);
        _terms.growthPpm = 0;
        _terms.cutPpm = 500_001;
        _expect("cutPpm");
        this.check(_terms);
    }

    function test_check_revertsWhen_explorationLeavesItsBounds() external {
        _terms.explorationPpm = 99_999;
        _expect("explorationPpm");
        this.check(_terms);
        _terms.explorationPpm = 150_001;
        _expect("explorationPpm");
        this.check(_terms);
    }

    function test_check_revertsWhen_disputesAreTooShortOrLong() external {
        _terms.disputeS = 1 days - 1;
        _expect("disputeS");
        this.check(_terms);
        _terms.disputeS = 30 days + 1;
        _expect("disputeS");
        this.check(_terms);
    }

    function check(ReplenishmentTerms calldata terms) external pure {
        TermBounds.check(terms);
    }

    function _expect(string memory name) private {
        VM.expectRevert(abi.encodeWithSelector(IEpochs.TermsInvalid.selector, name));
    }
}
