// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Budget, IBudgets} from "./interfaces/IBudgets.sol";
import {IEpochs} from "./interfaces/IEpochs.sol";
import {Experiment, IExperiments} from "./interfaces/IExperiments.sol";
import {IOutcomes} from "./interfaces/IOutcomes.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {FactTime} from "./libraries/FactTime.sol";

/// @title Experiments
contract Experiments is IExperiments, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    uint8 private constant MAX_PROTECTED = 4;

    IRegistry private immutable REGISTRY;
    IBudgets private immutable BUDGETS;
    IOutcomes private immutable OUTCOMES;

    /// @inheritdoc IExperiments
    uint32 public override experimentCount;
    mapping(uint32 experiment => Experiment) private _experiments;
    /// @dev By the first epoch it protects: an experiment's id.
    mapping(uint32 project => Checkpoints.Trace208) private _history;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who has authority over which account, and where experiments become facts.
    /// @param budgets Who holds the exploration pool.
    /// @param epochs Whose Outcomes contract knows epochs.
    constructor(address authority_, IRegistry registry, IBudgets budgets, IEpochs epochs)
        AccessManaged(authority_)
    {
        REGISTRY = registry;
        BUDGETS = budgets;
        OUTCOMES = IOutcomes(epochs.outcomes());
    }

    /// @inheritdoc IExperiments
    function open(uint32 project, uint8 protectedEpochs, bytes32 hypothesisCommitment)
        external
        override
        returns (uint32 experiment)
    {
        require(REGISTRY.isRegistrar(msg.sender, project), NotAuthorised(msg.sender, project));
        require(REGISTRY.organisationOf(project) != project, NotAProject(project));
        require(
            protectedEpochs != 0 && protectedEpochs <= MAX_PROTECTED,
            ProtectionInvalid(protectedEpochs, MAX_PROTECTED)
        );
        uint32 firstEpoch = OUTCOMES.currentEpoch();
        _checkFree(project, firstEpoch);
        uint32 lastEpoch = firstEpoch + protectedEpochs - 1;

        experiment = ++experimentCount;
        Experiment storage entry = _experiments[experiment];
        entry.project = project;
        entry.firstEpoch = firstEpoch;
        entry.lastEpoch = lastEpoch;
        entry.isOpen = true;
        entry.hypothesisCommitment = hypothesisCommitment;
        _history[project].push(firstEpoch, experiment);
        emit ExperimentOpened(experiment, project, firstEpoch, lastEpoch, hypothesisCommitment);
        REGISTRY.setExperiment(project, true, FactTime.nowMs());
        BUDGETS.setExploring(project, true);
    }

    /// @inheritdoc IExperiments
    function fund(uint32 experiment, uint256 amountUcr) external override restricted {
        Experiment storage entry = _openOne(experiment);
        require(amountUcr != 0 && amountUcr <= type(uint128).max, AmountInvalid(amountUcr));
        entry.fundedUcr = SafeCast.toUint128(entry.fundedUcr + amountUcr);
        uint32 project = entry.project;
        emit ExperimentFunded(experiment, project, amountUcr);
        BUDGETS.release(CreditIds.EXPLORATION_POOL, project, CreditIds.EXPLORATION, amountUcr);
    }

    /// @inheritdoc IExperiments
    function end(uint32 experiment, bytes32 resultCommitment) external override {
        Experiment storage entry = _openOne(experiment);
        uint32 project = entry.project;
        uint32 current = OUTCOMES.currentEpoch();
        require(
            current > entry.lastEpoch || REGISTRY.isRegistrar(msg.sender, project),
            NotAuthorised(msg.sender, project)
        );
        uint32 lastEpoch = current < entry.lastEpoch ? current : entry.lastEpoch;
        uint256 returnedUcr = _freeExplorationOf(project);

        entry.isOpen = false;
        entry.lastEpoch = lastEpoch;
        entry.resultCommitment = resultCommitment;
        emit ExperimentEnded(experiment, project, lastEpoch, returnedUcr, resultCommitment);
        _return(entry, project, returnedUcr);
        BUDGETS.setExploring(project, false);
        REGISTRY.setExperiment(project, false, FactTime.nowMs());
    }

    /// @inheritdoc IExperiments
    function sweep(uint32 experiment) external override {
        Experiment storage entry = _known(experiment);
        uint32 project = entry.project;
        require(!entry.isOpen, ExperimentOpen(project, experiment));
        // What the project holds now belongs to its last experiment.
        require(lastExperimentOf(project) == experiment, ExperimentOver(experiment));
        uint256 returnedUcr = _freeExplorationOf(project);
        emit ExperimentSwept(experiment, project, returnedUcr);
        _return(entry, project, returnedUcr);
    }

    /// @inheritdoc IExperiments
    function experimentOf(uint32 experiment) external view override returns (Experiment memory) {
        return _known(experiment);
    }

    /// @inheritdoc IExperiments
    function isProtected(uint32 project, uint32 epoch) external view override returns (bool) {
        uint32 experiment = uint32(_history[project].upperLookupRecent(epoch));
        return experiment != 0 && epoch <= _experiments[experiment].lastEpoch;
    }

    /// @inheritdoc IExperiments
    function lastExperimentOf(uint32 project) public view override returns (uint32) {
        return uint32(_history[project].latest());
    }

    /// @dev Exploration credits of a project are the pool's again.
    function _return(Experiment storage entry, uint32 project, uint256 amountUcr) private {
        if (amountUcr == 0) return;
        entry.returnedUcr = SafeCast.toUint128(entry.returnedUcr + amountUcr);
        BUDGETS.hold(project, CreditIds.EXPLORATION, amountUcr, CreditIds.EXPLORATION_POOL);
    }

    /// @dev Reverts unless a project may open an experiment in an epoch.
    function _checkFree(uint32 project, uint32 epoch) private view {
        uint32 last = lastExperimentOf(project);
        if (last == 0) return;
        Experiment storage entry = _experiments[last];
        require(!entry.isOpen, ExperimentOpen(project, last));
        uint32 earliest = 2 * entry.lastEpoch - entry.firstEpoch + 2;
        require(epoch >= earliest, TooSoonAfterExperiment(project, earliest));
    }

    /// @dev The exploration credits of a project that no lease needs. Leases of accounts below it count as its own here: rather
    /// too little is free than too much.
    function _freeExplorationOf(uint32 project) private view returns (uint256) {
        Budget memory budget = BUDGETS.budgetOf(project);
        uint256 heldUcr = budget.generalUcr + budget.planUcr + budget.explorationUcr;
        return Math.min(budget.explorationUcr, Math.saturatingSub(heldUcr, budget.leasedUcr));
    }

    function _openOne(uint32 experiment) private view returns (Experiment storage entry) {
        entry = _known(experiment);
        require(entry.isOpen, ExperimentOver(experiment));
    }

    function _known(uint32 experiment) private view returns (Experiment storage entry) {
        entry = _experiments[experiment];
        require(entry.project != 0, ExperimentUnknown(experiment));
    }
}
