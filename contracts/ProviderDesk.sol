// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBudgets} from "./interfaces/IBudgets.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {
    DeskCaps,
    DeskRate,
    IProviderDesk,
    Provider,
    Redemption
} from "./interfaces/IProviderDesk.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {Names} from "./libraries/Names.sol";

/// @title ProviderDesk
contract ProviderDesk is IProviderDesk, AccessManaged {
    /// @dev What was converted in one UTC day; an earlier day's counts nothing.
    struct Usage {
        uint64 day;
        uint128 outUcr;
    }

    uint256 private constant PPM = 1_000_000;
    uint256 private constant MAX_LEAD_S = 90 days;
    uint64 private constant RECLAIM_AFTER_S = 7 days;
    uint64 private constant MIN_RATE_PPM = 1000;
    uint64 private constant MAX_RATE_PPM = 1_000_000_000;
    uint8 private constant PENDING = 1;
    uint8 private constant ACKNOWLEDGED = 2;
    uint8 private constant RECLAIMED = 3;
    /// @dev Organisation ids begin at 1.
    uint32 private constant EVERYONE = 0;

    IRegistry private immutable REGISTRY;
    IBudgets private immutable BUDGETS;
    ICredits private immutable CREDITS;

    /// @inheritdoc IProviderDesk
    uint256 public immutable override leadS;

    /// @inheritdoc IProviderDesk
    uint32 public override providerCount;
    /// @inheritdoc IProviderDesk
    uint64 public override redemptionCount;
    mapping(uint32 provider => Provider) private _providers;
    mapping(string name => uint32 provider) private _byName;
    /// @dev As announced; rateOf tells what holds now.
    mapping(uint32 provider => DeskRate) private _rates;
    mapping(uint32 provider => DeskCaps) private _caps;
    mapping(uint32 provider => mapping(uint32 organisation => Usage)) private _usages;
    mapping(uint32 provider => mapping(bytes32 receiptHash => bool)) private _isReceiptUsed;
    mapping(uint64 redemption => Redemption) private _redemptions;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who has authority over which account.
    /// @param budgets What moves credits.
    /// @param leadS_ Seconds between the announcement of a rate and its beginning at least.
    constructor(address authority_, IRegistry registry, IBudgets budgets, uint256 leadS_)
        AccessManaged(authority_)
    {
        require(leadS_ <= MAX_LEAD_S, LeadTooLong(leadS_, MAX_LEAD_S));
        REGISTRY = registry;
        BUDGETS = budgets;
        CREDITS = ICredits(budgets.credits());
        leadS = leadS_;
    }

    // Providers, by governance

    /// @inheritdoc IProviderDesk
    function setProvider(uint32 provider, string calldata name, address key)
        external
        override
        restricted
        returns (uint32 id)
    {
        Names.check(name);
        require(key != address(0), KeyMissing());
        require(provider <= providerCount, ProviderUnknown(provider));
        uint32 holder = _byName[name];
        require(holder == 0 || holder == provider, NameTaken(name, holder));

        id = provider == 0 ? ++providerCount : provider;
        delete _byName[_providers[id].name];
        _byName[name] = id;
        _providers[id] = Provider({key: key, name: name});
        emit ProviderSet(id, name, key);
    }

    /// @inheritdoc IProviderDesk
    function setRate(uint32 provider, uint64 ratePpm, uint64 fromS) external override restricted {
        _checkKnown(provider);
        require(
            ratePpm >= MIN_RATE_PPM && ratePpm <= MAX_RATE_PPM,
            DeskRateOutOfBounds(ratePpm, MIN_RATE_PPM, MAX_RATE_PPM)
        );
        DeskRate memory rate = rateOf(provider);
        uint256 waitS = rate.currentPpm > 0 ? leadS : 0;
        uint64 earliestS = SafeCast.toUint64(block.timestamp + waitS);
        uint64 resolvedS = fromS == 0 ? earliestS : fromS;
        require(resolvedS >= earliestS, DeskRateTooEarly(resolvedS, earliestS));

        _rates[provider] = DeskRate({
            currentPpm: rate.currentPpm, queuedPpm: ratePpm, queuedFromS: resolvedS, appliedPpm: 0
        });
        emit DeskRateSet(provider, ratePpm, resolvedS);
    }

    /// @inheritdoc IProviderDesk
    function setCaps(uint32 provider, uint128 dailyUcr, uint128 dailyPerOrganisationUcr)
        external
        override
        restricted
    {
        _checkKnown(provider);
        _caps[provider] =
            DeskCaps({dailyUcr: dailyUcr, dailyPerOrganisationUcr: dailyPerOrganisationUcr});
        emit DeskCapsSet(provider, dailyUcr, dailyPerOrganisationUcr);
    }

    // Conversion

    /// @inheritdoc IProviderDesk
    function deposit(uint32 provider, uint256 amountUcr, bytes32 receiptHash) external override {
        _checkProvider(provider);
        require(receiptHash != 0, KeyMissing());
        require(!_isReceiptUsed[provider][receiptHash], ReceiptUsed(provider, receiptHash));
        require(amountUcr != 0 && amountUcr <= type(uint128).max, AmountInvalid(amountUcr));

        _isReceiptUsed[provider][receiptHash] = true;
        emit InventoryDeposited(provider, amountUcr, receiptHash, inventoryOf(provider) + amountUcr);
        BUDGETS.issue(CreditIds.PROVIDER_INVENTORY, _idOf(provider), amountUcr);
    }

    /// @inheritdoc IProviderDesk
    function convert(uint32 account, uint32 provider, uint128 creditsUcr, uint128 minOutUcr)
        external
        override
        restricted
        returns (uint128 outUcr)
    {
        _checkController(account);
        uint64 ratePpm = _appliedRate(provider);
        outUcr = SafeCast.toUint128(Math.mulDiv(creditsUcr, ratePpm, PPM));
        require(outUcr != 0 && outUcr >= minOutUcr, OutputTooLow(outUcr, minOutUcr));
        _useCap(provider, EVERYONE, outUcr, _caps[provider].dailyUcr);
        _useCap(
            provider,
            REGISTRY.organisationOf(account),
            outUcr,
            _caps[provider].dailyPerOrganisationUcr
        );
        uint256 inventoryUcr = inventoryOf(provider);
        require(outUcr <= inventoryUcr, InventoryTooLow(provider, outUcr, inventoryUcr));

        emit Converted(account, provider, creditsUcr, outUcr, ratePpm);
        BUDGETS.retire(account, CreditIds.GENERAL, creditsUcr);
        BUDGETS.release(CreditIds.PROVIDER_INVENTORY, account, _idOf(provider), outUcr);
    }

    // Redemption

    /// @inheritdoc IProviderDesk
    function redeem(uint32 account, uint32 provider, uint128 amountUcr, bytes32 referenceId)
        external
        override
        restricted
        returns (uint64 redemption)
    {
        _checkController(account);
        _checkKnown(provider);
        require(amountUcr != 0, AmountInvalid(amountUcr));

        redemption = ++redemptionCount;
        _redemptions[redemption] = Redemption({
            account: account,
            provider: provider,
            atS: SafeCast.toUint64(block.timestamp),
            state: PENDING,
            amountUcr: amountUcr
        });
        emit RedemptionRequested(redemption, account, provider, amountUcr, referenceId);
        BUDGETS.hold(account, _idOf(provider), amountUcr, CreditIds.PENDING_REDEMPTIONS);
    }

    /// @inheritdoc IProviderDesk
    function acknowledge(uint64 redemption, bytes32 receiptHash) external override {
        Redemption memory found = _pending(redemption);
        _checkProvider(found.provider);

        _redemptions[redemption].state = ACKNOWLEDGED;
        emit RedemptionAcknowledged(redemption, receiptHash);
        BUDGETS.retire(CreditIds.PENDING_REDEMPTIONS, _idOf(found.provider), found.amountUcr);
    }

    /// @inheritdoc IProviderDesk
    function reclaim(uint64 redemption) external override {
        Redemption memory found = _pending(redemption);
        _checkController(found.account);
        uint64 reclaimableAtS = found.atS + RECLAIM_AFTER_S;
        require(block.timestamp >= reclaimableAtS, RedemptionTooYoung(redemption, reclaimableAtS));

        _redemptions[redemption].state = RECLAIMED;
        emit RedemptionReclaimed(redemption);
        BUDGETS.release(
            CreditIds.PENDING_REDEMPTIONS, found.account, _idOf(found.provider), found.amountUcr
        );
    }

    // Views

    /// @inheritdoc IProviderDesk
    function providerOf(uint32 provider) external view override returns (Provider memory) {
        _checkKnown(provider);
        return _providers[provider];
    }

    /// @inheritdoc IProviderDesk
    function providerByName(string calldata name) external view override returns (uint32) {
        return _byName[name];
    }

    /// @inheritdoc IProviderDesk
    function capsOf(uint32 provider) external view override returns (DeskCaps memory) {
        return _caps[provider];
    }

    /// @inheritdoc IProviderDesk
    function leftTodayOf(uint32 provider, uint32 organisation)
        external
        view
        override
        returns (uint128)
    {
        DeskCaps memory caps = _caps[provider];
        uint128 everyonesUcr = _leftOf(provider, EVERYONE, caps.dailyUcr);
        uint128 ownUcr = _leftOf(provider, organisation, caps.dailyPerOrganisationUcr);
        return everyonesUcr < ownUcr ? everyonesUcr : ownUcr;
    }

    /// @inheritdoc IProviderDesk
    function isReceiptUsed(uint32 provider, bytes32 receiptHash)
        external
        view
        override
        returns (bool)
    {
        return _isReceiptUsed[provider][receiptHash];
    }

    /// @inheritdoc IProviderDesk
    function redemptionOf(uint64 redemption) external view override returns (Redemption memory) {
        return _redemptions[redemption];
    }

    /// @inheritdoc IProviderDesk
    function rateOf(uint32 provider) public view override returns (DeskRate memory rate) {
        rate = _rates[provider];
        if (rate.queuedPpm != 0 && block.timestamp >= rate.queuedFromS) {
            (rate.currentPpm, rate.queuedPpm, rate.queuedFromS) = (rate.queuedPpm, 0, 0);
        }
        bool isQueuedWorse = rate.queuedPpm != 0 && rate.queuedPpm < rate.currentPpm;
        rate.appliedPpm = isQueuedWorse ? rate.queuedPpm : rate.currentPpm;
    }

    /// @inheritdoc IProviderDesk
    function inventoryOf(uint32 provider) public view override returns (uint256) {
        return CREDITS.balanceOfAccount(CreditIds.PROVIDER_INVENTORY, _idOf(provider));
    }

    // Internal

    function _checkController(uint32 account) private view {
        require(REGISTRY.isController(msg.sender, account), NotAuthorised(msg.sender, account));
    }

    function _checkKnown(uint32 provider) private view {
        require(provider != 0 && provider <= providerCount, ProviderUnknown(provider));
    }

    function _checkProvider(uint32 provider) private view {
        _checkKnown(provider);
        require(msg.sender == _providers[provider].key, NotTheProvider(msg.sender, provider));
    }

    function _pending(uint64 redemption) private view returns (Redemption memory found) {
        found = _redemptions[redemption];
        // A state is one of four; no time is compared.
        // slither-disable-next-line incorrect-equality
        require(found.state == PENDING, RedemptionNotPending(redemption, found.state));
    }

    function _appliedRate(uint32 provider) private view returns (uint64 ratePpm) {
        _checkKnown(provider);
        ratePpm = rateOf(provider).appliedPpm;
        require(ratePpm != 0, DeskRateUnknown(provider));
    }

    function _useCap(uint32 provider, uint32 organisation, uint128 outUcr, uint128 capUcr) private {
        uint128 leftUcr = _leftOf(provider, organisation, capUcr);
        require(outUcr <= leftUcr, DailyCapExceeded(provider, organisation, outUcr, leftUcr));
        Usage storage usage = _usages[provider][organisation];
        uint64 day = _today();
        usage.outUcr = usage.day < day ? outUcr : usage.outUcr + outUcr;
        usage.day = day;
    }

    /// @dev What today has left of a cap, which may have been lowered below what was used.
    function _leftOf(uint32 provider, uint32 organisation, uint128 capUcr)
        private
        view
        returns (uint128)
    {
        Usage memory usage = _usages[provider][organisation];
        uint128 usedUcr = usage.day < _today() ? 0 : usage.outUcr;
        return capUcr > usedUcr ? capUcr - usedUcr : 0;
    }

    function _today() private view returns (uint64) {
        return SafeCast.toUint64(block.timestamp / 1 days);
    }

    function _idOf(uint32 provider) private pure returns (uint256) {
        return CreditIds.PROVIDER | provider;
    }
}
