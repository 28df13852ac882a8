// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff, Rates} from "../../../contracts/interfaces/ITariff.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

/// @title A network with a model that follows no index and a GPU that follows one, both without rates
/// @dev The test itself stands in for the PriceIndex, too.
abstract contract TariffFixture is NetworkFixture {
    uint64 internal constant START_MS = 1_700_000_000_000;
    uint64 internal constant LEAD_MS = 1 hours * 1000;
    bytes32 internal constant CLASS = "h100";
    address internal constant NETWORK_REGISTRAR = address(0x4E6);

    uint256 internal constant MAX_CONTEXT = 16_777_215;
    uint256 internal constant MAX_U32 = type(uint32).max;
    uint256 internal constant MAX_KILO_SQUARED = 281_467_729;
    uint256 internal constant BOUND_NCR = type(uint64).max - 999;

    uint16 internal model;
    uint16 internal gpu;

    function deployTariff() internal {
        deployNetwork(4);
        manager.grantRole(Roles.INDEX, address(this), 0);
        model = resource;
        gpu = registry.registerResource("h100", 3, 2, CLASS, bounds(), 0);
    }

    function setRates(uint16 id, Rates memory rates, uint64 fromMs) internal returns (uint32) {
        uint16[] memory ids = new uint16[](1);
        Rates[] memory list = new Rates[](1);
        (ids[0], list[0]) = (id, rates);
        return tariff.setRates(ids, list, fromMs);
    }

    function versionAt(uint16 id, uint64 timeMs) internal view returns (uint32 version) {
        (, version) = tariff.votedRatesAt(id, timeMs);
    }

    function indexAt(uint64 timeMs) internal view returns (uint64 indexPpm) {
        (indexPpm,) = tariff.indexAt(CLASS, timeMs);
    }

    function gpuRates(uint32 computeNcr) internal pure returns (Rates memory rates) {
        rates.computeNcr = computeNcr;
        rates.gpuMultiplierPpm = 1_000_000;
    }

    /// @dev What a record of one fresh token holds.
    function oneToken() internal pure returns (uint32[8] memory quantities) {
        quantities[0] = 1;
    }

    function expectOutOfBounds(uint16 id, uint64 indexPpm) internal {
        VM.expectRevert(abi.encodeWithSelector(ITariff.RatesOutOfBounds.selector, id, indexPpm));
    }

    function expectRatesUnknown(uint16 id) internal {
        VM.expectRevert(abi.encodeWithSelector(ITariff.RatesUnknown.selector, id));
    }
}
