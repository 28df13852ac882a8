// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budgets} from "../../../contracts/Budgets.sol";
import {Credits} from "../../../contracts/Credits.sol";
import {Cursors} from "../../../contracts/Cursors.sol";
import {Registry} from "../../../contracts/Registry.sol";
import {Tariff} from "../../../contracts/Tariff.sol";
import {Budget} from "../../../contracts/interfaces/IBudgets.sol";
import {Assertions} from "../support/Assertions.sol";
import {NetworkHandler} from "./NetworkHandler.sol";

/// @title What holds whatever happens: docs/invariants.md
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 6
/// forge-config: default.invariant.include-storage = false
/// forge-config: default.invariant.include-push-bytes = false
contract InvariantsTest is Assertions {
    uint256 private constant GENERAL = 1;

    NetworkHandler private handler;
    Budgets private budgets;
    Credits private credits;
    Cursors private cursors;
    Registry private registry;
    Tariff private tariff;

    function setUp() external {
        handler = new NetworkHandler();
        (registry, tariff, cursors, budgets, credits) = handler.parts();
    }

    /// @notice Whom forge calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev Credits are conserved, per id, and what was spent or repaid is what burned.
    function invariant_I1_balancesAreMintedLessBurned() external view {
        uint32[] memory accounts = handler.accounts();
        uint256 generalUcr = 0;
        uint256 planUcr = 0;
        uint256 paidUcr = handler.saidUcr() - handler.unplacedUcr();
        for (uint256 i = 0; i < accounts.length; ++i) {
            Budget memory one = budgets.budgetOf(accounts[i]);
            generalUcr += one.generalUcr;
            planUcr += one.planUcr;
            paidUcr -= one.overdraftUcr;
        }
        assertEq(generalUcr, credits.minted(GENERAL) - credits.burned(GENERAL));
        assertEq(generalUcr + planUcr, handler.grantedUcr() - paidUcr);
    }

    /// @dev Every number once: as many records as cursors have passed, and cursors where the model says.
    function invariant_I2_sequenceNumbersSettleOnce() external view {
        uint32[] memory meters = handler.meters();
        uint256 passed = 0;
        for (uint256 i = 0; i < meters.length; ++i) {
            uint64 nextSeq = cursors.cursorOf(meters[i]).nextSeq;
            assertEq(nextSeq, handler.nextSeqOf(meters[i]));
            passed += nextSeq;
        }
        assertEq(handler.recorded(), passed);
    }

    /// @dev What a record cost at its time can be asked for ever, whatever was voted since.
    function invariant_I3_costsAreTheTariffsOfTheirTime() external view {
        NetworkHandler.Priced[] memory all = handler.priced();
        for (uint256 i = 0; i < all.length; ++i) {
            uint32[8] memory quantities;
            quantities[0] = all[i].inFresh;
            quantities[3] = all[i].outVisible;
            assertEq(tariff.value(all[i].resource, 0, quantities, all[i].timeMs), all[i].costUcr);
        }
    }

    function invariant_I4_spendingAddsUpTheTree() external view {
        uint32[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 expectedUcr = handler.ownUcrOf(accounts[i]);
            for (uint256 j = 0; j < accounts.length; ++j) {
                if (registry.accountOf(accounts[j]).parent != accounts[i]) continue;
                expectedUcr += budgets.budgetOf(accounts[j]).spentLifetimeUcr;
            }
            assertEq(budgets.budgetOf(accounts[i]).spentLifetimeUcr, expectedUcr);
        }
    }

    /// @dev I5: batches without a quorum are tried by the handler, which compares all state around them. I8: the rest adds
    /// up to what quorums signed, from calldata and statuses alone.
    function invariant_I5_I8_accumulatorFollowsFromAttestedBatches() external view {
        NetworkHandler.Absorbed[] memory all = handler.absorbed();
        bytes32 accumulator = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            accumulator = keccak256(abi.encode(accumulator, all[i].dataHash, all[i].settledBitmap));
        }
        assertEq(cursors.accumulator(), accumulator);
        assertEq(cursors.batchCount(), all.length);
    }

    /// @dev The handler compares all balances and budgets around batches of quarantined records; here nothing of any was
    /// charged to anyone.
    function invariant_I7_quarantinedRecordsMoveNothing() external view {
        uint32[] memory accounts = handler.accounts();
        uint256 chargedUcr = handler.unplacedUcr();
        for (uint256 i = 0; i < accounts.length; ++i) {
            chargedUcr += handler.ownUcrOf(accounts[i]);
        }
        assertEq(handler.saidUcr(), chargedUcr);
    }

    /// @dev Freezes are no state of their own: they follow from debt, spending and limit.
    function invariant_freezesFollowFromBudgets() external {
        handler.toNow();
        uint32[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            Budget memory one = budgets.budgetOf(accounts[i]);
            uint256 why = one.overdraftUcr == 0 ? 0 : 1;
            if (one.hasLimit && one.spentUcr >= one.limitUcr) why |= 2;
            assertEq(one.frozenWhy, why);
            assertTrue(one.spentUcr <= one.spentLifetimeUcr, "spent more than ever");
            assertTrue(one.overdraftUcr == 0 || one.generalUcr + one.planUcr == 0, "owes");
        }
    }
}
