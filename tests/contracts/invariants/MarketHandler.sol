// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ProviderDesk} from "../../../contracts/ProviderDesk.sol";
import {SwapMarket} from "../../../contracts/SwapMarket.sol";
import {Credits} from "../../../contracts/Credits.sol";
import {DeskRate} from "../../../contracts/interfaces/IProviderDesk.sol";
import {Offer, Quote} from "../../../contracts/interfaces/ISwapMarket.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @title What accounts and a provider do on the markets at random, with a model beside the chain
/// @dev Actions draw from their arguments such that every one of them succeeds. Time is kept here, since each action comes
/// as a transaction of its own.
contract MarketHandler is MarketFixture {
    /// @notice What an offer gave and was paid, by the model.
    struct Filled {
        uint256 gaveUcr;
        uint256 paidUcr;
    }

    uint128 private constant LEAST_UCR = 1_000_000;
    uint256 private constant MOST_OPEN = 60;
    address private constant KEY = address(0x9E1);

    uint32[] private _accounts;
    uint256 private _nowS;
    uint256 private _nonce;

    /// @notice What each offer gave and was paid.
    mapping(uint64 offer => Filled) public filledOf;
    /// @notice What the provider deposited, what of it was paid out, and what of that it honoured, in ucr.
    uint256 public depositedUcr;
    uint256 public paidOutUcr;
    uint256 public honouredUcr;
    /// @notice What was handed in and is neither honoured nor taken back, in ucr.
    uint256 public pendingUcr;

    /// @dev The action happens at the network's time.
    modifier atItsTime() {
        VM.warp(_nowS);
        _;
    }

    /// @notice Two organisations' accounts with some of both kinds.
    constructor() {
        deployMarkets();
        uint32 provider = desk.setProvider(0, "lambda", KEY);
        desk.setRate(provider, 1_333_333, 0);
        desk.setCaps(provider, type(uint128).max, type(uint128).max);
        _accounts = [maker, beside, taker, globex];
        _nowS = START_S;
        for (uint256 i = 0; i < _accounts.length; ++i) {
            give(_accounts[i], GENERAL, 1e12);
            give(_accounts[i], PROVIDER_ONE, 1e12);
            paidOutUcr += 1e12;
            depositedUcr += 1e12;
        }
    }

    /// @notice An account has posted an offer, if it has credits for one.
    function post(uint256 seed, uint64 giveUcr, uint64 wantUcr) external atItsTime {
        Offer memory one = _anOfferToPost(seed, wantUcr);
        uint256 heldUcr = balance(one.account, one.giveId);
        uint256 openOffers = market.openOffersOf(registry.organisationOf(one.account));
        if (heldUcr < LEAST_UCR || openOffers > MOST_OPEN) return;
        one.giveUcr = LEAST_UCR + uint128(giveUcr % (heldUcr - LEAST_UCR + 1));
        one.minFillUcr = uint128((seed >> 128) % one.giveUcr);
        VM.prank(CONTROLLER);
        market.post(
            one.account,
            one.giveId,
            one.giveUcr,
            one.wantId,
            one.wantUcr,
            one.minFillUcr,
            one.expiresAtS
        );
    }

    /// @notice An account has taken some of an open offer, or all that is left.
    function take(uint256 seed, uint64 part) external atItsTime {
        (uint64 id, Offer memory offer) = _anOffer(seed);
        uint32 by = _accountOf(seed >> 32);
        if (offer.leftUcr == 0 || offer.expiresAtS <= _nowS || by == offer.account) return;
        uint128 least = offer.minFillUcr == 0 ? 1 : offer.minFillUcr;
        uint128 amount =
            least >= offer.leftUcr ? offer.leftUcr : least + part % (offer.leftUcr - least + 1);
        uint256 before = balance(offer.account, offer.wantId);
        // Never more than this, in whatever parts: a maker's price, rounded up once a fill.
        uint256 mostUcr = uint256(amount) * offer.wantUcr / offer.giveUcr + 1;
        if (balance(by, offer.wantId) < mostUcr) return;
        VM.prank(CONTROLLER);
        market.take(id, by, amount, uint128(mostUcr));
        filledOf[id].gaveUcr += amount;
        filledOf[id].paidUcr += balance(offer.account, offer.wantId) - before;
    }

    /// @notice An open offer was cancelled, or expired where its time was over.
    function end(uint256 seed) external atItsTime {
        (uint64 id, Offer memory offer) = _anOffer(seed);
        if (offer.leftUcr == 0) return;
        if (offer.expiresAtS <= _nowS && seed % 2 == 0) return market.expire(id);
        VM.prank(CONTROLLER);
        market.cancel(id);
    }

    /// @notice A quote was filled, and could not be filled again.
    function quote(uint256 seed, uint64 giveUcr, uint64 wantUcr) external atItsTime {
        Quote memory one = _aQuote(seed, giveUcr, wantUcr);
        if (balance(one.maker, one.giveId) < one.giveUcr) return;
        if (balance(one.taker, one.wantId) < one.wantUcr) return;
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(MAKER_KEY, market.quoteDigest(one));
        bytes memory call = abi.encodeCall(SwapMarket.fill, (one, abi.encodePacked(r, s, v)));
        for (uint256 i = 0; i < 2; ++i) {
            VM.prank(CONTROLLER);
            (bool isFilled,) = address(market).call(call);
            assertTrue(isFilled == (i == 0), "not filled exactly once");
        }
    }

    /// @notice The provider has put credits into its inventory.
    function deposit(uint64 amountUcr) external atItsTime {
        uint256 amount = 1 + uint256(amountUcr) % 1e15;
        VM.prank(KEY);
        desk.deposit(1, amount, bytes32(++_nonce));
        depositedUcr += amount;
    }

    /// @notice General credits became the provider's, as far as both sides have any.
    function convert(uint256 seed, uint64 creditsUcr) external atItsTime {
        uint32 from = _accountOf(seed);
        DeskRate memory rate = desk.rateOf(1);
        uint256 mostUcr = balance(from, GENERAL);
        uint256 stockUcr = desk.inventoryOf(1) * 1_000_000 / rate.appliedPpm;
        if (stockUcr < mostUcr) mostUcr = stockUcr;
        // Less yields nothing.
        uint256 leastUcr = 1_000_000 / rate.appliedPpm + 1;
        if (mostUcr < leastUcr) return;
        uint128 amount = uint128(leastUcr + creditsUcr % (mostUcr - leastUcr + 1));
        uint256 before = balance(from, PROVIDER_ONE);
        VM.prank(CONTROLLER);
        desk.convert(from, 1, amount, 1);
        paidOutUcr += balance(from, PROVIDER_ONE) - before;
    }

    /// @notice Provider credits were handed in.
    function redeem(uint256 seed, uint64 amountUcr) external atItsTime {
        uint32 from = _accountOf(seed);
        uint256 heldUcr = balance(from, PROVIDER_ONE);
        if (heldUcr == 0) return;
        uint128 amount = uint128(1 + amountUcr % heldUcr);
        VM.prank(CONTROLLER);
        desk.redeem(from, 1, amount, bytes32(seed));
        pendingUcr += amount;
    }

    /// @notice A redemption was honoured, or taken back where its provider kept silent long enough; neither twice.
    function settleRedemption(uint256 seed) external atItsTime {
        uint64 count = desk.redemptionCount();
        if (count == 0) return;
        uint64 id = uint64(seed % count + 1);
        uint128 amountUcr = desk.redemptionOf(id).amountUcr;
        bool isPending = desk.redemptionOf(id).state == 1;
        bool isLate = _nowS >= desk.redemptionOf(id).atS + 7 days;
        bool isReclaimed = seed >> 255 == 1;
        bytes memory call = isReclaimed
            ? abi.encodeCall(ProviderDesk.reclaim, (id))
            : abi.encodeCall(ProviderDesk.acknowledge, (id, bytes32(seed)));
        VM.prank(isReclaimed ? CONTROLLER : KEY);
        (bool isDone,) = address(desk).call(call);
        assertTrue(isDone == (isPending && (isLate || !isReclaimed)), "settled out of turn");
        if (!isDone) return;
        pendingUcr -= amountUcr;
        if (!isReclaimed) honouredUcr += amountUcr;
    }

    /// @notice A vote has changed the rate.
    function setRate(uint64 ratePpm) external atItsTime {
        desk.setRate(1, 100_000 + ratePpm % 10_000_000, 0);
    }

    /// @notice Some time has passed, up to three days.
    function passTime(uint24 pauseS) external {
        _nowS += pauseS % 3 days;
    }

    /// @notice Every account there is.
    function accounts() external view returns (uint32[] memory) {
        return _accounts;
    }

    /// @notice What to look at.
    function parts() external view returns (SwapMarket, ProviderDesk, Credits) {
        return (market, desk, credits);
    }

    /// @dev All but how much is given.
    function _anOfferToPost(uint256 seed, uint64 wantUcr) private view returns (Offer memory one) {
        one.account = _accountOf(seed);
        one.giveId = _idOf(seed >> 32);
        one.wantId = _otherOf(one.giveId);
        one.wantUcr = LEAST_UCR + uint128(wantUcr % 1e13);
        one.expiresAtS = uint64(_nowS + 1 + (seed >> 64) % 30 days);
    }

    function _anOffer(uint256 seed) private view returns (uint64 id, Offer memory offer) {
        uint64 count = market.offerCount();
        if (count == 0) return (0, offer);
        id = uint64(seed % count + 1);
        return (id, market.offerOf(id));
    }

    function _aQuote(uint256 seed, uint64 giveUcr, uint64 wantUcr) private returns (Quote memory) {
        uint256 giveId = _idOf(seed >> 32);
        return Quote({
            maker: maker,
            taker: seed % 2 == 0 ? beside : taker,
            giveId: giveId,
            giveUcr: LEAST_UCR + uint128(giveUcr % 1e9),
            wantId: _otherOf(giveId),
            wantUcr: wantUcr % 3 == 0 ? 0 : LEAST_UCR + uint128(wantUcr % 1e9),
            expiresAtS: uint64(_nowS + 15 minutes),
            nonce: ++_nonce
        });
    }

    function _accountOf(uint256 seed) private view returns (uint32) {
        return _accounts[uint32(seed) % _accounts.length];
    }

    function _idOf(uint256 seed) private pure returns (uint256) {
        return uint32(seed) % 2 == 0 ? GENERAL : PROVIDER_ONE;
    }

    function _otherOf(uint256 id) private pure returns (uint256) {
        return id == GENERAL ? PROVIDER_ONE : GENERAL;
    }
}
