// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBudgets, Budget, BudgetTerms} from "./interfaces/IBudgets.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {BudgetRules} from "./libraries/BudgetRules.sol";
import {ChargeSheet, LEVELS, Level, Sheet} from "./libraries/ChargeSheet.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {Lists} from "./libraries/Lists.sol";
import {Calendar, Periods} from "./libraries/Periods.sol";
import {RateWord, RateWords} from "./libraries/RateWord.sol";
import {Tallies, Tally} from "./libraries/Tally.sol";
import {Terms, TermsLibrary} from "./libraries/Terms.sol";

/// @title Budgets
contract Budgets is IBudgets, AccessManaged {
    using Lists for uint256[];
    using Lists for Tally[];
    using Lists for Terms[];

    /// @dev What an organisation's registrar may grant in all, and has granted.
    struct MintAllowance {
        uint128 amountUcr;
        uint128 grantedUcr;
    }

    /// @dev A due: what a project's use cost in the low 192 bits, what leases cover of it above them.
    uint256 private constant COVERED_AT = 192;
    uint256 private constant COST_MASK = (1 << COVERED_AT) - 1;
    /// @dev A line: index of the project u16 | meter u32 | cost u128.
    uint256 private constant LINE_PROJECT_AT = 160;
    uint256 private constant LINE_METER_AT = 128;

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

    /// @inheritdoc IBudgets
    function repay(uint32 account, uint256 id) external override {
        (Tally before, Terms terms) = _load(account);
        uint256 availableUcr = CreditIds.isSpendable(id) ? availableOf(account, id) : 0;
        uint256 repaidUcr = Math.min(terms.overdraftUcr(), availableUcr);
        require(repaidUcr != 0, NothingToRepay(account, terms.overdraftUcr(), availableUcr));
        Tally base = BudgetRules.rolled(before, terms, Periods.locate(block.timestamp));
        _save(account, before, base, base, _repaid(account, id, terms, repaidUcr));
    }

    // Credits that other contracts make, hold and take

    /// @inheritdoc IBudgets
    function issue(uint256 holder, uint256 id, uint256 amountUcr) external override restricted {
        if (amountUcr == 0) return;
        // Every other holder than an account is a pool, or unknown to Credits.
        // forge-lint: disable-next-line(unsafe-typecast)
        require(CreditIds.isHoldable(holder, id), NotGrantable(uint32(holder), id));
        CREDITS.mint(holder, id, amountUcr);
        // Checked in the condition.
        // forge-lint: disable-next-line(unsafe-typecast)
        if (CreditIds.isAccount(holder)) _receive(uint32(holder), id, amountUcr);
    }

    /// @inheritdoc IBudgets
    function retire(uint256 holder, uint256 id, uint256 amountUcr) external override restricted {
        CREDITS.burn(holder, id, amountUcr);
    }

    /// @inheritdoc IBudgets
    function hold(uint32 account, uint256 id, uint256 amountUcr, uint256 pool)
        external
        override
        restricted
    {
        _checkHeld(pool, id);
        CREDITS.move(account, pool, id, amountUcr);
    }

    /// @inheritdoc IBudgets
    function release(uint256 pool, uint32 account, uint256 id, uint256 amountUcr)
        external
        override
        restricted
    {
        _checkHeld(pool, id);
        CREDITS.move(pool, account, id, amountUcr);
        _receive(account, id, amountUcr);
    }

    /// @inheritdoc IBudgets
    function setExploring(uint32 project, bool isExploring) external override restricted {
        (Tally before, Terms terms) = _load(project);
        emit ExploringSet(project, isExploring);
        Tally base = BudgetRules.rolled(before, terms, Periods.locate(block.timestamp));
        Tally tally = base.withMark(Tallies.EXPLORING, isExploring);
        _save(project, before, base, tally, terms);
    }

    // Limits

    /// @inheritdoc IBudgets
    function setBudget(uint32 account, BudgetTerms calldata terms) external override {
        _checkLimiter(account);
        _checkTerms(terms);
        (Tally before, Terms oldTerms) = _load(account);
        RateWord oldRate = STATE.rateOf(account).refilled(block.timestamp);
        RateWord newRate = _changedRate(oldRate, terms);
        Terms newTerms = _packed(terms).withOverdraft(oldTerms.overdraftUcr());
        if (BudgetRules.giveMoreRoom(oldTerms, newTerms, oldRate, newRate)) {
            _checkCanCall(msg.sender, msg.data);
        }
        Calendar memory calendar = Periods.locate(block.timestamp);
        Tally base = BudgetRules.rolled(before, oldTerms, calendar);
        Tally tally = BudgetRules.moved(base, oldTerms, newTerms, calendar)
            .withMark(Tallies.HAS_RATE, newRate.isSet());
        _announceTerms(account, terms, uint64(tally.periodEndS()));
        _save(account, before, base, tally, newTerms);
        STATE.storeRate(account, newRate);
    }

    // Charging

    /// @inheritdoc IBudgets
    function charge(
        uint256[] calldata projects,
        uint256[] calldata costsUcr,
        bytes32[] calldata lines
    ) external override restricted {
        Sheet memory sheet = ChargeSheet.gather(STATE, projects);
        Calendar memory calendar = Periods.locate(block.timestamp);
        uint256[] memory dues = _draw(sheet.levels[0], costsUcr, lines);
        _lend(sheet.levels[0], dues, CREDITS.pay(projects, dues));
        uint256[] memory sums = ChargeSheet.addUp(sheet, dues);
        uint256 first = 0;
        for (uint256 i = 0; i < LEVELS; ++i) {
            first += _spend(sheet.levels[i], sums, first, calendar);
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
        RateWord rate = STATE.rateOf(account).refilled(block.timestamp);
        (, uint256 reservedUcr) = CREDITS.spendableOf(account);
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
            leasedUcr: tally.leasedUcr(),
            generalUcr: CREDITS.balanceOfAccount(account, CreditIds.GENERAL),
            explorationUcr: CREDITS.balanceOfAccount(account, CreditIds.EXPLORATION),
            planUcr: CREDITS.balanceOfAccount(account, CreditIds.planOf(account)),
            overdraftUcr: terms.overdraftUcr(),
            isSoftCrossed: tally.isMarked(Tallies.SOFT_CROSSED),
            frozenWhy: tally.frozenWhy(),
            reservedUcr: reservedUcr,
            carryPpm: terms.carryPpm(),
            carriedUcr: tally.carriedUcr(),
            rateUcr: rate.amountUcr(),
            rateWindowS: rate.windowS(),
            rateLevelUcr: rate.levelUcr(),
            isExploring: tally.isMarked(Tallies.EXPLORING)
        });
    }

    /// @inheritdoc IBudgets
    function availableOf(uint32 account, uint256 id) public view override returns (uint256) {
        uint256 balanceUcr = CREDITS.balanceOfAccount(account, id);
        if (!CreditIds.isSpendable(id)) return balanceUcr;
        (uint256 spendableUcr, uint256 reservedUcr) = CREDITS.spendableOf(account);
        return Math.min(balanceUcr, spendableUcr - reservedUcr);
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

    function _checkTerms(BudgetTerms calldata terms) private pure {
        bool isLengthValid = terms.periodKind == Periods.Kind.Fixed
            ? terms.periodLengthS != 0 && terms.periodLengthS <= TermsLibrary.MAX_LENGTH_S
            : terms.periodLengthS == 0;
        require(
            isLengthValid && terms.limitUcr <= TermsLibrary.MAX_LIMIT_UCR
                && terms.softPpm <= TermsLibrary.MAX_PPM && terms.carryPpm <= TermsLibrary.MAX_PPM,
            BudgetInvalid(terms.limitUcr, terms.softPpm, terms.carryPpm, terms.periodLengthS)
        );
        require(
            terms.rateWindowS == 0 ? terms.rateUcr == 0 : terms.rateUcr <= RateWords.MAX_UCR,
            RateInvalid(terms.rateUcr, terms.rateWindowS)
        );
    }

    function _checkHeld(uint256 pool, uint256 id) private pure {
        require(CreditIds.isPool(pool), PoolUnknown(pool));
        require(CreditIds.isTransferable(id) || id == CreditIds.EXPLORATION, NotTransferable(id));
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

    function _packed(BudgetTerms calldata terms) private pure returns (Terms) {
        return TermsLibrary.packed(
            terms.hasLimit,
            terms.limitUcr,
            terms.periodKind,
            terms.periodLengthS,
            terms.softPpm,
            terms.carryPpm
        );
    }

    /// @dev A bucket begins full; a later one of another size holds no more than the one before did.
    function _changedRate(RateWord rate, BudgetTerms calldata terms)
        private
        view
        returns (RateWord)
    {
        if (terms.rateWindowS == 0) return RateWord.wrap(0);
        if (rate.isSet()) return rate.changed(terms.rateUcr, terms.rateWindowS);
        return RateWords.full(terms.rateUcr, terms.rateWindowS, block.timestamp);
    }

    function _announceTerms(uint32 account, BudgetTerms calldata terms, uint64 periodEndS) private {
        emit BudgetSet(
            account,
            terms.hasLimit,
            terms.limitUcr,
            terms.periodKind,
            terms.periodLengthS,
            terms.softPpm,
            terms.carryPpm,
            terms.rateUcr,
            terms.rateWindowS,
            periodEndS
        );
    }

    /// @dev Credits came in: an overdraft is repaid from them.
    function _receive(uint32 account, uint256 id, uint256 amountUcr) private {
        (Tally before, Terms terms) = _load(account);
        require(
            id != CreditIds.EXPLORATION || before.isMarked(Tallies.EXPLORING), NotExploring(account)
        );
        Tally base = BudgetRules.rolled(before, terms, Periods.locate(block.timestamp));
        if (CreditIds.isSpendable(id) && terms.overdraftUcr() != 0) {
            terms = _repaid(account, id, terms, Math.min(terms.overdraftUcr(), amountUcr));
        }
        _save(account, before, base, base, terms);
    }

    /// @dev The terms after this much of the overdraft was repaid.
    function _repaid(uint32 account, uint256 id, Terms terms, uint256 amountUcr)
        private
        returns (Terms)
    {
        uint256 overdraftUcr = terms.overdraftUcr() - amountUcr;
        emit OverdraftRepaid(account, id, amountUcr, overdraftUcr);
        CREDITS.burn(account, id, amountUcr);
        return terms.withOverdraft(overdraftUcr);
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

    /// @dev What is due of each project: its cost, and what leases cover of it, which are drawn down by that.
    function _draw(Level memory level, uint256[] calldata costsUcr, bytes32[] calldata lines)
        private
        returns (uint256[] memory dues)
    {
        dues = costsUcr;
        if (!_haveLeases(level.tallies)) return dues;
        (uint256[] memory places, uint256[] memory keys, uint256[] memory amountsUcr) =
            _leasesOf(level, lines);
        uint256[] memory coveredUcr = STATE.draw(keys, amountsUcr);
        // What is covered was leased of the same account before, in 56 bits.
        unchecked {
            for (uint256 i = 0; i < coveredUcr.length; ++i) {
                uint256 place = places.get(i);
                dues.put(place, dues.get(place) + (coveredUcr.get(i) << COVERED_AT));
            }
        }
    }

    function _haveLeases(Tally[] memory tallies) private pure returns (bool) {
        uint256 words = 0;
        for (uint256 i = 0; i < tallies.length; ++i) {
            words |= Tally.unwrap(tallies.get(i));
        }
        return Tally.wrap(words).isMarked(Tallies.HAS_LEASE);
    }

    /// @dev The lines of projects that have leases: whose they are, the key of the lease there may be, what it is to cover.
    function _leasesOf(Level memory level, bytes32[] calldata lines)
        private
        pure
        returns (uint256[] memory places, uint256[] memory keys, uint256[] memory amountsUcr)
    {
        (places, keys, amountsUcr) =
        (new uint256[](lines.length), new uint256[](lines.length), new uint256[](lines.length));
        uint256[] memory accounts = level.accounts;
        uint256 count = 0;
        for (uint256 i = 0; i < lines.length; ++i) {
            uint256 line = uint256(lines[i]);
            uint256 place = line >> LINE_PROJECT_AT;
            if (!level.tallies[place].isMarked(Tallies.HAS_LEASE)) continue;
            places.put(count, place);
            // The low fields of the line.
            // forge-lint: disable-next-line(unsafe-typecast)
            keys.put(count, (accounts.get(place) << 32) | uint32(line >> LINE_METER_AT));
            // forge-lint: disable-next-line(unsafe-typecast)
            amountsUcr.put(count++, uint128(line));
        }
        Arrays.splice(keys, 0, count);
        Arrays.splice(amountsUcr, 0, count);
    }

    /// @dev What projects owe is their overdraft.
    function _lend(Level memory level, uint256[] memory dues, uint256[] memory owedUcr) private {
        uint256[] memory debtors = new uint256[](owedUcr.length);
        uint256 count = 0;
        for (uint256 i = 0; i < owedUcr.length; ++i) {
            if (_lendOne(level, i, dues.get(i), owedUcr.get(i))) debtors.put(count++, i);
        }
        if (count == 0) return;
        _storeTerms(level, debtors, count);
    }

    /// @dev As _lend, for one project. Returns whether its terms changed.
    function _lendOne(Level memory level, uint256 i, uint256 due, uint256 owedUcr)
        private
        returns (bool)
    {
        uint32 project = uint32(level.accounts.get(i));
        uint256 costUcr = due & COST_MASK;
        if (!level.tallies.get(i).isOpen()) {
            emit ChargeUnplaced(project, costUcr);
            return false;
        }
        // What is owed is at most the cost; an overdraft has 72 bits, a cost at most 128.
        unchecked {
            Terms terms = level.terms.get(i);
            uint256 overdraftUcr = terms.overdraftUcr() + owedUcr;
            emit ProjectCharged(
                project, costUcr, costUcr - owedUcr, overdraftUcr, due >> COVERED_AT
            );
            if (owedUcr != 0) level.terms.put(i, terms.withOverdraft(overdraftUcr));
        }
        return owedUcr != 0;
    }

    function _storeTerms(Level memory level, uint256[] memory indices, uint256 count) private {
        uint256[] memory accounts = new uint256[](count);
        Terms[] memory terms = new Terms[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = indices.get(i);
            accounts.put(i, level.accounts.get(index));
            terms.put(i, level.terms.get(index));
        }
        STATE.storeTerms(accounts, terms);
    }

    /// @dev The tallies of a level's accounts are those after what they have spent now.
    /// @param sums What is due of each account on the sheet.
    /// @param first Where on the sheet the level begins.
    /// @return How many accounts the level has.
    function _spend(
        Level memory level,
        uint256[] memory sums,
        uint256 first,
        Calendar memory calendar
    ) private returns (uint256) {
        uint256[] memory accounts = level.accounts;
        if (accounts.length == 0) return 0;
        Tally[] memory tallies = level.tallies;
        Terms[] memory terms = level.terms;
        for (uint256 i = 0; i < tallies.length; ++i) {
            Tally before = tallies.get(i);
            if (!before.isOpen()) continue;
            Terms its = terms.get(i);
            uint256 due = sums.get(first + i);
            Tally base = BudgetRules.rolled(before, its, calendar);
            Tally tally = base.withSpent(due & COST_MASK, due >> COVERED_AT);
            if (its.areNeeded()) tally = BudgetRules.judged(tally, its);
            tallies.put(i, tally);
            if (!tally.isLike(before)) {
                _announce(uint32(accounts.get(i)), before, base, tally, its);
            }
        }
        STATE.store(accounts, tallies);
        return accounts.length;
    }

    /// @dev Events for what changed from `before`, through its rolling to `base`, to `tally`.
    function _announce(uint32 account, Tally before, Tally base, Tally tally, Terms terms) private {
        uint256 spentUcr = tally.spentInPeriodUcr();
        uint8 why = tally.frozenWhy();
        bool isFrozen = why != 0 && why != base.frozenWhy();
        bool isSoftCrossed =
            tally.isMarked(Tallies.SOFT_CROSSED) && !base.isMarked(Tallies.SOFT_CROSSED);
        bool isSaid = isFrozen && tally.isMarked(Tallies.FROZEN_LIMIT);
        if (isSoftCrossed && !isSaid) {
            emit SoftThresholdCrossed(account, spentUcr, terms.limitUcr());
        }
        if (isFrozen) {
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
