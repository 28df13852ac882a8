// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ProviderDesk} from "../../contracts/ProviderDesk.sol";
import {
    DeskCaps,
    DeskRate,
    IProviderDesk,
    Provider
} from "../../contracts/interfaces/IProviderDesk.sol";
import {Names} from "../../contracts/libraries/Names.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @title Providers, their rates and caps, what they deposit and what it converts into
contract ProviderDeskTest is MarketFixture {
    address private constant KEY = address(0x9E1);
    address private constant OTHER_KEY = address(0x9E2);
    bytes32 private constant RECEIPT = keccak256("receipt");

    uint32 private _provider;

    /// @dev One provider at two for one, without inventory.
    function setUp() external {
        deployMarkets();
        _provider = desk.setProvider(0, "lambda", KEY);
        desk.setRate(_provider, 2_000_000, 0);
        desk.setCaps(_provider, 1_000_000_000, 600_000_000);
        give(maker, GENERAL, 1_000_000_000);
        give(beside, GENERAL, 1_000_000_000);
        give(taker, GENERAL, 1_000_000_000);
    }

    // Governed: error cases in the order of the checks

    function test_governed_revertWhen_callerIsNotGovernance() external {
        address[4] memory callers = [STRANGER, CONTROLLER, REGISTRAR, KEY];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            desk.setProvider(0, "other", KEY);
            _expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            desk.setRate(_provider, 1_000_000, 0);
            _expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            desk.setCaps(_provider, 1, 1);
        }
    }

    function test_setProvider_revertsWhen_nameKeyOrIdIsInvalid() external {
        VM.expectRevert(abi.encodeWithSelector(Names.NameInvalid.selector, "Lambda"));
        desk.setProvider(0, "Lambda", KEY);
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.KeyMissing.selector));
        desk.setProvider(0, "other", address(0));
        _expectProviderUnknown(2);
        desk.setProvider(2, "other", KEY);
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.NameTaken.selector, "lambda", _provider)
        );
        desk.setProvider(0, "lambda", OTHER_KEY);
    }

    function test_setProvider_renames_andFreesTheName() external {
        VM.expectEmit(address(desk));
        emit IProviderDesk.ProviderSet(_provider, "lambda-labs", OTHER_KEY);
        assertEq(desk.setProvider(_provider, "lambda-labs", OTHER_KEY), _provider);
        assertEq(desk.providerByName("lambda-labs"), _provider);
        assertEq(desk.providerByName("lambda"), 0);
        Provider memory found = desk.providerOf(_provider);
        assertEq(found.key, OTHER_KEY);
        assertEq(keccak256(bytes(found.name)), keccak256("lambda-labs"));
        assertEq(desk.setProvider(0, "lambda", KEY), 2);
        assertEq(desk.setProvider(2, "lambda", OTHER_KEY), 2);
        assertEq(desk.providerByName("lambda"), 2);
        _expectProviderUnknown(3);
        desk.providerOf(3);
    }

    /// @dev I11: no vote crosses these.
    function test_setRate_revertsWhen_outOfItsHardBounds() external {
        uint64[3] memory rates = [uint64(0), 999, 1_000_000_001];
        for (uint256 i = 0; i < rates.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IProviderDesk.DeskRateOutOfBounds.selector, rates[i], 1000, 1_000_000_000
                )
            );
            desk.setRate(_provider, rates[i], 0);
        }
        desk.setRate(_provider, 1000, 0);
        desk.setRate(_provider, 1_000_000_000, 0);
        _expectProviderUnknown(0);
        desk.setRate(0, 1000, 0);
    }

    function test_setRate_revertsWhen_aChangeBeginsInsideTheLead() external {
        _expectTooEarly(NOW_S + 1 hours - 1, NOW_S + 1 hours);
        desk.setRate(_provider, 1_000_000, NOW_S + 1 hours - 1);
        uint32 other = desk.setProvider(0, "other", KEY);
        _expectTooEarly(NOW_S - 1, NOW_S);
        desk.setRate(other, 1_000_000, NOW_S - 1);
    }

    function test_constructor_revertsWhen_leadExceedsNinetyDays() external {
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.LeadTooLong.selector, 90 days + 1, 90 days)
        );
        new ProviderDesk(address(manager), registry, budgets, 90 days + 1);
        assertEq(desk.leadS(), 1 hours);
    }

    // The worse of the rate in force and the announced one

    function test_rateOf_isTheFirstAtOnce_andNoneBefore() external {
        uint32 other = desk.setProvider(0, "other", KEY);
        assertEq(desk.rateOf(other).appliedPpm, 0);
        desk.setRate(other, 1_500_000, NOW_S + 100);
        assertEq(desk.rateOf(other).appliedPpm, 0);
        _expectRateUnknown(other);
        _convert(maker, other, 1_000_000, 0);
        VM.warp(NOW_S + 100);
        assertEq(desk.rateOf(other).appliedPpm, 1_500_000);
    }

    /// @dev T22: nobody gains from knowing of a change before it holds.
    function test_convert_isAtTheWorseRate_whileAChangeIsAnnounced() external {
        _deposit(1_000_000_000);
        VM.expectEmit(address(desk));
        emit IProviderDesk.DeskRateSet(_provider, 1_000_000, NOW_S + 1 hours);
        desk.setRate(_provider, 1_000_000, 0);
        DeskRate memory rate = desk.rateOf(_provider);
        assertEq(rate.currentPpm, 2_000_000);
        assertEq(rate.queuedPpm, 1_000_000);
        assertEq(rate.queuedFromS, NOW_S + 1 hours);
        assertEq(_convert(maker, _provider, 3_000_000, 0), 3_000_000);
        desk.setRate(_provider, 5_000_000, 0);
        assertEq(_convert(maker, _provider, 3_000_000, 0), 6_000_000);
        VM.warp(NOW_S + 1 hours - 1);
        assertEq(_convert(maker, _provider, 3_000_000, 0), 6_000_000);
        VM.warp(NOW_S + 1 hours);
        assertEq(_convert(maker, _provider, 3_000_000, 0), 15_000_000);
        assertEq(desk.rateOf(_provider).queuedPpm, 0);
        desk.setRate(_provider, 4_000_000, 0);
        assertEq(desk.rateOf(_provider).currentPpm, 5_000_000);
        assertEq(desk.rateOf(_provider).appliedPpm, 4_000_000);
    }

    // Deposits

    function test_deposit_revertsWhen_callerIsNotTheProvidersKey() external {
        address[4] memory callers = [STRANGER, address(this), CONTROLLER, OTHER_KEY];
        desk.setProvider(0, "other", OTHER_KEY);
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectNotTheProvider(callers[i]);
            VM.prank(callers[i]);
            desk.deposit(_provider, 1, RECEIPT);
        }
        _expectProviderUnknown(3);
        VM.prank(KEY);
        desk.deposit(3, 1, RECEIPT);
    }

    /// @dev T1: a deposit sent twice is one deposit.
    function test_deposit_revertsWhen_theReceiptIsUsedOrMissing() external {
        VM.prank(KEY);
        desk.deposit(_provider, 5, RECEIPT);
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.ReceiptUsed.selector, _provider, RECEIPT)
        );
        VM.prank(KEY);
        desk.deposit(_provider, 5, RECEIPT);
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.KeyMissing.selector));
        VM.prank(KEY);
        desk.deposit(_provider, 5, 0);
        assertEq(desk.inventoryOf(_provider), 5);
        assertEq(desk.isReceiptUsed(_provider, RECEIPT), true);
    }

    function test_deposit_revertsWhen_theAmountIsNoneOrTooLarge() external {
        uint256[2] memory amounts = [uint256(0), uint256(1) << 128];
        for (uint256 i = 0; i < amounts.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(IProviderDesk.AmountInvalid.selector, amounts[i])
            );
            VM.prank(KEY);
            desk.deposit(_provider, amounts[i], RECEIPT);
        }
    }

    function test_deposit_fillsTheInventory() external {
        VM.expectEmit(address(desk));
        emit IProviderDesk.InventoryDeposited(_provider, 700, RECEIPT, 700);
        VM.prank(KEY);
        desk.deposit(_provider, 700, RECEIPT);
        assertEq(balance(PROVIDER_INVENTORY, PROVIDER_ONE), 700);
    }

    // Conversion: error cases in the order of the checks

    function test_convert_revertsWhen_callerIsNoController() external {
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.NotAuthorised.selector, STRANGER, maker)
        );
        VM.prank(STRANGER);
        desk.convert(maker, _provider, 1_000_000, 0);
    }

    function test_convert_revertsWhen_theProviderIsUnknown() external {
        _expectProviderUnknown(9);
        _convert(maker, 9, 1_000_000, 0);
    }

    function test_convert_revertsWhen_itYieldsTooLittle() external {
        _deposit(1_000_000_000);
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.OutputTooLow.selector, 2_000_000, 2_000_001)
        );
        _convert(maker, _provider, 1_000_000, 2_000_001);
        uint32 dear = desk.setProvider(0, "dear", KEY);
        desk.setRate(dear, 1000, 0);
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.OutputTooLow.selector, 0, 0));
        _convert(maker, dear, 999, 0);
    }

    function test_convert_revertsWhen_anOrganisationsDayIsUsedUp() external {
        _deposit(2_000_000_000);
        _convert(maker, _provider, 250_000_000, 0);
        assertEq(desk.leftTodayOf(_provider, acme), 100_000_000);
        _expectCap(acme, 100_000_002, 100_000_000);
        _convert(beside, _provider, 50_000_001, 0);
        _convert(beside, _provider, 50_000_000, 0);
        assertEq(desk.leftTodayOf(_provider, acme), 0);
        assertEq(desk.leftTodayOf(_provider, globex), 400_000_000);
    }

    function test_convert_revertsWhen_theProvidersDayIsUsedUp() external {
        _deposit(2_000_000_000);
        _convert(maker, _provider, 300_000_000, 0);
        _expectCap(0, 400_000_002, 400_000_000);
        _convert(taker, _provider, 200_000_001, 0);
        _convert(taker, _provider, 200_000_000, 0);
    }

    /// @dev Days are UTC days of the block's time.
    function test_convert_startsANewDay_atMidnight() external {
        _deposit(2_000_000_000);
        uint256 midnightS = (START_S / 1 days + 1) * 1 days;
        VM.warp(midnightS - 1);
        _convert(maker, _provider, 300_000_000, 0);
        _expectCap(acme, 2, 0);
        _convert(maker, _provider, 1, 0);
        VM.warp(midnightS);
        _convert(maker, _provider, 300_000_000, 0);
        assertEq(desk.leftTodayOf(_provider, acme), 0);
    }

    function test_convert_revertsWhen_theCapWasLoweredBelowWhatIsUsed() external {
        _deposit(1_000_000_000);
        _convert(maker, _provider, 100_000_000, 0);
        VM.expectEmit(address(desk));
        emit IProviderDesk.DeskCapsSet(_provider, 100_000_000, 100_000_000);
        desk.setCaps(_provider, 100_000_000, 100_000_000);
        assertEq(desk.leftTodayOf(_provider, globex), 0);
        _expectCap(0, 2, 0);
        _convert(taker, _provider, 1, 0);
        DeskCaps memory caps = desk.capsOf(_provider);
        assertEq(caps.dailyUcr, 100_000_000);
    }

    function test_convert_revertsWhen_theInventoryHoldsLess() external {
        _deposit(5_999_999);
        VM.expectRevert(
            abi.encodeWithSelector(
                IProviderDesk.InventoryTooLow.selector, _provider, 6_000_000, 5_999_999
            )
        );
        _convert(maker, _provider, 3_000_000, 0);
        assertEq(balance(maker, GENERAL), 1_000_000_000);
        assertEq(desk.leftTodayOf(_provider, acme), 600_000_000);
    }

    function test_convert_revertsWhen_theAccountHoldsTooLittle() external {
        _deposit(1_000_000_000);
        desk.setCaps(_provider, type(uint128).max, type(uint128).max);
        desk.setRate(_provider, 1000, 0);
        expectBalanceTooLow(maker, GENERAL, 1_000_000_000, 1_000_000_001);
        _convert(maker, _provider, 1_000_000_001, 0);
    }

    function test_convert_revertsWhen_theDeskIsClosed() external {
        _deposit(1_000_000_000);
        manager.setTargetClosed(address(desk), true);
        _expectUnauthorised(CONTROLLER);
        _convert(maker, _provider, 1_000_000, 0);
    }

    /// @dev The worked example of docs/providers.md.
    function test_convert_burnsCredits_andPaysOutProviderCredits() external {
        desk.setRate(_provider, 1_333_333, 0);
        VM.warp(NOW_S + 1 hours);
        _deposit(100_000_000);
        VM.expectEmit(address(desk));
        emit IProviderDesk.Converted(maker, _provider, 10_000_001, 13_333_331, 1_333_333);
        assertEq(_convert(maker, _provider, 10_000_001, 13_333_331), 13_333_331);
        assertEq(balance(maker, GENERAL), 989_999_999);
        assertEq(balance(maker, PROVIDER_ONE), 13_333_331);
        assertEq(desk.inventoryOf(_provider), 86_666_669);
        assertEq(desk.leftTodayOf(_provider, acme), 586_666_669);
    }

    /// @dev T13: never more than the rate, and never more than one micro-credit less; inventory covers all that is out.
    function test_fuzz_convert_roundsAgainstTheTaker(uint64[4] memory amounts, uint64 rate)
        external
    {
        uint32 other = desk.setProvider(0, "other", KEY);
        uint64 ratePpm = 1000 + rate % 999_999_001;
        desk.setRate(other, ratePpm, 0);
        desk.setCaps(other, type(uint128).max, type(uint128).max);
        VM.prank(KEY);
        desk.deposit(other, 1 << 90, RECEIPT);
        uint256 outUcr = 0;
        for (uint256 i = 0; i < amounts.length; ++i) {
            uint128 paidUcr = 1000 + uint128(amounts[i]);
            give(maker, GENERAL, paidUcr);
            uint256 gotUcr = _convert(maker, other, paidUcr, 0);
            assertTrue(gotUcr * 1_000_000 <= uint256(paidUcr) * ratePpm, "above its rate");
            assertTrue((gotUcr + 1) * 1_000_000 > uint256(paidUcr) * ratePpm, "too little");
            outUcr += gotUcr;
        }
        assertEq(desk.inventoryOf(other), (1 << 90) - outUcr);
        assertEq(balance(maker, (2 << 32) + uint256(other)), outUcr);
    }

    function _deposit(uint256 amountUcr) private {
        VM.prank(KEY);
        desk.deposit(_provider, amountUcr, keccak256(abi.encode(amountUcr, block.timestamp)));
    }

    function _convert(uint32 account, uint32 provider, uint128 creditsUcr, uint128 minOutUcr)
        private
        returns (uint128)
    {
        VM.prank(CONTROLLER);
        return desk.convert(account, provider, creditsUcr, minOutUcr);
    }

    function _expectUnauthorised(address caller) private {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }

    function _expectProviderUnknown(uint32 provider) private {
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.ProviderUnknown.selector, provider));
    }

    function _expectRateUnknown(uint32 provider) private {
        VM.expectRevert(abi.encodeWithSelector(IProviderDesk.DeskRateUnknown.selector, provider));
    }

    function _expectNotTheProvider(address caller) private {
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.NotTheProvider.selector, caller, _provider)
        );
    }

    function _expectTooEarly(uint64 fromS, uint64 earliestS) private {
        VM.expectRevert(
            abi.encodeWithSelector(IProviderDesk.DeskRateTooEarly.selector, fromS, earliestS)
        );
    }

    function _expectCap(uint32 organisation, uint128 outUcr, uint128 leftUcr) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IProviderDesk.DailyCapExceeded.selector, _provider, organisation, outUcr, leftUcr
            )
        );
    }
}
