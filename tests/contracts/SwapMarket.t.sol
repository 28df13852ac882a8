// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ISwapMarket, Offer} from "../../contracts/interfaces/ISwapMarket.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @title Posted offers: who may, what lies in escrow, and that no fill is beyond its amount or below its price
contract SwapMarketTest is MarketFixture {
    uint128 private constant GIVE_UCR = 10_000_000;
    uint128 private constant WANT_UCR = 3_000_001;
    uint64 private constant END_S = NOW_S + 1 days;

    function setUp() external {
        deployMarkets();
        give(maker, GENERAL, 100_000_000);
        give(beside, GENERAL, 100_000_000);
        give(taker, PROVIDER_ONE, 100_000_000);
        give(beside, PROVIDER_ONE, 100_000_000);
    }

    // Posting: error cases in the order of the checks

    function test_post_revertsWhen_callerIsNoController() external {
        _expectNotAuthorised(STRANGER, maker);
        VM.prank(STRANGER);
        market.post(maker, GENERAL, GIVE_UCR, PROVIDER_ONE, WANT_UCR, 0, END_S);
        _expectNotAuthorised(VM.addr(TAKER_KEY), maker);
        VM.prank(VM.addr(TAKER_KEY));
        market.post(maker, GENERAL, GIVE_UCR, PROVIDER_ONE, WANT_UCR, 0, END_S);
    }

    function test_post_revertsWhen_aKindIsNotTransferableOrBothAreTheSame() external {
        uint256[5] memory others = [GENERAL, 2, (1 << 32) + uint256(maker), 3 << 32, 0];
        for (uint256 i = 0; i < others.length; ++i) {
            _expectPairInvalid(GENERAL, others[i]);
            VM.prank(CONTROLLER);
            market.post(maker, GENERAL, GIVE_UCR, others[i], WANT_UCR, 0, END_S);
            _expectPairInvalid(others[i], GENERAL);
            VM.prank(CONTROLLER);
            market.post(maker, others[i], GIVE_UCR, GENERAL, WANT_UCR, 0, END_S);
        }
    }

    function test_post_revertsWhen_eitherSideIsTooSmall() external {
        _expectTooSmall(999_999, WANT_UCR);
        VM.prank(CONTROLLER);
        market.post(maker, GENERAL, 999_999, PROVIDER_ONE, WANT_UCR, 0, END_S);
        _expectTooSmall(GIVE_UCR, 999_999);
        VM.prank(CONTROLLER);
        market.post(maker, GENERAL, GIVE_UCR, PROVIDER_ONE, 999_999, 0, END_S);
        VM.prank(CONTROLLER);
        assertEq(market.post(maker, GENERAL, 1_000_000, PROVIDER_ONE, 1_000_000, 0, END_S), 1);
    }

    function test_post_revertsWhen_theLeastFillExceedsTheOffer() external {
        VM.expectRevert(
            abi.encodeWithSelector(ISwapMarket.MinimumFillInvalid.selector, GIVE_UCR + 1, GIVE_UCR)
        );
        _post(GIVE_UCR, WANT_UCR, GIVE_UCR + 1);
        assertEq(_post(GIVE_UCR, WANT_UCR, GIVE_UCR), 1);
    }

    function test_post_revertsWhen_theEndIsPastOrTooFar() external {
        uint64[3] memory ends = [NOW_S - 1, NOW_S, NOW_S + 30 days + 1];
        for (uint256 i = 0; i < ends.length; ++i) {
            _expectExpiryInvalid(ends[i], NOW_S + 30 days);
            VM.prank(CONTROLLER);
            market.post(maker, GENERAL, GIVE_UCR, PROVIDER_ONE, WANT_UCR, 0, ends[i]);
        }
        VM.prank(CONTROLLER);
        market.post(maker, GENERAL, GIVE_UCR, PROVIDER_ONE, WANT_UCR, 0, NOW_S + 30 days);
    }

    /// @dev T10: the cap is the organisation's, whichever account posts, and what has ended counts no more.
    function test_post_revertsWhen_theOrganisationHasTooManyOpen() external {
        for (uint256 i = 0; i < 64; ++i) {
            _postFrom(i % 2 == 0 ? maker : beside, 1_000_000);
        }
        assertEq(market.openOffersOf(acme), 64);
        _expectTooManyOffers();
        _postFrom(maker, 1_000_000);
        _expectTooManyOffers();
        _postFrom(beside, 1_000_000);
        VM.prank(CONTROLLER);
        market.cancel(7);
        assertEq(_postFrom(maker, 1_000_000), 65);
        _take(9, 1_000_000, 1_000_000);
        assertEq(_postFrom(maker, 1_000_000), 66);
        VM.warp(END_S);
        market.expire(11);
        assertEq(market.openOffersOf(acme), 63);
        assertEq(market.openOffersOf(globex), 0);
    }

    function test_post_revertsWhen_theAccountHoldsTooLittle() external {
        uint256 heldUcr = balance(maker, GENERAL);
        expectBalanceTooLow(maker, GENERAL, heldUcr, heldUcr + 1);
        _post(uint128(heldUcr + 1), WANT_UCR, 0);
        assertEq(market.offerCount(), 0);
    }

    function test_post_putsWhatIsGivenInEscrow() external {
        VM.expectEmit(address(market));
        emit ISwapMarket.OfferPosted(
            1, maker, GENERAL, GIVE_UCR, PROVIDER_ONE, WANT_UCR, 2_000_000, END_S
        );
        assertEq(_post(GIVE_UCR, WANT_UCR, 2_000_000), 1);
        assertEq(balance(maker, GENERAL), 90_000_000);
        assertEq(balance(SWAP_ESCROW, GENERAL), GIVE_UCR);
        Offer memory offer = market.offerOf(1);
        assertEq(offer.account, maker);
        assertEq(offer.leftUcr, GIVE_UCR);
        assertEq(offer.expiresAtS, END_S);
        assertEq(market.openOffersOf(acme), 1);
    }

    // Taking: error cases in the order of the checks

    function test_take_revertsWhen_callerIsNoController() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        _expectNotAuthorised(STRANGER, taker);
        VM.prank(STRANGER);
        market.take(1, taker, GIVE_UCR, WANT_UCR);
    }

    function test_take_revertsWhen_theOfferIsUnknownOrHasEnded() external {
        _expectNotOpen(1);
        _take(1, GIVE_UCR, WANT_UCR);
        _post(GIVE_UCR, WANT_UCR, 0);
        _take(1, GIVE_UCR, WANT_UCR);
        _expectNotOpen(1);
        _take(1, 1, WANT_UCR);
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.prank(CONTROLLER);
        market.cancel(2);
        _expectNotOpen(2);
        _take(2, GIVE_UCR, WANT_UCR);
    }

    function test_take_revertsWhen_expired() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.warp(END_S);
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.OfferExpired.selector, 1, END_S));
        _take(1, GIVE_UCR, WANT_UCR);
        VM.warp(END_S - 1);
        _take(1, GIVE_UCR, WANT_UCR);
    }

    function test_take_revertsWhen_takerIsTheMaker() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.SameAccount.selector, maker));
        VM.prank(CONTROLLER);
        market.take(1, maker, GIVE_UCR, WANT_UCR);
    }

    function test_take_revertsWhen_theFillIsNothing() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        _expectFillInvalid(0, 0, GIVE_UCR);
        _take(1, 0, WANT_UCR);
    }

    /// @dev I10: no offer gives more than it was posted with, in one fill or in several.
    function test_take_revertsWhen_moreThanIsLeft() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        _expectFillInvalid(GIVE_UCR + 1, 0, GIVE_UCR);
        _take(1, GIVE_UCR + 1, type(uint128).max);
        _take(1, GIVE_UCR - 5, WANT_UCR);
        _expectFillInvalid(6, 0, 5);
        _take(1, 6, WANT_UCR);
    }

    function test_take_revertsWhen_belowTheLeastFill_unlessItIsTheRest() external {
        _post(GIVE_UCR, WANT_UCR, 4_000_000);
        _expectFillInvalid(3_999_999, 4_000_000, GIVE_UCR);
        _take(1, 3_999_999, WANT_UCR);
        _take(1, 8_000_000, WANT_UCR);
        _expectFillInvalid(1_999_999, 4_000_000, 2_000_000);
        _take(1, 1_999_999, WANT_UCR);
        _take(1, 2_000_000, WANT_UCR);
        assertEq(market.offerOf(1).leftUcr, 0);
    }

    function test_take_revertsWhen_itCostsMoreThanTheTakerWouldPay() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.PriceExceeded.selector, 1, 0));
        _take(1, 1, 0);
        VM.expectRevert(
            abi.encodeWithSelector(ISwapMarket.PriceExceeded.selector, WANT_UCR, WANT_UCR - 1)
        );
        _take(1, GIVE_UCR, WANT_UCR - 1);
        assertEq(_take(1, GIVE_UCR, WANT_UCR), WANT_UCR);
    }

    function test_take_revertsWhen_theTakerHoldsTooLittle() external {
        _post(GIVE_UCR, 100_000_001, 0);
        expectBalanceTooLow(taker, PROVIDER_ONE, 100_000_000, 100_000_001);
        _take(1, GIVE_UCR, 100_000_001);
        assertEq(market.offerOf(1).leftUcr, GIVE_UCR);
        assertEq(balance(SWAP_ESCROW, GENERAL), GIVE_UCR);
    }

    // What a fill moves

    /// @dev The worked example of docs/swaps.md.
    function test_take_movesBothSides_roundedAgainstTheTaker() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.expectEmit(address(market));
        emit ISwapMarket.OfferTaken(1, taker, 4_000_000, 1_200_001, 6_000_000, false);
        assertEq(_take(1, 4_000_000, 2_000_000), 1_200_001);
        assertEq(balance(taker, GENERAL), 4_000_000);
        assertEq(balance(taker, PROVIDER_ONE), 98_799_999);
        assertEq(balance(maker, PROVIDER_ONE), 1_200_001);
        assertEq(balance(SWAP_ESCROW, GENERAL), 6_000_000);
        assertEq(balance(SWAP_ESCROW, PROVIDER_ONE), 0);
        VM.expectEmit(address(market));
        emit ISwapMarket.OfferTaken(1, taker, 6_000_000, 1_800_001, 0, false);
        VM.expectEmit(address(market));
        emit ISwapMarket.OfferClosed(1, 1, 0);
        assertEq(_take(1, 6_000_000, 2_000_000), 1_800_001);
        assertEq(balance(maker, PROVIDER_ONE), 3_000_002);
        assertEq(market.openOffersOf(acme), 0);
    }

    /// @dev T22: such a trade says nothing about a price; whoever reads events can leave it out.
    function test_take_flagsTradesInsideAnOrganisation() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.expectEmit(address(market));
        emit ISwapMarket.OfferTaken(1, beside, GIVE_UCR, WANT_UCR, 0, true);
        VM.prank(CONTROLLER);
        market.take(1, beside, GIVE_UCR, WANT_UCR);
    }

    /// @dev I10, T13: whatever the parts, the maker has at least its price for what is gone, and never gave more than it
    /// posted; escrow holds exactly the rest.
    function test_fuzz_take_neverFillsBelowThePrice(
        uint64 giveUcr,
        uint64 wantUcr,
        uint64[6] memory parts
    ) external {
        uint128 whole = 1_000_000 + uint128(giveUcr);
        uint128 price = 1_000_000 + uint128(wantUcr);
        give(maker, GENERAL, whole);
        give(taker, PROVIDER_ONE, uint256(price) + 100);
        uint256 paidBefore = balance(maker, PROVIDER_ONE);
        _post(whole, price, 0);
        uint128 goneUcr = 0;
        for (uint256 i = 0; i < parts.length && goneUcr < whole; ++i) {
            uint128 part = i == 5 ? whole - goneUcr : 1 + uint128(parts[i]) % (whole - goneUcr);
            _take(1, part, type(uint128).max);
            goneUcr += part;
            uint256 paidUcr = balance(maker, PROVIDER_ONE) - paidBefore;
            assertTrue(paidUcr * whole >= uint256(goneUcr) * price, "below its price");
            assertTrue(paidUcr <= uint256(price) + 6, "rounded by more than one each");
            assertEq(balance(SWAP_ESCROW, GENERAL), whole - goneUcr);
            assertEq(market.offerOf(1).leftUcr, whole - goneUcr);
            assertEq(balance(taker, GENERAL), goneUcr);
        }
        assertEq(goneUcr, whole);
    }

    // The ways out

    function test_cancel_revertsWhen_callerIsNoControllerOfTheMaker() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        address[3] memory callers = [STRANGER, REGISTRAR, VM.addr(TAKER_KEY)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotAuthorised(callers[i], maker);
            VM.prank(callers[i]);
            market.cancel(1);
        }
    }

    function test_cancel_returnsWhatIsLeft_once() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        _take(1, 4_000_000, WANT_UCR);
        VM.expectEmit(address(market));
        emit ISwapMarket.OfferClosed(1, 2, 6_000_000);
        VM.prank(VM.addr(MAKER_KEY));
        market.cancel(1);
        assertEq(balance(maker, GENERAL), 96_000_000);
        assertEq(balance(SWAP_ESCROW, GENERAL), 0);
        _expectNotOpen(1);
        VM.prank(CONTROLLER);
        market.cancel(1);
    }

    function test_cancel_returnsWhatIsLeft_afterTheEndToo() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.warp(END_S + 365 days);
        VM.prank(CONTROLLER);
        market.cancel(1);
        assertEq(balance(maker, GENERAL), 100_000_000);
    }

    function test_expire_revertsWhen_theOfferCanStillBeTaken() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        VM.warp(END_S - 1);
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.OfferNotExpired.selector, 1, END_S));
        market.expire(1);
        _expectNotOpen(2);
        market.expire(2);
    }

    function test_expire_returnsWhatIsLeft_onAnyonesWord_once() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        _take(1, 1_000_000, WANT_UCR);
        VM.warp(END_S);
        VM.expectEmit(address(market));
        emit ISwapMarket.OfferClosed(1, 3, 9_000_000);
        VM.prank(STRANGER);
        market.expire(1);
        assertEq(balance(maker, GENERAL), 99_000_000);
        _expectNotOpen(1);
        market.expire(1);
    }

    /// @dev T18: an emergency stops trade and never keeps anyone's credits.
    function test_closing_stopsTrade_andLeavesTheWaysOut() external {
        _post(GIVE_UCR, WANT_UCR, 0);
        _post(GIVE_UCR, WANT_UCR, 0);
        manager.setTargetClosed(address(market), true);
        _expectUnauthorised(CONTROLLER);
        _post(GIVE_UCR, WANT_UCR, 0);
        _expectUnauthorised(VM.addr(TAKER_KEY));
        _take(1, GIVE_UCR, WANT_UCR);
        VM.prank(CONTROLLER);
        market.cancel(1);
        VM.warp(END_S);
        market.expire(2);
        assertEq(balance(maker, GENERAL), 100_000_000);
    }

    function _post(uint128 giveUcr, uint128 wantUcr, uint128 minFillUcr) private returns (uint64) {
        VM.prank(CONTROLLER);
        return market.post(maker, GENERAL, giveUcr, PROVIDER_ONE, wantUcr, minFillUcr, END_S);
    }

    function _postFrom(uint32 from, uint128 amountUcr) private returns (uint64) {
        VM.prank(CONTROLLER);
        return market.post(from, GENERAL, amountUcr, PROVIDER_ONE, amountUcr, 0, END_S);
    }

    function _take(uint64 offer, uint128 giveUcr, uint128 maxWantUcr) private returns (uint128) {
        VM.prank(VM.addr(TAKER_KEY));
        return market.take(offer, taker, giveUcr, maxWantUcr);
    }

    function _expectNotAuthorised(address caller, uint32 which) private {
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.NotAuthorised.selector, caller, which));
    }

    function _expectUnauthorised(address caller) private {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }

    function _expectPairInvalid(uint256 giveId, uint256 wantId) private {
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.PairInvalid.selector, giveId, wantId));
    }

    function _expectTooSmall(uint128 giveUcr, uint128 wantUcr) private {
        VM.expectRevert(
            abi.encodeWithSelector(ISwapMarket.SwapTooSmall.selector, giveUcr, wantUcr, 1_000_000)
        );
    }

    function _expectExpiryInvalid(uint64 expiresAtS, uint64 latestS) private {
        VM.expectRevert(
            abi.encodeWithSelector(ISwapMarket.ExpiryInvalid.selector, expiresAtS, latestS)
        );
    }

    function _expectTooManyOffers() private {
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.TooManyOffers.selector, acme, 64));
    }

    function _expectNotOpen(uint64 offer) private {
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.OfferNotOpen.selector, offer));
    }

    function _expectFillInvalid(uint128 giveUcr, uint128 minFillUcr, uint128 leftUcr) private {
        VM.expectRevert(
            abi.encodeWithSelector(ISwapMarket.FillInvalid.selector, giveUcr, minFillUcr, leftUcr)
        );
    }
}
