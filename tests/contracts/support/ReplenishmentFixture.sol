// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {BudgetState} from "../../../contracts/BudgetState.sol";
import {Budgets} from "../../../contracts/Budgets.sol";
import {Credits} from "../../../contracts/Credits.sol";
import {Cursors} from "../../../contracts/Cursors.sol";
import {Epochs} from "../../../contracts/Epochs.sol";
import {Experiments} from "../../../contracts/Experiments.sol";
import {Outcomes} from "../../../contracts/Outcomes.sol";
import {Plans} from "../../../contracts/Plans.sol";
import {Registry} from "../../../contracts/Registry.sol";
import {ReplenishmentTerms} from "../../../contracts/interfaces/IEpochs.sol";
import {EpochTerms} from "../../../contracts/interfaces/IOutcomes.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {Deployment} from "./Deployment.sol";

/// @title Everything replenishment touches: two organisations, a pool of confirmers, a source, an enrolled project
/// @dev The test itself is governance, and charges in the ledger's place.
abstract contract ReplenishmentFixture is Deployment {
    uint64 internal constant START_S = 1_700_000_000;
    uint64 internal constant EPOCH_S = 7 days;
    uint64 internal constant LONGEST_BLOCK_S = 1 hours;
    uint32 internal constant DISPUTE_S = 1 days;
    uint32 internal constant ATTRIBUTION_S = 2 days;
    uint16 internal constant REVENUE = 1;
    uint16 internal constant TASKS = 2;
    uint64 internal constant UUSD_PER_CENT = 10_000;
    uint64 internal constant PUBLIC_ROLE = type(uint64).max;
    uint256 internal constant GENERAL = 1;
    uint256 internal constant EXPLORATION = 2;
    uint256 internal constant POOL = (1 << 32) + 1;
    /// @dev A credit, in micro-credits.
    uint128 internal constant CREDIT = 1e6;
    /// @dev A dollar, in cents.
    uint128 internal constant DOLLAR = 100;

    address internal constant REGISTRAR = address(0xA11CE);
    address internal constant CONTROLLER = address(0xC0);
    address internal constant OTHER_REGISTRAR = address(0xB0B);
    address internal constant OTHER_CONTROLLER = address(0xC1);
    address internal constant SOURCE = address(0x50);
    address internal constant CONFIRMER = address(0xC2);
    address internal constant GUARDIAN = address(0x64);
    address internal constant APPEALS = address(0xA9);
    address internal constant STRANGER = address(0xBAD);

    AccessManager internal manager;
    Cursors internal cursors;
    BudgetState internal state;
    Credits internal credits;
    Registry internal registry;
    Budgets internal budgets;
    Outcomes internal outcomes;
    Epochs internal epochs;
    Experiments internal experiments;
    Plans internal plans;

    uint32 internal acme;
    uint32 internal team;
    uint32 internal project;
    uint32 internal otherTeam;
    uint32 internal globex;
    uint32 internal globexTeam;

    /// @dev Epoch 0 has begun; CONFIRMER speaks for a team of another organisation and is alone in the pool.
    function deployReplenishment() internal {
        VM.warp(START_S);
        VM.roll(1000);
        _deployBooks();
        _deployEpochs();
        _wire();
        acme = _organisation("acme", CONTROLLER, REGISTRAR);
        globex = _organisation("globex", OTHER_CONTROLLER, OTHER_REGISTRAR);
        team = account(acme, "team");
        project = account(team, "project");
        otherTeam = account(acme, "other-team");
        globexTeam = account(globex, "team");
        outcomes.setKind(REVENUE, "revenue", UUSD_PER_CENT, ATTRIBUTION_S, 0);
        outcomes.setKind(TASKS, "tasks", 1_000_000, 0, 0);
        outcomes.setConfirmer(globexTeam, CONFIRMER);
        VM.prank(REGISTRAR);
        outcomes.setSource(acme, REVENUE, SOURCE, true);
        epochs.setEnrolmentAllowance(acme, type(uint128).max);
    }

    /// @dev 0.05 to 0.15 USD a credit; a quarter up or down; a tenth for exploration.
    function terms() internal pure returns (ReplenishmentTerms memory) {
        return ReplenishmentTerms({
            lowUusd: 50_000,
            highUusd: 150_000,
            growthPpm: 250_000,
            cutPpm: 250_000,
            minSpendUcr: uint64(CREDIT),
            minValueUusd: 1_000_000,
            explorationPpm: 100_000,
            disputeS: DISPUTE_S
        });
    }

    function account(uint32 parent, string memory name) internal returns (uint32) {
        address controller = registry.accountOf(parent).controller;
        VM.prank(controller);
        return registry.createAccount(parent, name, controller);
    }

    function enrol(uint32 which, uint128 firstGrantUcr) internal {
        VM.prank(REGISTRAR);
        epochs.enrol(which, firstGrantUcr);
    }

    function spend(uint32 which, uint256 costUcr) internal {
        uint256[] memory projects = new uint256[](1);
        uint256[] memory costsUcr = new uint256[](1);
        (projects[0], costsUcr[0]) = (which, costUcr);
        budgets.charge(projects, costsUcr, new bytes32[](0));
    }

    /// @dev A dollar of revenue is a hundred.
    function earn(uint32 which, uint32 epoch, uint128 cents) internal {
        report(which, epoch, cents);
        VM.prank(CONFIRMER);
        outcomes.confirm(which, epoch, REVENUE);
    }

    function report(uint32 which, uint32 epoch, uint128 cents) internal {
        VM.prank(SOURCE);
        outcomes.report(which, epoch, REVENUE, cents, keccak256("evidence"));
    }

    function forward(uint256 seconds_, uint256 blocks) internal {
        VM.warp(block.timestamp + seconds_);
        VM.roll(block.number + blocks);
    }

    /// @dev Into the next epoch, with as many blocks as no halt is seen for.
    function nextEpoch() internal {
        uint64 endS = outcomes.endOf(outcomes.currentEpoch());
        forward(endS - block.timestamp, EPOCH_S / LONGEST_BLOCK_S);
    }

    /// @dev To where every window of the last epoch is over, opened by the call at its end.
    function passWindows() internal {
        outcomes.captureSeed();
        forward(ATTRIBUTION_S + DISPUTE_S, (ATTRIBUTION_S + DISPUTE_S) / LONGEST_BLOCK_S);
    }

    function cut(uint32 epoch, uint32 which) internal returns (uint256) {
        return epochs.cut(epoch, one(which));
    }

    function close(uint32 epoch, uint32 which) internal returns (uint256) {
        return epochs.close(epoch, one(which));
    }

    /// @dev A whole epoch of a project, from inside the running one to after its close.
    function live(uint32 which, uint256 costUcr, uint128 cents) internal returns (uint32 epoch) {
        epoch = outcomes.currentEpoch();
        if (costUcr != 0) spend(which, costUcr);
        nextEpoch();
        cut(epoch, which);
        if (cents != 0) earn(which, epoch, cents);
        passWindows();
        close(epoch, which);
    }

    function grantOf(uint32 which, uint32 epoch) internal view returns (uint256) {
        return epochs.closedOf(which, epoch).grantUcr;
    }

    function balance(uint256 holder, uint256 id) internal view returns (uint256) {
        return credits.balanceOfAccount(holder, id);
    }

    function one(uint32 which) internal pure returns (uint32[] memory list) {
        list = new uint32[](1);
        list[0] = which;
    }

    function _organisation(string memory name, address controller, address registrar)
        private
        returns (uint32 id)
    {
        id = registry.createAccount(0, name, controller);
        manager.grantRole(Roles.registrarOf(id), registrar, 0);
    }

    function _deployBooks() private {
        manager = AccessManager(deploy("AccessManager", abi.encode(address(this))));
        address authority = address(manager);
        cursors = Cursors(deploy("Cursors", abi.encode(authority, LONGEST_BLOCK_S)));
        state = BudgetState(deploy("BudgetState", abi.encode(authority)));
        credits = Credits(deploy("Credits", abi.encode(authority)));
        registry = Registry(
            deploy("Registry", abi.encode(authority, bytes32("network"), cursors, state, 1 days))
        );
        budgets = Budgets(deploy("Budgets", abi.encode(authority, registry, state, credits)));
    }

    function _deployEpochs() private {
        address authority = address(manager);
        EpochTerms memory epochTerms = EpochTerms({genesisS: 0, lengthS: EPOCH_S});
        outcomes =
            Outcomes(deploy("Outcomes", abi.encode(authority, registry, cursors, epochTerms)));
        epochs = Epochs(
            deploy(
                "Epochs",
                abi.encode(authority, registry, state, budgets, outcomes, cursors, terms())
            )
        );
        experiments =
            Experiments(deploy("Experiments", abi.encode(authority, registry, budgets, epochs)));
        plans = Plans(deploy("Plans", abi.encode(authority, registry, budgets, outcomes)));
        outcomes.setEpochs(address(epochs));
        epochs.setExperiments(address(experiments));
    }

    function _wire() private {
        manager.grantRole(Roles.REGISTRY, address(registry), 0);
        manager.grantRole(Roles.BUDGETS, address(budgets), 0);
        manager.grantRole(Roles.STATE, address(budgets), 0);
        manager.grantRole(Roles.ISSUER, address(epochs), 0);
        manager.grantRole(Roles.ISSUER, address(plans), 0);
        manager.grantRole(Roles.ESCROW, address(experiments), 0);
        manager.grantRole(Roles.EXPERIMENTS, address(experiments), 0);
        manager.grantRole(Roles.CHARGER, address(this), 0);
        manager.grantRole(Roles.GUARDIAN, GUARDIAN, 0);
        manager.grantRole(Roles.APPEALS, APPEALS, 0);
        _allow(address(state), state.open.selector, Roles.REGISTRY);
        _allow(address(state), state.store.selector, Roles.STATE);
        _allow(address(state), state.storeTerms.selector, Roles.STATE);
        _allow(address(credits), credits.mint.selector, Roles.BUDGETS);
        _allow(address(credits), credits.burn.selector, Roles.BUDGETS);
        _allow(address(credits), credits.move.selector, Roles.BUDGETS);
        _allow(address(credits), credits.pay.selector, Roles.BUDGETS);
        _allow(address(credits), credits.reserve.selector, Roles.BUDGETS);
        _allow(address(credits), credits.free.selector, Roles.BUDGETS);
        _allow(address(budgets), budgets.charge.selector, Roles.CHARGER);
        _allow(address(budgets), budgets.issue.selector, Roles.ISSUER);
        _allow(address(budgets), budgets.hold.selector, Roles.ESCROW);
        _allow(address(budgets), budgets.release.selector, Roles.ESCROW);
        _allow(address(budgets), budgets.setExploring.selector, Roles.EXPERIMENTS);
        _allow(address(outcomes), outcomes.report.selector, PUBLIC_ROLE);
        _allow(address(outcomes), outcomes.reinstate.selector, Roles.APPEALS);
        _allow(address(epochs), epochs.enrol.selector, PUBLIC_ROLE);
        _allow(address(epochs), epochs.close.selector, PUBLIC_ROLE);
        _allow(address(epochs), epochs.restore.selector, Roles.APPEALS);
        _allow(address(epochs), epochs.recount.selector, Roles.APPEALS);
        _allow(address(plans), plans.confirmInvoice.selector, PUBLIC_ROLE);
    }

    function _allow(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }
}
