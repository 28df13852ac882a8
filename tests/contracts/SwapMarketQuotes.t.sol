// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {SwapMarket} from "../../contracts/SwapMarket.sol";
import {ISwapMarket, Quote} from "../../contracts/interfaces/ISwapMarket.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @title Quotes: for one taker, once, signed for this market on this chain, and gifts among them
contract SwapMarketQuotesTest is MarketFixture {
    uint256 private constant STRANGERS_KEY = 0xBAD;
    uint256 private constant HALF_ORDER =
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 private constant ORDER =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() external {
        deployMarkets();
        give(maker, GENERAL, 100_000_000);
        give(taker, PROVIDER_ONE, 100_000_000);
        give(beside, PROVIDER_ONE, 100_000_000);
    }

    // Error cases in the order of the checks

    /// @dev T22: a quote is for its counterparty alone, whoever else sees it.
    function test_fill_revertsWhen_callerIsNoControllerOfTheNamedTaker() external {
        Quote memory quote = _sample();
        bytes memory signature = _sign(MAKER_KEY, quote);
        address[2] memory callers = [STRANGER, VM.addr(MAKER_KEY)];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(ISwapMarket.NotAuthorised.selector, callers[i], taker)
            );
            VM.prank(callers[i]);
            market.fill(quote, signature);
        }
    }

    function test_fill_revertsWhen_takerIsTheMaker() external {
        Quote memory quote = _sample();
        quote.taker = maker;
        bytes memory signature = _sign(MAKER_KEY, quote);
        VM.expectRevert(abi.encodeWithSelector(ISwapMarket.SameAccount.selector, maker));
        VM.prank(CONTROLLER);
        market.fill(quote, signature);
    }

    function test_fill_revertsWhen_thePairOrASizeIsInvalid() external {
        Quote memory quote = _sample();
        quote.wantId = quote.giveId;
        _expectRefused(
            quote, abi.encodeWithSelector(ISwapMarket.PairInvalid.selector, GENERAL, GENERAL)
        );
        quote = _sample();
        quote.giveUcr = 999_999;
        _expectRefused(quote, _tooSmall(999_999, 5_000_000));
        quote = _sample();
        quote.wantUcr = 999_999;
        _expectRefused(quote, _tooSmall(20_000_000, 999_999));
        quote.wantUcr = 1;
        _expectRefused(quote, _tooSmall(20_000_000, 1));
    }

    function test_fill_revertsWhen_aGiftIsTooSmallOrNotTransferable() external {
        Quote memory quote = _gift();
        quote.giveUcr = 999_999;
        _expectRefused(quote, _tooSmall(999_999, 0));
        quote = _gift();
        quote.giveId = (1 << 32) + uint256(maker);
        _expectRefused(
            quote, abi.encodeWithSelector(ISwapMarket.PairInvalid.selector, quote.giveId, 0)
        );
    }

    function test_fill_revertsWhen_expiredOrTooFarAhead() external {
        Quote memory quote = _sample();
        uint64[3] memory ends = [NOW_S - 1, NOW_S, NOW_S + 15 minutes + 1];
        for (uint256 i = 0; i < ends.length; ++i) {
            quote.expiresAtS = ends[i];
            _expectRefused(
                quote,
                abi.encodeWithSelector(
                    ISwapMarket.ExpiryInvalid.selector, ends[i], NOW_S + 15 minutes
                )
            );
        }
        _fill(_sample());
    }

    function test_fill_revertsWhen_signedByAStranger() external {
        uint256[2] memory keys = [STRANGERS_KEY, TAKER_KEY];
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes memory signature = _sign(keys[i], _sample());
            _expectForged(VM.addr(keys[i]));
            VM.prank(VM.addr(TAKER_KEY));
            market.fill(_sample(), signature);
        }
    }

    /// @dev Authority over the maker's account is what it is when the quote is filled.
    function test_fill_revertsWhen_theSignerControlsTheMakerNoLonger() external {
        Quote memory quote = _sample();
        bytes memory signature = _sign(MAKER_KEY, quote);
        VM.prank(CONTROLLER);
        registry.setController(maker, CONTROLLER);
        _expectForged(VM.addr(MAKER_KEY));
        VM.prank(VM.addr(TAKER_KEY));
        market.fill(quote, signature);
    }

    /// @dev T15: every field is under the signature.
    function test_fill_revertsWhen_aFieldDiffersFromWhatWasSigned() external {
        bytes memory signature = _sign(MAKER_KEY, _sample());
        for (uint256 i = 0; i < 5; ++i) {
            Quote memory quote = _sample();
            if (i == 0) quote.maker = beside;
            if (i == 1) quote.giveUcr += 1;
            if (i == 2) quote.wantUcr -= 1;
            if (i == 3) quote.expiresAtS -= 1;
            if (i == 4) quote.nonce += 1;
            assertTrue(_isRefused(quote, signature), "a changed quote was filled");
        }
        Quote memory swapped = _sample();
        (swapped.giveId, swapped.wantId) = (swapped.wantId, swapped.giveId);
        assertTrue(_isRefused(swapped, signature), "a turned quote was filled");
        Quote memory other = _sample();
        other.taker = beside;
        VM.prank(CONTROLLER);
        (bool isFilled,) = address(market).call(abi.encodeCall(SwapMarket.fill, (other, signature)));
        assertTrue(!isFilled, "another's quote was filled");
        assertTrue(!_isRefused(_sample(), signature), "the quote itself was not filled");
    }

    /// @dev A quote of another market, or of a copy of this chain, is none of this one.
    function test_fill_revertsWhen_signedForAnotherNetwork() external {
        SwapMarket other =
            SwapMarket(deploy("SwapMarket", abi.encode(address(manager), registry, budgets)));
        bytes memory elsewhere = _signDigest(MAKER_KEY, other.quoteDigest(_sample()));
        assertTrue(_isRefused(_sample(), elsewhere), "a quote for another market was filled");
        bytes memory signature = _sign(MAKER_KEY, _sample());
        VM.chainId(block.chainid + 1);
        assertTrue(_isRefused(_sample(), signature), "a quote of another chain was filled");
        VM.chainId(block.chainid - 1);
        assertTrue(!_isRefused(_sample(), signature), "the quote itself was not filled");
    }

    /// @dev One quote has one signature, and one that is none recovers nobody.
    function test_fill_revertsWhen_theSignatureIsMalformed() external {
        bytes memory signature = _sign(MAKER_KEY, _sample());
        bytes[5] memory wrong;
        wrong[0] = "";
        wrong[1] = new bytes(65);
        wrong[2] = bytes.concat(signature, hex"00");
        wrong[3] = _turned(MAKER_KEY, _sample());
        wrong[4] = bytes.concat(signature);
        wrong[4][64] = 0x00;
        for (uint256 i = 0; i < wrong.length; ++i) {
            _expectForged(address(0));
            VM.prank(VM.addr(TAKER_KEY));
            market.fill(_sample(), wrong[i]);
        }
    }

    /// @dev T1: each nonce of a maker counts once, filled or cancelled.
    function test_fill_revertsWhen_replayed() external {
        _fill(_sample());
        _expectRefused(_sample(), _nonceUsed(7));
        Quote memory again = _sample();
        again.giveUcr += 1;
        _expectRefused(again, _nonceUsed(7));
        again.nonce = 8;
        _fill(again);
    }

    function test_fill_revertsWhen_cancelled() external {
        VM.expectEmit(address(market));
        emit ISwapMarket.QuoteCancelled(maker, 7);
        VM.prank(VM.addr(MAKER_KEY));
        market.cancelQuote(maker, 7);
        assertEq(market.isNonceUsed(maker, 7), true);
        assertEq(market.isNonceUsed(beside, 7), false);
        _expectRefused(_sample(), _nonceUsed(7));
        VM.expectRevert(_nonceUsed(7));
        VM.prank(CONTROLLER);
        market.cancelQuote(maker, 7);
    }

    function test_cancelQuote_revertsWhen_callerIsNoControllerOfTheMaker() external {
        VM.expectRevert(
            abi.encodeWithSelector(ISwapMarket.NotAuthorised.selector, VM.addr(TAKER_KEY), maker)
        );
        VM.prank(VM.addr(TAKER_KEY));
        market.cancelQuote(maker, 7);
    }

    function test_fill_revertsWhen_eitherSideHoldsTooLittle() external {
        Quote memory quote = _sample();
        quote.giveUcr = 100_000_001;
        bytes memory signature = _sign(MAKER_KEY, quote);
        expectBalanceTooLow(maker, GENERAL, 100_000_000, 100_000_001);
        VM.prank(VM.addr(TAKER_KEY));
        market.fill(quote, signature);
        quote = _sample();
        quote.wantUcr = 100_000_001;
        signature = _sign(MAKER_KEY, quote);
        expectBalanceTooLow(taker, PROVIDER_ONE, 100_000_000, 100_000_001);
        VM.prank(VM.addr(TAKER_KEY));
        market.fill(quote, signature);
        assertEq(balance(maker, GENERAL), 100_000_000);
        assertEq(market.isNonceUsed(maker, 7), false);
    }

    function test_fill_revertsWhen_theMarketIsClosed() external {
        manager.setTargetClosed(address(market), true);
        _expectRefused(
            _sample(),
            abi.encodeWithSelector(
                IAccessManaged.AccessManagedUnauthorized.selector, VM.addr(TAKER_KEY)
            )
        );
        VM.prank(CONTROLLER);
        market.cancelQuote(maker, 7);
    }

    // What a fill moves

    function test_fill_movesBothSides_whole() external {
        VM.expectEmit(address(market));
        emit ISwapMarket.QuoteFilled(
            maker, taker, 7, GENERAL, 20_000_000, PROVIDER_ONE, 5_000_000, false
        );
        _fill(_sample());
        assertEq(balance(maker, GENERAL), 80_000_000);
        assertEq(balance(taker, GENERAL), 20_000_000);
        assertEq(balance(maker, PROVIDER_ONE), 5_000_000);
        assertEq(balance(taker, PROVIDER_ONE), 95_000_000);
        assertEq(balance(SWAP_ESCROW, GENERAL), 0);
        assertEq(balance(SWAP_ESCROW, PROVIDER_ONE), 0);
    }

    /// @dev A controller of any ancestor has authority over the account.
    function test_fill_acceptsTheSignature_ofAnAncestorsController() external {
        VM.prank(CONTROLLER);
        registry.setController(team, VM.addr(STRANGERS_KEY));
        bytes memory signature = _sign(STRANGERS_KEY, _sample());
        VM.prank(VM.addr(TAKER_KEY));
        market.fill(_sample(), signature);
        assertEq(balance(taker, GENERAL), 20_000_000);
    }

    function test_fill_flagsTradesInsideAnOrganisation() external {
        Quote memory quote = _sample();
        quote.taker = beside;
        bytes memory signature = _sign(MAKER_KEY, quote);
        VM.expectEmit(address(market));
        emit ISwapMarket.QuoteFilled(
            maker, beside, 7, GENERAL, 20_000_000, PROVIDER_ONE, 5_000_000, true
        );
        VM.prank(CONTROLLER);
        market.fill(quote, signature);
    }

    function test_fill_givesForNothing_atPriceZero() external {
        VM.expectEmit(address(market));
        emit ISwapMarket.QuoteFilled(maker, taker, 7, GENERAL, 20_000_000, 0, 0, false);
        _fill(_gift());
        assertEq(balance(maker, GENERAL), 80_000_000);
        assertEq(balance(taker, GENERAL), 20_000_000);
        assertEq(balance(taker, PROVIDER_ONE), 100_000_000);
    }

    /// @dev I10: exactly what was signed, in both directions.
    function test_fuzz_fill_movesExactlyWhatWasSigned(uint64 giveUcr, uint64 wantUcr, uint256 nonce)
        external
    {
        Quote memory quote = _sample();
        quote.giveUcr = 1_000_000 + uint128(giveUcr);
        quote.wantUcr = 1_000_000 + uint128(wantUcr);
        quote.nonce = nonce;
        give(maker, GENERAL, quote.giveUcr);
        give(taker, PROVIDER_ONE, quote.wantUcr);
        _fill(quote);
        assertEq(balance(taker, GENERAL), quote.giveUcr);
        assertEq(balance(maker, PROVIDER_ONE), quote.wantUcr);
        assertEq(balance(maker, GENERAL), 100_000_000);
        assertEq(balance(taker, PROVIDER_ONE), 100_000_000);
        assertEq(market.isNonceUsed(maker, nonce), true);
    }

    function _sample() private view returns (Quote memory) {
        return Quote({
            maker: maker,
            taker: taker,
            giveId: GENERAL,
            giveUcr: 20_000_000,
            wantId: PROVIDER_ONE,
            wantUcr: 5_000_000,
            expiresAtS: NOW_S + 15 minutes,
            nonce: 7
        });
    }

    function _gift() private view returns (Quote memory quote) {
        quote = _sample();
        (quote.wantId, quote.wantUcr) = (0, 0);
    }

    function _fill(Quote memory quote) private {
        bytes memory signature = _sign(MAKER_KEY, quote);
        VM.prank(VM.addr(TAKER_KEY));
        market.fill(quote, signature);
    }

    function _isRefused(Quote memory quote, bytes memory signature) private returns (bool) {
        VM.prank(VM.addr(TAKER_KEY));
        (bool isFilled,) = address(market).call(abi.encodeCall(SwapMarket.fill, (quote, signature)));
        return !isFilled;
    }

    function _sign(uint256 key, Quote memory quote) private view returns (bytes memory) {
        return _signDigest(key, market.quoteDigest(quote));
    }

    function _signDigest(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The other signature that the curve allows for the same words.
    function _turned(uint256 key, Quote memory quote) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, market.quoteDigest(quote));
        assertTrue(uint256(s) <= HALF_ORDER, "s is low");
        return abi.encodePacked(r, ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    function _expectRefused(Quote memory quote, bytes memory reason) private {
        bytes memory signature = _sign(MAKER_KEY, quote);
        VM.expectRevert(reason);
        VM.prank(VM.addr(TAKER_KEY));
        market.fill(quote, signature);
    }

    function _expectForged(address signer) private {
        VM.expectRevert(
            abi.encodeWithSelector(ISwapMarket.QuoteSignatureInvalid.selector, maker, signer)
        );
    }

    function _tooSmall(uint128 giveUcr, uint128 wantUcr) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(ISwapMarket.SwapTooSmall.selector, giveUcr, wantUcr, 1_000_000);
    }

    function _nonceUsed(uint256 nonce) private view returns (bytes memory) {
        return abi.encodeWithSelector(ISwapMarket.NonceUsed.selector, maker, nonce);
    }
}
