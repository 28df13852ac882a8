// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {ICredits} from "../../contracts/interfaces/ICredits.sol";
import {CreditIds} from "../../contracts/libraries/CreditIds.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title Balances that only Budgets moves, and none is lost of
contract CreditsTest is BudgetFixture {
    uint256 private constant GENERAL = 1;
    uint256 private constant ACCOUNT = 7;
    uint256 private constant OTHER = 8;

    function setUp() external {
        deployBudgets();
    }

    // Ways that are closed

    /// @dev Not even for a holder: nobody has the key of an account's address, and nobody else's credits exist.
    function test_transfer_revertsFor_everyone() external {
        address[3] memory callers = [STRANGER, credits.addressOf(project), address(budgets)];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes[4] memory calls = [
                abi.encodeCall(credits.transfer, (STRANGER, GENERAL, 0)),
                abi.encodeCall(credits.transferFrom, (callers[i], STRANGER, GENERAL, 0)),
                abi.encodeCall(credits.approve, (STRANGER, GENERAL, 1)),
                abi.encodeCall(credits.setOperator, (STRANGER, true))
            ];
            for (uint256 j = 0; j < calls.length; ++j) {
                VM.prank(callers[i]);
                (bool isDone, bytes memory reason) = address(credits).call(calls[j]);
                assertTrue(!isDone, "went through");
                assertEq(bytes32(reason), bytes32(ICredits.MovesThroughBudgetsOnly.selector));
            }
        }
        assertEq(credits.allowance(STRANGER, STRANGER, GENERAL), 0);
        assertTrue(!credits.isOperator(STRANGER, STRANGER), "is operator");
    }

    function test_move_revertsWhen_balanceIsShort() external {
        _mint(ACCOUNT, GENERAL, 5);
        VM.prank(address(budgets));
        VM.expectRevert(
            abi.encodeWithSelector(ICredits.BalanceTooLow.selector, ACCOUNT, GENERAL, 5, 6)
        );
        credits.move(ACCOUNT, OTHER, GENERAL, 6);
    }

    function test_burn_revertsWhen_balanceIsShort() external {
        _mint(ACCOUNT, GENERAL, 5);
        VM.prank(address(budgets));
        VM.expectRevert(
            abi.encodeWithSelector(ICredits.BalanceTooLow.selector, ACCOUNT, GENERAL, 5, 6)
        );
        credits.burn(ACCOUNT, GENERAL, 6);
    }

    /// @dev T14: no balance runs into its neighbour.
    function test_mint_revertsWhen_balanceWouldNotFit() external {
        _checkFull(GENERAL, (1 << 80) - 1);
        _checkFull(planOf(uint32(ACCOUNT)), (1 << 64) - 1);
        _checkFull(CreditIds.EXPLORATION, (1 << 56) - 1);
        assertEq(credits.balanceOfAccount(ACCOUNT, GENERAL), (1 << 80) - 1);
        assertEq(credits.balanceOfAccount(ACCOUNT, planOf(uint32(ACCOUNT))), (1 << 64) - 1);
    }

    function test_pay_revertsWhen_lengthsDiffer() external {
        VM.prank(address(budgets));
        VM.expectRevert(abi.encodeWithSelector(ICredits.LengthsDiffer.selector, 1, 2));
        credits.pay(new uint256[](1), new uint256[](2));
    }

    /// @dev I6: what leases reserve stays, whatever kind of credits is asked for.
    function test_reserved_staysWhereItIs() external {
        _mint(ACCOUNT, GENERAL, 50);
        _mint(ACCOUNT, planOf(uint32(ACCOUNT)), 30);
        _mint(ACCOUNT, CreditIds.PROVIDER | 1, 9);
        VM.prank(address(leases));
        _expectLeased(81, 80);
        credits.reserve(ACCOUNT, 81);
        VM.startPrank(address(leases));
        credits.reserve(ACCOUNT, 60);
        VM.stopPrank();
        VM.prank(address(budgets));
        _expectLeased(60, 59);
        credits.move(ACCOUNT, OTHER, GENERAL, 21);
        VM.prank(address(budgets));
        _expectLeased(60, 59);
        credits.burn(ACCOUNT, planOf(uint32(ACCOUNT)), 21);
        VM.startPrank(address(budgets));
        credits.burn(ACCOUNT, planOf(uint32(ACCOUNT)), 20);
        credits.move(ACCOUNT, OTHER, CreditIds.PROVIDER | 1, 9);
        VM.stopPrank();
        (uint256 balanceUcr, uint256 leasedUcr) = credits.spendableOf(ACCOUNT);
        assertEq(balanceUcr, 60);
        assertEq(leasedUcr, 60);
        VM.prank(address(leases));
        assertEq(credits.free(ACCOUNT, 50), 10);
        VM.prank(address(budgets));
        credits.move(ACCOUNT, OTHER, GENERAL, 50);
    }

    // Ways that are open to Budgets

    function test_mint_isAnnounced() external {
        VM.expectEmit(address(credits));
        emit IERC6909.Transfer(address(budgets), address(0), credits.addressOf(ACCOUNT), GENERAL, 5);
        _mint(ACCOUNT, GENERAL, 5);
        assertEq(credits.balanceOf(credits.addressOf(ACCOUNT), GENERAL), 5);
        assertEq(credits.balanceOfAccount(ACCOUNT, GENERAL), 5);
        assertEq(credits.minted(GENERAL), 5);
    }

    function test_move_isAnnounced() external {
        _mint(ACCOUNT, GENERAL, 5);
        VM.expectEmit(address(credits));
        emit IERC6909.Transfer(
            address(budgets), credits.addressOf(ACCOUNT), credits.addressOf(OTHER), GENERAL, 3
        );
        VM.prank(address(budgets));
        credits.move(ACCOUNT, OTHER, GENERAL, 3);
        assertEq(credits.balanceOfAccount(ACCOUNT, GENERAL), 2);
        assertEq(credits.balanceOfAccount(OTHER, GENERAL), 3);
        assertEq(credits.minted(GENERAL), 5);
        assertEq(credits.burned(GENERAL), 0);
    }

    function test_burn_isAnnounced() external {
        _mint(ACCOUNT, GENERAL, 5);
        VM.expectEmit(address(credits));
        emit IERC6909.Transfer(address(budgets), credits.addressOf(ACCOUNT), address(0), GENERAL, 3);
        VM.prank(address(budgets));
        credits.burn(ACCOUNT, GENERAL, 3);
        assertEq(credits.burned(GENERAL), 3);
        assertEq(credits.balanceOfAccount(ACCOUNT, GENERAL), 2);
    }

    function test_pay_isAnnounced() external {
        _mint(ACCOUNT, GENERAL, 5);
        VM.expectEmit(address(credits));
        emit IERC6909.Transfer(address(budgets), credits.addressOf(ACCOUNT), address(0), GENERAL, 5);
        assertEq(_pay(9), 4);
        assertEq(credits.burned(GENERAL), 5);
    }

    function test_pay_takesPlanThenExplorationThenGeneralCredits() external {
        _mint(ACCOUNT, GENERAL, 5);
        _mint(ACCOUNT, CreditIds.EXPLORATION, 5);
        _mint(ACCOUNT, planOf(uint32(ACCOUNT)), 5);
        assertEq(_pay(3), 0);
        _assertHeld(2, 5, 5);
        assertEq(_pay(3), 0);
        _assertHeld(0, 4, 5);
        assertEq(_pay(5), 0);
        _assertHeld(0, 0, 4);
        assertEq(_pay(5), 1);
        assertEq(credits.burned(planOf(uint32(ACCOUNT))), 5);
        assertEq(credits.burned(CreditIds.EXPLORATION), 5);
        assertEq(credits.burned(GENERAL), 5);
    }

    /// @dev What leases cover is paid from what they reserve; nothing else is.
    function test_pay_leavesWhatLeasesReserve() external {
        _mint(ACCOUNT, GENERAL, 100);
        VM.prank(address(leases));
        credits.reserve(ACCOUNT, 70);
        assertEq(_pay(50), 20);
        assertEq(_pay((10 << 192) | 15), 5);
        (uint256 balanceUcr, uint256 leasedUcr) = credits.spendableOf(ACCOUNT);
        assertEq(balanceUcr, 60);
        assertEq(leasedUcr, 60);
    }

    /// @dev T13: for any balances, reservation and due, parts add up and the reservation holds.
    function test_fuzz_pay_addsUp(
        uint72 general,
        uint56 plan,
        uint48 exploration,
        uint56 reserved,
        uint80 due,
        uint56 covered
    ) external {
        _mint(ACCOUNT, GENERAL, general);
        _mint(ACCOUNT, planOf(uint32(ACCOUNT)), plan);
        _mint(ACCOUNT, CreditIds.EXPLORATION, exploration);
        uint256 sumUcr = uint256(general) + plan + exploration;
        uint256 leasedUcr = reserved % (sumUcr + 1);
        uint256 coveredUcr = covered % (leasedUcr + 1);
        if (coveredUcr > due) coveredUcr = due;
        VM.prank(address(leases));
        credits.reserve(ACCOUNT, leasedUcr);
        uint256 unpaidUcr = _pay((coveredUcr << 192) | due);
        (uint256 balanceUcr, uint256 leftUcr) = credits.spendableOf(ACCOUNT);
        assertEq(leftUcr, leasedUcr - coveredUcr);
        assertEq(balanceUcr + due - unpaidUcr, sumUcr);
        assertTrue(balanceUcr >= leftUcr, "reserved is not there");
        assertTrue(unpaidUcr == 0 || balanceUcr == leftUcr, "owes what it has");
        uint256 burnedUcr = credits.burned(GENERAL) + credits.burned(CreditIds.EXPLORATION);
        assertEq(burnedUcr + credits.burned(planOf(uint32(ACCOUNT))), due - unpaidUcr);
    }

    function test_balances_ofPools_lieApart() external {
        _mint(CreditIds.EXPLORATION_POOL, CreditIds.EXPLORATION, type(uint128).max);
        _mint(1, CreditIds.EXPLORATION, 3);
        assertEq(
            credits.balanceOfAccount(CreditIds.EXPLORATION_POOL, CreditIds.EXPLORATION),
            type(uint128).max
        );
        assertEq(credits.balanceOfAccount(1, CreditIds.EXPLORATION), 3);
        VM.expectRevert(abi.encodeWithSelector(CreditIds.HolderUnknown.selector, 1 << 33));
        credits.balanceOfAccount(1 << 33, GENERAL);
    }

    /// @dev Invariant I1 for one id, over mints, moves and burns of any size.
    function test_fuzz_balances_addUp(
        uint72[3] calldata mints,
        uint128[3] calldata moves,
        uint128[3] calldata burns
    ) external {
        for (uint256 i = 0; i < 3; ++i) {
            _mint(i % 2 == 0 ? ACCOUNT : OTHER, GENERAL, mints[i]);
            (uint256 from, uint256 to) = i % 2 == 0 ? (ACCOUNT, OTHER) : (OTHER, ACCOUNT);
            uint256 heldUcr = credits.balanceOfAccount(from, GENERAL);
            VM.prank(address(budgets));
            credits.move(from, to, GENERAL, heldUcr == 0 ? 0 : moves[i] % heldUcr);
            uint256 heldBeforeUcr = credits.balanceOfAccount(ACCOUNT, GENERAL);
            uint256 unpaidUcr = _pay(burns[i]);
            uint256 paidUcr = heldBeforeUcr - credits.balanceOfAccount(ACCOUNT, GENERAL);
            assertEq(paidUcr + unpaidUcr, burns[i]);
        }
        uint256 sumUcr =
            credits.balanceOfAccount(ACCOUNT, GENERAL) + credits.balanceOfAccount(OTHER, GENERAL);
        assertEq(sumUcr, credits.minted(GENERAL) - credits.burned(GENERAL));
        assertEq(credits.minted(GENERAL), uint256(mints[0]) + mints[1] + mints[2]);
    }

    function test_supportsInterface_knowsItsOwn() external view {
        assertTrue(credits.supportsInterface(type(IERC6909).interfaceId), "ERC-6909");
        assertTrue(credits.supportsInterface(0x01ffc9a7), "ERC-165");
        assertTrue(!credits.supportsInterface(0xffffffff), "none");
    }

    // Below

    function _mint(uint256 to, uint256 id, uint256 amountUcr) private {
        VM.prank(address(budgets));
        credits.mint(to, id, amountUcr);
    }

    function _pay(uint256 due) private returns (uint256) {
        uint256[] memory accounts = new uint256[](1);
        uint256[] memory dues = new uint256[](1);
        (accounts[0], dues[0]) = (ACCOUNT, due);
        VM.prank(address(budgets));
        return credits.pay(accounts, dues)[0];
    }

    function _checkFull(uint256 id, uint256 limitUcr) private {
        _mint(ACCOUNT, id, limitUcr - 1);
        VM.prank(address(budgets));
        VM.expectRevert(
            abi.encodeWithSelector(
                ICredits.BalanceTooHigh.selector, ACCOUNT, id, limitUcr + 1, limitUcr
            )
        );
        credits.mint(ACCOUNT, id, 2);
        _mint(ACCOUNT, id, 1);
    }

    function _expectLeased(uint256 leasedUcr, uint256 balanceUcr) private {
        VM.expectRevert(
            abi.encodeWithSelector(ICredits.CreditsLeased.selector, ACCOUNT, leasedUcr, balanceUcr)
        );
    }

    function _assertHeld(uint256 planUcr, uint256 explorationUcr, uint256 generalUcr) private view {
        assertEq(credits.balanceOfAccount(ACCOUNT, planOf(uint32(ACCOUNT))), planUcr);
        assertEq(credits.balanceOfAccount(ACCOUNT, CreditIds.EXPLORATION), explorationUcr);
        assertEq(credits.balanceOfAccount(ACCOUNT, GENERAL), generalUcr);
    }
}
