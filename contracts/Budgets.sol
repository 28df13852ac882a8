// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBudgets, Budget} from "./interfaces/IBudgets.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {BudgetRules} from "./libraries/BudgetRules.sol";
import {ChargeSheet, LEVELS, Level, Sheet} from "./libraries/ChargeSheet.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {Calendar, Periods} from "./libraries/Periods.sol";
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
        // Checked just above.
        // forge-lint: disable-next-line(unsafe-typecast)
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
        Calendar memory calendar = Periods.locate(block.timestamp);
        Tally base = BudgetRules.rolled(before, oldTerms, calendar);
        Terms terms = TermsLibrary.packed(hasLimit, limitUcr, periodKind, periodLengthS, softPpm)
            .withOverdraft(oldTerms.overdraftUcr());
        Tally tally = _inPeriodOf(base, oldTerms, terms, calendar);
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
        Calendar memory calendar = Periods.locate(block.timestamp);
        _lend(sheet.levels[0], costsUcr, _pay(sheet.levels[0], costsUcr));
        uint256 first = 0;
        for (uint256 i = 0; i < LEVELS; ++i) {
            Level memory level = sheet.levels[i];
            if (level.accounts.length == 0) break;
            _spend(level, sheet.spentUcr, first, calendar);
            STATE.store(level.accounts, level.tallies);
            first += level.accounts.length;
        }
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
        Calendar memory calendar = Periods.locate(block.timestamp);
        Tally tally = BudgetRules.judged(BudgetRules.rolled(before, terms, calendar), terms);
        uint256 startS = Periods.startOf(calendar, terms.periodKind(), terms.periodLengthS());
        return Budget({
            hasLimit: terms.hasLimit(),
            limitUcr: terms.limitUcr(),
            softPpm: terms.softPpm(),
            periodKind: terms.periodKind(),
            periodLengthS: terms.periodLengthS(),
            // At most the block's time.
            // forge-lint: disable-next-line(unsafe-typecast)
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
        // forge-lint: disable-next-line(unsafe-typecast)
        allowance.grantedUcr += uint128(amountUcr);
    }

    // Internal: one account

    /// @dev Credits came in: an overdraft is repaid from them.
    function _receive(uint32 account, uint256 id, uint256 amountUcr) private {
        (Tally before, Terms terms) = _load(account);
        Tally base = BudgetRules.rolled(before, terms, Periods.locate(block.timestamp));
        Tally tally = base;
        if (CreditIds.classOf(id) == CreditIds.PLAN) {
            tally = tally.withMark(Tallies.HAS_PLAN, true);
        }
        if (CreditIds.isSpendable(id) && terms.overdraftUcr() != 0) {
            uint256 repaidUcr = Math.min(terms.overdraftUcr(), amountUcr);
            terms = terms.withOverdraft(terms.overdraftUcr() - repaidUcr);
            emit OverdraftRepaid(account, id, repaidUcr, terms.overdraftUcr());
            // Leaves nothing unpaid: these credits have just come in.
            CREDITS.burnUpTo(CreditIds.classOf(id), _one(account), _one(repaidUcr));
        }
        _save(account, before, base, tally, terms);
    }

    /// @dev The tally in the period the new terms ask for.
    function _inPeriodOf(Tally tally, Terms oldTerms, Terms terms, Calendar memory calendar)
        private
        pure
        returns (Tally)
    {
        bool isSame = terms.periodKind() == oldTerms.periodKind()
            && terms.periodLengthS() == oldTerms.periodLengthS();
        if (isSame) return tally;
        if (terms.periodKind() == Periods.Kind.None) {
            return tally.withPeriod(0, tally.spentLifetimeUcr());
        }
        return
            tally.withPeriod(Periods.endOf(calendar, terms.periodKind(), terms.periodLengthS()), 0);
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
    function _pay(Level memory level, uint256[] calldata costsUcr)
        private
        returns (uint256[] memory owedUcr)
    {
        owedUcr = _payFromPlans(level, costsUcr);
        owedUcr = CREDITS.burnUpTo(CreditIds.GENERAL, level.accounts, owedUcr);
    }

    /// @dev As _pay, from plan credits alone, of those who hold any. Who still owes then has none left.
    function _payFromPlans(Level memory level, uint256[] memory owedUcr)
        private
        returns (uint256[] memory)
    {
        Tally[] memory tallies = level.tallies;
        uint256[] memory askedUcr = new uint256[](owedUcr.length);
        bool isHeld = false;
        for (uint256 i = 0; i < tallies.length; ++i) {
            if (!tallies[i].isMarked(Tallies.HAS_PLAN)) continue;
            askedUcr[i] = owedUcr[i];
            isHeld = true;
        }
        if (!isHeld) return owedUcr;
        uint256[] memory unpaidUcr = CREDITS.burnUpTo(CreditIds.PLAN, level.accounts, askedUcr);
        for (uint256 i = 0; i < tallies.length; ++i) {
            if (askedUcr[i] == 0) continue;
            uint256 owed = unpaidUcr[i];
            owedUcr[i] = owed;
            if (owed != 0) tallies[i] = tallies[i].withMark(Tallies.HAS_PLAN, false);
        }
        return owedUcr;
    }

    /// @dev What projects owe is their overdraft.
    function _lend(Level memory level, uint256[] calldata costsUcr, uint256[] memory owedUcr)
        private
    {
        uint256[] memory debtors = new uint256[](owedUcr.length);
        uint256 count = 0;
        for (uint256 i = 0; i < owedUcr.length; ++i) {
            if (_lendOne(level, i, costsUcr[i], owedUcr[i])) debtors[count++] = i;
        }
        if (count != 0) _storeTerms(level, debtors, count);
    }

    /// @dev As _lend, for one project. Returns whether its terms changed.
    function _lendOne(Level memory level, uint256 i, uint256 costUcr, uint256 owedUcr)
        private
        returns (bool)
    {
        uint32 project = uint32(level.accounts[i]);
        if (!level.tallies[i].isOpen()) {
            emit ChargeUnplaced(project, costUcr);
            return false;
        }
        // What is owed is at most the cost; an overdraft has 88 bits, a cost fewer than 128.
        unchecked {
            uint256 overdraftUcr = level.terms[i].overdraftUcr() + owedUcr;
            emit ProjectCharged(project, costUcr, costUcr - owedUcr, overdraftUcr);
            if (owedUcr != 0) level.terms[i] = level.terms[i].withOverdraft(overdraftUcr);
        }
        return owedUcr != 0;
    }

    function _storeTerms(Level memory level, uint256[] memory indices, uint256 count) private {
        uint256[] memory accounts = new uint256[](count);
        Terms[] memory terms = new Terms[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = indices[i];
            accounts[i] = level.accounts[index];
            terms[i] = level.terms[index];
        }
        STATE.storeTerms(accounts, terms);
    }

    /// @dev The tallies of a level's accounts are those after what they have spent now.
    /// @param spentUcr What each account on the sheet has spent.
    /// @param first Where on the sheet the level begins.
    function _spend(
        Level memory level,
        uint256[] memory spentUcr,
        uint256 first,
        Calendar memory calendar
    ) private {
        Tally[] memory tallies = level.tallies;
        Terms[] memory terms = level.terms;
        for (uint256 i = 0; i < tallies.length; ++i) {
            Tally before = tallies[i];
            if (!before.isOpen()) continue;
            Terms its = terms[i];
            Tally base = BudgetRules.rolled(before, its, calendar);
            Tally tally = base.withSpent(spentUcr[first + i]);
            if (its.areNeeded()) tally = BudgetRules.judged(tally, its);
            tallies[i] = tally;
            if (!tally.isLike(before)) {
                _announce(uint32(level.accounts[i]), before, base, tally, its);
            }
        }
    }

    /// @dev Events for what changed from `before`, through its rolling to `base`, to `tally`.
    function _announce(uint32 account, Tally before, Tally base, Tally tally, Terms terms) private {
        uint256 spentUcr = tally.spentInPeriodUcr();
        bool isSoftCrossed =
            tally.isMarked(Tallies.SOFT_CROSSED) && !base.isMarked(Tallies.SOFT_CROSSED);
        if (isSoftCrossed) emit SoftThresholdCrossed(account, spentUcr, terms.limitUcr());
        uint8 why = tally.frozenWhy();
        if (why != 0 && why != base.frozenWhy()) {
            emit AccountFrozen(account, why, spentUcr, terms.limitUcr(), terms.overdraftUcr());
            return;
        }
        // Reasons are bits, no balance that someone could nudge.
        // slither-disable-next-line incorrect-equality
        if (why == 0 && before.frozenWhy() != 0) emit AccountUnfrozen(account);
        if (!isSoftCrossed && base.periodEndS() != before.periodEndS()) {
            emit PeriodRolled(account, uint64(base.periodEndS()));
        }
    }

    function _one(uint256 value) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }
}
