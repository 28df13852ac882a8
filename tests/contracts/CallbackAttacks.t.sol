// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Quote} from "../../contracts/interfaces/ISwapMarket.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @title Whoever has code at its address is never called by it (THREATS T16, T23)
/// @dev Everyone who acts, signs or holds has code that reverts whatever it is told. All that they do must work all the same:
/// what calls nobody cannot be re-entered, and what asks nobody for code refuses nobody for having some.
contract CallbackAttacksTest is MarketFixture {
    address private constant KEY = address(0x9E1);
    /// @dev PUSH0 PUSH0 REVERT.
    bytes private constant REVERTS = hex"5f5ffd";

    uint32 private provider;

    function setUp() external {
        deployMarkets();
        provider = desk.setProvider(0, "lambda", KEY);
        desk.setRate(provider, 1_000_000, 0);
        desk.setCaps(provider, type(uint128).max, type(uint128).max);
        epochs.setEnrolmentAllowance(acme, 1e12);
        give(maker, GENERAL, 1e9);
        give(taker, PROVIDER_ONE, 1e9);
        address[9] memory everyone = [
            CONTROLLER,
            REGISTRAR,
            KEY,
            VM.addr(MAKER_KEY),
            VM.addr(TAKER_KEY),
            credits.addressOf(maker),
            credits.addressOf(taker),
            credits.addressOf(SWAP_ESCROW),
            credits.addressOf((1 << 32) + 1)
        ];
        for (uint256 i = 0; i < everyone.length; ++i) {
            VM.etch(everyone[i], REVERTS);
            (bool isDone,) = everyone[i].call("");
            assertEq(isDone, false);
        }
    }

    function test_swaps_callNobody() external {
        VM.startPrank(CONTROLLER);
        uint64 end = NOW_S + 1 days;
        uint64 offer = market.post(maker, GENERAL, 2e6, PROVIDER_ONE, 1e6, 0, end);
        market.take(offer, taker, 1e6, 1e6);
        market.cancel(offer);
        offer = market.post(maker, GENERAL, 2e6, PROVIDER_ONE, 1e6, 0, end);
        VM.warp(end);
        market.expire(offer);
        VM.stopPrank();
        assertEq(balance(maker, GENERAL), 1e9 - 1e6);
    }

    /// @dev A key whose address has been given code (EIP-7702) signs as before.
    function test_quotes_callNobody() external {
        Quote memory quote = Quote({
            maker: maker,
            taker: taker,
            giveId: GENERAL,
            giveUcr: 1e6,
            wantId: PROVIDER_ONE,
            wantUcr: 1e6,
            expiresAtS: NOW_S + 60,
            nonce: 1
        });
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(MAKER_KEY, market.quoteDigest(quote));
        VM.prank(VM.addr(TAKER_KEY));
        market.fill(quote, abi.encodePacked(r, s, v));
        assertEq(balance(taker, GENERAL), 1e6);
    }

    function test_desk_callsNobody() external {
        VM.prank(KEY);
        desk.deposit(provider, 1e9, keccak256("receipt"));
        VM.startPrank(CONTROLLER);
        desk.convert(maker, provider, 1e6, 1e6);
        uint64 first = desk.redeem(maker, provider, 1e5, 0);
        uint64 second = desk.redeem(maker, provider, 1e5, 0);
        VM.warp(NOW_S + 7 days);
        desk.reclaim(second);
        VM.stopPrank();
        VM.prank(KEY);
        desk.acknowledge(first, 0);
        assertEq(balance(maker, PROVIDER_ONE), 1e6 - 1e5);
    }

    function test_replenishment_callsNobody() external {
        VM.startPrank(REGISTRAR);
        epochs.enrol(maker, 1e9);
        uint32 experiment = experiments.open(maker, 1, keccak256("hypothesis"));
        VM.stopPrank();
        experiments.fund(experiment, 1e6);
        VM.prank(REGISTRAR);
        experiments.end(experiment, 0);
        // A ninth of what was granted.
        assertEq(balance((1 << 32) + 1, 2), 111_111_111);
    }
}
