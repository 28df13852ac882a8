// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICursors} from "./interfaces/ICursors.sol";
import {IEpochs} from "./interfaces/IEpochs.sol";
import {EpochTerms, IOutcomes, KindTerms, Outcome, OutcomeStatus} from "./interfaces/IOutcomes.sol";
import {Account, IRegistry} from "./interfaces/IRegistry.sol";
import {ConfirmerDraw, PoolEntry} from "./libraries/ConfirmerDraw.sol";
import {Names} from "./libraries/Names.sol";
import {Roles} from "./libraries/Roles.sol";
import {Window} from "./libraries/Windows.sol";

/// @title Outcomes
contract Outcomes is IOutcomes, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    /// @dev An outcome as it is stored. Its value is fixed when it is reported: no kind changes for an epoch that has begun.
    struct Report {
        uint128 amount;
        uint128 valueUusd;
        address reporter;
        uint40 reportedAtS;
        uint40 disputedAtS;
        OutcomeStatus status;
        address confirmer;
        bytes32 evidenceHash;
    }

    uint64 private constant MIN_LENGTH_S = 1 hours;
    uint64 private constant MAX_LENGTH_S = 92 days;
    uint16 private constant MAX_KINDS = 16;
    uint32 private constant MAX_ATTRIBUTION_S = 92 days;
    uint256 private constant MAX_POOL = 64;
    uint8 private constant TEAM_DEPTH = 2;
    uint256 private constant ATTRIBUTION_AT = 64;
    uint208 private constant KIND_KNOWN = 1 << 96;
    uint256 private constant BLOCK_AT = 64;

    IRegistry private immutable REGISTRY;
    ICursors private immutable CURSORS;

    /// @inheritdoc IOutcomes
    uint64 public immutable override genesisS;
    /// @inheritdoc IOutcomes
    uint64 public immutable override epochLengthS;

    IEpochs private _epochs;
    /// @dev By epoch: known u1 | attribution u32 (s) | micro-USD per unit u64.
    mapping(uint16 kind => Checkpoints.Trace208) private _kinds;
    mapping(uint16 kind => string) private _names;
    mapping(uint32 organisation => mapping(uint16 kind => mapping(address source => bool))) private
        _isSource;
    mapping(uint32 organisation => mapping(uint16 kind => uint256)) private _sourceCounts;
    /// @dev Bit kind - 1 set = the organisation has a source of this kind.
    mapping(uint32 organisation => uint256) private _sourceKinds;
    PoolEntry[] private _pool;
    /// @dev One more than the account's index in the pool.
    mapping(uint32 account => uint256) private _placeInPool;
    mapping(address confirmer => uint32 account) private _accounts;
    mapping(uint32 epoch => bytes32) private _seeds;
    /// @dev By epoch, at its first touch: block number u64 | halted seconds u64.
    Checkpoints.Trace208 private _touches;
    mapping(uint32 project => mapping(uint32 epoch => mapping(uint16 kind => Report))) private
        _reports;
    /// @dev Bit kind - 1 set = an outcome of this kind was reported.
    mapping(uint32 project => mapping(uint32 epoch => uint256)) private _reportedKinds;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who has authority over which account.
    /// @param cursors Whose accumulator seeds the draws, and who counts halted time.
    /// @param terms How time is divided into epochs.
    constructor(address authority_, IRegistry registry, ICursors cursors, EpochTerms memory terms)
        AccessManaged(authority_)
    {
        require(
            terms.lengthS >= MIN_LENGTH_S && terms.lengthS <= MAX_LENGTH_S,
            ParameterInvalid("lengthS")
        );
        require(terms.genesisS <= block.timestamp, ParameterInvalid("genesisS"));
        REGISTRY = registry;
        CURSORS = cursors;
        genesisS = terms.genesisS == 0 ? uint64(block.timestamp) : terms.genesisS;
        epochLengthS = terms.lengthS;
    }

    // What governance and registrars set

    /// @inheritdoc IOutcomes
    function setKind(
        uint16 kind,
        string calldata name,
        uint64 uusdPerUnit,
        uint32 attributionS,
        uint32 fromEpoch
    ) external override restricted {
        require(kind != 0 && kind <= MAX_KINDS, KindInvalid(kind));
        Names.check(name);
        require(
            attributionS <= MAX_ATTRIBUTION_S, AttributionTooLong(attributionS, MAX_ATTRIBUTION_S)
        );
        uint32 resolved = _resolveEpoch(_kinds[kind], fromEpoch);
        _names[kind] = name;
        uint208 packed =
            KIND_KNOWN | uint208((uint256(attributionS) << ATTRIBUTION_AT) | uusdPerUnit);
        _kinds[kind].push(resolved, packed);
        emit KindSet(kind, name, uusdPerUnit, attributionS, resolved);
    }

    /// @inheritdoc IOutcomes
    function setSource(uint32 organisation, uint16 kind, address source, bool isSource_)
        external
        override
    {
        require(
            REGISTRY.isRegistrar(msg.sender, organisation), NotAuthorised(msg.sender, organisation)
        );
        require(
            REGISTRY.organisationOf(organisation) == organisation, NotAnOrganisation(organisation)
        );
        require(kind != 0 && kind <= MAX_KINDS, KindInvalid(kind));
        emit SourceSet(organisation, kind, source, isSource_);
        if (_isSource[organisation][kind][source] == isSource_) return;
        _isSource[organisation][kind][source] = isSource_;
        uint256 count = _sourceCounts[organisation][kind];
        count = isSource_ ? count + 1 : count - 1;
        _sourceCounts[organisation][kind] = count;
        uint256 others = _sourceKinds[organisation] & ~_bitOf(kind);
        _sourceKinds[organisation] = count == 0 ? others : others | _bitOf(kind);
    }

    /// @inheritdoc IOutcomes
    function setConfirmer(uint32 account, address confirmer) external override restricted {
        uint32 team = _teamOf(account);
        uint32 taken = _accounts[confirmer];
        require(taken == 0 || taken == account, ConfirmerTaken(confirmer, taken));
        uint256 place = _placeInPool[account];
        if (place != 0) delete _accounts[_pool[place - 1].confirmer];
        if (confirmer == address(0)) {
            if (place != 0) _leavePool(account, place);
        } else {
            _accounts[confirmer] = account;
            _enterPool(PoolEntry({account: account, team: team, confirmer: confirmer}), place);
        }
        emit ConfirmerSet(account, confirmer);
    }

    /// @inheritdoc IOutcomes
    function setEpochs(address epochs_) external override restricted {
        _epochs = IEpochs(epochs_);
        emit EpochsSet(epochs_);
    }

    // Outcomes

    /// @inheritdoc IOutcomes
    function report(uint32 project, uint32 epoch, uint16 kind, uint128 amount, bytes32 evidenceHash)
        external
        override
        restricted
    {
        uint32 organisation = REGISTRY.organisationOf(project);
        require(
            _isSource[organisation][kind][msg.sender], NotASource(msg.sender, organisation, kind)
        );
        require(project != organisation, NotAProject(project));
        uint32 current = captureSeed();
        require(epoch <= current, EpochNotBegun(epoch, current));
        KindTerms memory terms = kindAt(kind, epoch);
        require(terms.isKnown, KindUnknown(kind, epoch));
        _checkAttributionOpen(epoch, kind, terms.attributionS);
        _checkEpochOpen(project, epoch);
        Report storage entry = _reports[project][epoch][kind];
        require(entry.status == OutcomeStatus.None, AlreadyReported(project, epoch, kind));

        uint128 valueUusd = _saturated(uint256(amount) * terms.uusdPerUnit);
        entry.amount = amount;
        entry.valueUusd = valueUusd;
        entry.reporter = msg.sender;
        entry.reportedAtS = uint40(block.timestamp);
        entry.status = OutcomeStatus.Reported;
        entry.evidenceHash = evidenceHash;
        _reportedKinds[project][epoch] |= _bitOf(kind);
        emit OutcomeReported(project, epoch, kind, amount, valueUusd, evidenceHash, msg.sender);
    }

    /// @inheritdoc IOutcomes
    function confirm(uint32 project, uint32 epoch, uint16 kind) external override {
        captureSeed();
        Report storage entry = _reports[project][epoch][kind];
        require(
            entry.status == OutcomeStatus.Reported,
            StatusInvalid(OutcomeStatus.Reported, entry.status)
        );
        _checkEpochOpen(project, epoch);
        address confirmer = confirmerOf(project, epoch, kind);
        require(confirmer == msg.sender, NotTheConfirmer(msg.sender, confirmer));
        entry.status = OutcomeStatus.Confirmed;
        entry.confirmer = msg.sender;
        emit OutcomeConfirmed(project, epoch, kind, _accounts[msg.sender], msg.sender);
    }

    /// @inheritdoc IOutcomes
    function dispute(uint32 project, uint32 epoch, uint16 kind, bytes32 commitment)
        external
        override
    {
        require(_mayDispute(project), NotAuthorised(msg.sender, project));
        Report storage entry = _reports[project][epoch][kind];
        require(
            entry.status == OutcomeStatus.Reported || entry.status == OutcomeStatus.Confirmed,
            StatusInvalid(OutcomeStatus.Reported, entry.status)
        );
        _checkEpochOpen(project, epoch);
        entry.status = OutcomeStatus.Disputed;
        entry.disputedAtS = uint40(block.timestamp);
        emit OutcomeDisputed(project, epoch, kind, msg.sender, commitment);
    }

    /// @inheritdoc IOutcomes
    function reinstate(uint32 project, uint32 epoch, uint16 kind) external override restricted {
        Report storage entry = _reports[project][epoch][kind];
        require(
            entry.status == OutcomeStatus.Disputed,
            StatusInvalid(OutcomeStatus.Disputed, entry.status)
        );
        entry.status = OutcomeStatus.Reinstated;
        emit OutcomeReinstated(project, epoch, kind);
    }

    // Views: time

    /// @inheritdoc IOutcomes
    function windowOf(uint32 epoch)
        external
        view
        override
        returns (Window memory window, bool isOpen)
    {
        return _windowOf(epoch, 0);
    }

    // Views: who

    /// @inheritdoc IOutcomes
    function nameOfKind(uint16 kind) external view override returns (string memory) {
        return _names[kind];
    }

    /// @inheritdoc IOutcomes
    function isSource(uint32 organisation, uint16 kind, address source)
        external
        view
        override
        returns (bool)
    {
        return _isSource[organisation][kind][source];
    }

    /// @inheritdoc IOutcomes
    function accountOfConfirmer(address confirmer) external view override returns (uint32) {
        return _accounts[confirmer];
    }

    /// @inheritdoc IOutcomes
    function pool()
        external
        view
        override
        returns (uint32[] memory accounts, address[] memory confirmers)
    {
        uint256 size = _pool.length;
        accounts = new uint32[](size);
        confirmers = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            accounts[i] = _pool[i].account;
            confirmers[i] = _pool[i].confirmer;
        }
    }

    /// @inheritdoc IOutcomes
    function seedOf(uint32 epoch) external view override returns (bytes32) {
        return _seeds[epoch];
    }

    // Views: what

    /// @inheritdoc IOutcomes
    function outcomeOf(uint32 project, uint32 epoch, uint16 kind)
        external
        view
        override
        returns (Outcome memory)
    {
        Report storage entry = _reports[project][epoch][kind];
        return Outcome({
            status: entry.status,
            amount: entry.amount,
            reporter: entry.reporter,
            reportedAtS: entry.reportedAtS,
            evidenceHash: entry.evidenceHash,
            confirmer: entry.confirmer,
            disputedAtS: entry.disputedAtS
        });
    }

    /// @inheritdoc IOutcomes
    function valueOf(uint32 project, uint32 epoch)
        external
        view
        override
        returns (uint128 uusd, bool isPending)
    {
        uint256 kinds = _reportedKinds[project][epoch];
        uint256 sumUusd = 0;
        for (uint16 kind = 1; kinds != 0; ++kind) {
            bool isReported = kinds & 1 != 0;
            kinds >>= 1;
            if (!isReported) continue;
            Report storage entry = _reports[project][epoch][kind];
            OutcomeStatus status = entry.status;
            if (status == OutcomeStatus.Reported) isPending = true;
            if (status == OutcomeStatus.Confirmed || status == OutcomeStatus.Reinstated) {
                // At most 16 values of 128 bits.
                sumUusd += entry.valueUusd;
            }
        }
        return (_saturated(sumUusd), isPending);
    }

    /// @inheritdoc IOutcomes
    function isMature(uint32 project, uint32 epoch) external view override returns (bool) {
        (Window memory window, bool isOpen) = _windowOf(epoch, attributionOf(project, epoch));
        return isOpen && window.isClosed(CURSORS);
    }

    /// @inheritdoc IOutcomes
    function captureSeed() public override returns (uint32 epoch) {
        epoch = currentEpoch();
        if (_seeds[epoch] != 0) return epoch;
        bytes32 seed = _nextSeed(epoch);
        _seeds[epoch] = seed;
        uint64 haltedS = CURSORS.observe();
        _touches.push(epoch, uint208((block.number << BLOCK_AT) | haltedS));
        emit SeedCaptured(epoch, seed, haltedS);
    }

    /// @inheritdoc IOutcomes
    function currentEpoch() public view override returns (uint32) {
        return epochAt(block.timestamp);
    }

    /// @inheritdoc IOutcomes
    function epochAt(uint256 timeS) public view override returns (uint32) {
        return SafeCast.toUint32(Math.saturatingSub(timeS, genesisS) / epochLengthS);
    }

    /// @inheritdoc IOutcomes
    function endOf(uint32 epoch) public view override returns (uint64) {
        return genesisS + (uint64(epoch) + 1) * epochLengthS;
    }

    /// @inheritdoc IOutcomes
    function kindAt(uint16 kind, uint32 epoch) public view override returns (KindTerms memory) {
        uint208 packed = _kinds[kind].upperLookupRecent(epoch);
        // The fields of the word.
        return KindTerms({
            isKnown: packed & KIND_KNOWN != 0,
            // forge-lint: disable-next-line(unsafe-typecast)
            uusdPerUnit: uint64(packed),
            // forge-lint: disable-next-line(unsafe-typecast)
            attributionS: uint32(packed >> ATTRIBUTION_AT)
        });
    }

    /// @inheritdoc IOutcomes
    function confirmerOf(uint32 project, uint32 epoch, uint16 kind)
        public
        view
        override
        returns (address)
    {
        uint256 size = _pool.length;
        if (size == 0) return address(0);
        uint32 organisation = REGISTRY.organisationOf(project);
        uint32 team = _teamOf(project);
        address reporter = _reports[project][epoch][kind].reporter;
        uint256 place = ConfirmerDraw.startOf(_currentSeed(), project, epoch, kind, size);
        for (uint256 i = 0; i < size; ++i) {
            PoolEntry memory entry = _pool[place];
            place = place + 1 < size ? place + 1 : 0;
            if (!ConfirmerDraw.isOutside(entry, organisation, team)) continue;
            if (entry.confirmer == reporter || _manages(entry.confirmer, project)) continue;
            return entry.confirmer;
        }
        return address(0);
    }

    /// @inheritdoc IOutcomes
    function attributionOf(uint32 project, uint32 epoch) public view override returns (uint32) {
        uint256 kinds =
            _sourceKinds[REGISTRY.organisationOf(project)] | _reportedKinds[project][epoch];
        uint256 longestS = 0;
        for (uint16 kind = 1; kinds != 0; ++kind) {
            if (kinds & 1 != 0) longestS = Math.max(longestS, kindAt(kind, epoch).attributionS);
            kinds >>= 1;
        }
        // The longest of 32 bits each.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(longestS);
    }

    // Internal: the pool

    function _enterPool(PoolEntry memory entry, uint256 place) private {
        if (place != 0) {
            _pool[place - 1] = entry;
            return;
        }
        require(_pool.length < MAX_POOL, PoolFull(MAX_POOL));
        _pool.push(entry);
        _placeInPool[entry.account] = _pool.length;
    }

    function _leavePool(uint32 account, uint256 place) private {
        PoolEntry memory last = _pool[_pool.length - 1];
        _pool[place - 1] = last;
        _placeInPool[last.account] = place;
        _pool.pop();
        delete _placeInPool[account];
    }

    /// @dev The account's team: itself or its ancestor at depth 2, 0 for an organisation.
    function _teamOf(uint32 account) private view returns (uint32 team) {
        team = account;
        Account memory entry = REGISTRY.accountOf(team);
        if (entry.depth < TEAM_DEPTH) return 0;
        while (entry.depth > TEAM_DEPTH) {
            team = entry.parent;
            entry = REGISTRY.accountOf(team);
        }
    }

    /// @dev Whether someone has authority over a project: nobody confirms what is his own.
    function _manages(address who, uint32 project) private view returns (bool) {
        return REGISTRY.isController(who, project) || REGISTRY.isRegistrar(who, project);
    }

    function _mayDispute(uint32 project) private view returns (bool) {
        return _accounts[msg.sender] != 0 || REGISTRY.isRegistrar(msg.sender, project)
            || Roles.isHolder(authority(), Roles.GUARDIAN, msg.sender);
    }

    // Internal: time

    function _currentSeed() private view returns (bytes32) {
        uint32 epoch = currentEpoch();
        bytes32 seed = _seeds[epoch];
        return seed != 0 ? seed : _nextSeed(epoch);
    }

    function _nextSeed(uint32 epoch) private view returns (bytes32) {
        return keccak256(abi.encode(CURSORS.accumulator(), epoch));
    }

    function _windowOf(uint32 epoch, uint64 lengthS)
        private
        view
        returns (Window memory window, bool isOpen)
    {
        uint208 before = _touches.upperLookupRecent(epoch);
        uint208 opening = _touches.lowerLookup(uint48(epoch) + 1);
        window = Window({
            openedAtS: endOf(epoch),
            // The fields of the word.
            // forge-lint: disable-next-line(unsafe-typecast)
            openedBlock: uint64(opening >> BLOCK_AT),
            lengthS: lengthS,
            // forge-lint: disable-next-line(unsafe-typecast)
            haltedBeforeS: uint64(before)
        });
        isOpen = opening != 0;
    }

    function _checkAttributionOpen(uint32 epoch, uint16 kind, uint32 attributionS) private view {
        (Window memory window, bool isOpen) = _windowOf(epoch, attributionS);
        require(
            !isOpen || !window.isClosed(CURSORS),
            AttributionClosed(epoch, kind, window.closesAtS(CURSORS))
        );
    }

    function _checkEpochOpen(uint32 project, uint32 epoch) private view {
        bool isClosed = address(_epochs) != address(0) && _epochs.isClosedFor(project, epoch);
        require(!isClosed, EpochClosedAlready(project, epoch));
    }

    /// @dev The first of a kind holds from any epoch, a change from the next one on and not before an announced one.
    function _resolveEpoch(Checkpoints.Trace208 storage history, uint32 fromEpoch)
        private
        view
        returns (uint32)
    {
        (bool isChange, uint48 latest,) = history.latestCheckpoint();
        if (!isChange) return fromEpoch;
        uint32 next = currentEpoch() + 1;
        uint32 resolved = fromEpoch == 0 ? next : fromEpoch;
        // Keys are epochs, in 32 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 earliest = uint32(Math.max(next, latest));
        require(resolved >= earliest, EpochTooEarly(resolved, earliest));
        return resolved;
    }

    function _bitOf(uint16 kind) private pure returns (uint256) {
        return 1 << (kind - 1);
    }

    function _saturated(uint256 sumUusd) private pure returns (uint128) {
        return uint128(Math.min(sumUusd, type(uint128).max));
    }
}
