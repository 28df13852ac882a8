// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReplenishmentTerms} from "../../../contracts/interfaces/IEpochs.sol";
import {PriceReport} from "../../../contracts/interfaces/IPriceIndex.sol";
import {Rates} from "../../../contracts/interfaces/ITariff.sol";
import {EconomyFixture} from "../support/EconomyFixture.sol";

/// @title Votes on anything at random, most of them beyond what may be voted, and prices that jump
/// @notice A vote that is refused is no failure here; that some are accepted is checked in the end.
/// @dev Values are drawn near the bounds, on either side, and anywhere. Time is kept here, since each action comes as a
/// transaction of its own.
contract BoundsHandler is EconomyFixture {
    bytes32 private constant CLASS = "h100";

    uint16 private _gpu;
    uint32 private _provider;
    uint256 private _nowS;

    /// @notice Votes that were accepted.
    uint256 public acceptedVotes;
    /// @notice Every index there was, in the order of time.
    uint64[] private _indices;

    /// @dev The action happens at the network's time.
    modifier atItsTime() {
        toNow();
        _;
    }

    /// @notice A network with a GPU that follows an index, and a provider.
    constructor() {
        deployEconomy(4);
        _gpu = registry.registerResource("h100", 3, 2, CLASS, bounds(), 0);
        _provider = desk.setProvider(0, "lambda", address(0x9E1));
        _nowS = (START_S / INDEX_EPOCH_S + 1) * INDEX_EPOCH_S + 60;
        _indices.push(1_000_000);
    }

    /// @notice A vote on the terms of leases, one of them beyond its bounds perhaps.
    function voteOnLeases(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        (uint32 sharePpm, uint32 maxTtlS, uint32 graceS) = (100_000, 15 minutes, 1 days);
        uint256 which = seed % 4;
        uint256 value = seed >> 8;
        if (which == 0) sharePpm = uint32(_near(value, 500_000));
        if (which == 1) maxTtlS = uint32(_near(value, 1 hours));
        if (which == 2) graceS = uint32(_near(value, 1 hours));
        if (which == 3) graceS = uint32(_near(value, 7 days));
        _vote(address(leases), abi.encodeCall(leases.setLeaseTerms, (sharePpm, maxTtlS, graceS)));
    }

    /// @notice A vote on the terms of replenishment.
    function voteOnReplenishment(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        ReplenishmentTerms memory terms = firstTerms();
        uint256 which = seed % 6;
        uint256 value = seed >> 8;
        if (which == 0) terms.lowUusd = uint64(_near(value, terms.highUusd));
        if (which == 1) terms.growthPpm = uint32(_near(value, 500_000));
        if (which == 2) terms.cutPpm = uint32(_near(value, 500_000));
        if (which == 3) terms.explorationPpm = uint32(_near(value, 100_000));
        if (which == 4) terms.explorationPpm = uint32(_near(value, 150_000));
        if (which == 5) terms.disputeS = uint32(_near(value, value % 2 == 0 ? 1 days : 30 days));
        _vote(address(epochs), abi.encodeCall(epochs.setTerms, (terms)));
    }

    /// @notice A vote on the rates of the GPU.
    function voteOnRates(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint16[] memory ids = new uint16[](1);
        Rates[] memory rates = new Rates[](1);
        ids[0] = _gpu;
        rates[0] = Rates(0, 0, 0, 0, 0, 1000, 1_000_000, 0, 0, 1_000_000, 0, 0);
        uint256 which = seed % 3;
        uint256 value = seed >> 8;
        if (which == 0) rates[0].gpuMultiplierPpm = uint32(_near(value, 10_000));
        if (which == 1) rates[0].gpuMultiplierPpm = uint32(_near(value, 100_000_000));
        if (which == 2) rates[0].bandwidthFactorPpm = uint32(_near(value, 100_000_000));
        _vote(address(tariff), abi.encodeCall(tariff.setRates, (ids, rates, 0)));
    }

    /// @notice A vote on what a provider's credits are worth.
    function voteOnDesk(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint64 ratePpm = uint64(_near(seed, seed >> 255 == 0 ? 1000 : 1_000_000_000));
        _vote(address(desk), abi.encodeCall(desk.setRate, (_provider, ratePpm, 0)));
    }

    /// @notice An epoch of the index has passed, in which all validators saw any price there is.
    function passIndexEpoch(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 running = uint32(_nowS / INDEX_EPOCH_S);
        uint64 valuePpm = uint64(seed % 3 == 0 ? 1000 : 1000 + (seed >> 8) % 999_999_001);
        for (uint8 i = 0; i < 4; ++i) {
            _report(running, i, seed % 3 == 1 ? 1_000_000_000 : valuePpm);
        }
        _nowS = (_nowS / INDEX_EPOCH_S + 1) * INDEX_EPOCH_S + 60;
        VM.warp(_nowS);
        priceIndex.close(CLASS, running);
        uint64 fromMs = uint64(running + 2) * INDEX_EPOCH_S * 1000;
        (uint64 indexPpm,) = tariff.indexAt(CLASS, fromMs);
        _indices.push(indexPpm);
    }

    /// @notice Some time has passed, up to three days.
    function passTime(uint24 pauseS) external {
        _nowS += pauseS % 3 days;
    }

    /// @notice The block's time is the network's.
    function toNow() public {
        VM.warp(_nowS);
    }

    /// @notice Every index there was, in the order of time.
    function indices() external view returns (uint64[] memory) {
        return _indices;
    }

    /// @notice What to look at.
    function parts() external view returns (address, address, address, address) {
        return (address(leases), address(epochs), address(tariff), address(desk));
    }

    /// @notice What the GPU costs from now on, nothing where nothing was voted yet.
    function ratesAhead() external view returns (Rates memory rates) {
        try tariff.votedRatesAt(_gpu, uint64(_nowS + 365 days) * 1000) returns (
            Rates memory found, uint32
        ) {
            return found;
        } catch {
            return rates;
        }
    }

    /// @notice The terms of replenishment that come next.
    function termsAhead() external view returns (ReplenishmentTerms memory) {
        return epochs.termsAt(outcomes.epochAt(_nowS + 365 days));
    }

    function _vote(address target, bytes memory call) private {
        (bool isAccepted,) = target.call(call);
        if (isAccepted) ++acceptedVotes;
    }

    function _report(uint32 running, uint8 validator, uint64 valuePpm) private {
        PriceReport memory one = PriceReport({
            indexClass: CLASS,
            epoch: running,
            valuePpm: valuePpm,
            spreadPpm: 0,
            venues: 3,
            oldestS: uint64(_nowS) - 60,
            newestS: uint64(_nowS),
            inputHash: keccak256("prices")
        });
        (uint8 v, bytes32 r, bytes32 s) =
            VM.sign(attesterKey(validator), priceIndex.reportDigest(one));
        try priceIndex.report(one, validator, abi.encodePacked(r, s, v)) {}
            catch {
            // It has reported in this epoch before.
        }
    }

    /// @dev One below to one above a bound, or anything.
    function _near(uint256 seed, uint256 edge) private pure returns (uint256) {
        uint256 way = uint32(seed) % 8;
        if (way == 0) return 0;
        if (way == 1) return uint32(seed >> 32);
        return edge - 1 + uint32(seed >> 32) % 3;
    }

    /// @dev Drawn numbers are often small, or of few bits.
    function _mixed(uint256 drawn) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(drawn)));
    }
}
