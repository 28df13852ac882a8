// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {BudgetTerms, IBudgets} from "../../contracts/interfaces/IBudgets.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {Roles} from "../../contracts/libraries/Roles.sol";
import {EconomyFixture} from "./support/EconomyFixture.sol";

/// @title Every function that changes something, called by those who may not
contract AuthorityTest is EconomyFixture {
    /// @dev A function that asks for a role, and which.
    struct Guarded {
        address target;
        bytes4 selector;
        uint64 role;
    }

    address private constant OTHER_REGISTRAR = address(0xB0B);

    Guarded[] private _guarded;

    function setUp() external {
        deployEconomy(4);
        handOver();
        manager.renounceRole(Roles.REGISTRAR, address(this));
        _listWhatSettles();
        _listCredits();
        _listReplenishment();
        _listMarkets();
        _listGovernance();
    }

    /// @dev Every contract and every kind of person calls everything that its role does not allow.
    function test_restrictedFunctions_revertFor_everyoneWithoutTheRole() external {
        address[] memory callers = _callers();
        for (uint256 i = 0; i < _guarded.length; ++i) {
            assertEq(
                manager.getTargetFunctionRole(_guarded[i].target, _guarded[i].selector),
                _guarded[i].role
            );
            for (uint256 j = 0; j < callers.length; ++j) {
                (bool isMember,) = manager.hasRole(_guarded[i].role, callers[j]);
                if (!isMember) _expectUnauthorised(callers[j], _guarded[i]);
            }
        }
    }

    /// @dev Whoever deployed all of it may do none of it.
    function test_restrictedFunctions_revertFor_theDeployer() external {
        for (uint256 i = 0; i < _guarded.length; ++i) {
            _expectUnauthorised(address(this), _guarded[i]);
        }
    }

    /// @dev Nobody but governance's three contracts holds the power over roles, and no person a contract's role.
    function test_roles_areHeld_byThoseWhoNeedThem() external view {
        address[] memory callers = _callers();
        for (uint256 j = 0; j < callers.length; ++j) {
            (bool governs,) = manager.hasRole(Roles.GOVERNANCE, callers[j]);
            assertEq(
                governs,
                callers[j] == address(timelock) || callers[j] == address(onboarding)
                    || callers[j] == address(guardian)
            );
            if (callers[j].code.length != 0) continue;
            for (uint64 role = Roles.LEDGER; role <= Roles.INDEX; ++role) {
                (bool isMember,) = manager.hasRole(role, callers[j]);
                bool isFixtures = callers[j] == WARDEN && role == Roles.WARDEN;
                if (role != Roles.LIMITS) assertEq(isMember, isFixtures);
            }
        }
    }

    function test_organisationsFunctions_revertFor_everyoneElse() external {
        VM.prank(address(timelock));
        uint32 other = registry.createAccount(0, "other", OTHER_REGISTRAR);
        VM.prank(address(timelock));
        manager.grantRole(Roles.registrarOf(other), OTHER_REGISTRAR, 0);
        // Even governance: what happens inside an organisation is not a vote's.
        address[5] memory callers =
            [STRANGER, OTHER_REGISTRAR, GUARDIAN, senderOf(0), address(timelock)];
        (address[] memory targets, bytes[] memory calls) = _organisations();
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                bytes4 selector = targets[i] == address(budgets)
                    ? IBudgets.NotAuthorised.selector
                    : IRegistry.NotAuthorised.selector;
                bytes memory reason = abi.encodeWithSelector(selector, callers[j], acme);
                _expectRefused(callers[j], targets[i], calls[i], reason);
            }
        }
    }

    function test_governancesRegistryFunctions_revertFor_everyoneElse() external {
        address[6] memory callers =
            [STRANGER, REGISTRAR, CONTROLLER, GUARDIAN, senderOf(0), address(budgets)];
        for (uint256 j = 0; j < callers.length; ++j) {
            _expectRefused(
                callers[j],
                address(registry),
                abi.encodeCall(registry.createAccount, (0, "mine", callers[j])),
                abi.encodeWithSelector(IRegistry.NotAuthorised.selector, callers[j], 0)
            );
            _expectRefused(
                callers[j],
                address(registry),
                abi.encodeCall(registry.setMeterFrozen, (meter, true)),
                abi.encodeWithSelector(IRegistry.NotAuthorised.selector, callers[j], acme)
            );
        }
    }

    /// @dev Whoever could replace the manager would hold every role.
    function test_setAuthority_revertsFor_everyoneButTheManager() external {
        address[] memory targets = _managed();
        for (uint256 i = 0; i < targets.length; ++i) {
            assertEq(AccessManaged(targets[i]).authority(), address(manager));
            _expectUnauthorised(
                address(timelock),
                Guarded({
                    target: targets[i], selector: AccessManaged.setAuthority.selector, role: 0
                })
            );
        }
    }

    // Below

    function _listWhatSettles() private {
        _list(address(registry), registry.registerResource.selector, Roles.REGISTRAR);
        _list(address(registry), registry.setResource.selector, Roles.REGISTRAR);
        _list(address(registry), registry.setRules.selector, Roles.GOVERNANCE);
        _list(address(tariff), tariff.adoptRates.selector, Roles.REGISTRAR);
        _list(address(tariff), tariff.setRates.selector, Roles.GOVERNANCE);
        _list(address(tariff), tariff.setIndex.selector, Roles.INDEX);
        _list(address(validators), validators.setValidators.selector, Roles.GOVERNANCE);
        _list(address(validators), validators.suspend.selector, Roles.WARDEN);
        _list(address(cursors), cursors.open.selector, Roles.REGISTRY);
        _list(address(cursors), cursors.rotate.selector, Roles.REGISTRY);
        _list(address(cursors), cursors.advance.selector, Roles.LEDGER);
        _list(address(cursors), cursors.absorb.selector, Roles.LEDGER);
    }

    function _listCredits() private {
        _list(address(state), state.open.selector, Roles.REGISTRY);
        _list(address(state), state.store.selector, Roles.STATE);
        _list(address(state), state.storeTerms.selector, Roles.STATE);
        _list(address(state), state.storeRate.selector, Roles.STATE);
        _list(address(state), state.storeLease.selector, Roles.STATE);
        _list(address(state), state.draw.selector, Roles.STATE);
        _list(address(credits), credits.mint.selector, Roles.BUDGETS);
        _list(address(credits), credits.burn.selector, Roles.BUDGETS);
        _list(address(credits), credits.move.selector, Roles.BUDGETS);
        _list(address(credits), credits.pay.selector, Roles.BUDGETS);
        _list(address(credits), credits.reserve.selector, Roles.STATE);
        _list(address(credits), credits.free.selector, Roles.STATE);
        _list(address(budgets), budgets.setMintAllowance.selector, Roles.GOVERNANCE);
        _list(address(budgets), budgets.charge.selector, Roles.CHARGER);
        _list(address(budgets), budgets.issue.selector, Roles.ISSUER);
        _list(address(budgets), budgets.retire.selector, Roles.ISSUER);
        _list(address(budgets), budgets.hold.selector, Roles.ESCROW);
        _list(address(budgets), budgets.release.selector, Roles.ESCROW);
        _list(address(budgets), budgets.setExploring.selector, Roles.EXPERIMENTS);
        _list(address(leases), leases.setLeaseTerms.selector, Roles.GOVERNANCE);
    }

    function _listReplenishment() private {
        _list(address(outcomes), outcomes.setKind.selector, Roles.GOVERNANCE);
        _list(address(outcomes), outcomes.setConfirmer.selector, Roles.GOVERNANCE);
        _list(address(outcomes), outcomes.setEpochs.selector, Roles.GOVERNANCE);
        _list(address(outcomes), outcomes.reinstate.selector, Roles.APPEALS);
        _list(address(epochs), epochs.setEnrolmentAllowance.selector, Roles.GOVERNANCE);
        _list(address(epochs), epochs.setTerms.selector, Roles.GOVERNANCE);
        _list(address(epochs), epochs.setExperiments.selector, Roles.GOVERNANCE);
        _list(address(epochs), epochs.restore.selector, Roles.APPEALS);
        _list(address(epochs), epochs.recount.selector, Roles.APPEALS);
        _list(address(experiments), experiments.fund.selector, Roles.GOVERNANCE);
        _list(address(plans), plans.setInvoiceConfirmer.selector, Roles.GOVERNANCE);
        _list(address(plans), plans.setInvoiceCap.selector, Roles.GOVERNANCE);
    }

    function _listMarkets() private {
        _list(address(desk), desk.setProvider.selector, Roles.GOVERNANCE);
        _list(address(desk), desk.setRate.selector, Roles.GOVERNANCE);
        _list(address(desk), desk.setCaps.selector, Roles.GOVERNANCE);
    }

    function _listGovernance() private {
        _list(address(seats), seats.grantSeat.selector, Roles.GOVERNANCE);
        _list(address(seats), seats.revokeSeat.selector, Roles.GOVERNANCE);
        _list(address(onboarding), onboarding.admit.selector, Roles.REGISTRAR);
        _list(address(guardian), guardian.pauseMeter.selector, Roles.GUARDIAN);
        _list(address(guardian), guardian.closeContract.selector, Roles.GUARDIAN);
        _list(address(guardian), guardian.suspendKey.selector, Roles.GUARDIAN);
    }

    function _list(address target, bytes4 selector, uint64 role) private {
        _guarded.push(Guarded({target: target, selector: selector, role: role}));
    }

    /// @dev People and contracts, whoever they are.
    function _callers() private view returns (address[] memory callers) {
        address[] memory contracts_ = _managed();
        address[9] memory people = [
            STRANGER,
            REGISTRAR,
            CONTROLLER,
            GUARDIAN,
            WARDEN,
            senderOf(0),
            VM.addr(attesterKey(0)),
            seatOf(0),
            address(0)
        ];
        callers = new address[](contracts_.length + people.length + 2);
        for (uint256 i = 0; i < contracts_.length; ++i) {
            callers[i] = contracts_[i];
        }
        for (uint256 i = 0; i < people.length; ++i) {
            callers[contracts_.length + i] = people[i];
        }
        callers[callers.length - 2] = address(timelock);
        callers[callers.length - 1] = address(governor);
    }

    /// @dev Every contract that asks the manager.
    function _managed() private view returns (address[] memory targets) {
        targets = new address[](22);
        targets[0] = address(cursors);
        targets[1] = address(state);
        targets[2] = address(credits);
        targets[3] = address(registry);
        targets[4] = address(validators);
        targets[5] = address(tariff);
        targets[6] = address(budgets);
        targets[7] = address(leases);
        targets[8] = address(ledger);
        targets[9] = address(outcomes);
        targets[10] = address(epochs);
        targets[11] = address(experiments);
        targets[12] = address(plans);
        targets[13] = address(market);
        targets[14] = address(desk);
        targets[15] = address(priceIndex);
        targets[16] = address(corrections);
        targets[17] = address(freezes);
        targets[18] = address(seats);
        targets[19] = address(appeals);
        targets[20] = address(onboarding);
        targets[21] = address(guardian);
    }

    function _organisations()
        private
        view
        returns (address[] memory targets, bytes[] memory calls)
    {
        targets = new address[](10);
        calls = new bytes[](10);
        for (uint256 i = 0; i < 10; ++i) {
            targets[i] = i < 7 ? address(registry) : address(budgets);
        }
        calls[0] = abi.encodeCall(registry.createAccount, (acme, "mine", STRANGER));
        calls[1] = abi.encodeCall(registry.setAccountActive, (acme, false));
        calls[2] = abi.encodeCall(registry.setController, (acme, STRANGER));
        calls[3] = abi.encodeCall(
            registry.registerMeter, (acme, "mine", bytes32(uint256(1)), address(0), bounds())
        );
        calls[4] = abi.encodeCall(registry.setMeterBounds, (meter, bounds()));
        calls[5] = abi.encodeCall(registry.setMeterActive, (meter, false));
        calls[6] = abi.encodeCall(registry.setExperiment, (acme, true, 0));
        calls[7] = abi.encodeCall(budgets.grant, (acme, 1, 1, 0));
        calls[8] = abi.encodeCall(budgets.transfer, (acme, team, 1, 1, 0));
        calls[9] = abi.encodeCall(budgets.setBudget, (acme, _noTerms()));
    }

    function _noTerms() private pure returns (BudgetTerms memory terms) {
        terms.periodKind = Periods.Kind.None;
    }

    /// @dev Zeros decode as whatever a function takes, and the role is asked for before they are looked at.
    function _expectUnauthorised(address caller, Guarded memory guarded) private {
        _expectRefused(
            caller,
            guarded.target,
            bytes.concat(guarded.selector, new bytes(1024)),
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }

    function _expectRefused(address caller, address target, bytes memory call, bytes memory reason)
        private
    {
        VM.prank(caller);
        (bool isDone, bytes memory said) = target.call(call);
        assertTrue(!isDone, "went through");
        assertEq(keccak256(said), keccak256(reason));
    }
}
