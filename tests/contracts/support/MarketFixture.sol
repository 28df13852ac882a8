// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "../../../contracts/interfaces/ICredits.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {EconomyFixture} from "./EconomyFixture.sol";

/// @title Two organisations' accounts with controllers of their own, and credits out of nothing
abstract contract MarketFixture is EconomyFixture {
    uint256 internal constant GENERAL = 1;
    uint256 internal constant PROVIDER_ONE = (2 << 32) + 1;
    uint256 internal constant SWAP_ESCROW = (1 << 32) + 2;
    uint256 internal constant PROVIDER_INVENTORY = (1 << 32) + 3;
    uint256 internal constant PENDING_REDEMPTIONS = (1 << 32) + 4;
    uint64 internal constant NOW_S = uint64(START_S);
    uint256 internal constant MAKER_KEY = 0x3A4E4;
    uint256 internal constant TAKER_KEY = 0x7A4E4;

    uint32 internal maker;
    uint32 internal beside;
    uint32 internal globex;
    uint32 internal taker;

    /// @dev Maker and beside are acme's, taker is globex's; CONTROLLER has authority over all of them.
    function deployMarkets() internal {
        deployEconomy(4);
        manager.grantRole(Roles.ISSUER, address(this), 0);
        maker = project;
        beside = account(team, "beside");
        globex = organisation("globex");
        taker = account(globex, "taker");
        VM.prank(CONTROLLER);
        registry.setController(maker, VM.addr(MAKER_KEY));
        VM.prank(CONTROLLER);
        registry.setController(taker, VM.addr(TAKER_KEY));
    }

    function give(uint256 holder, uint256 id, uint256 amountUcr) internal {
        budgets.issue(holder, id, amountUcr);
    }

    function balance(uint256 holder, uint256 id) internal view returns (uint256) {
        return credits.balanceOfAccount(holder, id);
    }

    function expectBalanceTooLow(uint256 holder, uint256 id, uint256 balanceUcr, uint256 neededUcr)
        internal
    {
        VM.expectRevert(
            abi.encodeWithSelector(
                ICredits.BalanceTooLow.selector, holder, id, balanceUcr, neededUcr
            )
        );
    }
}
