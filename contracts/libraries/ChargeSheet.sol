// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {IBudgetState} from "../interfaces/IBudgetState.sol";
import {Lists} from "./Lists.sol";
import {Tally} from "./Tally.sol";
import {Terms} from "./Terms.sol";

/// @dev The depth of the account tree, and so the levels of a sheet.
uint256 constant LEVELS = 4;

/// @notice Accounts on one level of a sheet, with their words.
struct Level {
    uint256[] accounts;
    Tally[] tallies;
    Terms[] terms;
}

/// @notice Every account a charge touches, once each. A place is counted from 1 over all levels; parents (0 = none) are by
/// place - 1. A sheet is tangled where some parent stands before its child, as one that is charged itself may.
struct Sheet {
    Level[LEVELS] levels;
    uint256 length;
    bool isTangled;
    uint256[] parents;
}

/// @title The working sheet of one charge
/// @notice Level 0 holds the charged projects, each further level the parents of the one before that are not on the sheet
/// yet. Accounts are found again through transient storage, account id -> run << 128 | place; the run tells this charge's
/// entries from those of an earlier one in the same transaction.
library ChargeSheet {
    using Lists for uint256[];
    using Lists for Tally[];
    using TransientSlot for bytes32;
    using TransientSlot for TransientSlot.Uint256Slot;

    /// @dev Above every account id.
    bytes32 private constant RUN_SLOT = bytes32(uint256(1) << 32);
    uint256 private constant RUN_AT = 128;
    uint256 private constant PLACE_MASK = (1 << RUN_AT) - 1;

    /// @notice The projects and all their ancestors are on the sheet, with their words.
    /// @param state Where the words are.
    /// @param projects Account ids, each once.
    /// @return sheet The sheet; levels after the last hold no account.
    function gather(IBudgetState state, uint256[] calldata projects)
        internal
        returns (Sheet memory sheet)
    {
        uint256 run = RUN_SLOT.asUint256().tload() + 1;
        RUN_SLOT.asUint256().tstore(run);
        sheet.parents = new uint256[](projects.length * LEVELS);
        uint256[] memory accounts = projects;
        for (uint256 i = 0; i < accounts.length; ++i) {
            _slotOf(accounts.get(i)).tstore((run << RUN_AT) | (i + 1));
        }
        for (uint256 i = 0; i < LEVELS; ++i) {
            accounts = _load(state, sheet, sheet.levels[i], accounts, run);
        }
    }

    /// @notice What the charge adds to each account on the sheet. Each project's due counts for its parent too, and so on
    /// upwards: in one pass, or, where the sheet is tangled, on each due's own way up.
    /// @param sheet The sheet.
    /// @param dues What is due of each project: its cost in the low 192 bits, what leases cover of it above them.
    /// @return sums The same of each account on the sheet, by place - 1.
    function addUp(Sheet memory sheet, uint256[] memory dues)
        internal
        pure
        returns (uint256[] memory sums)
    {
        sums = new uint256[](sheet.length);
        for (uint256 i = 0; i < dues.length; ++i) {
            sums.put(i, dues.get(i));
        }
        uint256[] memory parents = sheet.parents;
        // Costs below 2^128, at most one for each of 2^32 accounts, add up to less than 2^160; what is covered was leased of
        // the same account before, in 56 bits.
        unchecked {
            if (sheet.isTangled) {
                _walkUp(parents, dues, sums);
                return sums;
            }
            for (uint256 i = 0; i < sums.length; ++i) {
                uint256 parent = parents.get(i);
                if (parent == 0) continue;
                sums.put(parent - 1, sums.get(parent - 1) + sums.get(i));
            }
        }
    }

    /// @dev Each due is added on its own way up.
    function _walkUp(uint256[] memory parents, uint256[] memory dues, uint256[] memory sums)
        private
        pure
    {
        // As in addUp.
        unchecked {
            for (uint256 i = 0; i < dues.length; ++i) {
                for (uint256 place = parents[i]; place != 0; place = parents[place - 1]) {
                    sums[place - 1] += dues[i];
                }
            }
        }
    }

    /// @dev The accounts' words stand on a level. Returns the parents, which belong on the next.
    function _load(
        IBudgetState state,
        Sheet memory sheet,
        Level memory level,
        uint256[] memory accounts,
        uint256 run
    ) private returns (uint256[] memory above) {
        if (accounts.length == 0) return accounts;
        (level.tallies, level.terms) = state.load(accounts);
        level.accounts = accounts;
        Tally[] memory tallies = level.tallies;
        uint256[] memory parents = sheet.parents;
        uint256 first = sheet.length;
        uint256 next = first + accounts.length;
        sheet.length = next;
        above = new uint256[](accounts.length);
        uint256 count = 0;
        // Counters stay below the arrays' lengths, and those below 2^32.
        unchecked {
            for (uint256 i = 0; i < tallies.length; ++i) {
                uint256 parent = tallies.get(i).parent();
                if (parent == 0) continue;
                TransientSlot.Uint256Slot slot = _slotOf(parent);
                uint256 word = slot.tload();
                if (word >> RUN_AT != run) {
                    above.put(count++, parent);
                    word = (run << RUN_AT) | (next + count);
                    slot.tstore(word);
                } else if (word & PLACE_MASK <= first + i) {
                    sheet.isTangled = true;
                }
                parents.put(first + i, word & PLACE_MASK);
            }
        }
        Arrays.splice(above, 0, count);
    }

    function _slotOf(uint256 account) private pure returns (TransientSlot.Uint256Slot) {
        return bytes32(account).asUint256();
    }
}
