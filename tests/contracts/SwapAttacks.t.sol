// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISwapMarket} from "../../contracts/interfaces/ISwapMarket.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @title What trade must not do: front-run, wash, grief (THREATS T22)
contract SwapAttacksTest is MarketFixture {
    uint128 private constant GIVE_UCR = 10_000_000;
    uint128 private constant WANT_UCR = 3_000_000;
    uint64 private constant END_S = NOW_S + 1 days;

    function setUp() external {
        deployMarkets();
        uint32[3] memory all = [maker, beside, taker];
        for (uint256 i = 0; i < all.length; ++i) {
            give(all[i], GENERAL, 1_000_000_000);
            give(all[i], PROVIDER_ONE, 1_000_000_000);
        }
    }

    // Front-running

    /// @dev Who comes second pays nothing and gets nothing: no fill is worse than the one that was asked for.
    function test_take_movesNothing_whenSomebodyWasFirst() external {
        uint64 offer = _post(maker, WANT_UCR);
        _take(offer, beside, GIVE_UCR, WANT_UCR);
        bytes32 before = _holdings();
        _expect(abi.encodeWithSelector(ISwapMarket.OfferNotOpen.selector, offer));
        _take(offer, taker, GIVE_UCR, WANT_UCR);
        assertEq(_holdings(), before);
    }

    function test_take_movesNothing_whenSomebodyLeftLess() external {
        uint64 offer = _post(maker, WANT_UCR);
        _take(offer, beside, 1, WANT_UCR);
        bytes32 before = _holdings();
        _expect(abi.encodeWithSelector(ISwapMarket.FillInvalid.selector, GIVE_UCR, 0, GIVE_UCR - 1));
        _take(offer, taker, GIVE_UCR, WANT_UCR);
        assertEq(_holdings(), before);
    }

    /// @dev An offer's words never change. A dearer one is another offer, and its price is not what the taker agreed to.
    function test_maker_cannotRaiseThePrice_underATake() external {
        uint64 offer = _post(maker, WANT_UCR);
        VM.prank(CONTROLLER);
        market.cancel(offer);
        uint64 dearer = _post(maker, WANT_UCR + 1);
        assertTrue(dearer != offer, "an offer's id is used again");
        _expect(abi.encodeWithSelector(ISwapMarket.OfferNotOpen.selector, offer));
        _take(offer, taker, GIVE_UCR, WANT_UCR);
        _expect(abi.encodeWithSelector(ISwapMarket.PriceExceeded.selector, WANT_UCR + 1, WANT_UCR));
        _take(dearer, taker, GIVE_UCR, WANT_UCR);
    }

    /// @dev Many small fills ahead of a large one make that one no dearer.
    function test_fuzz_priorFills_leaveThePrice(uint64[3] memory parts, uint64 price) external {
        uint128 wantUcr = 1_000_000 + price % 900_000_000;
        uint64 offer = _post(maker, wantUcr);
        uint128 leftUcr = GIVE_UCR;
        for (uint256 i = 0; i < parts.length; ++i) {
            uint128 part = 1 + parts[i] % (leftUcr / 2);
            _take(offer, beside, part, type(uint128).max);
            leftUcr -= part;
        }
        uint128 exactUcr = leftUcr * wantUcr / GIVE_UCR;
        uint128 paidUcr = _take(offer, taker, leftUcr, type(uint128).max);
        assertTrue(paidUcr <= exactUcr + 1, "dearer for what was taken before");
    }

    // Wash trading and self-dealing

    /// @dev Volume is worth nothing: it is neither spending nor value, mints nothing, burns nothing and moves no index.
    function test_washTrades_changeNothingThatCounts() external {
        bytes32 before = _whatCounts();
        for (uint256 i = 0; i < 8; ++i) {
            _take(_post(maker, 900_000_000), beside, GIVE_UCR, 900_000_000);
            _take(_post(beside, 900_000_000), maker, GIVE_UCR, 900_000_000);
            _take(_post(maker, 900_000_000), taker, GIVE_UCR, 900_000_000);
            _take(_post(taker, 900_000_000), maker, GIVE_UCR, 900_000_000);
        }
        assertEq(_whatCounts(), before);
    }

    // Griefing

    /// @dev The open offers of one organisation take no room of another's.
    function test_manyOffers_keepNobodyElseOut() external {
        for (uint256 i = 0; i < 64; ++i) {
            _post(maker, WANT_UCR);
        }
        _expect(abi.encodeWithSelector(ISwapMarket.TooManyOffers.selector, acme, 64));
        _post(maker, WANT_UCR);
        uint64 offer = _post(taker, WANT_UCR);
        assertEq(market.offerOf(offer).leftUcr, GIVE_UCR);
    }

    /// @dev Dust cannot eat an offer up, nor leave a rest that nobody may take.
    function test_dust_neitherEatsAnOffer_norLeavesARest() external {
        VM.prank(CONTROLLER);
        uint64 offer =
            market.post(maker, GENERAL, GIVE_UCR, PROVIDER_ONE, WANT_UCR, 6_000_000, END_S);
        _expect(
            abi.encodeWithSelector(ISwapMarket.FillInvalid.selector, 5_999_999, 6_000_000, GIVE_UCR)
        );
        _take(offer, taker, 5_999_999, WANT_UCR);
        _take(offer, taker, 6_000_001, WANT_UCR);
        _take(offer, taker, 3_999_999, WANT_UCR);
        assertEq(market.offerOf(offer).leftUcr, 0);
        assertEq(market.openOffersOf(acme), 0);
    }

    function _post(uint32 by, uint128 wantUcr) private returns (uint64) {
        VM.prank(CONTROLLER);
        return market.post(by, GENERAL, GIVE_UCR, PROVIDER_ONE, wantUcr, 0, END_S);
    }

    function _take(uint64 offer, uint32 by, uint128 giveUcr, uint128 maxWantUcr)
        private
        returns (uint128)
    {
        VM.prank(CONTROLLER);
        return market.take(offer, by, giveUcr, maxWantUcr);
    }

    function _expect(bytes memory reason) private {
        VM.expectRevert(reason);
    }

    function _holdings() private view returns (bytes32) {
        uint256[4] memory holders = [uint256(maker), beside, taker, SWAP_ESCROW];
        uint256[8] memory all;
        for (uint256 i = 0; i < 4; ++i) {
            all[2 * i] = balance(holders[i], GENERAL);
            all[2 * i + 1] = balance(holders[i], PROVIDER_ONE);
        }
        return keccak256(abi.encode(all));
    }

    function _whatCounts() private view returns (bytes32) {
        (uint256 grantedUcr, uint256 exploredUcr) = epochs.mintedByEpochs();
        (uint64 indexPpm,) = tariff.indexAt("h100", NOW_S * 1000);
        return keccak256(
            abi.encode(
                budgets.budgetOf(maker).spentLifetimeUcr,
                budgets.budgetOf(acme).spentLifetimeUcr,
                budgets.budgetOf(globex).spentLifetimeUcr,
                credits.minted(GENERAL) - credits.burned(GENERAL),
                credits.minted(PROVIDER_ONE) - credits.burned(PROVIDER_ONE),
                grantedUcr,
                exploredUcr,
                indexPpm
            )
        );
    }
}
