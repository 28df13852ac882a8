// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The most one record may hold: LLM tokens, GPU-milliseconds, GiB-seconds, KiB, micro-credits.
struct Bounds {
    uint32 maxContext;
    uint32 maxComputeMs;
    uint32 maxMemoryGibS;
    uint32 maxTransferKib;
    uint64 maxCostUcr;
}

/// @notice A node of the account tree as it was announced last.
struct Account {
    uint32 parent;
    uint32 organisation;
    uint8 depth;
    bool active;
    address controller;
    string name;
}

/// @notice A meter as it was announced last.
struct Meter {
    uint32 account;
    bool active;
    bool frozen;
    address leaseKey;
    string name;
    Bounds bounds;
}

/// @notice A resource as it was announced last. kind: 1 model, 2 variant, 3 gpu; basis: 1 tokens, 2 gpu.
struct Resource {
    uint8 kind;
    uint8 basis;
    bool active;
    bytes32 indexClass;
    string slug;
    Bounds bounds;
}

/// @notice What verdicts accept. frameVersions: bit v set = frame version v; definedFlags: the flags a record may carry.
struct Rules {
    uint256 frameVersions;
    uint16 definedFlags;
    uint64 windowMs;
    uint64 aheadMs;
    uint64 fromMs;
}

/// @title The facts a verdict depends on: accounts, meters and keys, resources, experiments, rules
/// @notice Every fact is announced by an event that carries all its values and the time they hold from, so that a
/// verdict can be recomputed from events alone (docs/protocol.md section 5). Storage keeps the latest announcement.
/// The first fact of a key may begin in the past, 0 = the beginning of time; a change begins at the block's time or later.
///
/// Authority: governance opens organisations and changes rules; an organisation's registrar, and the controller of an
/// account for everything at or below it, manage accounts and meters; the network's registrar manages resources.
/// Authority never crosses organisations.
interface IRegistry {
    /// @notice An account exists with these values from `fromMs` on.
    event AccountSet(
        uint32 indexed id,
        uint32 indexed parent,
        string name,
        address controller,
        bool active,
        uint64 fromMs
    );
    /// @notice A meter exists with these values from `fromMs` on.
    event MeterSet(
        uint32 indexed id,
        uint32 indexed account,
        string name,
        address leaseKey,
        Bounds bounds,
        bool active,
        uint64 fromMs
    );
    /// @notice A meter signs with this ed25519 key from sequence number `firstSeq` on.
    event MeterKeySet(uint32 indexed meter, uint16 indexed keyIndex, bytes32 key, uint64 firstSeq);
    /// @notice A meter's records are quarantined, or judged again, from `fromMs` on.
    event MeterFrozenSet(uint32 indexed meter, bool frozen, uint64 fromMs);
    /// @notice A resource exists with these values from `fromMs` on.
    event ResourceSet(
        uint16 indexed id,
        string slug,
        uint8 kind,
        uint8 basis,
        bytes32 indexClass,
        Bounds bounds,
        bool active,
        uint64 fromMs
    );
    /// @notice A project may, or may no longer, flag records as exploration from `fromMs` on.
    event ExperimentSet(uint32 indexed project, bool open, uint64 fromMs);
    /// @notice Verdicts follow these rules from `fromMs` on.
    event RulesSet(
        uint32 indexed version,
        uint256 frameVersions,
        uint16 definedFlags,
        uint64 windowMs,
        uint64 aheadMs,
        uint64 fromMs
    );

    /// @notice A constructor argument lies outside its bounds.
    error ParameterInvalid(string name);
    /// @notice The caller has no authority over the account; 0 = over organisations.
    error NotAuthorised(address caller, uint32 account);
    /// @notice No account has this id.
    error AccountUnknown(uint32 id);
    /// @notice No meter has this id.
    error MeterUnknown(uint32 id);
    /// @notice No resource has this id.
    error ResourceUnknown(uint16 id);
    /// @notice No rules have this version.
    error RulesUnknown(uint32 version);
    /// @notice The parent, organisation or list of resources has one of this name already.
    error NameTaken(string name, uint256 id);
    /// @notice Accounts nest no deeper.
    error TooDeep(uint32 parent, uint256 limit);
    /// @notice An address or key that must not be zero is.
    error KeyMissing();
    /// @notice Kind or basis is none of the known ones.
    error ResourceInvalid(uint8 kind, uint8 basis);
    /// @notice No record can hold a cost as high as this maximum.
    error MaximumCostTooHigh(uint64 maxCostUcr, uint64 limitUcr);
    /// @notice Experiments are for billed accounts, of depth 2 or more.
    error NotAProject(uint32 account);
    /// @notice The rules name no frame version, or a window or allowance beyond its hard bound.
    error RulesInvalid(uint256 frameVersions, uint64 windowMs, uint64 aheadMs);
    /// @notice A change would begin before another that was announced already.
    error ChangeOutOfOrder(uint64 fromMs, uint64 latestMs);

    /// @notice A new account exists, active since the beginning of time.
    /// @param parent Its parent; 0 opens an organisation, which only governance may.
    /// @param name [a-z0-9][a-z0-9._-]{0,62}, unique in the parent.
    /// @param controller Who has authority over it and everything below it.
    /// @return id Its id, counted from 1; always above its parent's.
    function createAccount(uint32 parent, string calldata name, address controller)
        external
        returns (uint32 id);

    /// @notice The account and what is below it may be billed from now on, or no longer. By whoever manages it.
    function setAccountActive(uint32 id, bool active) external;

    /// @notice Someone else has authority over the account from now on. By whoever manages it.
    function setController(uint32 id, address controller) external;

    /// @notice A new meter exists, active since the beginning of time, with key index 0 from sequence number 0.
    /// @param account Whose active descendants it may bill. By whoever manages that account.
    /// @param name As for accounts, unique in the organisation.
    /// @param frameKey The ed25519 public key that signs its frames.
    /// @param leaseKey The address that signs its leases; zero = it takes none.
    /// @param bounds The most one of its records may hold.
    /// @return id Its id, counted from 1.
    function registerMeter(
        uint32 account,
        string calldata name,
        bytes32 frameKey,
        address leaseKey,
        Bounds calldata bounds
    ) external returns (uint32 id);

    /// @notice The meter's records have these bounds from now on. By whoever manages its account.
    function setMeterBounds(uint32 id, Bounds calldata bounds) external;

    /// @notice The meter's records are judged, or quarantined, from now on. By whoever manages its account.
    function setMeterActive(uint32 id, bool active) external;

    /// @notice The meter's records are quarantined from now on, or no longer. Guardian or governance.
    function setMeterFrozen(uint32 id, bool frozen) external;

    /// @notice A new resource exists. Network registrar only.
    /// @param slug [a-z0-9][a-z0-9._:@/-]{0,62}, unique.
    /// @param kind 1 model, 2 variant, 3 gpu.
    /// @param basis 1 tokens, 2 gpu. Slug, kind, basis and index class never change.
    /// @param indexClass The price index it follows, an ASCII label; zero = none.
    /// @param bounds The most one record of it may hold.
    /// @param fromMs Since when, 0 = the beginning of time.
    /// @return id Its id, counted from 1.
    function registerResource(
        string calldata slug,
        uint8 kind,
        uint8 basis,
        bytes32 indexClass,
        Bounds calldata bounds,
        uint64 fromMs
    ) external returns (uint16 id);

    /// @notice The resource has these bounds and may be billed, or not, from `fromMs` on. Network registrar only.
    /// @param fromMs The block's time or later, 0 = now.
    function setResource(uint16 id, Bounds calldata bounds, bool active, uint64 fromMs) external;

    /// @notice The project may flag records as exploration, or no longer. By its organisation's registrar.
    /// @param fromMs Any time the first time, 0 = the beginning of time; later the block's time or later, 0 = now.
    function setExperiment(uint32 project, bool open, uint64 fromMs) external;

    /// @notice Verdicts follow new rules. Governance only.
    /// @param frameVersions Bit v set = frame version v is accepted.
    /// @param definedFlags The flags a record may carry.
    /// @param windowMs How far before a batch a record's own time counts.
    /// @param aheadMs How far after it.
    /// @param fromMs Any time for the first rules, 0 = the beginning of time; later at least rulesLeadS after the
    /// block, 0 = as soon as allowed, and never before an earlier announced change.
    /// @return version The new version, counted from 1.
    function setRules(
        uint256 frameVersions,
        uint16 definedFlags,
        uint64 windowMs,
        uint64 aheadMs,
        uint64 fromMs
    ) external returns (uint32 version);

    /// @notice The network's id: part of every frame, so that a replaced contract strands no spool.
    function networkId() external view returns (bytes32);

    /// @notice Seconds between the announcement of rules and their beginning at least.
    function rulesLeadS() external view returns (uint256);

    /// @notice How many accounts exist; their ids are 1 to this.
    function accountCount() external view returns (uint32);

    /// @notice How many meters exist; their ids are 1 to this.
    function meterCount() external view returns (uint32);

    /// @notice How many resources exist; their ids are 1 to this.
    function resourceCount() external view returns (uint16);

    /// @notice How many versions of the rules were announced.
    function rulesCount() external view returns (uint32);

    /// @notice An account as it was announced last. Reverts where there is none.
    function accountOf(uint32 id) external view returns (Account memory);

    /// @notice The account of this name below a parent, 0 = none.
    function accountByName(uint32 parent, string calldata name) external view returns (uint32);

    /// @notice A meter as it was announced last. Reverts where there is none.
    function meterOf(uint32 id) external view returns (Meter memory);

    /// @notice The meter of this name in an organisation, 0 = none.
    function meterByName(uint32 organisation, string calldata name) external view returns (uint32);

    /// @notice A resource as it was announced last. Reverts where there is none.
    function resourceOf(uint16 id) external view returns (Resource memory);

    /// @notice The resource of this slug, 0 = none.
    function resourceBySlug(string calldata slug) external view returns (uint16);

    /// @notice The rules of a version. Reverts where there is none.
    function rulesOf(uint32 version) external view returns (Rules memory);

    /// @notice The version of the rules in force at a time, 0 = none.
    /// @param timeMs Unix milliseconds.
    function rulesVersionAt(uint64 timeMs) external view returns (uint32);

    /// @notice The organisation an account belongs to. Reverts where there is no such account.
    function organisationOf(uint32 account) external view returns (uint32);

    /// @notice Whether someone is its organisation's registrar.
    function isRegistrar(address who, uint32 account) external view returns (bool);

    /// @notice Whether someone is the controller of an account or of one of its ancestors.
    function isController(address who, uint32 account) external view returns (bool);
}
