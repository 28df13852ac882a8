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

    function test_burnUpTo_revertsWhen_lengthsDiffer() external {
        VM.prank(address(budgets));
        VM.expectRevert(abi.encodeWithSelector(ICredits.LengthsDiffer.selector, 1, 2));
        credits.burnUpTo(GENERAL, new uint256[](1), new uint256[](2));
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

    function test_burnUpTo_isAnnounced() external {
        _mint(ACCOUNT, GENERAL, 5);
        VM.expectEmit(address(credits));
        emit IERC6909.Transfer(address(budgets), credits.addressOf(ACCOUNT), address(0), GENERAL, 5);
        uint256[] memory unpaidUcr = _burn(GENERAL, 9);
        assertEq(unpaidUcr[0], 4);
        assertEq(credits.burned(GENERAL), 5);
    }

    /// @dev Plan credits burn under each account's own id, and are counted per project.
    function test_burnUpTo_takesEachAccountsOwnPlan() external {
        _mint(ACCOUNT, planOf(uint32(ACCOUNT)), 5);
        _mint(ACCOUNT, planOf(uint32(OTHER)), 5);
        uint256[] memory unpaidUcr = _burn(CreditIds.PLAN, 3);
        assertEq(unpaidUcr[0], 0);
        assertEq(credits.balanceOfAccount(ACCOUNT, planOf(uint32(ACCOUNT))), 2);
        assertEq(credits.balanceOfAccount(ACCOUNT, planOf(uint32(OTHER))), 5);
        assertEq(credits.burned(planOf(uint32(ACCOUNT))), 3);
    }

    /// @dev Invariant I1 for one id, over mints, moves and burns of any size.
    function test_fuzz_balances_addUp(
        uint128[3] calldata mints,
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
            uint256 unpaidUcr = _burn(GENERAL, burns[i])[0];
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

    function _burn(uint256 creditClass, uint256 amountUcr) private returns (uint256[] memory) {
        uint256[] memory accounts = new uint256[](1);
        uint256[] memory amountsUcr = new uint256[](1);
        (accounts[0], amountsUcr[0]) = (ACCOUNT, amountUcr);
        VM.prank(address(budgets));
        return credits.burnUpTo(creditClass, accounts, amountsUcr);
    }
}
