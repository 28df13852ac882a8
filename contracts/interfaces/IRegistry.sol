// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICursors} from "./ICursors.sol";

/// @notice The most one record may hold.
/// @param maxContext LLM tokens, all five fields added up.
/// @param maxComputeMs GPU-milliseconds.
/// @param maxMemoryGibS GiB-seconds of accelerator memory.
/// @param maxTransferKib KiB moved.
/// @param maxCostUcr Micro-credits.
struct Bounds {
    uint32 maxContext;
    uint32 maxComputeMs;
    uint32 maxMemoryGibS;
    uint32 maxTransferKib;
    uint64 maxCostUcr;
}

/// @notice A node of the account tree as it was announced last.
/// @param parent Its parent's account id, 0 for an organisation.
/// @param organisation The account id of the organisation it belongs to; its own for an organisation.
/// @param depth 1 for an organisation, 4 at most.
/// @param active Whether it and what is below it may be billed.
/// @param controller Who has authority over it and everything below it.
/// @param name [a-z0-9][a-z0-9._-]{0,62}, unique in the parent.
struct Account {
    uint32 parent;
    uint32 organisation;
    uint8 depth;
    bool active;
    address controller;
    string name;
}

/// @notice A meter as it was announced last.
/// @param account The account whose active descendants it may bill.
/// @param active Whether its records are judged; else they are quarantined.
/// @param frozen Whether its records are quarantined all the same.
/// @param leaseKey The address that signs its leases; zero = it takes none.
/// @param name [a-z0-9][a-z0-9._-]{0,62}, unique in the organisation.
/// @param bounds The most one of its records may hold.
struct Meter {
    uint32 account;
    bool active;
    bool frozen;
    address leaseKey;
    string name;
    Bounds bounds;
}

/// @notice A resource as it was announced last.
/// @param kind 1 model, 2 variant, 3 gpu.
/// @param basis What it is billed on: 1 tokens, 2 gpu.
/// @param active Whether it may be billed.
/// @param indexClass The price index it follows, an ASCII label; zero = none.
/// @param slug [a-z0-9][a-z0-9._:@/-]{0,62}, unique.
/// @param bounds The most one record of it may hold.
struct Resource {
    uint8 kind;
    uint8 basis;
    bool active;
    bytes32 indexClass;
    string slug;
    Bounds bounds;
}

/// @notice What verdicts accept.
/// @param frameVersions Bit v set = frame version v is accepted.
/// @param definedFlags The flags a record may carry.
/// @param windowMs How far before a batch a record's own time counts, in milliseconds.
/// @param aheadMs How far after it, in milliseconds.
/// @param fromMs Since when, in Unix milliseconds.
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
    /// @param id The account id.
    /// @param parent Its parent's, 0 for an organisation.
    /// @param name Its name, unique in the parent.
    /// @param controller Who has authority over it and everything below it.
    /// @param active Whether it and what is below it may be billed.
    /// @param fromMs Unix milliseconds, 0 = the beginning of time.
    event AccountSet(
        uint32 indexed id,
        uint32 indexed parent,
        string name,
        address controller,
        bool active,
        uint64 fromMs
    );
    /// @notice A meter exists with these values from `fromMs` on.
    /// @param id The meter's id.
    /// @param account The account whose active descendants it may bill.
    /// @param name Its name, unique in the organisation.
    /// @param leaseKey The address that signs its leases; zero = it takes none.
    /// @param bounds The most one of its records may hold.
    /// @param active Whether its records are judged; else they are quarantined.
    /// @param fromMs Unix milliseconds, 0 = the beginning of time.
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
    /// @param meter The meter's id.
    /// @param keyIndex How many keys it had before.
    /// @param key The ed25519 public key.
    /// @param firstSeq The sequence number of the first record it signs.
    event MeterKeySet(uint32 indexed meter, uint16 indexed keyIndex, bytes32 key, uint64 firstSeq);
    /// @notice A meter's records are quarantined, or judged again, from `fromMs` on.
    /// @param meter The meter's id.
    /// @param frozen Whether they are quarantined.
    /// @param fromMs Unix milliseconds.
    event MeterFrozenSet(uint32 indexed meter, bool frozen, uint64 fromMs);
    /// @notice A resource exists with these values from `fromMs` on.
    /// @param id The resource's id.
    /// @param slug Its name, unique.
    /// @param kind 1 model, 2 variant, 3 gpu.
    /// @param basis What it is billed on: 1 tokens, 2 gpu.
    /// @param indexClass The price index it follows, an ASCII label; zero = none.
    /// @param bounds The most one record of it may hold.
    /// @param active Whether it may be billed.
    /// @param fromMs Unix milliseconds, 0 = the beginning of time.
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
    /// @param project The project's account id.
    /// @param open Whether it may.
    /// @param fromMs Unix milliseconds, 0 = the beginning of time.
    event ExperimentSet(uint32 indexed project, bool open, uint64 fromMs);
    /// @notice Verdicts follow these rules from `fromMs` on.
    /// @param version The rules' version.
    /// @param frameVersions Bit v set = frame version v is accepted.
    /// @param definedFlags The flags a record may carry.
    /// @param windowMs How far before a batch a record's own time counts, in milliseconds.
    /// @param aheadMs How far after it, in milliseconds.
    /// @param fromMs Unix milliseconds, 0 = the beginning of time.
    event RulesSet(
        uint32 indexed version,
        uint256 frameVersions,
        uint16 definedFlags,
        uint64 windowMs,
        uint64 aheadMs,
        uint64 fromMs
    );

    /// @notice A constructor argument lies outside its bounds.
    /// @param name The argument's name.
    error ParameterInvalid(string name);
    /// @notice The caller has no authority over the account.
    /// @param caller Who called.
    /// @param account The account id, 0 = organisations as such.
    error NotAuthorised(address caller, uint32 account);
    /// @notice No account has this id.
    /// @param id The account id.
    error AccountUnknown(uint32 id);
    /// @notice No meter has this id.
    /// @param id The meter id.
    error MeterUnknown(uint32 id);
    /// @notice No resource has this id.
    /// @param id The resource id.
    error ResourceUnknown(uint16 id);
    /// @notice No rules have this version.
    /// @param version The version asked for.
    error RulesUnknown(uint32 version);
    /// @notice The parent, organisation or list of resources has one of this name already.
    /// @param name The name or slug.
    /// @param id The account, meter or resource that has it.
    error NameTaken(string name, uint256 id);
    /// @notice Accounts nest no deeper.
    /// @param parent The account that was to be the parent.
    /// @param limit The greatest depth.
    error TooDeep(uint32 parent, uint256 limit);
    /// @notice An address or key that must not be zero is.
    error KeyMissing();
    /// @notice Kind or basis is none of the known ones.
    /// @param kind 1 model, 2 variant, 3 gpu.
    /// @param basis 1 tokens, 2 gpu.
    error ResourceInvalid(uint8 kind, uint8 basis);
    /// @notice No record can hold a cost as high as this maximum.
    /// @param maxCostUcr The maximum in micro-credits.
    /// @param limitUcr The highest cost a record can hold, in micro-credits.
    error MaximumCostTooHigh(uint64 maxCostUcr, uint64 limitUcr);
    /// @notice Experiments are for billed accounts, of depth 2 or more.
    /// @param account The account id.
    error NotAProject(uint32 account);
    /// @notice The rules name no frame version, or a window or allowance beyond its hard bound.
    /// @param frameVersions Bit v set = frame version v is accepted.
    /// @param windowMs The window in milliseconds, at most 36,525 days.
    /// @param aheadMs The allowance in milliseconds, at most one hour.
    error RulesInvalid(uint256 frameVersions, uint64 windowMs, uint64 aheadMs);
    /// @notice A change would begin before another that was announced already.
    /// @param fromMs When it would begin, in Unix milliseconds.
    /// @param latestMs When the other does, in Unix milliseconds.
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
    /// @param id The account id.
    /// @param active Whether they may.
    function setAccountActive(uint32 id, bool active) external;

    /// @notice Someone else has authority over the account from now on. By whoever manages it.
    /// @param id The account id.
    /// @param controller Who has authority over it and everything below it.
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
    /// @param id The meter's id.
    /// @param bounds The most one of its records may hold.
    function setMeterBounds(uint32 id, Bounds calldata bounds) external;

    /// @notice The meter's records are judged, or quarantined, from now on. By whoever manages its account.
    /// @param id The meter's id.
    /// @param active Whether they are judged.
    function setMeterActive(uint32 id, bool active) external;

    /// @notice Someone else signs the meter's leases from now on. By whoever manages its account.
    /// @param id The meter's id.
    /// @param leaseKey The address that signs them; zero = it takes none.
    function setLeaseKey(uint32 id, address leaseKey) external;

    /// @notice The meter signs with another key from its cursor on: what it signed with the one before and has not settled
    /// yet never will, and is to be signed anew. By whoever manages its account.
    /// @param id The meter's id.
    /// @param frameKey The ed25519 public key that signs its frames.
    /// @return keyIndex The new key's index.
    /// @return firstSeq The first sequence number it signs.
    function rotateMeterKey(uint32 id, bytes32 frameKey)
        external
        returns (uint16 keyIndex, uint64 firstSeq);

    /// @notice The meter's records are quarantined from now on, or no longer. Wardens (the contracts that freeze on the word
    /// of a guardian, a quorum or an appeal) and governance.
    /// @param id The meter's id.
    /// @param frozen Whether they are quarantined.
    function setMeterFrozen(uint32 id, bool frozen) external;

    /// @notice A new resource exists. Network registrar only.
    /// @param slug [a-z0-9][a-z0-9._:@/-]{0,62}, unique.
    /// @param kind 1 model, 2 variant, 3 gpu.
    /// @param basis 1 tokens, 2 gpu. Slug, kind, basis and index class never change.
    /// @param indexClass The price index it follows, an ASCII label; zero = none.
    /// @param bounds The most one record of it may hold.
    /// @param fromMs Since when in Unix milliseconds, 0 = the beginning of time.
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
    /// @param id The resource's id.
    /// @param bounds The most one record of it may hold.
    /// @param active Whether it may be billed.
    /// @param fromMs Unix milliseconds, the block's time or later; 0 = now.
    function setResource(uint16 id, Bounds calldata bounds, bool active, uint64 fromMs) external;

    /// @notice The project may flag records as exploration, or no longer. By its organisation's registrar, or by the contract
    /// that keeps the experiments.
    /// @param project The project's account id.
    /// @param open Whether it may.
    /// @param fromMs Unix milliseconds: any time the first time, 0 = the beginning of time; later the block's time or
    /// later, 0 = now.
    function setExperiment(uint32 project, bool open, uint64 fromMs) external;

    /// @notice Verdicts follow new rules. Governance only.
    /// @param frameVersions Bit v set = frame version v is accepted.
    /// @param definedFlags The flags a record may carry.
    /// @param windowMs How far before a batch a record's own time counts, in milliseconds.
    /// @param aheadMs How far after it, in milliseconds.
    /// @param fromMs Unix milliseconds: any time for the first rules, 0 = the beginning of time; later at least
    /// rulesLeadS after the block, 0 = as soon as allowed, and never before an earlier announced change.
    /// @return version The new version, counted from 1.
    function setRules(
        uint256 frameVersions,
        uint16 definedFlags,
        uint64 windowMs,
        uint64 aheadMs,
        uint64 fromMs
    ) external returns (uint32 version);

    /// @notice What tells the network from others: part of every frame, so that a replaced contract strands no spool.
    /// @return The network's id.
    function networkId() external view returns (bytes32);

    /// @notice How long before their beginning rules are announced at least.
    /// @return Seconds.
    function rulesLeadS() external view returns (uint256);

    /// @notice How many accounts exist.
    /// @return Their number; their ids are 1 to this.
    function accountCount() external view returns (uint32);

    /// @notice How many meters exist.
    /// @return Their number; their ids are 1 to this.
    function meterCount() external view returns (uint32);

    /// @notice How many resources exist.
    /// @return Their number; their ids are 1 to this.
    function resourceCount() external view returns (uint16);

    /// @notice How many versions of the rules were announced.
    /// @return The latest version, 0 = none yet.
    function rulesCount() external view returns (uint32);

    /// @notice An account as it was announced last. Reverts where there is none.
    /// @param id The account id.
    /// @return The account.
    function accountOf(uint32 id) external view returns (Account memory);

    /// @notice The account of this name below a parent.
    /// @param parent The parent's account id, 0 for organisations.
    /// @param name The account's name.
    /// @return Its id, 0 = none.
    function accountByName(uint32 parent, string calldata name) external view returns (uint32);

    /// @notice A meter as it was announced last. Reverts where there is none.
    /// @param id The meter's id.
    /// @return The meter.
    function meterOf(uint32 id) external view returns (Meter memory);

    /// @notice When a meter was frozen last.
    /// @param id The meter's id.
    /// @return Unix seconds; 0 while it is not frozen, also where there is no such meter.
    function frozenAtS(uint32 id) external view returns (uint64);

    /// @notice Where meters stand.
    /// @return The Cursors contract.
    function cursors() external view returns (ICursors);

    /// @notice The meter of this name in an organisation.
    /// @param organisation The organisation's account id.
    /// @param name The meter's name.
    /// @return Its id, 0 = none.
    function meterByName(uint32 organisation, string calldata name) external view returns (uint32);

    /// @notice A resource as it was announced last. Reverts where there is none.
    /// @param id The resource's id.
    /// @return The resource.
    function resourceOf(uint16 id) external view returns (Resource memory);

    /// @notice The resource of this slug.
    /// @param slug The resource's name.
    /// @return Its id, 0 = none.
    function resourceBySlug(string calldata slug) external view returns (uint16);

    /// @notice The rules of a version. Reverts where there is none.
    /// @param version The rules' version.
    /// @return The rules.
    function rulesOf(uint32 version) external view returns (Rules memory);

    /// @notice The version of the rules in force at a time.
    /// @param timeMs Unix milliseconds.
    /// @return The version, 0 = none.
    function rulesVersionAt(uint64 timeMs) external view returns (uint32);

    /// @notice The organisation an account belongs to. Reverts where there is no such account.
    /// @param account The account id.
    /// @return The organisation's account id; the account's own for an organisation.
    function organisationOf(uint32 account) external view returns (uint32);

    /// @notice Whether someone is the registrar of an account's organisation. Reverts where there is no such account.
    /// @param who The address.
    /// @param account The account id.
    /// @return True for a registrar without execution delay.
    function isRegistrar(address who, uint32 account) external view returns (bool);

    /// @notice Whether someone is the controller of an account or of one of its ancestors. Reverts where there is no such
    /// account.
    /// @param who The address.
    /// @param account The account id.
    /// @return True for one of these controllers; false for account 0.
    function isController(address who, uint32 account) external view returns (bool);

    /// @notice What a lease of an account's credits for a meter depends on. Reverts where there is no such meter or account.
    /// @param meter The meter's id.
    /// @param account The account id.
    /// @return leaseKey The address that signs the meter's leases; zero = it takes none.
    /// @return isBilled Whether the meter bills the account, is active and not frozen.
    /// @return inactive The lowest account that is not active, of the account and its ancestors; 0 = none.
    function leasingOf(uint32 meter, uint32 account)
        external
        view
        returns (address leaseKey, bool isBilled, uint32 inactive);
}
