// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Tariff} from "../../contracts/Tariff.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ITariff, Rates} from "../../contracts/interfaces/ITariff.sol";
import {FactTime} from "../../contracts/libraries/FactTime.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {History} from "./support/History.sol";
import {TariffFixture} from "./support/TariffFixture.sol";

/// @title Voted rates: their bounds, their bases, their history, and what others may adopt of them
contract TariffTest is TariffFixture {
    History private _announced;

    function setUp() external {
        deployTariff();
    }

    // Constructor

    function test_constructor_revertsWhen_leadExceedsNinetyDays() external {
        VM.expectRevert(abi.encodeWithSelector(ITariff.LeadTooLong.selector, 90 days + 1, 90 days));
        new Tariff(address(manager), registry, 90 days + 1);
        assertEq(new Tariff(address(manager), registry, 90 days).leadS(), 90 days);
    }

    // Setting rates: error cases in the order of the checks

    /// @dev T5: the first rates are governance's too; the network's registrar only ever adopts.
    function test_setRates_revertsWhen_callerIsNotGovernance() external {
        manager.grantRole(Roles.REGISTRAR, NETWORK_REGISTRAR, 0);
        address[4] memory callers = [STRANGER, GUARDIAN, REGISTRAR, NETWORK_REGISTRAR];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectUnauthorised(callers[i]);
            VM.prank(callers[i]);
            tariff.setRates(new uint16[](0), new Rates[](0), 0);
        }
    }

    function test_setRates_revertsWhen_lengthsDiffer() external {
        VM.expectRevert(abi.encodeWithSelector(ITariff.LengthsDiffer.selector, 0, 0));
        tariff.setRates(new uint16[](0), new Rates[](0), 0);
        VM.expectRevert(abi.encodeWithSelector(ITariff.LengthsDiffer.selector, 2, 1));
        tariff.setRates(new uint16[](2), new Rates[](1), 0);
    }

    function test_setRates_revertsWhen_aResourceComesTwiceOrOutOfOrder() external {
        uint16[] memory resources = new uint16[](2);
        Rates[] memory rates = new Rates[](2);
        (rates[0], rates[1]) = (tokenRates(1), tokenRates(2));
        (resources[0], resources[1]) = (model, model);
        VM.expectRevert(abi.encodeWithSelector(ITariff.ResourcesOutOfOrder.selector, model, model));
        tariff.setRates(resources, rates, 0);
        resources[1] = model - 1;
        VM.expectRevert(
            abi.encodeWithSelector(ITariff.ResourcesOutOfOrder.selector, model - 1, model)
        );
        tariff.setRates(resources, rates, 0);
    }

    function test_setRates_revertsWhen_resourceIsUnknown() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.ResourceUnknown.selector, 0));
        setRates(0, tokenRates(1), 0);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.ResourceUnknown.selector, 99));
        setRates(99, tokenRates(1), 0);
    }

    function test_setRates_revertsWhen_aTokenResourceHasGpuRates() external {
        Rates memory rates = tokenRates(1);
        rates.computeNcr = 1;
        _expectBasisMixed(model, 1, rates);
        rates = tokenRates(1);
        rates.memoryNcr = 1;
        _expectBasisMixed(model, 1, rates);
    }

    function test_setRates_revertsWhen_aGpuResourceHasTokenRates() external {
        Rates[7] memory mixed;
        mixed[0].wIn = 1;
        mixed[1].wCached = 1;
        mixed[2].wWritten = 1;
        mixed[3].wOut = 1;
        mixed[4].wReason = 1;
        mixed[5].mciBase = 1;
        mixed[6].mciQuad = 1;
        for (uint256 i = 0; i < mixed.length; ++i) {
            _expectBasisMixed(gpu, 2, mixed[i]);
        }
    }

    /// @dev I11: no vote makes a byte or a GPU worth a hundred times another, or a GPU nearly nothing.
    function test_setRates_revertsWhen_aFactorIsOutOfItsHardBounds() external {
        Rates memory rates = tokenRates(1);
        rates.bandwidthFactorPpm = 100_000_001;
        _expectOutOfHardBounds(model, rates);
        rates.bandwidthFactorPpm = 100_000_000;
        rates.gpuMultiplierPpm = 100_000_001;
        _expectOutOfHardBounds(model, rates);
        rates.gpuMultiplierPpm = 100_000_000;
        assertEq(setRates(model, rates, 0), 1);
        rates = gpuRates(1);
        rates.gpuMultiplierPpm = 100_000_001;
        _expectOutOfHardBounds(gpu, rates);
        rates.gpuMultiplierPpm = 9_999;
        _expectOutOfHardBounds(gpu, rates);
        rates.gpuMultiplierPpm = 10_000;
        rates.bandwidthFactorPpm = 100_000_001;
        _expectOutOfHardBounds(gpu, rates);
        rates.bandwidthFactorPpm = 0;
        assertEq(setRates(gpu, rates, 0), 2);
    }

    /// @dev T9: a price that holds already, or nearly, is nobody's to change.
    function test_setRates_revertsWhen_insideTheLead() external {
        setRates(model, tokenRates(1), 0);
        _expectTooEarly(START_MS + LEAD_MS - 1);
        setRates(model, tokenRates(2), START_MS + LEAD_MS - 1);
        _expectTooEarly(1);
        setRates(model, tokenRates(2), 1);
    }

    function test_setRates_revertsWhen_beforeAnAnnouncedChange() external {
        setRates(model, tokenRates(1), 0);
        setRates(model, tokenRates(2), START_MS + LEAD_MS + 2);
        VM.expectRevert(
            abi.encodeWithSelector(
                ITariff.ChangeOutOfOrder.selector, START_MS + LEAD_MS + 1, START_MS + LEAD_MS + 2
            )
        );
        setRates(model, tokenRates(3), START_MS + LEAD_MS + 1);
    }

    /// @dev T14: history holds times of 48 bits; a longer one is refused, never cut.
    function test_setRates_revertsWhen_timeExceeds48Bits() external {
        setRates(model, tokenRates(1), (1 << 48) - 1);
        VM.expectRevert(
            abi.encodeWithSelector(
                SafeCast.SafeCastOverflowedUintDowncast.selector, 48, uint256(1) << 48
            )
        );
        setRates(gpu, gpuRates(1), 1 << 48);
    }

    /// @dev T13, T14: at the very edge of 64 bits accepted, one nano-credit above refused.
    function test_fuzz_setRates_endsAtTheBound(uint32 weight, uint32 transfer, uint32 quad)
        external
    {
        Rates memory rates = tokenRates(weight);
        rates.transferNcr = transfer;
        rates.bandwidthFactorPpm = 500_000;
        rates.mciQuad = quad;
        uint256 worstNcr = MAX_CONTEXT * weight + MAX_U32 * ((uint256(transfer) + 1) / 2)
            + MAX_KILO_SQUARED * quad;
        rates.mciBase = SafeCast.toUint64(BOUND_NCR - worstNcr) + 1;
        expectOutOfBounds(model, 1_000_000);
        setRates(model, rates, 0);
        rates.mciBase -= 1;
        assertEq(setRates(model, rates, 0), 1);
    }

    function test_setRates_revertsWhen_aResolvedRateExceeds32Bits() external {
        Rates memory rates = gpuRates(type(uint32).max);
        assertEq(setRates(gpu, rates, 0), 1);
        rates.gpuMultiplierPpm = 1_000_001;
        expectOutOfBounds(gpu, 1_000_000);
        setRates(gpu, rates, START_MS + LEAD_MS);
    }

    // What it announces, and what holds when

    function test_setRates_announcesTheFirst_asAsked() external {
        VM.expectEmit(address(tariff));
        emit ITariff.RatesSet(1, model, tokenRates(7), 0);
        assertEq(setRates(model, tokenRates(7), 0), 1);
        VM.expectEmit(address(tariff));
        emit ITariff.RatesSet(2, gpu, gpuRates(7), 12_345);
        assertEq(setRates(gpu, gpuRates(7), 12_345), 2);
        (Rates memory rates, uint32 version) = tariff.votedRatesAt(model, 0);
        assertEq(version, 1);
        assertEq(keccak256(abi.encode(rates)), keccak256(abi.encode(tokenRates(7))));
    }

    function test_setRates_resolvesZero_inAChange() external {
        setRates(model, tokenRates(1), 0);
        VM.expectEmit(address(tariff));
        emit ITariff.RatesSet(2, model, tokenRates(2), START_MS + LEAD_MS);
        setRates(model, tokenRates(2), 0);
        assertEq(versionAt(model, START_MS + LEAD_MS - 1), 1);
        assertEq(versionAt(model, START_MS + LEAD_MS), 2);
    }

    function test_setRates_replaces_atTheSameTime() external {
        setRates(model, tokenRates(1), 0);
        setRates(model, tokenRates(2), 0);
        setRates(model, tokenRates(3), 0);
        assertEq(versionAt(model, START_MS + LEAD_MS - 1), 1);
        assertEq(versionAt(model, START_MS + LEAD_MS), 3);
    }

    function test_setRates_isOneVersion_forManyResources() external {
        uint16[] memory ids = new uint16[](2);
        (ids[0], ids[1]) = (model, gpu);
        Rates[] memory rates = new Rates[](2);
        (rates[0], rates[1]) = (tokenRates(1), gpuRates(2));
        assertEq(tariff.setRates(ids, rates, 0), 1);
        assertEq(versionAt(model, 0), 1);
        assertEq(versionAt(gpu, 0), 1);
        assertEq(tariff.version(), 1);
    }

    /// @dev A vote holds as a whole or not at all.
    function test_setRates_setsNothing_whenOneResourceFails() external {
        uint16[] memory ids = new uint16[](2);
        (ids[0], ids[1]) = (model, gpu);
        Rates[] memory rates = new Rates[](2);
        (rates[0], rates[1]) = (tokenRates(1), tokenRates(1));
        VM.expectRevert(abi.encodeWithSelector(ITariff.BasisMixed.selector, gpu, 2));
        tariff.setRates(ids, rates, 0);
        assertEq(tariff.version(), 0);
        expectRatesUnknown(model);
        tariff.votedRatesAt(model, START_MS);
    }

    function test_votedRatesAt_revertsWhen_noneHoldYet() external {
        setRates(model, tokenRates(1), 12_345);
        expectRatesUnknown(model);
        tariff.votedRatesAt(model, 12_344);
        assertEq(versionAt(model, 12_345), 1);
    }

    /// @dev T9: an announcement changes no price that holds before its lead has passed.
    function test_fuzz_setRates_leavesThePastAlone(uint32 passedS, uint64 timeMs) external {
        setRates(model, tokenRates(1000), 0);
        setRates(model, tokenRates(2000), 0);
        VM.warp(START_S + passedS);
        timeMs %= uint64((START_S + passedS + TARIFF_LEAD_S) * 1000);
        uint64 before = tariff.value(model, 0, oneToken(), timeMs);
        setRates(model, tokenRates(3000), 0);
        assertEq(tariff.value(model, 0, oneToken(), timeMs), before);
    }

    function test_fuzz_votedRatesAt_equalsALinearScan(
        uint16[12] memory gaps,
        uint32[8] memory timesS
    ) external {
        _announced.push(0, setRates(model, tokenRates(1), 0));
        uint64 fromMs = START_MS + LEAD_MS;
        for (uint32 i = 0; i < gaps.length; ++i) {
            fromMs += gaps[i] % 4 == 0 ? 0 : uint64(gaps[i]) * 1000;
            _announced.push(fromMs, setRates(model, tokenRates(i), fromMs));
        }
        for (uint256 i = 0; i < timesS.length; ++i) {
            _checkAgainstScan(START_MS + uint64(timesS[i] % 500_000) * 1000);
        }
        for (uint256 i = 1; i < _announced.fromMs.length; ++i) {
            _checkAgainstScan(_announced.fromMs[i]);
            _checkAgainstScan(_announced.fromMs[i] - 1);
        }
    }

    // Value

    function test_value_revertsWhen_noRatesHold() external {
        expectRatesUnknown(model);
        tariff.value(model, 0, oneToken(), START_MS);
        expectRatesUnknown(99);
        tariff.value(99, 0, oneToken(), START_MS);
    }

    function test_value_takesTheRatesOfItsTime() external {
        setRates(model, tokenRates(1000), 0);
        setRates(model, tokenRates(5000), 0);
        assertEq(tariff.value(model, 0, oneToken(), START_MS + LEAD_MS - 1), 1);
        assertEq(tariff.value(model, 0, oneToken(), START_MS + LEAD_MS), 5);
    }

    function _checkAgainstScan(uint64 timeMs) private view {
        assertEq(versionAt(model, timeMs), _announced.valueAt(timeMs));
    }

    function _expectUnauthorised(address caller) private {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }

    function _expectOutOfHardBounds(uint16 id, Rates memory rates) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                ITariff.RatesOutOfHardBounds.selector,
                id,
                rates.gpuMultiplierPpm,
                rates.bandwidthFactorPpm
            )
        );
        setRates(id, rates, 0);
    }

    function _expectBasisMixed(uint16 id, uint8 basis, Rates memory rates) private {
        VM.expectRevert(abi.encodeWithSelector(ITariff.BasisMixed.selector, id, basis));
        setRates(id, rates, 0);
    }

    function _expectTooEarly(uint64 fromMs) private {
        VM.expectRevert(
            abi.encodeWithSelector(FactTime.FactTooEarly.selector, fromMs, START_MS + LEAD_MS)
        );
    }
}
