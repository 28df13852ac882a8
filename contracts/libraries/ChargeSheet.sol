// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {IBudgetState} from "../interfaces/IBudgetState.sol";
import {Tally} from "./Tally.sol";
import {Terms} from "./Terms.sol";

/// @notice Every account a charge touches, once each: the charged projects first, then their ancestors.
struct Sheet {
    uint256 length;
    uint256 projects;
    uint256[] accounts;
    uint256[] parents;
    uint256[] ownUcr;
    uint256[] spentUcr;
    Tally[] tallies;
    Terms[] terms;
}

/// @title The working sheet of one charge
/// @notice Accounts are found again through transient storage: account id -> (run, place). The run tells this charge's
/// entries from those of an earlier one in the same transaction.
library ChargeSheet {
    using TransientSlot for bytes32;
    using TransientSlot for TransientSlot.Uint256Slot;

    /// @dev The depth of the account tree.
    uint256 private constant MAX_DEPTH = 4;
    /// @dev Above every account id.
    bytes32 private constant RUN_SLOT = bytes32(uint256(1) << 32);
    uint256 private constant RUN_AT = 128;
    uint256 private constant PLACE_MASK = (1 << RUN_AT) - 1;

    /// @notice The projects and all their ancestors are on the sheet, with their words and what each has spent now.
    /// @param state Where the words are.
    /// @param projects Account ids.
    /// @param costsUcr What each project's use cost; less than 2^128 each.
    /// @return sheet The sheet.
    function gather(IBudgetState state, uint256[] calldata projects, uint256[] calldata costsUcr)
        internal
        returns (Sheet memory sheet)
    {
        uint256 capacity = projects.length * MAX_DEPTH;
        sheet.accounts = new uint256[](capacity);
        sheet.parents = new uint256[](capacity);
        sheet.ownUcr = new uint256[](capacity);
        sheet.spentUcr = new uint256[](capacity);
        sheet.tallies = new Tally[](capacity);
        sheet.terms = new Terms[](capacity);

        uint256 run = RUN_SLOT.asUint256().tload() + 1;
        RUN_SLOT.asUint256().tstore(run);
        for (uint256 i = 0; i < projects.length; ++i) {
            sheet.ownUcr[_placeOf(sheet, projects[i], run) - 1] += costsUcr[i];
        }
        sheet.projects = sheet.length;
        uint256 from = 0;
        for (uint256 depth = 0; depth < MAX_DEPTH && from < sheet.length; ++depth) {
            from = _loadFrom(state, sheet, from, run);
        }
        _addUp(sheet);
    }

    /// @notice What the sheet ends with, for storing.
    /// @param sheet The sheet.
    /// @return accounts All account ids on it.
    /// @return tallies The tally of each.
    function result(Sheet memory sheet)
        internal
        pure
        returns (uint256[] memory accounts, Tally[] memory tallies)
    {
        accounts = new uint256[](sheet.length);
        tallies = new Tally[](sheet.length);
        for (uint256 i = 0; i < sheet.length; ++i) {
            accounts[i] = sheet.accounts[i];
            tallies[i] = sheet.tallies[i];
        }
    }

    /// @dev The words of the accounts from a place on are loaded, their parents on the sheet. Returns the next place.
    function _loadFrom(IBudgetState state, Sheet memory sheet, uint256 from, uint256 run)
        private
        returns (uint256 to)
    {
        to = sheet.length;
        uint256[] memory accounts = new uint256[](to - from);
        for (uint256 i = from; i < to; ++i) {
            accounts[i - from] = sheet.accounts[i];
        }
        (Tally[] memory tallies, Terms[] memory terms) = state.load(accounts);
        for (uint256 i = from; i < to; ++i) {
            Tally tally = tallies[i - from];
            sheet.tallies[i] = tally;
            sheet.terms[i] = terms[i - from];
            uint256 parent = tally.parent();
            if (parent != 0) sheet.parents[i] = _placeOf(sheet, parent, run);
        }
    }

    /// @dev Each project's cost counts for itself and for every ancestor.
    function _addUp(Sheet memory sheet) private pure {
        for (uint256 i = 0; i < sheet.projects; ++i) {
            uint256 costUcr = sheet.ownUcr[i];
            uint256 place = i + 1;
            for (uint256 depth = 0; depth < MAX_DEPTH && place != 0; ++depth) {
                sheet.spentUcr[place - 1] += costUcr;
                place = sheet.parents[place - 1];
            }
        }
    }

    /// @dev The account's place on the sheet, counted from 1; a new one where it has none yet.
    function _placeOf(Sheet memory sheet, uint256 account, uint256 run)
        private
        returns (uint256 place)
    {
        TransientSlot.Uint256Slot slot = bytes32(account).asUint256();
        uint256 word = slot.tload();
        if (word >> RUN_AT == run) return word & PLACE_MASK;
        sheet.accounts[sheet.length] = account;
        place = ++sheet.length;
        slot.tstore((run << RUN_AT) | place);
    }
}
