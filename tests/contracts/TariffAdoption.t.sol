// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ITariff, Rates} from "../../contracts/interfaces/ITariff.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {TariffFixture} from "./support/TariffFixture.sol";

/// @title Rates that a registrar adopts for a new resource: none is invented, none is replaced
contract TariffAdoptionTest is TariffFixture {
    uint16 private _variant;

    /// @dev A variant of the model, without rates.
    function setUp() external {
        deployTariff();
        _variant = registry.registerResource("gpt-4o@batch", 2, 1, bytes32(0), bounds(), 0);
    }

    // Error cases in the order of the checks

    function test_adoptRates_revertsWhen_callerIsNotTheNetworksRegistrar() external {
        manager.revokeRole(Roles.REGISTRAR, address(this));
        address[4] memory callers = [STRANGER, REGISTRAR, GUARDIAN, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IAccessManaged.AccessManagedUnauthorized.selector, callers[i]
                )
            );
            VM.prank(callers[i]);
            tariff.adoptRates(_variant, model, 0);
        }
    }

    /// @dev A price that was voted is never replaced without a vote.
    function test_adoptRates_revertsWhen_theResourceHasRates() external {
        setRates(model, tokenRates(1), 0);
        setRates(_variant, tokenRates(2), 0);
        _expectRatesKnown();
        tariff.adoptRates(_variant, model, 0);
    }

    function test_adoptRates_revertsWhen_theResourceWillHaveRates() external {
        setRates(model, tokenRates(1), 0);
        setRates(_variant, tokenRates(2), START_MS + 10 * LEAD_MS);
        _expectRatesKnown();
        tariff.adoptRates(_variant, model, 0);
    }

    function test_adoptRates_revertsWhen_adoptedBefore() external {
        setRates(model, tokenRates(1), 0);
        tariff.adoptRates(_variant, model, 0);
        _expectRatesKnown();
        tariff.adoptRates(_variant, model, 0);
    }

    function test_adoptRates_revertsWhen_aResourceIsUnknown() external {
        _expectResourceUnknown(99);
        tariff.adoptRates(99, model, 0);
        _expectResourceUnknown(99);
        tariff.adoptRates(_variant, 99, 0);
        _expectResourceUnknown(0);
        tariff.adoptRates(_variant, 0, 0);
    }

    function test_adoptRates_revertsWhen_basesDiffer() external {
        setRates(gpu, gpuRates(1), 0);
        uint16 follower = registry.registerResource("indexed", 2, 1, CLASS, bounds(), 0);
        _expectNotAlike(follower, gpu);
        tariff.adoptRates(follower, gpu, 0);
    }

    /// @dev Under another index the same rates are another price.
    function test_adoptRates_revertsWhen_indexClassesDiffer() external {
        setRates(model, tokenRates(1), 0);
        uint16 follower = registry.registerResource("indexed", 2, 1, CLASS, bounds(), 0);
        _expectNotAlike(follower, model);
        tariff.adoptRates(follower, model, 0);
        _expectNotAlike(_variant, gpu);
        tariff.adoptRates(_variant, model, gpu);
    }

    function test_adoptRates_revertsWhen_theLikeOneHasNoRates() external {
        expectRatesUnknown(model);
        tariff.adoptRates(_variant, model, 0);
    }

    function test_adoptRates_revertsWhen_theLikeOnesRatesBeginLater() external {
        setRates(model, tokenRates(1), START_MS + 1);
        expectRatesUnknown(model);
        tariff.adoptRates(_variant, model, 0);
    }

    function test_adoptRates_revertsWhen_theGpuHasNoRates() external {
        setRates(model, tokenRates(1), 0);
        uint16 follower = registry.registerResource("indexed", 2, 1, CLASS, bounds(), 0);
        expectRatesUnknown(gpu);
        tariff.adoptRates(follower, model, gpu);
    }

    // What is adopted

    function test_adoptRates_takesTheRatesInForce_fromTheBeginning() external {
        setRates(model, tokenRates(1), 0);
        setRates(model, tokenRates(2), 0);
        VM.expectEmit(address(tariff));
        emit ITariff.RatesSet(3, _variant, tokenRates(1), 0);
        assertEq(tariff.adoptRates(_variant, model, 0), 3);
        assertEq(versionAt(_variant, 0), 3);
        assertEq(versionAt(_variant, type(uint48).max), 3);
    }

    function test_adoptRates_takesTheMultiplier_ofTheGpu() external {
        Rates memory dear = gpuRates(500);
        dear.gpuMultiplierPpm = 3_000_000;
        uint16 newer = registry.registerResource("h200", 3, 2, CLASS, bounds(), 0);
        uint16 pod = registry.registerResource("h200-pod", 3, 2, CLASS, bounds(), 0);
        setRates(gpu, gpuRates(700), 0);
        setRates(newer, dear, 0);
        Rates memory expected = gpuRates(700);
        expected.gpuMultiplierPpm = 3_000_000;
        VM.expectEmit(address(tariff));
        emit ITariff.RatesSet(3, pod, expected, 0);
        tariff.adoptRates(pod, gpu, newer);
    }

    /// @dev No number of an adopted price is a registrar's own.
    function test_fuzz_adoptRates_inventsNoPrice(
        uint32 weight,
        uint32 quad,
        uint32 transfer,
        uint32[8] memory quantities
    ) external {
        Rates memory rates = tokenRates(weight);
        (rates.mciQuad, rates.transferNcr, rates.bandwidthFactorPpm) = (quad, transfer, 500_000);
        setRates(model, rates, 0);
        tariff.adoptRates(_variant, model, 0);
        for (uint256 i = 0; i < 5; ++i) {
            quantities[i] >>= 11;
        }
        assertEq(
            tariff.value(_variant, 0, quantities, START_MS),
            tariff.value(model, 0, quantities, START_MS)
        );
    }

    /// @dev What was adopted is changed by votes, as any price.
    function test_setRates_changesAdoptedRates_afterTheLead() external {
        setRates(model, tokenRates(1), 0);
        tariff.adoptRates(_variant, model, 0);
        assertEq(setRates(_variant, tokenRates(9), 0), 3);
        assertEq(versionAt(_variant, START_MS + LEAD_MS - 1), 2);
        assertEq(versionAt(_variant, START_MS + LEAD_MS), 3);
    }

    function _expectRatesKnown() private {
        VM.expectRevert(abi.encodeWithSelector(ITariff.RatesKnown.selector, _variant));
    }

    function _expectResourceUnknown(uint16 id) private {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.ResourceUnknown.selector, id));
    }

    function _expectNotAlike(uint16 id, uint16 like) private {
        VM.expectRevert(abi.encodeWithSelector(ITariff.NotAlike.selector, id, like));
    }
}
