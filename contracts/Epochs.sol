// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {IBudgets} from "./interfaces/IBudgets.sol";
import {ICursors} from "./interfaces/ICursors.sol";
import {Closing, Enrolment, IEpochs, ReplenishmentTerms, WhyOpen} from "./interfaces/IEpochs.sol";
import {IExperiments} from "./interfaces/IExperiments.sol";
import {IOutcomes} from "./interfaces/IOutcomes.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {Minting} from "./libraries/ExplorationShare.sol";
import {TermBounds} from "./libraries/TermBounds.sol";
import {Tally} from "./libraries/Tally.sol";
import {Judgement, Velocity} from "./libraries/Velocity.sol";
import {Window} from "./libraries/Windows.sol";

/// @title Epochs
contract Epochs is IEpochs, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    /// @dev Where a project stands, in one slot.
    struct Place {
        uint32 firstEpoch;
        uint32 nextCut;
        uint32 nextClose;
        uint64 lastSpentUcr;
        uint80 previousGrantUcr;
        bool isEnrolled;
        bool isInReview;
    }

    /// @dev What an epoch was for a project, in two slots: the first known when it is cut, both when it is closed.
    struct Entry {
        uint128 valueUusd;
        uint64 creditsUcr;
        uint40 closedAtS;
        bool isCut;
        bool isReviewed;
        bool isProtected;
        uint128 baseUcr;
        uint120 grantUcr;
        bool isRestored;
    }

    /// @dev What an organisation's registrar may pay in first grants, and has paid.
    struct Allowance {
        uint128 amountUcr;
        uint128 usedUcr;
    }

    /// @dev What all projects of a page have in common.
    struct Page {
        uint32 epoch;
        bool isOpen;
        Window window;
        ReplenishmentTerms terms;
    }

    uint256 private constant MAX_PAGE = 60;
    /// @dev Pending outcomes are waited for this many epochs more.
    uint64 private constant PENDING_EPOCHS = 2;

    IRegistry private immutable REGISTRY;
    IBudgetState private immutable STATE;
    IBudgets private immutable BUDGETS;
    IOutcomes private immutable OUTCOMES;
    ICursors private immutable CURSORS;
    uint64 private immutable PATIENCE_S;

    IExperiments private _experiments;
    ReplenishmentTerms[] private _terms;
    /// @dev By epoch: an index into _terms.
    Checkpoints.Trace208 private _termsFrom;
    Minting private _minting;
    mapping(uint32 organisation => Allowance) private _allowances;
    mapping(uint32 project => Place) private _places;
    mapping(uint32 project => uint32 epoch) private _reviews;
    mapping(uint32 project => mapping(uint32 epoch => Entry)) private _entries;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who has authority over which account.
    /// @param state Where lifetime spending is read.
    /// @param budgets Who mints grants.
    /// @param outcomes_ Who knows epochs and values.
    /// @param cursors Who counts halted time.
    /// @param terms The terms from epoch 0 on.
    constructor(
        address authority_,
        IRegistry registry,
        IBudgetState state,
        IBudgets budgets,
        IOutcomes outcomes_,
        ICursors cursors,
        ReplenishmentTerms memory terms
    ) AccessManaged(authority_) {
        REGISTRY = registry;
        STATE = state;
        BUDGETS = budgets;
        OUTCOMES = outcomes_;
        CURSORS = cursors;
        PATIENCE_S = PENDING_EPOCHS * outcomes_.epochLengthS();
        _setTerms(terms, 0);
    }

    // What governance sets

    /// @inheritdoc IEpochs
    function setEnrolmentAllowance(uint32 organisation, uint128 amountUcr)
        external
        override
        restricted
    {
        _allowances[organisation].amountUcr = amountUcr;
        emit EnrolmentAllowanceSet(organisation, amountUcr);
    }

    /// @inheritdoc IEpochs
    function setTerms(ReplenishmentTerms calldata terms) external override restricted {
        _setTerms(terms, OUTCOMES.currentEpoch() + 1);
    }

    /// @inheritdoc IEpochs
    function setExperiments(address experiments_) external override restricted {
        _experiments = IExperiments(experiments_);
        emit ExperimentsSet(experiments_);
    }

    // Epochs of projects

    /// @inheritdoc IEpochs
    function enrol(uint32 project, uint128 firstGrantUcr) external override restricted {
        require(REGISTRY.isRegistrar(msg.sender, project), NotAuthorised(msg.sender, project));
        uint32 organisation = REGISTRY.organisationOf(project);
        require(project != organisation, NotAProject(project));
        require(
            firstGrantUcr != 0 && firstGrantUcr <= type(uint80).max, AmountInvalid(firstGrantUcr)
        );
        require(!_places[project].isEnrolled, AlreadyEnrolled(project));
        _useAllowance(organisation, firstGrantUcr);
        uint32 epoch = OUTCOMES.captureSeed();
        _places[project] = Place({
            firstEpoch: epoch,
            nextCut: epoch,
            nextClose: epoch,
            lastSpentUcr: _lifetimeOf(project),
            // Checked above.
            // forge-lint: disable-next-line(unsafe-typecast)
            previousGrantUcr: uint80(firstGrantUcr),
            isEnrolled: true,
            isInReview: false
        });
        emit Enrolled(project, epoch, firstGrantUcr);
        _pay(epoch, project, firstGrantUcr);
    }

    /// @inheritdoc IEpochs
    function cut(uint32 epoch, uint32[] calldata projects)
        external
        override
        returns (uint256 count)
    {
        _checkPage(epoch, projects);
        OUTCOMES.captureSeed();
        for (uint256 i = 0; i < projects.length; ++i) {
            Place memory place = _places[projects[i]];
            if (!place.isEnrolled || place.nextCut != epoch) continue;
            _places[projects[i]] = _cut(projects[i], epoch, place);
            ++count;
        }
    }

    /// @inheritdoc IEpochs
    function close(uint32 epoch, uint32[] calldata projects)
        external
        override
        restricted
        returns (uint256 count)
    {
        _checkPage(epoch, projects);
        OUTCOMES.captureSeed();
        CURSORS.observe();
        Page memory page = _pageOf(epoch);
        uint256[] memory grantsUcr = new uint256[](projects.length);
        for (uint256 i = 0; i < projects.length; ++i) {
            (WhyOpen why, uint128 valueUusd) = _whyOpen(page, projects[i]);
            if (why == WhyOpen.Nothing) {
                grantsUcr[i] = _close(page, projects[i], valueUusd);
                ++count;
            } else {
                bool isLast = i + 1 == projects.length;
                require(count != 0 || !isLast, NothingToClose(epoch, projects[i], why));
            }
        }
        _payAll(epoch, projects, grantsUcr);
    }

    // Appeals

    /// @inheritdoc IEpochs
    function restore(uint32 project, uint32 epoch) external override restricted {
        Entry storage entry = _entries[project][epoch];
        require(entry.closedAtS != 0, NotClosed(project, epoch));
        require(
            entry.grantUcr < entry.baseUcr, NotACut(project, epoch, entry.baseUcr, entry.grantUcr)
        );
        entry.isRestored = true;
        _endReview(project, epoch);
        _raise(project, epoch, entry.baseUcr);
    }

    /// @inheritdoc IEpochs
    function recount(uint32 project, uint32 epoch) external override restricted {
        Entry storage entry = _entries[project][epoch];
        if (entry.closedAtS == 0) return;
        (uint128 valueUusd,) = OUTCOMES.valueOf(project, epoch);
        if (valueUusd <= entry.valueUusd) return;
        entry.valueUusd = valueUusd;
        Judgement memory judgement = Velocity.judge(
            termsAt(epoch), entry.baseUcr, entry.creditsUcr, valueUusd, entry.isProtected
        );
        if (!judgement.isLow) _endReview(project, epoch);
        if (judgement.grantUcr > entry.grantUcr) _raise(project, epoch, judgement.grantUcr);
    }

    // Views

    /// @inheritdoc IEpochs
    function outcomes() external view override returns (address) {
        return address(OUTCOMES);
    }

    /// @inheritdoc IEpochs
    function experiments() external view override returns (address) {
        return address(_experiments);
    }

    /// @inheritdoc IEpochs
    function enrolmentOf(uint32 project) external view override returns (Enrolment memory) {
        Place storage place = _places[project];
        return Enrolment({
            isEnrolled: place.isEnrolled,
            firstEpoch: place.firstEpoch,
            nextCut: place.nextCut,
            nextClose: place.nextClose,
            lastSpentUcr: place.lastSpentUcr,
            previousGrantUcr: place.previousGrantUcr,
            isInReview: place.isInReview,
            reviewEpoch: _reviews[project]
        });
    }

    /// @inheritdoc IEpochs
    function enrolmentAllowanceOf(uint32 organisation)
        external
        view
        override
        returns (uint256 amountUcr, uint256 usedUcr)
    {
        Allowance storage allowance = _allowances[organisation];
        return (allowance.amountUcr, allowance.usedUcr);
    }

    /// @inheritdoc IEpochs
    function closedOf(uint32 project, uint32 epoch)
        external
        view
        override
        returns (Closing memory)
    {
        Entry storage entry = _entries[project][epoch];
        return Closing({
            isCut: entry.isCut,
            isClosed: entry.closedAtS != 0,
            isReviewed: entry.isReviewed,
            isProtected: entry.isProtected,
            isRestored: entry.isRestored,
            closedAtS: entry.closedAtS,
            creditsUcr: entry.creditsUcr,
            valueUusd: entry.valueUusd,
            baseUcr: entry.baseUcr,
            grantUcr: entry.grantUcr
        });
    }

    /// @inheritdoc IEpochs
    function isClosedFor(uint32 project, uint32 epoch) external view override returns (bool) {
        Place storage place = _places[project];
        return place.isEnrolled && epoch < place.nextClose;
    }

    /// @inheritdoc IEpochs
    function whyOpen(uint32 project, uint32 epoch) external view override returns (WhyOpen why) {
        (why,) = _whyOpen(_pageOf(epoch), project);
    }

    /// @inheritdoc IEpochs
    function closesAtS(uint32 project, uint32 epoch) external view override returns (uint64) {
        return _windowOf(_pageOf(epoch), project).closesAtS(CURSORS);
    }

    /// @inheritdoc IEpochs
    function mintedByEpochs()
        external
        view
        override
        returns (uint256 generalUcr, uint256 explorationUcr)
    {
        return (_minting.generalUcr, _minting.explorationUcr);
    }

    /// @inheritdoc IEpochs
    function termsAt(uint32 epoch) public view override returns (ReplenishmentTerms memory) {
        return _terms[_termsFrom.upperLookupRecent(epoch)];
    }

    // Internal: one project

    /// @dev What a project has spent since its last cut is the epoch's.
    function _cut(uint32 project, uint32 epoch, Place memory place) private returns (Place memory) {
        uint64 spentUcr = _lifetimeOf(project);
        uint64 creditsUcr = spentUcr - place.lastSpentUcr;
        Entry storage entry = _entries[project][epoch];
        entry.creditsUcr = creditsUcr;
        entry.isCut = true;
        place.lastSpentUcr = spentUcr;
        place.nextCut = epoch + 1;
        emit EpochCut(project, epoch, creditsUcr);
        return place;
    }

    /// @dev The epoch is closed for a project, but its grant is still to be paid.
    function _close(Page memory page, uint32 project, uint128 valueUusd)
        private
        returns (uint256 grantUcr)
    {
        uint32 epoch = page.epoch;
        Place memory place = _places[project];
        if (place.nextCut == epoch) place = _cut(project, epoch, place);
        Entry storage entry = _entries[project][epoch];
        uint256 creditsUcr = entry.creditsUcr;
        (Judgement memory judgement, bool isProtected) =
            _judge(page, project, place.previousGrantUcr, creditsUcr, valueUusd);
        grantUcr = judgement.grantUcr;

        entry.valueUusd = valueUusd;
        entry.closedAtS = uint40(block.timestamp);
        entry.isReviewed = judgement.isLow;
        entry.isProtected = isProtected;
        entry.baseUcr = uint128(judgement.baseUcr);
        // At most one and a half times a base of 80 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        entry.grantUcr = uint120(grantUcr);
        place.nextClose = epoch + 1;
        if (judgement.isJudged) {
            place.previousGrantUcr = _capped(grantUcr);
            _review(project, epoch, place, judgement.isLow);
        }
        _places[project] = place;
        emit EpochClosed(
            project, epoch, valueUusd, creditsUcr, judgement.baseUcr, grantUcr, isProtected
        );
    }

    /// @dev Experiments are asked where there is something to protect from.
    function _judge(
        Page memory page,
        uint32 project,
        uint256 previousUcr,
        uint256 creditsUcr,
        uint256 valueUusd
    ) private view returns (Judgement memory judgement, bool isProtected) {
        judgement = Velocity.judge(page.terms, previousUcr, creditsUcr, valueUusd, false);
        if (!judgement.isLow || address(_experiments) == address(0)) return (judgement, false);
        isProtected = _experiments.isProtected(project, page.epoch);
        if (!isProtected) return (judgement, false);
        judgement = Velocity.judge(page.terms, previousUcr, creditsUcr, valueUusd, true);
    }

    /// @dev A low velocity opens a review, any other ends one.
    function _review(uint32 project, uint32 epoch, Place memory place, bool isLow) private {
        if (isLow) {
            _reviews[project] = epoch;
            emit ReviewOpened(project, epoch);
        } else if (place.isInReview) {
            emit ReviewEnded(project, _reviews[project]);
        }
        place.isInReview = isLow;
    }

    function _endReview(uint32 project, uint32 epoch) private {
        if (!_places[project].isInReview || _reviews[project] != epoch) return;
        _places[project].isInReview = false;
        emit ReviewEnded(project, epoch);
    }

    /// @dev A closed epoch's grant is this much in all; the next one is measured by as much more.
    function _raise(uint32 project, uint32 epoch, uint256 grantUcr) private {
        Entry storage entry = _entries[project][epoch];
        uint256 addedUcr = grantUcr - entry.grantUcr;
        // At most one and a half times a base of 80 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        entry.grantUcr = uint120(grantUcr);
        Place storage place = _places[project];
        place.previousGrantUcr = _capped(place.previousGrantUcr + addedUcr);
        emit GrantRestored(project, epoch, entry.valueUusd, addedUcr, grantUcr);
        _pay(epoch, project, addedUcr);
    }

    // Internal: windows

    function _pageOf(uint32 epoch) private view returns (Page memory page) {
        page.epoch = epoch;
        page.terms = termsAt(epoch);
        (page.window, page.isOpen) = OUTCOMES.windowOf(epoch);
    }

    /// @dev Why a project's epoch cannot close now; where it can, what it achieved.
    function _whyOpen(Page memory page, uint32 project)
        private
        view
        returns (WhyOpen, uint128 valueUusd)
    {
        Place storage place = _places[project];
        if (!place.isEnrolled) return (WhyOpen.NotEnrolled, 0);
        if (page.epoch < place.nextClose) return (WhyOpen.ClosedAlready, 0);
        if (page.epoch > place.nextClose) return (WhyOpen.EarlierEpochOpen, 0);
        Window memory window = _windowOf(page, project);
        if (!page.isOpen || !window.isClosed(CURSORS)) return (WhyOpen.WindowOpen, 0);
        bool isPending;
        (valueUusd, isPending) = OUTCOMES.valueOf(project, page.epoch);
        if (!isPending) return (WhyOpen.Nothing, valueUusd);
        window.lengthS += PATIENCE_S;
        return (window.isClosed(CURSORS) ? WhyOpen.Nothing : WhyOpen.OutcomePending, valueUusd);
    }

    function _windowOf(Page memory page, uint32 project) private view returns (Window memory) {
        return Window({
            openedAtS: page.window.openedAtS,
            openedBlock: page.window.openedBlock,
            lengthS: uint64(OUTCOMES.attributionOf(project, page.epoch)) + page.terms.disputeS,
            haltedBeforeS: page.window.haltedBeforeS
        });
    }

    function _checkPage(uint32 epoch, uint32[] calldata projects) private view {
        require(projects.length <= MAX_PAGE, PageTooLarge(projects.length, MAX_PAGE));
        uint64 endsAtS = OUTCOMES.endOf(epoch);
        require(block.timestamp >= endsAtS, EpochNotEnded(epoch, endsAtS));
    }

    // Internal: money

    function _useAllowance(uint32 organisation, uint128 amountUcr) private {
        Allowance storage allowance = _allowances[organisation];
        uint256 leftUcr = Math.saturatingSub(allowance.amountUcr, allowance.usedUcr);
        require(amountUcr <= leftUcr, EnrolmentAllowanceExceeded(organisation, amountUcr, leftUcr));
        allowance.usedUcr += amountUcr;
    }

    function _pay(uint32 epoch, uint32 project, uint256 amountUcr) private {
        _share(epoch, amountUcr);
        BUDGETS.issue(project, CreditIds.GENERAL, amountUcr);
    }

    function _payAll(uint32 epoch, uint32[] calldata projects, uint256[] memory grantsUcr) private {
        uint256 sumUcr = 0;
        for (uint256 i = 0; i < projects.length; ++i) {
            // No overflow: at most 60 grants of fewer than 128 bits.
            sumUcr += grantsUcr[i];
        }
        if (sumUcr == 0) return;
        _share(epoch, sumUcr);
        for (uint256 i = 0; i < projects.length; ++i) {
            if (grantsUcr[i] == 0) continue;
            BUDGETS.issue(projects[i], CreditIds.GENERAL, grantsUcr[i]);
        }
    }

    /// @dev The exploration pool has its share of what is about to be granted.
    function _share(uint32 epoch, uint256 grantedUcr) private {
        (Minting memory minting, uint256 dueUcr) =
            _minting.withGranted(grantedUcr, termsAt(epoch).explorationPpm);
        _minting = minting;
        emit ExplorationMinted(epoch, grantedUcr, dueUcr);
        if (dueUcr != 0) BUDGETS.issue(CreditIds.EXPLORATION_POOL, CreditIds.EXPLORATION, dueUcr);
    }

    function _lifetimeOf(uint32 project) private view returns (uint64) {
        uint256[] memory accounts = new uint256[](1);
        accounts[0] = project;
        (Tally[] memory tallies,) = STATE.load(accounts);
        return SafeCast.toUint64(tallies[0].spentLifetimeUcr());
    }

    // Internal: terms

    /// @dev Terms announced in one epoch replace each other.
    function _setTerms(ReplenishmentTerms memory terms, uint32 fromEpoch) private {
        TermBounds.check(terms);
        _termsFrom.push(fromEpoch, uint208(_terms.length));
        _terms.push(terms);
        emit TermsSet(fromEpoch, terms);
    }

    function _capped(uint256 grantUcr) private pure returns (uint80) {
        return uint80(Math.min(grantUcr, type(uint80).max));
    }
}
