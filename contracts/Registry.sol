// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {ICursors} from "./interfaces/ICursors.sol";
import {Account, Bounds, IRegistry, Meter, Resource, Rules} from "./interfaces/IRegistry.sol";
import {FactTime} from "./libraries/FactTime.sol";
import {Names} from "./libraries/Names.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title Registry
contract Registry is IRegistry, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    uint256 private constant MAX_DEPTH = 4;
    uint8 private constant MAX_KIND = 3;
    uint8 private constant MAX_BASIS = 2;
    uint64 private constant MAX_COST_UCR = (1 << 55) - 1;
    uint256 private constant MAX_RULES_LEAD_S = 90 days;
    uint64 private constant MAX_WINDOW_MS = 36_525 days * 1000;
    uint64 private constant MAX_AHEAD_MS = 1 hours * 1000;

    IBudgetState private immutable STATE;

    /// @inheritdoc IRegistry
    ICursors public immutable override cursors;
    /// @inheritdoc IRegistry
    bytes32 public immutable override networkId;
    /// @inheritdoc IRegistry
    uint256 public immutable override rulesLeadS;

    /// @inheritdoc IRegistry
    uint32 public override accountCount;
    /// @inheritdoc IRegistry
    uint32 public override meterCount;
    /// @inheritdoc IRegistry
    uint16 public override resourceCount;
    /// @inheritdoc IRegistry
    uint32 public override rulesCount;

    mapping(uint32 id => Account) private _accounts;
    mapping(uint32 id => Meter) private _meters;
    /// @inheritdoc IRegistry
    mapping(uint32 id => uint64 timeS) public override frozenAtS;
    mapping(uint16 id => Resource) private _resources;
    mapping(uint32 version => Rules) private _rules;
    mapping(uint32 project => bool) private _hasExperiment;
    mapping(uint32 parent => mapping(string name => uint32 id)) private _accountByName;
    mapping(uint32 organisation => mapping(string name => uint32 id)) private _meterByName;
    mapping(string slug => uint16 id) private _resourceBySlug;
    Checkpoints.Trace208 private _rulesFrom;

    /// @param authority_ The network's AccessManager.
    /// @param networkId_ The network's id, fixed for ever.
    /// @param cursors_ The Cursors contract, which opens new meters.
    /// @param state The BudgetState contract, which opens new accounts.
    /// @param rulesLeadS_ Seconds between an announcement of rules and their beginning at least.
    constructor(
        address authority_,
        bytes32 networkId_,
        ICursors cursors_,
        IBudgetState state,
        uint256 rulesLeadS_
    ) AccessManaged(authority_) {
        require(networkId_ != bytes32(0), ParameterInvalid("networkId"));
        require(rulesLeadS_ <= MAX_RULES_LEAD_S, ParameterInvalid("rulesLeadS"));
        networkId = networkId_;
        cursors = cursors_;
        STATE = state;
        rulesLeadS = rulesLeadS_;
    }

    /// @dev Reverts unless the caller manages the account: as its organisation's registrar, or as controller.
    modifier onlyManager(uint32 account) {
        _checkManager(account);
        _;
    }

    // Accounts

    /// @inheritdoc IRegistry
    function createAccount(uint32 parent, string calldata name, address controller)
        external
        override
        returns (uint32 id)
    {
        if (parent == 0) {
            require(_holds(Roles.GOVERNANCE), NotAuthorised(msg.sender, 0));
        } else {
            _checkManager(parent);
        }
        Names.check(name);
        require(_accountByName[parent][name] == 0, NameTaken(name, _accountByName[parent][name]));
        require(controller != address(0), KeyMissing());
        uint8 depth = _accounts[parent].depth;
        require(depth < MAX_DEPTH, TooDeep(parent, MAX_DEPTH));

        id = ++accountCount;
        _accountByName[parent][name] = id;
        _accounts[id] = Account({
            parent: parent,
            organisation: parent == 0 ? id : _accounts[parent].organisation,
            depth: depth + 1,
            active: true,
            controller: controller,
            name: name
        });
        emit AccountSet(id, parent, name, controller, true, 0);
        STATE.open(id, parent);
    }

    /// @inheritdoc IRegistry
    function setAccountActive(uint32 id, bool active) external override onlyManager(id) {
        _accounts[id].active = active;
        _announceAccount(id);
    }

    /// @inheritdoc IRegistry
    function setController(uint32 id, address controller) external override onlyManager(id) {
        require(controller != address(0), KeyMissing());
        _accounts[id].controller = controller;
        _announceAccount(id);
    }

    /// @inheritdoc IRegistry
    function setExperiment(uint32 project, bool open, uint64 fromMs) external override {
        require(
            isRegistrar(msg.sender, project) || _holds(Roles.EXPERIMENTS),
            NotAuthorised(msg.sender, project)
        );
        require(_accounts[project].depth > 1, NotAProject(project));
        uint64 resolvedMs = _hasExperiment[project] ? FactTime.ofChange(fromMs, 0) : fromMs;
        _hasExperiment[project] = true;
        emit ExperimentSet(project, open, resolvedMs);
    }

    // Meters

    /// @inheritdoc IRegistry
    function registerMeter(
        uint32 account,
        string calldata name,
        bytes32 frameKey,
        address leaseKey,
        Bounds calldata bounds
    ) external override onlyManager(account) returns (uint32 id) {
        Names.check(name);
        uint32 organisation = _accounts[account].organisation;
        uint32 taken = _meterByName[organisation][name];
        require(taken == 0, NameTaken(name, taken));
        require(frameKey != bytes32(0), KeyMissing());
        _checkBounds(bounds);

        id = ++meterCount;
        _meterByName[organisation][name] = id;
        _meters[id] = Meter({
            account: account,
            active: true,
            frozen: false,
            leaseKey: leaseKey,
            name: name,
            bounds: bounds
        });
        emit MeterSet(id, account, name, leaseKey, bounds, true, 0);
        emit MeterKeySet(id, 0, frameKey, 0);
        cursors.open(id);
    }

    /// @inheritdoc IRegistry
    function setMeterBounds(uint32 id, Bounds calldata bounds) external override {
        _checkManager(_knownMeter(id).account);
        _checkBounds(bounds);
        _meters[id].bounds = bounds;
        _announceMeter(id);
    }

    /// @inheritdoc IRegistry
    function setMeterActive(uint32 id, bool active) external override {
        _checkManager(_knownMeter(id).account);
        _meters[id].active = active;
        _announceMeter(id);
    }

    /// @inheritdoc IRegistry
    function setLeaseKey(uint32 id, address leaseKey) external override {
        _checkManager(_knownMeter(id).account);
        _meters[id].leaseKey = leaseKey;
        _announceMeter(id);
    }

    /// @inheritdoc IRegistry
    function rotateMeterKey(uint32 id, bytes32 frameKey)
        external
        override
        returns (uint16 keyIndex, uint64 firstSeq)
    {
        _checkManager(_knownMeter(id).account);
        require(frameKey != bytes32(0), KeyMissing());
        (keyIndex, firstSeq) = cursors.rotate(id);
        // The Cursors contract is the network's own, and calls nobody.
        // slither-disable-next-line reentrancy-events
        emit MeterKeySet(id, keyIndex, frameKey, firstSeq);
    }

    /// @inheritdoc IRegistry
    function setMeterFrozen(uint32 id, bool frozen) external override {
        uint32 account = _knownMeter(id).account;
        require(
            _holds(Roles.WARDEN) || _holds(Roles.GOVERNANCE), NotAuthorised(msg.sender, account)
        );
        _meters[id].frozen = frozen;
        frozenAtS[id] = frozen ? uint64(block.timestamp) : 0;
        emit MeterFrozenSet(id, frozen, FactTime.nowMs());
    }

    // Resources

    /// @inheritdoc IRegistry
    function registerResource(
        string calldata slug,
        uint8 kind,
        uint8 basis,
        bytes32 indexClass,
        Bounds calldata bounds,
        uint64 fromMs
    ) external override restricted returns (uint16 id) {
        Names.checkSlug(slug);
        require(_resourceBySlug[slug] == 0, NameTaken(slug, _resourceBySlug[slug]));
        require(
            kind != 0 && kind <= MAX_KIND && basis != 0 && basis <= MAX_BASIS,
            ResourceInvalid(kind, basis)
        );
        _checkBounds(bounds);

        id = ++resourceCount;
        _resourceBySlug[slug] = id;
        _resources[id] = Resource({
            kind: kind,
            basis: basis,
            active: true,
            indexClass: indexClass,
            slug: slug,
            bounds: bounds
        });
        emit ResourceSet(id, slug, kind, basis, indexClass, bounds, true, fromMs);
    }

    /// @inheritdoc IRegistry
    function setResource(uint16 id, Bounds calldata bounds, bool active, uint64 fromMs)
        external
        override
        restricted
    {
        Resource storage resource = _knownResource(id);
        _checkBounds(bounds);
        uint64 resolvedMs = FactTime.ofChange(fromMs, 0);
        resource.bounds = bounds;
        resource.active = active;
        emit ResourceSet(
            id,
            resource.slug,
            resource.kind,
            resource.basis,
            resource.indexClass,
            bounds,
            active,
            resolvedMs
        );
    }

    // Rules

    /// @inheritdoc IRegistry
    function setRules(
        uint256 frameVersions,
        uint16 definedFlags,
        uint64 windowMs,
        uint64 aheadMs,
        uint64 fromMs
    ) external override restricted returns (uint32 version) {
        require(
            frameVersions != 0 && windowMs <= MAX_WINDOW_MS && aheadMs <= MAX_AHEAD_MS,
            RulesInvalid(frameVersions, windowMs, aheadMs)
        );
        uint64 resolvedMs = rulesCount == 0 ? fromMs : FactTime.ofChange(fromMs, rulesLeadS);
        uint64 latestMs = _rules[rulesCount].fromMs;
        require(resolvedMs >= latestMs, ChangeOutOfOrder(resolvedMs, latestMs));

        version = ++rulesCount;
        _rules[version] = Rules({
            frameVersions: frameVersions,
            definedFlags: definedFlags,
            windowMs: windowMs,
            aheadMs: aheadMs,
            fromMs: resolvedMs
        });
        _rulesFrom.push(SafeCast.toUint48(resolvedMs), version);
        emit RulesSet(version, frameVersions, definedFlags, windowMs, aheadMs, resolvedMs);
    }

    // Views

    /// @inheritdoc IRegistry
    function accountOf(uint32 id) external view override returns (Account memory) {
        return _knownAccount(id);
    }

    /// @inheritdoc IRegistry
    function accountByName(uint32 parent, string calldata name)
        external
        view
        override
        returns (uint32)
    {
        return _accountByName[parent][name];
    }

    /// @inheritdoc IRegistry
    function meterOf(uint32 id) external view override returns (Meter memory) {
        return _knownMeter(id);
    }

    /// @inheritdoc IRegistry
    function meterByName(uint32 organisation, string calldata name)
        external
        view
        override
        returns (uint32)
    {
        return _meterByName[organisation][name];
    }

    /// @inheritdoc IRegistry
    function resourceOf(uint16 id) external view override returns (Resource memory) {
        return _knownResource(id);
    }

    /// @inheritdoc IRegistry
    function resourceBySlug(string calldata slug) external view override returns (uint16) {
        return _resourceBySlug[slug];
    }

    /// @inheritdoc IRegistry
    function rulesOf(uint32 version) external view override returns (Rules memory) {
        require(version != 0 && version <= rulesCount, RulesUnknown(version));
        return _rules[version];
    }

    /// @inheritdoc IRegistry
    function rulesVersionAt(uint64 timeMs) external view override returns (uint32) {
        return uint32(_rulesFrom.upperLookupRecent(SafeCast.toUint48(timeMs)));
    }

    /// @inheritdoc IRegistry
    function leasingOf(uint32 meter, uint32 account)
        external
        view
        override
        returns (address leaseKey, bool isBilled, uint32 inactive)
    {
        Meter storage its = _knownMeter(meter);
        leaseKey = its.leaseKey;
        uint32 node = account;
        for (uint256 i = 0; i < MAX_DEPTH && node != 0; ++i) {
            Account storage entry = _knownAccount(node);
            if (node == its.account) isBilled = its.active && !its.frozen;
            if (inactive == 0 && !entry.active) inactive = node;
            node = entry.parent;
        }
    }

    /// @inheritdoc IRegistry
    function organisationOf(uint32 account) public view override returns (uint32) {
        return _knownAccount(account).organisation;
    }

    /// @inheritdoc IRegistry
    function isRegistrar(address who, uint32 account) public view override returns (bool) {
        return Roles.isHolder(authority(), Roles.registrarOf(organisationOf(account)), who);
    }

    /// @inheritdoc IRegistry
    function isController(address who, uint32 account) public view override returns (bool) {
        uint32 node = account;
        for (uint256 i = 0; i < MAX_DEPTH && node != 0; ++i) {
            Account storage entry = _knownAccount(node);
            if (entry.controller == who) return true;
            node = entry.parent;
        }
        return false;
    }

    // Internal

    function _announceAccount(uint32 id) private {
        Account storage account = _accounts[id];
        emit AccountSet(
            id, account.parent, account.name, account.controller, account.active, FactTime.nowMs()
        );
    }

    function _announceMeter(uint32 id) private {
        Meter storage meter = _meters[id];
        emit MeterSet(
            id,
            meter.account,
            meter.name,
            meter.leaseKey,
            meter.bounds,
            meter.active,
            FactTime.nowMs()
        );
    }

    function _checkManager(uint32 account) private view {
        require(
            isController(msg.sender, account) || isRegistrar(msg.sender, account),
            NotAuthorised(msg.sender, account)
        );
    }

    function _holds(uint64 role) private view returns (bool) {
        return Roles.isHolder(authority(), role, msg.sender);
    }

    function _knownAccount(uint32 id) private view returns (Account storage account) {
        account = _accounts[id];
        require(account.depth != 0, AccountUnknown(id));
    }

    function _knownMeter(uint32 id) private view returns (Meter storage meter) {
        meter = _meters[id];
        require(meter.account != 0, MeterUnknown(id));
    }

    function _knownResource(uint16 id) private view returns (Resource storage resource) {
        resource = _resources[id];
        require(resource.kind != 0, ResourceUnknown(id));
    }

    function _checkBounds(Bounds calldata bounds) private pure {
        require(
            bounds.maxCostUcr <= MAX_COST_UCR, MaximumCostTooHigh(bounds.maxCostUcr, MAX_COST_UCR)
        );
    }
}
