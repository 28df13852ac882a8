// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A posted offer: so much of one kind of credits for so much of another, in parts or whole.
/// @param account The account that posted it.
/// @param minFillUcr The least one fill takes, unless it takes all that is left, in micro-credits given.
/// @param giveId What is given.
/// @param wantId What is wanted for it.
/// @param giveUcr How much was posted, in micro-credits.
/// @param wantUcr What is wanted for all of it, in micro-credits.
/// @param leftUcr How much is still there to take, in micro-credits; 0 = the offer is closed.
/// @param expiresAtS Until when it can be taken, Unix seconds.
struct Offer {
    uint32 account;
    uint128 minFillUcr;
    uint64 expiresAtS;
    uint256 giveId;
    uint256 wantId;
    uint128 giveUcr;
    uint128 wantUcr;
    uint128 leftUcr;
}

/// @notice A price for one named counterparty, signed off chain, filled whole or not at all.
/// @param maker The account that gives.
/// @param taker The only account that may take.
/// @param giveId What the maker gives.
/// @param giveUcr How much of it, in micro-credits.
/// @param wantId What the maker wants for it; not looked at where it wants nothing.
/// @param wantUcr How much of that, in micro-credits; 0 = a gift.
/// @param expiresAtS Until when it can be filled, Unix seconds.
/// @param nonce Any number the maker has not used: each counts once.
// In the order people state a price; it never lies in storage.
// solhint-disable-next-line gas-struct-packing
struct Quote {
    uint32 maker;
    uint32 taker;
    uint256 giveId;
    uint128 giveUcr;
    uint256 wantId;
    uint128 wantUcr;
    uint64 expiresAtS;
    uint256 nonce;
}

/// @title Credits for other credits, between any two accounts of the network
/// @notice General and provider credits only. What an offer gives lies in escrow from its posting to its end; what a quote
/// gives stays with its maker until it is filled. Every rounding is against the taker. What is swapped here counts nowhere
/// else. The guardian can close posting, taking and filling for a while, never the ways out.
interface ISwapMarket {
    /// @notice Credits lie in escrow to be taken.
    /// @param offer The offer's id.
    /// @param account The account that posted it.
    /// @param giveId What is given.
    /// @param giveUcr How much of it, in micro-credits.
    /// @param wantId What is wanted for it.
    /// @param wantUcr How much of that for all of it, in micro-credits.
    /// @param minFillUcr The least one fill takes, unless it takes all that is left, in micro-credits.
    /// @param expiresAtS Until when it can be taken, Unix seconds.
    event OfferPosted(
        uint64 indexed offer,
        uint32 indexed account,
        uint256 giveId,
        uint128 giveUcr,
        uint256 wantId,
        uint128 wantUcr,
        uint128 minFillUcr,
        uint64 expiresAtS
    );
    /// @notice An account took a part of an offer, or all that was left.
    /// @param offer The offer's id.
    /// @param taker The account that took.
    /// @param giveUcr What it got, in micro-credits.
    /// @param wantUcr What it paid, in micro-credits.
    /// @param leftUcr What is left of the offer, in micro-credits.
    /// @param isSameOrganisation Whether both accounts belong to one organisation.
    event OfferTaken(
        uint64 indexed offer,
        uint32 indexed taker,
        uint128 giveUcr,
        uint128 wantUcr,
        uint128 leftUcr,
        bool isSameOrganisation
    );
    /// @notice An offer has ended.
    /// @param offer The offer's id.
    /// @param why 1 filled, 2 cancelled, 3 expired.
    /// @param returnedUcr What went back to the account that posted it, in micro-credits.
    event OfferClosed(uint64 indexed offer, uint8 why, uint128 returnedUcr);
    /// @notice A quote was filled.
    /// @param maker The account that gave.
    /// @param taker The account that took.
    /// @param nonce The quote's nonce.
    /// @param giveId What was given.
    /// @param giveUcr How much of it, in micro-credits.
    /// @param wantId What was paid with.
    /// @param wantUcr How much of that, in micro-credits; 0 = a gift.
    /// @param isSameOrganisation Whether both accounts belong to one organisation.
    event QuoteFilled(
        uint32 indexed maker,
        uint32 indexed taker,
        uint256 nonce,
        uint256 giveId,
        uint128 giveUcr,
        uint256 wantId,
        uint128 wantUcr,
        bool isSameOrganisation
    );
    /// @notice No quote of the maker with this nonce can be filled any more.
    /// @param maker The account.
    /// @param nonce The nonce.
    event QuoteCancelled(uint32 indexed maker, uint256 nonce);

    /// @notice The caller has no authority over the account.
    /// @param caller Who called.
    /// @param account The account id.
    error NotAuthorised(address caller, uint32 account);
    /// @notice These two kinds are not swapped: they are the same, or one is not transferable.
    /// @param giveId What was to be given.
    /// @param wantId What was wanted for it.
    error PairInvalid(uint256 giveId, uint256 wantId);
    /// @notice The amounts are smaller than a swap may be.
    /// @param giveUcr How much was to be given, in micro-credits.
    /// @param wantUcr What was wanted for it, in micro-credits.
    /// @param minimumUcr The least of either, in micro-credits.
    error SwapTooSmall(uint128 giveUcr, uint128 wantUcr, uint128 minimumUcr);
    /// @notice The least fill is more than the offer.
    /// @param minFillUcr The least fill asked for, in micro-credits.
    /// @param giveUcr The whole offer, in micro-credits.
    error MinimumFillInvalid(uint128 minFillUcr, uint128 giveUcr);
    /// @notice The end lies in the past, or too far ahead.
    /// @param expiresAtS The end asked for, Unix seconds.
    /// @param latestS The latest allowed, Unix seconds.
    error ExpiryInvalid(uint64 expiresAtS, uint64 latestS);
    /// @notice The organisation's accounts have as many offers open as they may.
    /// @param organisation The organisation's account id.
    /// @param limit How many those are.
    error TooManyOffers(uint32 organisation, uint256 limit);
    /// @notice There is no such offer, or it has ended.
    /// @param offer The id.
    error OfferNotOpen(uint64 offer);
    /// @notice The offer can be taken no longer.
    /// @param offer The offer's id.
    /// @param expiredAtS Its end, Unix seconds.
    error OfferExpired(uint64 offer, uint64 expiredAtS);
    /// @notice The offer can still be taken.
    /// @param offer The offer's id.
    /// @param expiresAtS Its end, Unix seconds.
    error OfferNotExpired(uint64 offer, uint64 expiresAtS);
    /// @notice Nobody trades with their own account.
    /// @param account The account id.
    error SameAccount(uint32 account);
    /// @notice The fill is smaller than the offer's least one, or larger than what is left.
    /// @param giveUcr What was to be taken, in micro-credits.
    /// @param minFillUcr The least, in micro-credits; all that is left is always enough.
    /// @param leftUcr What is left, in micro-credits.
    error FillInvalid(uint128 giveUcr, uint128 minFillUcr, uint128 leftUcr);
    /// @notice The fill costs more than the taker would pay.
    /// @param wantUcr What it costs, in micro-credits.
    /// @param maxWantUcr What the taker would pay, in micro-credits.
    error PriceExceeded(uint128 wantUcr, uint128 maxWantUcr);
    /// @notice A quote with this nonce was filled or cancelled already.
    /// @param maker The account.
    /// @param nonce The nonce.
    error NonceUsed(uint32 maker, uint256 nonce);
    /// @notice The quote is not signed, or not by who has authority over the maker's account.
    /// @param maker The account.
    /// @param signer Who signed these very values for this market; zero = nobody.
    error QuoteSignatureInvalid(uint32 maker, address signer);

    /// @notice Credits of an account lie in escrow for whoever pays their price. By the account's controller.
    /// @param account The account that gives.
    /// @param giveId What it gives: general credits, or a provider's.
    /// @param giveUcr How much, in micro-credits; at least 1,000,000.
    /// @param wantId What it wants: another kind of the same.
    /// @param wantUcr How much for all of it, in micro-credits; at least 1,000,000.
    /// @param minFillUcr The least one fill takes, at most giveUcr; 0 = any.
    /// @param expiresAtS Until when it can be taken, Unix seconds; at most 30 days ahead.
    /// @return offer The offer's id, counted from 1.
    function post(
        uint32 account,
        uint256 giveId,
        uint128 giveUcr,
        uint256 wantId,
        uint128 wantUcr,
        uint128 minFillUcr,
        uint64 expiresAtS
    ) external returns (uint64 offer);

    /// @notice An account has taken a part of an offer, or all of it. By that account's controller.
    /// @param offer The offer's id.
    /// @param account The account that takes and pays.
    /// @param giveUcr How much it takes, in micro-credits.
    /// @param maxWantUcr What it pays for that at most, in micro-credits.
    /// @return wantUcr What it paid: its share of the offer's price, rounded up.
    function take(uint64 offer, uint32 account, uint128 giveUcr, uint128 maxWantUcr)
        external
        returns (uint128 wantUcr);

    /// @notice An offer has ended and what was left of it is back. By the controller of the account that posted it.
    /// @param offer The offer's id.
    function cancel(uint64 offer) external;

    /// @notice An offer past its end is closed and what was left of it is back. By anyone.
    /// @param offer The offer's id.
    function expire(uint64 offer) external;

    /// @notice A quote is filled: both sides have moved. By the taker's controller.
    /// @param quote The quote; its end is at most 15 minutes ahead.
    /// @param signature 65 bytes r, s, v over quoteDigest, by a controller of the maker's account.
    function fill(Quote calldata quote, bytes calldata signature) external;

    /// @notice No quote of the maker with this nonce can be filled any more. By the maker's controller.
    /// @param maker The account.
    /// @param nonce The nonce.
    function cancelQuote(uint32 maker, uint256 nonce) external;

    /// @notice How many offers were ever posted.
    /// @return The latest offer's id, 0 = none yet.
    function offerCount() external view returns (uint64);

    /// @notice An offer as it stands.
    /// @param offer The offer's id.
    /// @return All zero where there is none.
    function offerOf(uint64 offer) external view returns (Offer memory);

    /// @notice How many offers of an organisation's accounts are open, expired ones that nobody closed among them.
    /// @param organisation The organisation's account id.
    /// @return Their number, at most 64.
    function openOffersOf(uint32 organisation) external view returns (uint256);

    /// @notice Whether a nonce of a maker was filled or cancelled.
    /// @param maker The account.
    /// @param nonce The nonce.
    /// @return True once it was.
    function isNonceUsed(uint32 maker, uint256 nonce) external view returns (bool);

    /// @notice What a maker signs: EIP-712 in the domain "Tallystick SwapMarket", "1", this chain and this contract.
    /// @param quote The quote.
    /// @return The 32 bytes.
    function quoteDigest(Quote calldata quote) external view returns (bytes32);
}
