// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budget, BudgetTerms, IBudgets} from "../../contracts/interfaces/IBudgets.sol";
import {ICredits} from "../../contracts/interfaces/ICredits.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {CreditIds} from "../../contracts/libraries/CreditIds.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title Who may grant, move and limit, how much, and how often
contract BudgetsTest is BudgetFixture {
    address private constant OWNER = address(0xC1);
    address private constant OTHER_REGISTRAR = address(0xB0B);
    uint256 private constant GENERAL = 1;
    bytes32 private constant KEY = "april";

    uint32 private other;
    uint32 private owned;

    function setUp() external {
        deployBudgets();
        other = registry.createAccount(0, "other", CONTROLLER);
        manager.grantRole(Roles.registrarOf(other), OTHER_REGISTRAR, 0);
        VM.prank(CONTROLLER);
        owned = registry.createAccount(team, "owned", OWNER);
    }

    // Grants

    function test_grant_revertsWhen_callerIsNotItsRegistrar() external {
        address[5] memory callers = [STRANGER, CONTROLLER, OWNER, OTHER_REGISTRAR, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectGrantRefused(callers[i], owned, GENERAL, 1, 0, _notAuthorised(callers[i], owned));
        }
    }

    function test_grant_revertsWhen_accountIsUnknown() external {
        bytes memory reason = abi.encodeWithSelector(IRegistry.AccountUnknown.selector, 99);
        _expectGrantRefused(REGISTRAR, 99, GENERAL, 1, 0, reason);
    }

    function test_grant_revertsWhen_creditsAreOfAnotherKind() external {
        uint256[5] memory ids =
            [0, CreditIds.EXPLORATION, planOf(team), CreditIds.PROVIDER, 1 << 64];
        for (uint256 i = 0; i < ids.length; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(IBudgets.NotGrantable.selector, project, ids[i]);
            _expectGrantRefused(REGISTRAR, project, ids[i], 1, 0, reason);
        }
    }

    function test_grant_revertsWhen_amountIsInvalid() external {
        uint256[3] memory amounts = [uint256(0), 1 << 128, type(uint256).max];
        for (uint256 i = 0; i < amounts.length; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(IBudgets.AmountInvalid.selector, amounts[i]);
            _expectGrantRefused(REGISTRAR, project, GENERAL, amounts[i], 0, reason);
        }
    }

    function test_grant_revertsWhen_keyWasUsed() external {
        VM.prank(REGISTRAR);
        budgets.grant(project, GENERAL, 5, KEY);
        bytes32 content = keccak256(abi.encode("grant", uint256(project), GENERAL, uint256(5)));
        bytes memory reason = abi.encodeWithSelector(IBudgets.KeyUsed.selector, KEY, content);
        assertEq(budgets.contentOfKey(acme, KEY), content);
        _expectGrantRefused(REGISTRAR, project, GENERAL, 5, KEY, reason);
        _expectGrantRefused(REGISTRAR, team, GENERAL, 6, KEY, reason);
        _expectTransferRefused(CONTROLLER, project, team, GENERAL, 5, KEY, reason);
        assertEq(budget(project).generalUcr, 5);
    }

    function test_grant_goesThroughTwice_withoutKey() external {
        grant(project, 5);
        grant(project, 5);
        assertEq(budget(project).generalUcr, 10);
        assertEq(budgets.contentOfKey(acme, 0), bytes32(0));
    }

    /// @dev A key is an organisation's own, and a grant that failed has not used it up.
    function test_grant_goesThrough_whenKeyWasUsedElsewhere() external {
        VM.prank(REGISTRAR);
        budgets.grant(project, GENERAL, 5, KEY);
        bytes memory reason = _exceeded(other, GENERAL, 5, 0);
        _expectGrantRefused(OTHER_REGISTRAR, other, GENERAL, 5, KEY, reason);
        budgets.setMintAllowance(other, GENERAL, 5);
        VM.prank(OTHER_REGISTRAR);
        budgets.grant(other, GENERAL, 5, KEY);
        assertEq(budget(other).generalUcr, 5);
    }

    function test_grant_isAnnounced() external {
        VM.expectEmit(address(budgets));
        emit IBudgets.Granted(project, GENERAL, 5, KEY, REGISTRAR);
        VM.prank(REGISTRAR);
        budgets.grant(project, GENERAL, 5, KEY);
    }

    // Mint allowances

    function test_setMintAllowance_revertsWhen_amountIsInvalid() external {
        VM.expectRevert(abi.encodeWithSelector(IBudgets.AmountInvalid.selector, 1 << 128));
        budgets.setMintAllowance(acme, GENERAL, 1 << 128);
    }

    function test_fuzz_grant_staysInsideTheAllowance(
        uint72 allowedUcr,
        uint72 firstUcr,
        uint72 secondUcr
    ) external {
        VM.assume(firstUcr != 0 && secondUcr != 0);
        budgets.setMintAllowance(other, GENERAL, allowedUcr);
        bool isFirstInside = firstUcr <= allowedUcr;
        _grantOther(firstUcr, isFirstInside, allowedUcr);
        uint256 leftUcr = isFirstInside ? allowedUcr - firstUcr : allowedUcr;
        _grantOther(secondUcr, secondUcr <= leftUcr, leftUcr);
    }

    /// @dev Counted from the beginning; a decrease holds at once and takes nothing back.
    function test_setMintAllowance_endsGrants_whenLowered() external {
        budgets.setMintAllowance(other, GENERAL, 100);
        _grantOther(60, true, 0);
        VM.expectEmit(address(budgets));
        emit IBudgets.MintAllowanceSet(other, GENERAL, 50);
        budgets.setMintAllowance(other, GENERAL, 50);
        _grantOther(1, false, 0);
        budgets.setMintAllowance(other, GENERAL, 61);
        _grantOther(2, false, 1);
        _grantOther(1, true, 0);
        (uint256 allowedUcr, uint256 grantedUcr) = budgets.mintAllowanceOf(other, GENERAL);
        assertEq(allowedUcr, 61);
        assertEq(grantedUcr, 61);
        assertEq(budget(other).generalUcr, 61);
    }

    function test_grant_countsEachClassOnItsOwn() external {
        budgets.setMintAllowance(other, CreditIds.PLAN, 10);
        bytes memory reason = _exceeded(other, GENERAL, 1, 0);
        _expectGrantRefused(OTHER_REGISTRAR, other, GENERAL, 1, 0, reason);
        VM.prank(OTHER_REGISTRAR);
        budgets.grant(other, planOf(other), 10, 0);
        reason = _exceeded(other, CreditIds.PLAN, 1, 0);
        _expectGrantRefused(OTHER_REGISTRAR, other, planOf(other), 1, 0, reason);
    }

    // Transfers

    function test_transfer_revertsWhen_callerControlsOneSideOnly() external {
        grant(owned, 10);
        bytes memory reason = _notAuthorised(OWNER, project);
        _expectTransferRefused(OWNER, owned, project, GENERAL, 1, 0, reason);
        _expectTransferRefused(OWNER, project, owned, GENERAL, 1, 0, reason);
        address[3] memory callers = [STRANGER, REGISTRAR, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            reason = _notAuthorised(callers[i], owned);
            _expectTransferRefused(callers[i], owned, project, GENERAL, 1, 0, reason);
        }
    }

    /// @dev Nobody's authority crosses organisations, not even that of one key which controls both.
    function test_transfer_revertsWhen_organisationsDiffer() external {
        grant(project, 10);
        bytes memory reason =
            abi.encodeWithSelector(IBudgets.TransferInvalid.selector, project, other);
        _expectTransferRefused(CONTROLLER, project, other, GENERAL, 1, 0, reason);
    }

    function test_transfer_revertsWhen_accountsAreTheSame() external {
        grant(project, 10);
        bytes memory reason =
            abi.encodeWithSelector(IBudgets.TransferInvalid.selector, project, project);
        _expectTransferRefused(CONTROLLER, project, project, GENERAL, 1, 0, reason);
    }

    function test_transfer_revertsWhen_creditsStay() external {
        grantPlan(project, 10);
        uint256[3] memory ids = [CreditIds.EXPLORATION, planOf(project), uint256(0)];
        for (uint256 i = 0; i < ids.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IBudgets.NotTransferable.selector, ids[i]);
            _expectTransferRefused(CONTROLLER, project, team, ids[i], 1, 0, reason);
        }
    }

    function test_transfer_revertsWhen_amountIsInvalid() external {
        grant(project, 10);
        bytes memory reason = abi.encodeWithSelector(IBudgets.AmountInvalid.selector, 0);
        _expectTransferRefused(CONTROLLER, project, team, GENERAL, 0, 0, reason);
    }

    function test_fuzz_transfer_revertsWhen_balanceIsShort(uint64 heldUcr, uint128 askedUcr)
        external
    {
        VM.assume(heldUcr != 0 && askedUcr > heldUcr);
        grant(project, heldUcr);
        bytes memory reason = abi.encodeWithSelector(
            ICredits.BalanceTooLow.selector, project, GENERAL, heldUcr, askedUcr
        );
        _expectTransferRefused(CONTROLLER, project, team, GENERAL, askedUcr, KEY, reason);
        assertEq(budgets.contentOfKey(acme, KEY), bytes32(0));
    }

    function test_transfer_movesAcrossAndDownTheTree() external {
        grant(acme, 100);
        VM.expectEmit(address(budgets));
        emit IBudgets.Transferred(acme, project, GENERAL, 70, KEY, CONTROLLER);
        VM.startPrank(CONTROLLER);
        budgets.transfer(acme, project, GENERAL, 70, KEY);
        budgets.transfer(project, owned, GENERAL, 30, 0);
        VM.stopPrank();
        assertEq(budget(acme).generalUcr, 30);
        assertEq(budget(project).generalUcr, 40);
        assertEq(budget(owned).generalUcr, 30);
        bytes memory content = abi.encode("transfer", acme, project, GENERAL, uint256(70));
        assertEq(budgets.contentOfKey(acme, KEY), keccak256(content));
    }

    // Limits

    /// @dev An account's own controller is held by its limit, and so cannot move it.
    function test_setBudget_revertsWhen_callerIsNotAbove() external {
        address[4] memory callers = [STRANGER, OWNER, OTHER_REGISTRAR, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectBudgetRefused(callers[i], owned, _notAuthorised(callers[i], owned));
        }
        _expectBudgetRefused(CONTROLLER, acme, _notAuthorised(CONTROLLER, acme));
        bytes memory reason = abi.encodeWithSelector(IRegistry.AccountUnknown.selector, 99);
        _expectBudgetRefused(REGISTRAR, 99, reason);
    }

    function test_setBudget_revertsWhen_valuesAreInvalid() external {
        _expectValuesRefused(1 << 59, Periods.Kind.None, 0, 0);
        _expectValuesRefused(1, Periods.Kind.None, 0, 1_000_001);
        _expectValuesRefused(1, Periods.Kind.None, 1, 0);
        _expectValuesRefused(1, Periods.Kind.Week, 1, 0);
        _expectValuesRefused(1, Periods.Kind.Month, 1, 0);
        _expectValuesRefused(1, Periods.Kind.Fixed, 0, 0);
        _expectValuesRefused(1, Periods.Kind.Fixed, 36_525 days + 1, 0);
    }

    function test_setBudget_setsWhatItSays() external {
        VM.recordLogs();
        BudgetTerms memory terms = limitOf(500);
        (terms.periodKind, terms.softPpm) = (Periods.Kind.Month, 800_000);
        VM.prank(CONTROLLER);
        budgets.setBudget(owned, terms);
        assertSaid(budgetSet(owned, 500, Periods.Kind.Month, 0, 800_000, 1_701_388_800));
        Budget memory set = budget(owned);
        assertTrue(set.hasLimit, "no limit");
        assertEq(set.limitUcr, 500);
        assertEq(set.softPpm, 800_000);
        assertEq(uint256(set.periodKind), uint256(Periods.Kind.Month));
        assertEq(set.periodStartS, 1_698_796_800);
        assertEq(set.periodEndS, 1_701_388_800);
        assertEq(set.frozenWhy, 0);
    }

    /// @dev THREATS T14: each field at its maximum, beside all others at theirs.
    function test_setBudget_keepsItsFieldsApart() external {
        charge(owned, type(uint128).max);
        limitPer(owned, (1 << 59) - 1, Periods.Kind.Fixed, 36_525 days, 1_000_000);
        Budget memory set = budget(owned);
        assertEq(set.limitUcr, (1 << 59) - 1);
        assertEq(set.periodLengthS, 36_525 days);
        assertEq(set.softPpm, 1_000_000);
        assertEq(uint256(set.periodKind), uint256(Periods.Kind.Fixed));
        assertEq(set.overdraftUcr, (1 << 72) - 1);
        assertEq(set.spentUcr, 0);
        assertEq(set.spentLifetimeUcr, (1 << 64) - 1);
        assertEq(set.frozenWhy, BY_OVERDRAFT);
    }

    // Views

    function test_budgetOf_revertsWhen_accountIsUnknown() external {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.AccountUnknown.selector, 99));
        budgets.budgetOf(99);
    }

    function test_budgetsOf_answersInTheOrderAsked() external {
        charge(project, 7);
        uint32[] memory accounts = new uint32[](3);
        (accounts[0], accounts[1], accounts[2]) = (owned, project, acme);
        Budget[] memory found = budgets.budgetsOf(accounts);
        assertEq(found.length, 3);
        assertEq(found[0].spentUcr, 0);
        assertEq(found[1].overdraftUcr, 7);
        assertEq(found[2].spentUcr, 7);
        assertEq(found[2].overdraftUcr, 0);
    }

    // Below

    function _grantOther(uint256 amountUcr, bool isInside, uint256 leftUcr) private {
        if (!isInside) {
            bytes memory reason = _exceeded(other, GENERAL, amountUcr, leftUcr);
            _expectGrantRefused(OTHER_REGISTRAR, other, GENERAL, amountUcr, 0, reason);
            return;
        }
        VM.prank(OTHER_REGISTRAR);
        budgets.grant(other, GENERAL, amountUcr, 0);
    }

    function _expectGrantRefused(
        address caller,
        uint32 to,
        uint256 id,
        uint256 amountUcr,
        bytes32 key,
        bytes memory reason
    ) private {
        VM.prank(caller);
        VM.expectRevert(reason);
        budgets.grant(to, id, amountUcr, key);
    }

    function _expectTransferRefused(
        address caller,
        uint32 from,
        uint32 to,
        uint256 id,
        uint256 amountUcr,
        bytes32 key,
        bytes memory reason
    ) private {
        VM.prank(caller);
        VM.expectRevert(reason);
        budgets.transfer(from, to, id, amountUcr, key);
    }

    function _expectBudgetRefused(address caller, uint32 which, bytes memory reason) private {
        VM.prank(caller);
        VM.expectRevert(reason);
        budgets.setBudget(which, limitOf(1));
    }

    function _expectValuesRefused(
        uint256 limitUcr,
        Periods.Kind kind,
        uint64 lengthS,
        uint32 softPpm
    ) private {
        VM.expectRevert(
            abi.encodeWithSelector(IBudgets.BudgetInvalid.selector, limitUcr, softPpm, 0, lengthS)
        );
        limitPer(owned, limitUcr, kind, lengthS, softPpm);
    }

    function _notAuthorised(address caller, uint32 which) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBudgets.NotAuthorised.selector, caller, which);
    }

    function _exceeded(uint32 which, uint256 class, uint256 amountUcr, uint256 leftUcr)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IBudgets.MintAllowanceExceeded.selector, which, class, amountUcr, leftUcr
        );
    }
}
