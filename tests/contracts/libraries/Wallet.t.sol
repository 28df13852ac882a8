// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CreditIds} from "../../../contracts/libraries/CreditIds.sol";
import {Wallet, Wallets} from "../../../contracts/libraries/Wallet.sol";
import {Assertions} from "../support/Assertions.sol";

/// @title The word of one account's credits, field by field
contract WalletTest is Assertions {
    uint256 private constant PLAN = (1 << 32) | 7;

    /// @dev T14: each balance at any value beside all others at any.
    function test_fuzz_fields_lieApart(
        uint256 word,
        uint80 general,
        uint64 plan,
        uint56 exploration
    ) external pure {
        Wallet wallet = Wallet.wrap(word).withBalance(CreditIds.GENERAL, general);
        wallet = wallet.withBalance(PLAN, plan).withBalance(CreditIds.EXPLORATION, exploration);
        assertEq(wallet.balanceUcr(CreditIds.GENERAL), general);
        assertEq(wallet.balanceUcr(PLAN), plan);
        assertEq(wallet.balanceUcr(CreditIds.EXPLORATION), exploration);
        assertEq(wallet.reservedUcr(), Wallet.wrap(word).reservedUcr());
        assertEq(wallet.spendableUcr(), uint256(general) + plan + exploration);
        assertEq(wallet.withReserved(5).reservedUcr(), 5);
        assertEq(wallet.withReserved(5).spendableUcr(), wallet.spendableUcr());
    }

    function test_limitUcr_isTheFieldsWidth() external pure {
        assertEq(Wallets.limitUcr(CreditIds.GENERAL), type(uint80).max);
        assertEq(Wallets.limitUcr(PLAN), type(uint64).max);
        assertEq(Wallets.limitUcr(CreditIds.EXPLORATION), type(uint56).max);
        assertEq(Wallets.MAX_RESERVED_UCR, type(uint56).max);
    }

    /// @dev T11: more covered than is reserved counts for what is reserved, and nothing runs below zero.
    function test_paying_toleratesMoreCoveredThanReserved() external pure {
        Wallet wallet = Wallet.wrap(0).withBalance(CreditIds.GENERAL, 100).withReserved(30);
        (Wallet next, uint256 planUcr, uint256 explorationUcr, uint256 generalUcr) =
            wallet.paying(500, 400);
        assertEq(planUcr + explorationUcr, 0);
        assertEq(generalUcr, 100);
        assertEq(Wallet.unwrap(next), 0);
    }
}
