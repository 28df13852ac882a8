// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBudgets, Budget} from "./interfaces/IBudgets.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {BudgetRules} from "./libraries/BudgetRules.sol";
import {ChargeSheet, Sheet} from "./libraries/ChargeSheet.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {Periods} from "./libraries/Periods.sol";
import {Tallies, Tally} from "./libraries/Tally.sol";
import {Terms, TermsLibrary} from "./libraries/Terms.sol";

/// @title Budgets
contract Budgets is IBudgets, AccessManaged {
    /// @dev What an organisation's registrar may grant in all, and has granted.
    struct MintAllowance {
        uint128 amountUcr;
        uint128 grantedUcr;
    }

    IRegistry private immutable REGISTRY;
    IBudgetState private immutable STATE;
    ICredits private immutable CREDITS;

    mapping(uint32 organisation => mapping(uint256 creditClass => MintAllowance)) private
        _allowances;
    mapping(uint32 organisation => mapping(bytes32 key => bytes32 content)) private _contents;

    /// @param authority_ The network's AccessManager.
    /// @param registry Who has authority over which account.
    /// @param state_ The words every budget is made of.
    /// @param credits_ The balances.
    constructor(address authority_, IRegistry registry, IBudgetState state_, ICredits credits_)
        AccessManaged(authority_)
    {
        REGISTRY = registry;
        STATE = state_;
        CREDITS = credits_;
    }

    // Credits

    /// @inheritdoc IBudgets
    function setMintAllowance(uint32 organisation, uint256 creditClass, uint256 amountUcr)
        external
        override
        restricted
    {
        require(amountUcr <= type(uint128).max, AmountInvalid(amountUcr));
        _allowances[organisation][creditClass].amountUcr = uint128(amountUcr);
        emit MintAllowanceSet(organisation, creditClass, amountUcr);
    }

    /// @inheritdoc IBudgets
    function grant(uint32 account, uint256 id, uint256 amountUcr, bytes32 key) external override {
        require(REGISTRY.isRegistrar(msg.sender, account), NotAuthorised(msg.sender, account));
        require(
            id == CreditIds.GENERAL || id == CreditIds.planOf(account), NotGrantable(account, id)
        );
        require(amountUcr != 0 && amountUcr <= type(uint128).max, AmountInvalid(amountUcr));
        uint32 organisation = REGISTRY.organisationOf(account);
        _useKey(organisation, key, keccak256(abi.encode("grant", account, id, amountUcr)));
        _useAllowance(organisation, CreditIds.classOf(id), amountUcr);

        emit Granted(account, id, amountUcr, key, msg.sender);
        CREDITS.mint(account, id, amountUcr);
        _receive(account, id, amountUcr);
    }

    /// @inheritdoc IBudgets
    function transfer(uint32 from, uint32 to, uint256 id, uint256 amountUcr, bytes32 key)
        external
        override
    {
        require(REGISTRY.isController(msg.sender, from), NotAuthorised(msg.sender, from));
        require(REGISTRY.isController(msg.sender, to), NotAuthorised(msg.sender, to));
        uint32 organisation = REGISTRY.organisationOf(from);
        require(
            from != to && organisation == REGISTRY.organisationOf(to), TransferInvalid(from, to)
        );
        require(CreditIds.isTransferable(id), NotTransferable(id));
        require(amountUcr != 0 && amountUcr <= type(uint128).max, AmountInvalid(amountUcr));
        _useKey(organisation, key, keccak256(abi.encode("transfer", from, to, id, amountUcr)));

        emit Transferred(from, to, id, amountUcr, key, msg.sender);
        CREDITS.move(from, to, id, amountUcr);
        _receive(to, id, amountUcr);
    }

    // Limits

    /// @inheritdoc IBudgets
    function setBudget(
        uint32 account,
        bool hasLimit,
        uint256 limitUcr,
        Periods.Kind periodKind,
        uint64 periodLengthS,
        uint32 softPpm
    ) external override {
        _checkLimiter(account);
        bool isLengthValid = periodKind == Periods.Kind.Fixed
            ? periodLengthS != 0 && periodLengthS <= TermsLibrary.MAX_LENGTH_S
            : periodLengthS == 0;
        require(
            isLengthValid && limitUcr <= TermsLibrary.MAX_UCR
                && softPpm <= TermsLibrary.MAX_SOFT_PPM,
            BudgetInvalid(limitUcr, softPpm, periodLengthS)
        );
        (Tally before, Terms oldTerms) = _load(account);
        Tally base = BudgetRules.rolled(before, oldTerms, block.timestamp);
        Terms terms = TermsLibrary.packed(hasLimit, limitUcr, periodKind, periodLengthS, softPpm)
            .withOverdraft(oldTerms.overdraftUcr());
        Tally tally = _inPeriodOf(base, oldTerms, terms);
        emit BudgetSet(
            account,
            hasLimit,
            limitUcr,
            periodKind,
            periodLengthS,
            softPpm,
            uint64(tally.periodEndS())
        );
        _save(account, before, base, tally, terms);
    }

    // Charging

    /// @inheritdoc IBudgets
    function charge(uint256[] calldata projects, uint256[] calldata costsUcr)
        external
        override
        restricted
    {
        Sheet memory sheet = ChargeSheet.gather(STATE, projects, costsUcr);
        _lend(sheet, _pay(sheet));
        for (uint256 i = 0; i < sheet.length; ++i) {
            sheet.tallies[i] = _spend(sheet, i);
        }
        (uint256[] memory accounts, Tally[] memory tallies) = ChargeSheet.result(sheet);
        STATE.store(accounts, tallies);
    }

    // Views

    /// @inheritdoc IBudgets
    function state() external view override returns (address) {
        return address(STATE);
    }

    /// @inheritdoc IBudgets
    function credits() external view override returns (address) {
        return address(CREDITS);
    }

    /// @inheritdoc IBudgets
    function budgetsOf(uint32[] calldata accounts)
        external
        view
        override
        returns (Budget[] memory budgets)
    {
        budgets = new Budget[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            budgets[i] = budgetOf(accounts[i]);
        }
    }

    /// @inheritdoc IBudgets
    function mintAllowanceOf(uint32 organisation, uint256 creditClass)
        external
        view
        override
        returns (uint256 amountUcr, uint256 grantedUcr)
    {
        MintAllowance storage allowance = _allowances[organisation][creditClass];
        return (allowance.amountUcr, allowance.grantedUcr);
    }

    /// @inheritdoc IBudgets
    function contentOfKey(uint32 organisation, bytes32 key)
        external
        view
        override
        returns (bytes32)
    {
        return _contents[organisation][key];
    }

    /// @inheritdoc IBudgets
    function budgetOf(uint32 account) public view override returns (Budget memory) {
        (Tally before, Terms terms) = _load(account);
        Tally tally = BudgetRules.judged(BudgetRules.rolled(before, terms, block.timestamp), terms);
        uint256 startS = Periods.startOf(terms.periodKind(), terms.periodLengthS(), block.timestamp);
        return Budget({
            hasLimit: terms.hasLimit(),
            limitUcr: terms.limitUcr(),
            softPpm: terms.softPpm(),
            periodKind: terms.periodKind(),
            periodLengthS: terms.periodLengthS(),
            periodStartS: uint64(startS),
            periodEndS: uint64(tally.periodEndS()),
            spentUcr: tally.spentInPeriodUcr(),
            spentLifetimeUcr: tally.spentLifetimeUcr(),
            leasedUcr: 0,
            generalUcr: CREDITS.balanceOfAccount(account, CreditIds.GENERAL),
            explorationUcr: CREDITS.balanceOfAccount(account, CreditIds.EXPLORATION),
            planUcr: CREDITS.balanceOfAccount(account, CreditIds.planOf(account)),
            overdraftUcr: terms.overdraftUcr(),
            isSoftCrossed: tally.isMarked(Tallies.SOFT_CROSSED),
            frozenWhy: tally.frozenWhy()
        });
    }

    // Internal: authority and keys

    /// @dev A limit is set from above the account, or by the organisation's registrar.
    function _checkLimiter(uint32 account) private view {
        uint32 parent = REGISTRY.accountOf(account).parent;
        bool isAbove = parent != 0 && REGISTRY.isController(msg.sender, parent);
        require(
            isAbove || REGISTRY.isRegistrar(msg.sender, account), NotAuthorised(msg.sender, account)
        );
    }

    function _useKey(uint32 organisation, bytes32 key, bytes32 content) private {
        if (key == 0) return;
        bytes32 used = _contents[organisation][key];
        require(used == 0, KeyUsed(key, used));
        _contents[organisation][key] = content;
    }

    function _useAllowance(uint32 organisation, uint256 creditClass, uint256 amountUcr) private {
        MintAllowance storage allowance = _allowances[organisation][creditClass];
        uint256 leftUcr = Math.saturatingSub(allowance.amountUcr, allowance.grantedUcr);
        require(
            amountUcr <= leftUcr,
            MintAllowanceExceeded(organisation, creditClass, amountUcr, leftUcr)
        );
        // At most amountUcr of the allowance, which fits.
        allowance.grantedUcr += uint128(amountUcr);
    }

    // Internal: one account

    /// @dev Credits came in: an overdraft is repaid from them.
    function _receive(uint32 account, uint256 id, uint256 amountUcr) private {
        (Tally before, Terms terms) = _load(account);
        Tally base = BudgetRules.rolled(before, terms, block.timestamp);
        Tally tally = base;
        if (CreditIds.classOf(id) == CreditIds.PLAN) {
            tally = tally.withMark(Tallies.HAS_PLAN, true);
        }
        if (CreditIds.isSpendable(id) && terms.overdraftUcr() != 0) {
            uint256 repaidUcr = Math.min(terms.overdraftUcr(), amountUcr);
            terms = terms.withOverdraft(terms.overdraftUcr() - repaidUcr);
            emit OverdraftRepaid(account, id, repaidUcr, terms.overdraftUcr());
            CREDITS.burnUpTo(_one(account), _one(id), _one(repaidUcr));
        }
        _save(account, before, base, tally, terms);
    }

    /// @dev The tally in the period the new terms ask for.
    function _inPeriodOf(Tally tally, Terms oldTerms, Terms terms) private view returns (Tally) {
        bool isSame = terms.periodKind() == oldTerms.periodKind()
            && terms.periodLengthS() == oldTerms.periodLengthS();
        if (isSame) return tally;
        if (terms.periodKind() == Periods.Kind.None) {
            return tally.withPeriod(0, tally.spentLifetimeUcr());
        }
        uint256 endS = Periods.endOf(terms.periodKind(), terms.periodLengthS(), block.timestamp);
        return tally.withPeriod(endS, 0);
    }

    function _load(uint32 account) private view returns (Tally, Terms) {
        (Tally[] memory tallies, Terms[] memory terms) = STATE.load(_one(account));
        require(tallies[0].isOpen(), IRegistry.AccountUnknown(account));
        return (tallies[0], terms[0]);
    }

    function _save(uint32 account, Tally before, Tally base, Tally tally, Terms terms) private {
        Tally judged = BudgetRules.judged(tally, terms);
        _announce(account, before, base, judged, terms);
        Tally[] memory tallies = new Tally[](1);
        tallies[0] = judged;
        Terms[] memory allTerms = new Terms[](1);
        allTerms[0] = terms;
        STATE.store(_one(account), tallies);
        STATE.storeTerms(_one(account), allTerms);
    }

    // Internal: charging

    /// @dev Projects' own credits have paid what they could. Returns what each still owes.
    function _pay(Sheet memory sheet) private returns (uint256[] memory owedUcr) {
        uint256 count = sheet.projects;
        uint256[] memory projects = new uint256[](count);
        uint256[] memory ids = new uint256[](count);
        uint256[] memory planUcr = new uint256[](count);
        owedUcr = new uint256[](count);
        bool isPlanHeld = false;
        for (uint256 i = 0; i < count; ++i) {
            Tally tally = sheet.tallies[i];
            projects[i] = sheet.accounts[i];
            if (!tally.isOpen()) continue;
            owedUcr[i] = sheet.ownUcr[i];
            ids[i] = CreditIds.planOf(projects[i]);
            if (!tally.isMarked(Tallies.HAS_PLAN)) continue;
            planUcr[i] = owedUcr[i];
            isPlanHeld = true;
        }
        if (isPlanHeld) {
            _deduct(owedUcr, CREDITS.burnUpTo(projects, ids, planUcr));
            _clearEmptyPlans(sheet, owedUcr);
        }
        for (uint256 i = 0; i < count; ++i) {
            ids[i] = CreditIds.GENERAL;
        }
        _deduct(owedUcr, CREDITS.burnUpTo(projects, ids, owedUcr));
    }

    /// @dev Who still owes after its plan credits were asked has none left.
    function _clearEmptyPlans(Sheet memory sheet, uint256[] memory owedUcr) private pure {
        for (uint256 i = 0; i < owedUcr.length; ++i) {
            if (owedUcr[i] == 0) continue;
            sheet.tallies[i] = sheet.tallies[i].withMark(Tallies.HAS_PLAN, false);
        }
    }

    /// @dev What projects owe is their overdraft.
    function _lend(Sheet memory sheet, uint256[] memory owedUcr) private {
        uint256 debtors = 0;
        for (uint256 i = 0; i < owedUcr.length; ++i) {
            uint256 costUcr = sheet.ownUcr[i];
            uint32 project = uint32(sheet.accounts[i]);
            if (!sheet.tallies[i].isOpen()) {
                emit ChargeUnplaced(project, costUcr);
                continue;
            }
            uint256 overdraftUcr = sheet.terms[i].overdraftUcr() + owedUcr[i];
            emit ProjectCharged(project, costUcr, costUcr - owedUcr[i], overdraftUcr);
            if (owedUcr[i] == 0) continue;
            sheet.terms[i] = sheet.terms[i].withOverdraft(overdraftUcr);
            ++debtors;
        }
        if (debtors != 0) _storeDebtors(sheet, owedUcr, debtors);
    }

    function _storeDebtors(Sheet memory sheet, uint256[] memory owedUcr, uint256 debtors) private {
        uint256[] memory accounts = new uint256[](debtors);
        Terms[] memory terms = new Terms[](debtors);
        uint256 next = 0;
        for (uint256 i = 0; i < owedUcr.length; ++i) {
            if (owedUcr[i] == 0) continue;
            accounts[next] = sheet.accounts[i];
            terms[next] = sheet.terms[i];
            ++next;
        }
        STATE.storeTerms(accounts, terms);
    }

    /// @dev The tally of one account on the sheet after what it has spent now.
    function _spend(Sheet memory sheet, uint256 i) private returns (Tally tally) {
        Tally before = sheet.tallies[i];
        if (!before.isOpen()) return before;
        Terms terms = sheet.terms[i];
        if (!terms.areNeeded()) return before.withSpent(sheet.spentUcr[i]);
        Tally base = BudgetRules.rolled(before, terms, block.timestamp);
        tally = BudgetRules.judged(base.withSpent(sheet.spentUcr[i]), terms);
        _announce(uint32(sheet.accounts[i]), before, base, tally, terms);
    }

    /// @dev Events for what changed from `before`, through its rolling to `base`, to `tally`.
    function _announce(uint32 account, Tally before, Tally base, Tally tally, Terms terms) private {
        if (base.periodEndS() != before.periodEndS()) {
            emit PeriodRolled(account, uint64(base.periodEndS()));
        }
        uint256 spentUcr = tally.spentInPeriodUcr();
        if (tally.isMarked(Tallies.SOFT_CROSSED) && !base.isMarked(Tallies.SOFT_CROSSED)) {
            emit SoftThresholdCrossed(account, spentUcr, terms.limitUcr());
        }
        uint8 why = tally.frozenWhy();
        if (why != 0 && why != base.frozenWhy()) {
            emit AccountFrozen(account, why, spentUcr, terms.limitUcr(), terms.overdraftUcr());
        }
        if (why == 0 && before.frozenWhy() != 0) emit AccountUnfrozen(account);
    }

    function _deduct(uint256[] memory owedUcr, uint256[] memory paidUcr) private pure {
        for (uint256 i = 0; i < owedUcr.length; ++i) {
            owedUcr[i] -= paidUcr[i];
        }
    }

    function _one(uint256 value) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }
}
