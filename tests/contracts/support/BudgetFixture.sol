// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budget, BudgetTerms, IBudgets} from "../../../contracts/interfaces/IBudgets.sol";
import {Periods} from "../../../contracts/libraries/Periods.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {NetworkFixture} from "./NetworkFixture.sol";
import {Log} from "./Vm.sol";

/// @title Charges without a ledger in between, and what Budgets said about them
abstract contract BudgetFixture is NetworkFixture {
    address internal constant LEDGER = address(0x1ED6E);
    uint8 internal constant BY_OVERDRAFT = 1;
    uint8 internal constant BY_LIMIT = 2;

    function deployBudgets() internal {
        deployNetwork(4);
        manager.grantRole(Roles.CHARGER, LEDGER, 0);
    }

    function charge(uint32 billed, uint256 costUcr) internal {
        uint256[] memory projects = new uint256[](1);
        uint256[] memory costsUcr = new uint256[](1);
        (projects[0], costsUcr[0]) = (billed, costUcr);
        chargeAll(projects, costsUcr);
    }

    function chargeAll(uint256[] memory projects, uint256[] memory costsUcr) internal {
        VM.prank(LEDGER);
        budgets.charge(projects, costsUcr, new bytes32[](0));
    }

    function grantPlan(uint32 to, uint256 amountUcr) internal {
        VM.prank(REGISTRAR);
        budgets.grant(to, planOf(to), amountUcr, 0);
    }

    function planOf(uint32 owner) internal pure returns (uint256) {
        return (1 << 32) + uint256(owner);
    }

    /// @dev A limit for ever, and no soft threshold.
    function limit(uint32 which, uint256 limitUcr) internal {
        limitPer(which, limitUcr, Periods.Kind.None, 0, 0);
    }

    function limitPer(
        uint32 which,
        uint256 limitUcr,
        Periods.Kind kind,
        uint64 lengthS,
        uint32 softPpm
    ) internal {
        BudgetTerms memory terms = limitOf(limitUcr);
        (terms.periodKind, terms.periodLengthS, terms.softPpm) = (kind, lengthS, softPpm);
        setTerms(which, terms);
    }

    function setTerms(uint32 which, BudgetTerms memory terms) internal {
        VM.prank(REGISTRAR);
        budgets.setBudget(which, terms);
    }

    /// @dev A limit for ever, and nothing else.
    function limitOf(uint256 limitUcr) internal pure returns (BudgetTerms memory terms) {
        terms.hasLimit = true;
        terms.limitUcr = limitUcr;
    }

    function budget(uint32 which) internal view returns (Budget memory) {
        return budgets.budgetOf(which);
    }

    function spent(uint32 which) internal view returns (uint256) {
        return budget(which).spentUcr;
    }

    function frozenWhy(uint32 which) internal view returns (uint256) {
        return budget(which).frozenWhy;
    }

    // What Budgets said: each event as one hash over its kind, its account and its other values

    function assertSaid() internal {
        _assertSaid(new bytes32[](0));
    }

    function assertSaid(bytes32 first) internal {
        bytes32[] memory events = new bytes32[](1);
        events[0] = first;
        _assertSaid(events);
    }

    function assertSaid(bytes32 first, bytes32 second) internal {
        bytes32[] memory events = new bytes32[](2);
        (events[0], events[1]) = (first, second);
        _assertSaid(events);
    }

    function assertSaid(bytes32 first, bytes32 second, bytes32 third) internal {
        bytes32[] memory events = new bytes32[](3);
        (events[0], events[1], events[2]) = (first, second, third);
        _assertSaid(events);
    }

    function assertSaid(bytes32 first, bytes32 second, bytes32 third, bytes32 fourth) internal {
        bytes32[] memory events = new bytes32[](4);
        (events[0], events[1], events[2], events[3]) = (first, second, third, fourth);
        _assertSaid(events);
    }

    function charged(uint32 which, uint256 costUcr, uint256 paidUcr, uint256 overdraftUcr)
        internal
        pure
        returns (bytes32)
    {
        return chargedOf(which, costUcr, paidUcr, overdraftUcr, 0);
    }

    function chargedOf(
        uint32 which,
        uint256 costUcr,
        uint256 paidUcr,
        uint256 overdraftUcr,
        uint256 leaseUcr
    ) internal pure returns (bytes32) {
        bytes memory values = abi.encode(costUcr, paidUcr, overdraftUcr, leaseUcr);
        return _event("ProjectCharged(uint32,uint256,uint256,uint256,uint256)", which, values);
    }

    function unplaced(uint32 which, uint256 costUcr) internal pure returns (bytes32) {
        return _event("ChargeUnplaced(uint32,uint256)", which, abi.encode(costUcr));
    }

    function frozen(
        uint32 which,
        uint8 why,
        uint256 spentUcr,
        uint256 limitUcr,
        uint256 overdraftUcr
    ) internal pure returns (bytes32) {
        bytes memory values = abi.encode(why, spentUcr, limitUcr, overdraftUcr);
        return _event("AccountFrozen(uint32,uint8,uint256,uint256,uint256)", which, values);
    }

    function unfrozen(uint32 which) internal pure returns (bytes32) {
        return _event("AccountUnfrozen(uint32)", which, "");
    }

    function softCrossed(uint32 which, uint256 spentUcr, uint256 limitUcr)
        internal
        pure
        returns (bytes32)
    {
        bytes memory values = abi.encode(spentUcr, limitUcr);
        return _event("SoftThresholdCrossed(uint32,uint256,uint256)", which, values);
    }

    function rolled(uint32 which, uint64 periodEndS) internal pure returns (bytes32) {
        return _event("PeriodRolled(uint32,uint64)", which, abi.encode(periodEndS));
    }

    function repaid(uint32 which, uint256 id, uint256 amountUcr, uint256 overdraftUcr)
        internal
        pure
        returns (bytes32)
    {
        bytes memory values = abi.encode(id, amountUcr, overdraftUcr);
        return _event("OverdraftRepaid(uint32,uint256,uint256,uint256)", which, values);
    }

    function budgetSet(
        uint32 which,
        uint256 limitUcr,
        Periods.Kind kind,
        uint64 lengthS,
        uint32 softPpm,
        uint64 periodEndS
    ) internal pure returns (bytes32) {
        return budgetSetTo(which, limitUcr, kind, lengthS, [uint256(softPpm), 0, 0, 0], periodEndS);
    }

    /// @param others The soft threshold, carry-over, rate and its window.
    function budgetSetTo(
        uint32 which,
        uint256 limitUcr,
        Periods.Kind kind,
        uint64 lengthS,
        uint256[4] memory others,
        uint64 periodEndS
    ) internal pure returns (bytes32) {
        bytes memory values = abi.encode(true, limitUcr, kind, lengthS, others, periodEndS);
        return _event(
            "BudgetSet(uint32,bool,uint256,uint8,uint64,uint32,uint32,uint256,uint32,uint64)",
            which,
            values
        );
    }

    /// @dev Exactly these events since recordLogs, in this order; grants and transfers themselves left out.
    function _assertSaid(bytes32[] memory events) private {
        Log[] memory logs = VM.getRecordedLogs();
        uint256 said = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(budgets) || _isMove(logs[i].topics[0])) continue;
            bytes32 heard =
                keccak256(abi.encode(logs[i].topics[0], logs[i].topics[1], logs[i].data));
            assertTrue(said < events.length, "one event too many");
            assertEq(heard, events[said++]);
        }
        assertEq(said, events.length);
    }

    function _isMove(bytes32 topic) private pure returns (bool) {
        return topic == IBudgets.Granted.selector || topic == IBudgets.Transferred.selector;
    }

    function _event(string memory signature, uint32 which, bytes memory values)
        private
        pure
        returns (bytes32)
    {
        bytes32 topic = keccak256(bytes(signature));
        return keccak256(abi.encode(topic, bytes32(uint256(which)), values));
    }
}
