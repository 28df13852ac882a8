// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReplenishmentTerms} from "../../../contracts/interfaces/IEpochs.sol";
import {ReplenishmentFixture} from "../support/ReplenishmentFixture.sol";

/// @title Epochs, appeals, experiments and invoices at random, with a model of what was minted beside the chain
/// @dev Actions draw from their arguments such that every one of them succeeds. Time is kept here, since each action comes
/// as a transaction of its own.
contract ReplenishmentHandler is ReplenishmentFixture {
    uint256 private constant MOST_PROJECTS = 6;
    uint256 private constant PPM = 1_000_000;
    /// @notice One ucr, as the model counts.
    uint256 public constant UNIT = 1e18;

    uint32[] private _projects;
    uint256 private _nowS;
    uint256 private _nowBlock;
    uint256 private _invoices;

    /// @notice What the pool is due exactly, in parts of a ucr: see UNIT.
    uint256 public dueParts;
    /// @notice General credits that epochs minted and plan credits that invoices did, by the model.
    uint256 public generalUcr;
    uint256 public planUcr;

    /// @dev The action happens at the network's time, and time goes on from where it ends.
    modifier atItsTime() {
        VM.warp(_nowS);
        VM.roll(_nowBlock);
        _;
        _nowS = block.timestamp;
        _nowBlock = block.number;
    }

    /// @notice One project is enrolled, and has a plan.
    constructor() {
        deployReplenishment();
        plans.setInvoiceConfirmer(acme, CONFIRMER);
        plans.setInvoiceCap(acme, type(uint128).max);
        _enrol(project, 1000 * CREDIT);
        _nowS = block.timestamp;
        _nowBlock = block.number;
    }

    /// @notice Another project was enrolled, while there are few.
    function enrolAnother(uint64 amountUcr) external atItsTime {
        if (_projects.length == MOST_PROJECTS) return;
        string memory name = string.concat("p", VM.toString(_projects.length));
        _enrol(account(otherTeam, name), 1 + amountUcr % (1e6 * CREDIT));
    }

    /// @notice A project has spent something, rarely more than it has.
    function spendSome(uint256 drawn, uint64 costUcr) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 which = _aProject(seed);
        uint256 heldUcr =
            balance(which, GENERAL) + balance(which, EXPLORATION) + balance(which, _planOf(which));
        spend(which, costUcr % (heldUcr + CREDIT));
    }

    /// @notice An epoch has ended, was cut, valued and closed for all projects.
    function passEpoch(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 epoch = outcomes.currentEpoch();
        nextEpoch();
        epochs.cut(epoch, _projects);
        for (uint256 i = 0; i < _projects.length; ++i) {
            uint256 cents = uint32(uint256(keccak256(abi.encode(seed, i))));
            if (cents % 3 != 0) earn(_projects[i], epoch, uint128(cents % 1e6) + 1);
        }
        passWindows();
        uint256 longerS = epochs.termsAt(epoch).disputeS - DISPUTE_S;
        forward(longerS, longerS / LONGEST_BLOCK_S + 1);
        assertEq(epochs.close(epoch, _projects), _projects.length);
        for (uint256 i = 0; i < _projects.length; ++i) {
            _count(grantOf(_projects[i], epoch), epoch);
        }
    }

    /// @notice A cut was undone on appeal, if the last epoch had one.
    function undoCut(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 which = _aProject(seed);
        uint32 next = epochs.enrolmentOf(which).nextClose;
        if (next == epochs.enrolmentOf(which).firstEpoch) return;
        uint256 grantUcr = grantOf(which, next - 1);
        uint256 baseUcr = epochs.closedOf(which, next - 1).baseUcr;
        if (grantUcr >= baseUcr) return;
        VM.prank(APPEALS);
        epochs.restore(which, next - 1);
        _count(baseUcr - grantUcr, next - 1);
    }

    /// @notice New terms were voted, the share among them.
    function voteOnTerms(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        ReplenishmentTerms memory voted = terms();
        voted.explorationPpm = 100_000 + uint32(seed % 50_001);
        voted.growthPpm = uint32((seed >> 64) % 500_001);
        voted.cutPpm = uint32((seed >> 96) % 500_001);
        voted.disputeS = uint32(1 days + (seed >> 128) % 2 days);
        epochs.setTerms(voted);
    }

    /// @notice An experiment was opened, funded out of the pool, or ended.
    function experiment(uint256 drawn, uint64 part) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 which = _aProject(seed);
        uint32 last = experiments.lastExperimentOf(which);
        if (last != 0 && experiments.experimentOf(last).isOpen) {
            VM.prank(REGISTRAR);
            return experiments.end(last, bytes32(seed));
        }
        if (last != 0) return;
        VM.prank(REGISTRAR);
        last = experiments.open(which, uint8(1 + (seed >> 64) % 4), bytes32(seed));
        uint256 poolUcr = balance(POOL, EXPLORATION);
        if (poolUcr != 0) experiments.fund(last, 1 + part % poolUcr);
    }

    /// @notice An invoice was paid.
    function payInvoice(uint256 drawn, uint32 cents) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 which = _aProject(seed);
        bytes32 invoice = bytes32(++_invoices);
        VM.prank(REGISTRAR);
        plans.setPlan(which, 10 * CREDIT, uint64(1 + (seed >> 64) % 1000));
        VM.prank(REGISTRAR);
        plans.reportInvoice(which, invoice, 1 + uint64(cents));
        planUcr += plans.invoiceOf(invoice).creditsUcr;
        VM.prank(CONFIRMER);
        plans.confirmInvoice(invoice);
    }

    /// @notice What to look at.
    function parts() external view returns (address, address, address) {
        return (address(epochs), address(credits), address(budgets));
    }

    /// @notice Every enrolled project.
    function projects() external view returns (uint32[] memory) {
        return _projects;
    }

    function _enrol(uint32 which, uint128 amountUcr) private {
        enrol(which, amountUcr);
        _projects.push(which);
        _count(amountUcr, outcomes.currentEpoch());
    }

    /// @dev Grants were minted under an epoch's share.
    function _count(uint256 amountUcr, uint32 epoch) private {
        uint256 sharePpm = epochs.termsAt(epoch).explorationPpm;
        generalUcr += amountUcr;
        dueParts += amountUcr * sharePpm * UNIT / (PPM - sharePpm);
    }

    function _aProject(uint256 seed) private view returns (uint32) {
        return _projects[uint64(seed) % _projects.length];
    }

    function _planOf(uint32 which) private pure returns (uint256) {
        return (1 << 32) + uint256(which);
    }

    /// @dev Drawn numbers are often small, or of few bits.
    function _mixed(uint256 drawn) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(drawn)));
    }
}
