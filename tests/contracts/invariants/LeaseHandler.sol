// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Budget, BudgetTerms} from "../../../contracts/interfaces/IBudgets.sol";
import {Step} from "../../../contracts/interfaces/ICursors.sol";
import {Lease} from "../../../contracts/interfaces/ILeases.sol";
import {Periods} from "../../../contracts/libraries/Periods.sol";
import {Roles} from "../../../contracts/libraries/Roles.sol";
import {LeaseFixture} from "../support/LeaseFixture.sol";

/// @title What gateways do with leases at random, and people with the credits and limits they rest on
/// @notice The model knows what every lease was opened with and what settled against it, and nothing else.
/// @dev Actions draw from their arguments such that every one of them succeeds; what must not succeed is tried beside them.
/// Time is kept here, since each action comes as a transaction of its own.
contract LeaseHandler is LeaseFixture {
    uint256 private constant GENERAL = 1;
    uint256 private constant EXPLORATION = 2;
    uint32 private constant GRACE_S = 1 hours;
    uint32 private constant LONGEST_S = 1 hours;

    uint32[] private _accounts;
    uint32[] private _meters;
    uint256 private _nowS;

    /// @notice What each lease has left, by the model.
    mapping(uint32 account => mapping(uint32 meter => uint256)) public leftOf;

    /// @dev The action happens at the network's time.
    modifier atItsTime() {
        toNow();
        _;
    }

    /// @notice Accounts of two organisations with credits of every kind, and three gateways; half of all room may be leased.
    constructor() {
        deployBudgets();
        manager.grantRole(Roles.LEDGER, LEDGER, 0);
        manager.grantRole(Roles.ISSUER, address(this), 0);
        manager.grantRole(Roles.EXPERIMENTS, address(this), 0);
        leases.setLeaseTerms(500_000, LONGEST_S, GRACE_S);
        uint32 globex = organisation("globex");
        uint32 unit = account(globex, "unit");
        uint32 deep = account(project, "deep");
        _accounts = [acme, team, project, deep, account(team, "beside"), globex, unit];
        _meters = [gatewayOn(acme, "a"), gatewayOn(acme, "b"), gatewayOn(globex, "c")];
        for (uint256 i = 0; i < _accounts.length; ++i) {
            grant(_accounts[i], 1e12);
        }
        budgets.setExploring(deep, true);
        budgets.issue(deep, EXPLORATION, 1e11);
        _nowS = block.timestamp;
    }

    /// @notice Some gateways have opened or extended leases, of all the room there was or a part of it; not of more.
    function open(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        for (uint256 i = 0; i < 4; ++i) {
            (uint32 of_, uint32 with_) = _aPair(seed);
            _open(of_, with_, seed >> 128);
            seed = _mixed(seed);
        }
    }

    /// @notice What a gateway's calls cost has settled, within its lease, beyond it, or without one.
    function settleUse(uint256 drawn, uint64 costUcr) external atItsTime {
        uint256 seed = _mixed(drawn);
        (uint32 of_, uint32 with_) = _aPair(seed);
        uint256 cost = costUcr % (seed >> 255 == 0 ? 1e11 : 3e12);
        chargeLine(of_, with_, cost);
        uint256 left = leftOf[of_][with_];
        leftOf[of_][with_] = cost < left ? left - cost : 0;
    }

    /// @notice A gateway has said which record was the last it admitted against a lease.
    function declareEnd(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        (uint32 of_, uint32 with_) = _aPair(seed);
        Lease memory found = leases.leaseOf(of_, with_);
        if (!found.isOpen || found.isDeclared) return;
        uint64 lastSeq = cursors.cursorOf(with_).nextSeq + uint64(seed >> 128) % 8;
        bytes memory signature = signEnd(KEY, of_, with_, lastSeq, found.nonce);
        leases.declareLast(of_, with_, lastSeq, found.nonce, signature);
    }

    /// @notice A gateway's cursor has moved on.
    function advance(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 with_ = _meters[seed % _meters.length];
        Step[] memory steps = new Step[](1);
        steps[0] = Step(with_, 0, cursors.cursorOf(with_).nextSeq, uint16((seed >> 128) % 8) + 1);
        VM.prank(LEDGER);
        cursors.advance(steps);
    }

    /// @notice A lease was released where its last record has settled or its grace is over, and nowhere else.
    function release(uint256 drawn) external atItsTime {
        uint256 seed = _mixed(drawn);
        (uint32 of_, uint32 with_) = _aPair(seed);
        Lease memory found = leases.leaseOf(of_, with_);
        bool isPassed = found.isDeclared && cursors.cursorOf(with_).nextSeq > found.lastSeq;
        bool isDue = found.isOpen && (isPassed || _nowS >= found.admitUntilS + GRACE_S);
        (bool isReleased,) = address(leases).call(abi.encodeCall(leases.release, (of_, with_)));
        assertEq(isReleased, isDue);
        if (isReleased) leftOf[of_][with_] = 0;
    }

    /// @notice A registrar has granted general or plan credits.
    function grantCredits(uint256 drawn, uint64 amountUcr) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 to = _anAccount(seed);
        VM.prank(REGISTRAR);
        budgets.grant(to, (seed >> 128) % 2 == 0 ? GENERAL : planOf(to), 1 + amountUcr % 1e12, 0);
    }

    /// @notice Credits that no lease reserves were taken away, all of them now and then; not one more.
    function takeCredits(uint256 drawn, uint64 part) external atItsTime {
        uint256 seed = _mixed(drawn);
        uint32 from = _anAccount(seed);
        uint256 freeUcr = budgets.availableOf(from, GENERAL);
        bytes memory call = abi.encodeCall(budgets.retire, (from, GENERAL, freeUcr + 1));
        (bool isTaken,) = address(budgets).call(call);
        assertEq(isTaken, false);
        budgets.retire(from, GENERAL, part % 8 == 0 ? freeUcr : part % (freeUcr + 1));
    }

    /// @notice A registrar has set some limit, often below what is leased and spent, and a rate now and then.
    function limitSpending(uint256 drawn, uint64 limitUcr) external atItsTime {
        uint256 seed = _mixed(drawn);
        Periods.Kind kind = Periods.Kind((seed >> 8) % 4);
        BudgetTerms memory terms = BudgetTerms({
            hasLimit: (seed >> 200) % 4 != 0,
            limitUcr: 0,
            periodKind: kind,
            periodLengthS: kind == Periods.Kind.Fixed ? uint64(seed >> 16) % 1e5 + 1 : 0,
            softPpm: uint32((seed >> 128) % 1_000_001),
            carryPpm: uint32((seed >> 160) % 1_000_001),
            rateUcr: 0,
            rateWindowS: 0
        });
        uint32 which = _anAccount(seed);
        Budget memory one = budgets.budgetOf(which);
        // Half of what is taken up, or all of it and some more.
        terms.limitUcr = (one.spentUcr + one.leasedUcr) * (1 + (seed >> 204) % 2) / 2;
        terms.limitUcr += limitUcr % 2e11;
        if ((seed >> 202) % 4 == 0) (terms.rateUcr, terms.rateWindowS) = (limitUcr % 1e11, 600);
        setTerms(which, terms);
    }

    /// @notice Some time has passed, up to two hours.
    function passTime(uint24 pauseS) external {
        _nowS += pauseS % 2 hours;
    }

    /// @notice The block's time is the network's.
    function toNow() public {
        VM.warp(_nowS);
    }

    /// @notice What to look at.
    function parts() external view returns (address, address, address, address) {
        return (address(budgets), address(credits), address(leases), address(registry));
    }

    /// @notice Every account there is.
    function accounts() external view returns (uint32[] memory) {
        return _accounts;
    }

    /// @notice Every gateway there is.
    function meters() external view returns (uint32[] memory) {
        return _meters;
    }

    /// @notice What leases of an account and of all below it have left, by the model.
    function leasedBelow(uint32 top) public view returns (uint256 sumUcr) {
        for (uint256 i = 0; i < _accounts.length; ++i) {
            uint32 node = _accounts[i];
            while (node != 0 && node != top) {
                node = registry.accountOf(node).parent;
            }
            if (node == 0) continue;
            for (uint256 j = 0; j < _meters.length; ++j) {
                sumUcr += leftOf[_accounts[i]][_meters[j]];
            }
        }
    }

    function _open(uint32 of_, uint32 with_, uint256 part) private {
        if (leases.leaseOf(of_, with_).isDeclared) return;
        (uint256 roomUcr,,) = leases.roomOf(of_);
        assertEq(_tryOpen(of_, with_, roomUcr + 1), false);
        if (roomUcr == 0) return;
        uint256 amountUcr = part % 2 == 0 ? roomUcr : 1 + part % roomUcr;
        assertEq(_tryOpen(of_, with_, amountUcr), true);
        leftOf[of_][with_] += amountUcr;
        _checkFits(of_);
    }

    /// @dev Right after an opening: what is leased, by the model, and spent is within every limit above it.
    function _checkFits(uint32 of_) private view {
        for (uint32 node = of_; node != 0; node = registry.accountOf(node).parent) {
            Budget memory one = budgets.budgetOf(node);
            if (!one.hasLimit) continue;
            uint256 roomUcr = one.limitUcr + one.carriedUcr;
            assertTrue(one.spentUcr + leasedBelow(node) <= roomUcr, "leased beyond a limit");
        }
    }

    function _tryOpen(uint32 of_, uint32 with_, uint256 amountUcr) private returns (bool isOpened) {
        uint64 untilS = uint64(_nowS) + 1 + uint64(amountUcr % LONGEST_S);
        uint32 nonce = nextNonce(of_, with_);
        bytes memory signature = signLease(KEY, of_, with_, uint64(amountUcr), untilS, nonce);
        bytes memory call = abi.encodeCall(
            leases.openLease, (of_, with_, uint64(amountUcr), untilS, nonce, signature)
        );
        (isOpened,) = address(leases).call(call);
    }

    function _anAccount(uint256 seed) private view returns (uint32) {
        return _accounts[uint64(seed) % _accounts.length];
    }

    /// @dev An account and a gateway of its organisation.
    function _aPair(uint256 seed) private view returns (uint32 of_, uint32 with_) {
        of_ = _anAccount(seed);
        bool isOwn = registry.organisationOf(of_) == acme;
        with_ = isOwn ? _meters[(seed >> 64) % 2] : _meters[2];
    }

    /// @dev Drawn numbers are often small, or of few bits.
    function _mixed(uint256 drawn) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(drawn)));
    }
}
