// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IProviderDesk, Redemption} from "../../contracts/interfaces/IProviderDesk.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @title Provider credits handed in: acknowledged once, or taken back after seven days of silence
contract ProviderDeskRedemptionTest is MarketFixture {
    address private constant KEY = address(0x9E1);
    address private constant OTHER_KEY = address(0x9E2);
    bytes32 private constant REFERENCE = "job 17";
    bytes32 private constant RECEIPT = keccak256("receipt");

    uint32 private _provider;

    function setUp() external {
        deployMarkets();
        _provider = desk.setProvider(0, "lambda", KEY);
        desk.setProvider(0, "other", OTHER_KEY);
        give(maker, PROVIDER_ONE, 50_000_000);
    }

    // Error cases in the order of the checks

    function test_redeem_revertsWhen_callerIsNoController() external {
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.NotAuthorised.selector, KEY, maker));
        VM.prank(KEY);
        desk.redeem(maker, _provider, 1, REFERENCE);
    }

    function test_redeem_revertsWhen_providerOrAmountIsNone() external {
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.ProviderUnknown.selector, 3));
        VM.prank(CONTROLLER);
        desk.redeem(maker, 3, 1, REFERENCE);
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.AmountInvalid.selector, 0));
        _redeem(0);
    }

    function test_redeem_revertsWhen_theAccountHoldsTooLittle() external {
        expectBalanceTooLow(maker, PROVIDER_ONE, 50_000_000, 50_000_001);
        _redeem(50_000_001);
        assertEq(desk.redemptionCount(), 0);
    }

    function test_redeem_revertsWhen_theDeskIsClosed_unlikeTheWaysOut() external {
        _redeem(1_000_000);
        _redeem(1_000_000);
        manager.setTargetClosed(address(desk), true);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, CONTROLLER)
        );
        _redeem(1_000_000);
        _acknowledge(1);
        VM.warp(NOW_S + 7 days);
        _reclaim(2);
    }

    function test_acknowledge_revertsWhen_callerIsNotTheProvidersKey() external {
        _redeem(1_000_000);
        address[4] memory callers = [STRANGER, address(this), CONTROLLER, OTHER_KEY];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IProviderDesk.NotTheProvider.selector, callers[i], _provider)
            );
            VM.prank(callers[i]);
            desk.acknowledge(1, RECEIPT);
        }
    }

    function test_acknowledge_revertsWhen_notPending() external {
        _expectNotPending(1, 0);
        _acknowledge(1);
        _redeem(1_000_000);
        _acknowledge(1);
        _expectNotPending(1, 2);
        _acknowledge(1);
        _redeem(1_000_000);
        VM.warp(NOW_S + 7 days);
        _reclaim(2);
        _expectNotPending(2, 3);
        _acknowledge(2);
        assertEq(balance(PENDING_REDEMPTIONS, PROVIDER_ONE), 0);
    }

    function test_reclaim_revertsWhen_callerIsNoController() external {
        _redeem(1_000_000);
        VM.warp(NOW_S + 7 days);
        address[3] memory callers = [STRANGER, KEY, VM.addr(TAKER_KEY)];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IProviderDesk.NotAuthorised.selector, callers[i], maker)
            );
            VM.prank(callers[i]);
            desk.reclaim(1);
        }
    }

    function test_reclaim_revertsWhen_theProviderStillHasTime() external {
        _redeem(1_000_000);
        VM.warp(NOW_S + 7 days - 1);
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.RedemptionTooYoung.selector, 1, NOW_S + 7 days)
        );
        _reclaim(1);
    }

    function test_reclaim_revertsWhen_notPending() external {
        _expectNotPending(9, 0);
        _reclaim(9);
        _redeem(1_000_000);
        _redeem(1_000_000);
        _acknowledge(1);
        VM.warp(NOW_S + 7 days);
        _expectNotPending(1, 2);
        _reclaim(1);
        _reclaim(2);
        _expectNotPending(2, 3);
        _reclaim(2);
    }

    // What becomes of it

    function test_redeem_setsTheCreditsAside() external {
        VM.expectEmit(address(desk));
        emit IProviderDesk.RedemptionRequested(1, maker, _provider, 20_000_000, REFERENCE);
        assertEq(_redeem(20_000_000), 1);
        assertEq(balance(maker, PROVIDER_ONE), 30_000_000);
        assertEq(balance(PENDING_REDEMPTIONS, PROVIDER_ONE), 20_000_000);
        Redemption memory found = desk.redemptionOf(1);
        assertEq(found.account, maker);
        assertEq(found.provider, _provider);
        assertEq(found.atS, NOW_S);
        assertEq(found.state, 1);
        assertEq(found.amountUcr, 20_000_000);
    }

    function test_acknowledge_burnsTheCredits() external {
        _redeem(20_000_000);
        VM.expectEmit(address(desk));
        emit IProviderDesk.RedemptionAcknowledged(1, RECEIPT);
        _acknowledge(1);
        assertEq(balance(PENDING_REDEMPTIONS, PROVIDER_ONE), 0);
        assertEq(balance(maker, PROVIDER_ONE), 30_000_000);
        assertEq(desk.redemptionOf(1).state, 2);
    }

    /// @dev Late is better than never: until it is taken back, a redemption can be honoured.
    function test_acknowledge_burnsTheCredits_afterSevenDaysToo() external {
        _redeem(20_000_000);
        VM.warp(NOW_S + 8 days);
        _acknowledge(1);
        _expectNotPending(1, 2);
        _reclaim(1);
    }

    function test_acknowledge_isTheNewKeys_afterAChange() external {
        _redeem(20_000_000);
        desk.setProvider(_provider, "lambda", address(0x9E3));
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.NotTheProvider.selector, KEY, _provider)
        );
        _acknowledge(1);
        VM.prank(address(0x9E3));
        desk.acknowledge(1, RECEIPT);
    }

    function test_reclaim_returnsTheCredits() external {
        _redeem(20_000_000);
        VM.warp(NOW_S + 7 days);
        VM.expectEmit(address(desk));
        emit IProviderDesk.RedemptionReclaimed(1);
        _reclaim(1);
        assertEq(balance(maker, PROVIDER_ONE), 50_000_000);
        assertEq(balance(PENDING_REDEMPTIONS, PROVIDER_ONE), 0);
        assertEq(desk.redemptionOf(1).state, 3);
    }

    function _redeem(uint128 amountUcr) private returns (uint64) {
        VM.prank(CONTROLLER);
        return desk.redeem(maker, _provider, amountUcr, REFERENCE);
    }

    function _acknowledge(uint64 redemption) private {
        VM.prank(KEY);
        desk.acknowledge(redemption, RECEIPT);
    }

    function _reclaim(uint64 redemption) private {
        VM.prank(CONTROLLER);
        desk.reclaim(redemption);
    }

    function _expectNotPending(uint64 redemption, uint8 state) private {
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.RedemptionNotPending.selector, redemption, state)
        );
    }
}
