// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Appeals} from "../../../contracts/Appeals.sol";
import {Corrections} from "../../../contracts/Corrections.sol";
import {Epochs} from "../../../contracts/Epochs.sol";
import {Experiments} from "../../../contracts/Experiments.sol";
import {Guardian} from "../../../contracts/Guardian.sol";
import {MeterFreezes} from "../../../contracts/MeterFreezes.sol";
import {NetworkGovernor} from "../../../contracts/NetworkGovernor.sol";
import {Onboarding} from "../../../contracts/Onboarding.sol";
import {Outcomes} from "../../../contracts/Outcomes.sol";
import {Plans} from "../../../contracts/Plans.sol";
import {PriceIndex} from "../../../contracts/PriceIndex.sol";
import {ProviderDesk} from "../../../contracts/ProviderDesk.sol";
import {Seats} from "../../../contracts/Seats.sol";
import {SwapMarket} from "../../../contracts/SwapMarket.sol";
import {ReplenishmentTerms} from "../../../contracts/interfaces/IEpochs.sol";
import {EpochTerms} from "../../../contracts/interfaces/IOutcomes.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

/// @title A whole network: what settles, and the economy and the governance around it
/// @dev The test itself governs beside the timelock, until it calls handOver. Seat i speaks for organisation 1,000 + i.
abstract contract EconomyFixture is NetworkFixture {
    uint64 internal constant EPOCH_S = 7 days;
    uint64 internal constant INDEX_EPOCH_S = 1 days;
    uint256 internal constant DESK_LEAD_S = 1 hours;
    uint64 internal constant APPEAL_WINDOW_S = 7 days;
    uint64 internal constant APPEAL_VOTING_S = 3 days;
    uint128 internal constant STARTING_UCR = 1e15;
    uint32 internal constant LIMITS_DELAY_S = 1 days;
    uint48 internal constant VOTING_DELAY_S = 1 days;
    uint32 internal constant VOTING_PERIOD_S = 3 days;
    uint48 internal constant LATE_QUORUM_S = 1 days;
    uint256 internal constant QUORUM_PERCENT = 50;
    uint256 internal constant TIMELOCK_S = 1 days;
    uint256 internal constant SEATS = 4;
    uint32 internal constant FIRST_SEAT_ORGANISATION = 1000;
    uint16 internal constant REVENUE = 1;
    uint16 internal constant TASKS = 2;
    uint16 internal constant SATISFACTION = 3;

    Outcomes internal outcomes;
    Epochs internal epochs;
    Experiments internal experiments;
    Plans internal plans;
    SwapMarket internal market;
    ProviderDesk internal desk;
    PriceIndex internal priceIndex;
    Corrections internal corrections;
    MeterFreezes internal freezes;
    Seats internal seats;
    TimelockController internal timelock;
    NetworkGovernor internal governor;
    Appeals internal appeals;
    Onboarding internal onboarding;
    Guardian internal guardian;

    function deployEconomy(uint256 validatorCount) internal {
        deployNetwork(validatorCount);
        _deployReplenishment();
        _deployMarkets();
        _deployGovernance();
        _grantRoles();
        _wireReplenishment();
        _wireMarkets();
        _wireGovernance();
        _setFirstFacts();
    }

    /// @dev The test governs no more; it stays the network's registrar.
    function handOver() internal {
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.renounceRole(0, address(this));
        manager.renounceRole(Roles.GOVERNANCE, address(this));
    }

    function seatOf(uint256 i) internal pure returns (address) {
        return VM.addr(0x5EA7 + i);
    }

    function allow(address target, bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }

    function _deployReplenishment() private {
        EpochTerms memory time = EpochTerms({genesisS: 0, lengthS: EPOCH_S});
        outcomes =
            Outcomes(deploy("Outcomes", abi.encode(address(manager), registry, cursors, time)));
        epochs = Epochs(
            deploy(
                "Epochs",
                abi.encode(
                    address(manager), registry, state, budgets, outcomes, cursors, firstTerms()
                )
            )
        );
        experiments = Experiments(
            deploy("Experiments", abi.encode(address(manager), registry, budgets, epochs))
        );
        plans = Plans(deploy("Plans", abi.encode(address(manager), registry, budgets, outcomes)));
        corrections = Corrections(
            deploy("Corrections", abi.encode(address(manager), registry, validators, budgets))
        );
        freezes = MeterFreezes(
            deploy("MeterFreezes", abi.encode(address(manager), registry, validators))
        );
    }

    function firstTerms() internal pure returns (ReplenishmentTerms memory) {
        return ReplenishmentTerms({
            lowUusd: 50_000,
            highUusd: 150_000,
            growthPpm: 250_000,
            cutPpm: 250_000,
            minSpendUcr: 1_000_000,
            minValueUusd: 10_000,
            explorationPpm: 100_000,
            disputeS: 1 days
        });
    }

    function _deployMarkets() private {
        market = SwapMarket(deploy("SwapMarket", abi.encode(address(manager), registry, budgets)));
        desk = ProviderDesk(
            deploy("ProviderDesk", abi.encode(address(manager), registry, budgets, DESK_LEAD_S))
        );
        priceIndex = PriceIndex(
            deploy("PriceIndex", abi.encode(address(manager), validators, tariff, INDEX_EPOCH_S))
        );
    }

    function _deployGovernance() private {
        address[] memory nobody = new address[](0);
        address[] memory anyone = new address[](1);
        seats = Seats(deploy("Seats", abi.encode(address(manager))));
        timelock = TimelockController(
            payable(deploy(
                    "TimelockController", abi.encode(TIMELOCK_S, nobody, anyone, address(this))
                ))
        );
        governor = NetworkGovernor(
            payable(deploy(
                    "NetworkGovernor",
                    abi.encode(
                        seats,
                        timelock,
                        VOTING_DELAY_S,
                        VOTING_PERIOD_S,
                        QUORUM_PERCENT,
                        LATE_QUORUM_S
                    )
                ))
        );
        appeals = Appeals(
            deploy(
                "Appeals",
                abi.encode(
                    address(manager),
                    registry,
                    seats,
                    cursors,
                    epochs,
                    outcomes,
                    APPEAL_WINDOW_S,
                    APPEAL_VOTING_S
                )
            )
        );
        onboarding = Onboarding(
            deploy(
                "Onboarding",
                abi.encode(address(manager), registry, budgets, STARTING_UCR, LIMITS_DELAY_S)
            )
        );
        guardian = Guardian(deploy("Guardian", abi.encode(address(manager), registry, validators)));
    }

    function _grantRoles() private {
        manager.grantRole(Roles.GOVERNANCE, address(timelock), 0);
        manager.grantRole(Roles.GOVERNANCE, address(onboarding), 0);
        manager.grantRole(Roles.GOVERNANCE, address(guardian), 0);
        manager.grantRole(Roles.ISSUER, address(epochs), 0);
        manager.grantRole(Roles.ISSUER, address(plans), 0);
        manager.grantRole(Roles.ISSUER, address(desk), 0);
        manager.grantRole(Roles.ISSUER, address(corrections), 0);
        manager.grantRole(Roles.ESCROW, address(market), 0);
        manager.grantRole(Roles.ESCROW, address(desk), 0);
        manager.grantRole(Roles.ESCROW, address(experiments), 0);
        manager.grantRole(Roles.EXPERIMENTS, address(experiments), 0);
        manager.grantRole(Roles.WARDEN, address(guardian), 0);
        manager.grantRole(Roles.WARDEN, address(freezes), 0);
        manager.grantRole(Roles.WARDEN, address(appeals), 0);
        manager.grantRole(Roles.APPEALS, address(appeals), 0);
        manager.grantRole(Roles.CHARGER, address(corrections), 0);
        manager.grantRole(Roles.INDEX, address(priceIndex), 0);
    }

    function _wireReplenishment() private {
        allow(address(outcomes), outcomes.report.selector, PUBLIC_ROLE);
        allow(address(outcomes), outcomes.reinstate.selector, Roles.APPEALS);
        allow(address(epochs), epochs.enrol.selector, PUBLIC_ROLE);
        allow(address(epochs), epochs.close.selector, PUBLIC_ROLE);
        allow(address(epochs), epochs.restore.selector, Roles.APPEALS);
        allow(address(epochs), epochs.recount.selector, Roles.APPEALS);
        allow(address(plans), plans.confirmInvoice.selector, PUBLIC_ROLE);
        allow(address(corrections), corrections.release.selector, PUBLIC_ROLE);
        allow(address(corrections), corrections.credit.selector, PUBLIC_ROLE);
        allow(address(freezes), freezes.freeze.selector, PUBLIC_ROLE);
    }

    function _wireMarkets() private {
        allow(address(market), market.post.selector, PUBLIC_ROLE);
        allow(address(market), market.take.selector, PUBLIC_ROLE);
        allow(address(market), market.fill.selector, PUBLIC_ROLE);
        allow(address(desk), desk.convert.selector, PUBLIC_ROLE);
        allow(address(desk), desk.redeem.selector, PUBLIC_ROLE);
        allow(address(priceIndex), priceIndex.report.selector, PUBLIC_ROLE);
        allow(address(priceIndex), priceIndex.close.selector, PUBLIC_ROLE);
        allow(address(tariff), tariff.setIndex.selector, Roles.INDEX);
    }

    function _wireGovernance() private {
        allow(address(onboarding), onboarding.admit.selector, Roles.REGISTRAR);
        allow(address(guardian), guardian.pauseMeter.selector, Roles.GUARDIAN);
        allow(address(guardian), guardian.closeContract.selector, Roles.GUARDIAN);
        allow(address(guardian), guardian.suspendKey.selector, Roles.GUARDIAN);
        allow(address(validators), validators.suspend.selector, Roles.WARDEN);
    }

    function _setFirstFacts() private {
        outcomes.setKind(REVENUE, "revenue", 10_000, 1 days, 0);
        outcomes.setKind(TASKS, "tasks", 50_000, 1 days, 0);
        outcomes.setKind(SATISFACTION, "satisfaction", 10_000, 1 days, 0);
        outcomes.setEpochs(address(epochs));
        epochs.setExperiments(address(experiments));
        for (uint256 i = 0; i < SEATS; ++i) {
            seats.grantSeat(seatOf(i), FIRST_SEAT_ORGANISATION + uint32(i));
        }
    }
}
