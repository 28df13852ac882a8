// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBudgets} from "./interfaces/IBudgets.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISwapMarket, Offer, Quote} from "./interfaces/ISwapMarket.sol";
import {CreditIds} from "./libraries/CreditIds.sol";

/// @title SwapMarket
contract SwapMarket is ISwapMarket, AccessManaged, EIP712 {
    uint128 private constant MIN_SIZE_UCR = 1_000_000;
    uint256 private constant MAX_OPEN_OFFERS = 64;
    uint256 private constant MAX_OFFER_S = 30 days;
    uint256 private constant MAX_QUOTE_S = 15 minutes;
    uint8 private constant FILLED = 1;
    uint8 private constant CANCELLED = 2;
    uint8 private constant EXPIRED = 3;
    bytes32 private constant QUOTE_TYPE = keccak256(
        "Quote(uint32 maker,uint32 taker,uint256 giveId,uint128 giveUcr,"
        "uint256 wantId,uint128 wantUcr,uint64 expiresAtS,uint256 nonce)"
    );

    IRegistry private immutable REGISTRY;
    IBudgets private immutable BUDGETS;

    /// @inheritdoc ISwapMarket
    uint64 public override offerCount;
    mapping(uint64 offer => Offer) private _offers;
    mapping(uint32 organisation => uint256 count) private _openOffers;
    mapping(uint32 maker => mapping(uint256 nonce => bool)) private _isNonceUsed;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who has authority over which account.
    /// @param budgets What moves credits.
    constructor(address authority_, IRegistry registry, IBudgets budgets)
        AccessManaged(authority_)
        EIP712("Tallystick SwapMarket", "1")
    {
        REGISTRY = registry;
        BUDGETS = budgets;
    }

    // Posted offers

    /// @inheritdoc ISwapMarket
    function post(
        uint32 account,
        uint256 giveId,
        uint128 giveUcr,
        uint256 wantId,
        uint128 wantUcr,
        uint128 minFillUcr,
        uint64 expiresAtS
    ) external override restricted returns (uint64 offer) {
        Offer memory posted = Offer({
            account: account,
            minFillUcr: minFillUcr,
            expiresAtS: expiresAtS,
            giveId: giveId,
            wantId: wantId,
            giveUcr: giveUcr,
            wantUcr: wantUcr,
            leftUcr: giveUcr
        });
        _checkController(account);
        _checkPair(giveId, wantId);
        _checkSizes(giveUcr, wantUcr);
        require(minFillUcr <= giveUcr, MinimumFillInvalid(minFillUcr, giveUcr));
        _checkExpiry(expiresAtS, MAX_OFFER_S);
        _countOpened(REGISTRY.organisationOf(account));

        offer = ++offerCount;
        _offers[offer] = posted;
        _announce(offer, posted);
        BUDGETS.hold(account, giveId, giveUcr, CreditIds.SWAP_ESCROW);
    }

    /// @inheritdoc ISwapMarket
    function take(uint64 offer, uint32 account, uint128 giveUcr, uint128 maxWantUcr)
        external
        override
        restricted
        returns (uint128 wantUcr)
    {
        _checkController(account);
        Offer memory found = _open(offer);
        require(block.timestamp < found.expiresAtS, OfferExpired(offer, found.expiresAtS));
        require(account != found.account, SameAccount(account));
        bool isEnough = giveUcr != 0 && giveUcr <= found.leftUcr
            && (giveUcr >= found.minFillUcr || giveUcr == found.leftUcr);
        require(isEnough, FillInvalid(giveUcr, found.minFillUcr, found.leftUcr));
        uint256 shareUcr = Math.mulDiv(giveUcr, found.wantUcr, found.giveUcr, Math.Rounding.Ceil);
        // At most wantUcr, for no fill is more than the offer.
        // forge-lint: disable-next-line(unsafe-typecast)
        wantUcr = uint128(shareUcr);
        require(wantUcr <= maxWantUcr, PriceExceeded(wantUcr, maxWantUcr));

        _fillOffer(offer, found, account, giveUcr, wantUcr);
        _pay(account, found.account, found.wantId, wantUcr);
        BUDGETS.release(CreditIds.SWAP_ESCROW, account, found.giveId, giveUcr);
    }

    /// @inheritdoc ISwapMarket
    function cancel(uint64 offer) external override {
        Offer memory found = _open(offer);
        _checkController(found.account);
        _returnRest(offer, found, CANCELLED);
    }

    /// @inheritdoc ISwapMarket
    function expire(uint64 offer) external override {
        Offer memory found = _open(offer);
        require(block.timestamp >= found.expiresAtS, OfferNotExpired(offer, found.expiresAtS));
        _returnRest(offer, found, EXPIRED);
    }

    // Quotes

    /// @inheritdoc ISwapMarket
    function fill(Quote calldata quote, bytes calldata signature) external override restricted {
        _checkController(quote.taker);
        require(quote.taker != quote.maker, SameAccount(quote.taker));
        _checkTerms(quote);
        _checkExpiry(quote.expiresAtS, MAX_QUOTE_S);
        (address signer,,) = ECDSA.tryRecoverCalldata(quoteDigest(quote), signature);
        bool isSigned = signer != address(0) && REGISTRY.isController(signer, quote.maker);
        require(isSigned, QuoteSignatureInvalid(quote.maker, signer));

        _useNonce(quote.maker, quote.nonce);
        _announceFilled(quote);
        _pay(quote.maker, quote.taker, quote.giveId, quote.giveUcr);
        if (quote.wantUcr != 0) _pay(quote.taker, quote.maker, quote.wantId, quote.wantUcr);
    }

    /// @inheritdoc ISwapMarket
    function cancelQuote(uint32 maker, uint256 nonce) external override {
        _checkController(maker);
        _useNonce(maker, nonce);
        emit QuoteCancelled(maker, nonce);
    }

    // Views

    /// @inheritdoc ISwapMarket
    function offerOf(uint64 offer) external view override returns (Offer memory) {
        return _offers[offer];
    }

    /// @inheritdoc ISwapMarket
    function openOffersOf(uint32 organisation) external view override returns (uint256) {
        return _openOffers[organisation];
    }

    /// @inheritdoc ISwapMarket
    function isNonceUsed(uint32 maker, uint256 nonce) external view override returns (bool) {
        return _isNonceUsed[maker][nonce];
    }

    /// @inheritdoc ISwapMarket
    function quoteDigest(Quote calldata quote) public view override returns (bytes32) {
        // A struct of nothing but words encodes as its words.
        return _hashTypedDataV4(keccak256(abi.encode(QUOTE_TYPE, quote)));
    }

    // Internal: checks

    function _checkController(uint32 account) private view {
        require(REGISTRY.isController(msg.sender, account), NotAuthorised(msg.sender, account));
    }

    function _checkPair(uint256 giveId, uint256 wantId) private pure {
        bool isPair = giveId != wantId && CreditIds.isTransferable(giveId)
            && CreditIds.isTransferable(wantId);
        require(isPair, PairInvalid(giveId, wantId));
    }

    function _checkSizes(uint128 giveUcr, uint128 wantUcr) private pure {
        bool isEnough = giveUcr >= MIN_SIZE_UCR && wantUcr >= MIN_SIZE_UCR;
        require(isEnough, SwapTooSmall(giveUcr, wantUcr, MIN_SIZE_UCR));
    }

    /// @dev A gift names no price, so the kind it would be paid in says nothing.
    function _checkTerms(Quote calldata quote) private pure {
        if (quote.wantUcr != 0) {
            _checkPair(quote.giveId, quote.wantId);
            _checkSizes(quote.giveUcr, quote.wantUcr);
            return;
        }
        require(CreditIds.isTransferable(quote.giveId), PairInvalid(quote.giveId, quote.wantId));
        require(quote.giveUcr >= MIN_SIZE_UCR, SwapTooSmall(quote.giveUcr, 0, MIN_SIZE_UCR));
    }

    function _checkExpiry(uint64 expiresAtS, uint256 longestS) private view {
        // Seconds fit 40 bits for the next 30,000 years.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 latestS = uint64(block.timestamp + longestS);
        require(
            expiresAtS > block.timestamp && expiresAtS <= latestS,
            ExpiryInvalid(expiresAtS, latestS)
        );
    }

    function _open(uint64 offer) private view returns (Offer memory found) {
        found = _offers[offer];
        require(found.leftUcr != 0, OfferNotOpen(offer));
    }

    // Internal: writes

    function _countOpened(uint32 organisation) private {
        uint256 count = _openOffers[organisation] + 1;
        require(count <= MAX_OPEN_OFFERS, TooManyOffers(organisation, MAX_OPEN_OFFERS));
        _openOffers[organisation] = count;
    }

    function _useNonce(uint32 maker, uint256 nonce) private {
        require(!_isNonceUsed[maker][nonce], NonceUsed(maker, nonce));
        _isNonceUsed[maker][nonce] = true;
    }

    /// @dev The offer has this much less left, and has ended where that was the rest.
    function _fillOffer(
        uint64 offer,
        Offer memory found,
        uint32 taker,
        uint128 giveUcr,
        uint128 wantUcr
    ) private {
        uint128 leftUcr = found.leftUcr - giveUcr;
        _offers[offer].leftUcr = leftUcr;
        bool isSame = _isSameOrganisation(found.account, taker);
        emit OfferTaken(offer, taker, giveUcr, wantUcr, leftUcr, isSame);
        if (leftUcr == 0) _close(offer, found.account, FILLED, 0);
    }

    function _returnRest(uint64 offer, Offer memory found, uint8 why) private {
        _offers[offer].leftUcr = 0;
        _close(offer, found.account, why, found.leftUcr);
        BUDGETS.release(CreditIds.SWAP_ESCROW, found.account, found.giveId, found.leftUcr);
    }

    function _close(uint64 offer, uint32 account, uint8 why, uint128 returnedUcr) private {
        _openOffers[REGISTRY.organisationOf(account)] -= 1;
        emit OfferClosed(offer, why, returnedUcr);
    }

    /// @dev Through escrow, which holds nothing of it afterwards.
    function _pay(uint32 from, uint32 to, uint256 id, uint128 amountUcr) private {
        BUDGETS.hold(from, id, amountUcr, CreditIds.SWAP_ESCROW);
        BUDGETS.release(CreditIds.SWAP_ESCROW, to, id, amountUcr);
    }

    // Internal: events

    function _announce(uint64 offer, Offer memory posted) private {
        emit OfferPosted(
            offer,
            posted.account,
            posted.giveId,
            posted.giveUcr,
            posted.wantId,
            posted.wantUcr,
            posted.minFillUcr,
            posted.expiresAtS
        );
    }

    function _announceFilled(Quote calldata quote) private {
        emit QuoteFilled(
            quote.maker,
            quote.taker,
            quote.nonce,
            quote.giveId,
            quote.giveUcr,
            quote.wantId,
            quote.wantUcr,
            _isSameOrganisation(quote.maker, quote.taker)
        );
    }

    function _isSameOrganisation(uint32 one, uint32 other) private view returns (bool) {
        return REGISTRY.organisationOf(one) == REGISTRY.organisationOf(other);
    }
}
