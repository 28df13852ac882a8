// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBudgetState} from "../../contracts/interfaces/IBudgetState.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {Tallies, Tally} from "../../contracts/libraries/Tally.sol";
import {Terms, TermsLibrary} from "../../contracts/libraries/Terms.sol";
import {BudgetFixture} from "./support/BudgetFixture.sol";

/// @title The words of accounts, kept as they were given
contract BudgetStateTest is BudgetFixture {
    function setUp() external {
        deployBudgets();
    }

    function test_open_revertsWhen_accountIsOpen() external {
        VM.prank(address(registry));
        VM.expectRevert(abi.encodeWithSelector(IBudgetState.AlreadyOpen.selector, project));
        state.open(project, team);
    }

    function test_store_revertsWhen_lengthsDiffer() external {
        VM.startPrank(address(budgets));
        VM.expectRevert(abi.encodeWithSelector(IBudgetState.LengthsDiffer.selector, 1, 2));
        state.store(new uint256[](1), new Tally[](2));
        VM.expectRevert(abi.encodeWithSelector(IBudgetState.LengthsDiffer.selector, 2, 1));
        state.storeTerms(new uint256[](2), new Terms[](1));
        VM.stopPrank();
    }

    function test_open_isAnnounced() external {
        VM.expectEmit(address(state));
        emit IBudgetState.AccountOpened(99, project);
        VM.prank(address(registry));
        state.open(99, project);
        (Tally[] memory tallies, Terms[] memory terms) = state.load(_one(99));
        assertEq(tallies[0].parent(), project);
        assertTrue(tallies[0].isOpen(), "not open");
        assertEq(Terms.unwrap(terms[0]), Terms.unwrap(TermsLibrary.opened()));
    }

    function test_load_tellsWhatWasNeverOpened() external view {
        (Tally[] memory tallies,) = state.load(_one(99));
        assertTrue(!tallies[0].isOpen(), "open");
    }

    /// @dev Terms are read only where the tally says that they matter.
    function test_fuzz_load_givesBackWhatWasStored(uint256 word, uint64 limitUcr) external {
        Tally[] memory tallies = new Tally[](1);
        tallies[0] = Tally.wrap(word);
        Terms[] memory terms = new Terms[](1);
        terms[0] = TermsLibrary.packed(true, limitUcr, Periods.Kind.Week, 0, 5, 0);
        VM.startPrank(address(budgets));
        state.store(_one(project), tallies);
        state.storeTerms(_one(project), terms);
        VM.stopPrank();
        (Tally[] memory loaded, Terms[] memory loadedTerms) = state.load(_one(project));
        assertEq(Tally.unwrap(loaded[0]), word);
        bool areNeeded = tallies[0].isMarked(Tallies.HAS_TERMS);
        assertEq(loadedTerms[0].hasLimit(), areNeeded);
        assertEq(loadedTerms[0].limitUcr(), areNeeded ? limitUcr : 0);
    }

    function _one(uint256 value) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }
}
