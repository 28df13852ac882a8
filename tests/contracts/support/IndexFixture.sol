// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PriceIndex} from "../../../contracts/PriceIndex.sol";
import {PriceReport} from "../../../contracts/interfaces/IPriceIndex.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {TariffFixture} from "./TariffFixture.sol";

/// @title A price index over four validators, and days of reports
abstract contract IndexFixture is TariffFixture {
    uint64 internal constant EPOCH_S = 1 days;
    uint64 internal constant EPOCH_MS = EPOCH_S * 1000;
    /// @dev Bit i set = validator i reports.
    uint256 internal constant ALL = 15;

    PriceIndex internal index;

    /// @dev A little after the beginning of an epoch.
    function deployIndex() internal {
        deployTariff();
        index = PriceIndex(
            deploy("PriceIndex", abi.encode(address(manager), validators, tariff, EPOCH_S))
        );
        manager.grantRole(Roles.INDEX, address(index), 0);
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (index.report.selector, index.close.selector);
        manager.setTargetFunctionRole(address(index), selectors, PUBLIC_ROLE);
        selectors = new bytes4[](1);
        selectors[0] = tariff.setIndex.selector;
        manager.setTargetFunctionRole(address(tariff), selectors, Roles.INDEX);
        setRates(gpu, gpuRates(1_000_000), 0);
        VM.warp((START_S / EPOCH_S + 1) * EPOCH_S + 60);
    }

    function running() internal view returns (uint32) {
        return uint32(block.timestamp / EPOCH_S);
    }

    function startOfS(uint32 epoch) internal pure returns (uint64) {
        return uint64(epoch) * EPOCH_S;
    }

    /// @dev A report that would be accepted now.
    function sample(uint64 valuePpm) internal view returns (PriceReport memory) {
        return PriceReport({
            indexClass: CLASS,
            epoch: running(),
            valuePpm: valuePpm,
            spreadPpm: 40_000,
            venues: 5,
            oldestS: uint64(block.timestamp) - 7200,
            newestS: uint64(block.timestamp) - 60,
            inputHash: keccak256("prices")
        });
    }

    function send(uint8 validator, uint64 valuePpm) internal {
        PriceReport memory priceReport = sample(valuePpm);
        index.report(priceReport, validator, sign(attesterKey(validator), priceReport));
    }

    function sign(uint256 key, PriceReport memory priceReport)
        internal
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, index.reportDigest(priceReport));
        return abi.encodePacked(r, s, v);
    }

    /// @dev The next epoch has begun, a minute ago.
    function nextEpoch() internal {
        VM.warp((block.timestamp / EPOCH_S + 1) * EPOCH_S + 60);
    }

    /// @dev The running epoch got these reports, 0 = none, has ended and is closed.
    function runEpoch(uint64[4] memory valuesPpm) internal {
        for (uint8 i = 0; i < 4; ++i) {
            if (valuesPpm[i] != 0) send(i, valuesPpm[i]);
        }
        nextEpoch();
        index.close(CLASS, running() - 1);
    }

    /// @dev The index that is announced for the next epoch.
    function announced() internal view returns (uint64) {
        return indexAt(uint64(startOfS(running() + 1)) * 1000);
    }
}
