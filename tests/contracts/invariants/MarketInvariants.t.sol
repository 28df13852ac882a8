// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Credits} from "../../../contracts/Credits.sol";
import {ProviderDesk} from "../../../contracts/ProviderDesk.sol";
import {SwapMarket} from "../../../contracts/SwapMarket.sol";
import {Offer} from "../../../contracts/interfaces/ISwapMarket.sol";
import {Assertions} from "../support/Assertions.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @title What holds on the markets whatever happens: docs/invariants.md
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 8
/// forge-config: default.invariant.include-storage = false
/// forge-config: default.invariant.include-push-bytes = false
contract MarketInvariantsTest is Assertions {
    uint256 private constant GENERAL = 1;
    uint256 private constant PROVIDER_ONE = (2 << 32) + 1;
    uint256 private constant SWAP_ESCROW = (1 << 32) + 2;
    uint256 private constant PROVIDER_INVENTORY = (1 << 32) + 3;
    uint256 private constant PENDING_REDEMPTIONS = (1 << 32) + 4;

    MarketHandler private handler;
    SwapMarket private market;
    ProviderDesk private desk;
    Credits private credits;

    function setUp() external {
        handler = new MarketHandler();
        (market, desk, credits) = handler.parts();
    }

    /// @notice Whom forge calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev What lies with accounts, in escrow and in the desk's pools is what was minted and not burned, per id.
    function invariant_I1_balancesEscrowAndPoolsAreMintedLessBurned() external view {
        uint256[2] memory ids = [GENERAL, PROVIDER_ONE];
        uint32[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 heldUcr = credits.balanceOfAccount(SWAP_ESCROW, ids[i])
                + credits.balanceOfAccount(PROVIDER_INVENTORY, ids[i])
                + credits.balanceOfAccount(PENDING_REDEMPTIONS, ids[i]);
            for (uint256 j = 0; j < accounts.length; ++j) {
                heldUcr += credits.balanceOfAccount(accounts[j], ids[i]);
            }
            assertEq(heldUcr, credits.minted(ids[i]) - credits.burned(ids[i]));
        }
    }

    /// @dev No offer gave more than it was posted with, or got less than its price for what it gave.
    function invariant_I10_offersFillWithinTheirWord() external view {
        for (uint64 id = 1; id <= market.offerCount(); ++id) {
            Offer memory offer = market.offerOf(id);
            (uint256 gaveUcr, uint256 paidUcr) = handler.filledOf(id);
            assertTrue(gaveUcr + offer.leftUcr <= offer.giveUcr, "beyond its amount");
            assertTrue(paidUcr * offer.giveUcr >= gaveUcr * offer.wantUcr, "below its price");
        }
    }

    /// @dev Escrow holds what open offers have left, to the ucr, and nothing of anyone else.
    function invariant_I10_escrowIsWhatOffersHaveLeft() external view {
        uint256[2] memory ids = [GENERAL, PROVIDER_ONE];
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 leftUcr = 0;
            for (uint64 id = 1; id <= market.offerCount(); ++id) {
                Offer memory offer = market.offerOf(id);
                if (offer.giveId == ids[i]) leftUcr += offer.leftUcr;
            }
            assertEq(credits.balanceOfAccount(SWAP_ESCROW, ids[i]), leftUcr);
        }
    }

    /// @dev The desk pays out what was deposited and no more, and sets aside what was handed in.
    function invariant_theDesksPoolsAreWhatItOwes() external view {
        assertEq(desk.inventoryOf(1), handler.depositedUcr() - handler.paidOutUcr());
        assertEq(credits.balanceOfAccount(PENDING_REDEMPTIONS, PROVIDER_ONE), handler.pendingUcr());
        assertEq(credits.burned(PROVIDER_ONE), handler.honouredUcr());
    }
}
