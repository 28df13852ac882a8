// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CreditIds} from "../../../contracts/libraries/CreditIds.sol";
import {Wallet} from "../../../contracts/libraries/Wallet.sol";

/// @title What holds of every word of an account's credits, proven by symbolic execution (scripts/prove)
contract WalletProofs {
    uint256 private constant PLAN = 1 << 32;

    /// @dev Setting one balance leaves the others and the reserve alone.
    function check_withBalance_touchesItsFieldOnly(uint256 word, uint80 generalUcr) external pure {
        Wallet before = Wallet.wrap(word);
        Wallet afterwards = before.withBalance(CreditIds.GENERAL, generalUcr);
        assert(afterwards.balanceUcr(CreditIds.GENERAL) == generalUcr);
        assert(afterwards.balanceUcr(PLAN) == before.balanceUcr(PLAN));
        assert(
            afterwards.balanceUcr(CreditIds.EXPLORATION) == before.balanceUcr(CreditIds.EXPLORATION)
        );
        assert(afterwards.reservedUcr() == before.reservedUcr());
    }
}
