// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IBudgets} from "../../contracts/interfaces/IBudgets.sol";
import {Step} from "../../contracts/interfaces/ICursors.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {Rates} from "../../contracts/interfaces/ITariff.sol";
import {Validator} from "../../contracts/interfaces/IValidatorSet.sol";
import {Periods} from "../../contracts/libraries/Periods.sol";
import {Tally} from "../../contracts/libraries/Tally.sol";
import {Terms} from "../../contracts/libraries/Terms.sol";
import {NetworkFixture} from "./support/NetworkFixture.sol";

/// @title Every function that changes something, called by those who may not
contract AuthorityTest is NetworkFixture {
    /// @dev A call that asks for a role, and which.
    struct Guarded {
        address target;
        bytes call;
        Needs needs;
    }

    enum Needs {
        Governance,
        NetworkRegistrar,
        Contract
    }

    address private constant OTHER_REGISTRAR = address(0xB0B);

    function setUp() external {
        deployNetwork(4);
    }

    function test_restrictedFunctions_revertFor_everyoneElse() external {
        Guarded[] memory all = _restricted();
        address[6] memory callers =
            [STRANGER, REGISTRAR, CONTROLLER, GUARDIAN, senderOf(0), address(0)];
        for (uint256 i = 0; i < all.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                _expectUnauthorised(callers[j], all[i]);
            }
        }
    }

    /// @dev Governance grants roles, but what only a contract may do it cannot do in passing.
    function test_contractsFunctions_revertFor_governance() external {
        manager.revokeRole(2, address(this));
        Guarded[] memory all = _restricted();
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].needs != Needs.Governance) _expectUnauthorised(address(this), all[i]);
        }
    }

    /// @dev Each contract has its own role and no other's.
    function test_contractsFunctions_revertFor_otherContracts() external {
        Guarded[] memory all = _restricted();
        for (uint256 i = 0; i < all.length; ++i) {
            _expectUnauthorised(address(tariff), all[i]);
            _expectUnauthorised(address(validators), all[i]);
            _expectUnauthorised(address(credits), all[i]);
            if (all[i].target == address(credits)) _expectUnauthorised(address(ledger), all[i]);
            if (all[i].target == address(cursors)) _expectUnauthorised(address(budgets), all[i]);
            if (all[i].target == address(budgets)) {
                _expectUnauthorised(address(budgets), all[i]);
                _expectUnauthorised(address(registry), all[i]);
            }
        }
    }

    function test_organisationsFunctions_revertFor_everyoneElse() external {
        uint32 other = registry.createAccount(0, "other", OTHER_REGISTRAR);
        manager.grantRole((1 << 32) + uint64(other), OTHER_REGISTRAR, 0);
        // Even governance: what happens inside an organisation is not a vote's.
        address[5] memory callers =
            [STRANGER, OTHER_REGISTRAR, GUARDIAN, senderOf(0), address(this)];
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
        address[5] memory callers = [STRANGER, REGISTRAR, CONTROLLER, senderOf(0), address(budgets)];
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
        address[8] memory targets = [
            address(cursors),
            address(state),
            address(credits),
            address(registry),
            address(validators),
            address(tariff),
            address(budgets),
            address(ledger)
        ];
        for (uint256 i = 0; i < targets.length; ++i) {
            assertEq(AccessManaged(targets[i]).authority(), address(manager));
            _expectRefused(
                address(this),
                targets[i],
                abi.encodeCall(AccessManaged.setAuthority, (address(this))),
                abi.encodeWithSelector(
                    IAccessManaged.AccessManagedUnauthorized.selector, address(this)
                )
            );
        }
    }

    // Below

    function _restricted() private view returns (Guarded[] memory all) {
        all = new Guarded[](18);
        address target = address(registry);
        all[0] = Guarded(
            target,
            abi.encodeCall(registry.registerResource, ("m", 1, 1, 0, bounds(), 0)),
            Needs.NetworkRegistrar
        );
        all[1] = Guarded(
            target,
            abi.encodeCall(registry.setResource, (resource, bounds(), false, 0)),
            Needs.NetworkRegistrar
        );
        all[2] =
            Guarded(target, abi.encodeCall(registry.setRules, (2, 0, 0, 0, 0)), Needs.Governance);
        target = address(tariff);
        all[3] = Guarded(
            target,
            abi.encodeCall(tariff.setRates, (new uint16[](0), new Rates[](0), 0)),
            Needs.Governance
        );
        all[4] = Guarded(
            target, abi.encodeCall(tariff.adoptRates, (resource, 1, 0)), Needs.NetworkRegistrar
        );
        all[5] = Guarded(target, abi.encodeCall(tariff.setIndex, ("x", 1e6, 0)), Needs.Governance);
        target = address(cursors);
        all[6] = Guarded(target, abi.encodeCall(cursors.open, (9)), Needs.Contract);
        all[7] = Guarded(target, abi.encodeCall(cursors.advance, (new Step[](0))), Needs.Contract);
        all[8] = Guarded(target, abi.encodeCall(cursors.absorb, (0, 0)), Needs.Contract);
        target = address(state);
        uint256[] memory nobody = new uint256[](0);
        all[9] = Guarded(target, abi.encodeCall(state.open, (9, 0)), Needs.Contract);
        all[10] =
            Guarded(target, abi.encodeCall(state.store, (nobody, new Tally[](0))), Needs.Contract);
        all[11] = Guarded(
            target, abi.encodeCall(state.storeTerms, (nobody, new Terms[](0))), Needs.Contract
        );
        target = address(credits);
        all[12] = Guarded(target, abi.encodeCall(credits.mint, (1, 1, 1)), Needs.Contract);
        all[13] = Guarded(target, abi.encodeCall(credits.move, (1, 2, 1, 0)), Needs.Contract);
        all[14] =
            Guarded(target, abi.encodeCall(credits.burnUpTo, (1, nobody, nobody)), Needs.Contract);
        target = address(budgets);
        all[15] = Guarded(
            target, abi.encodeCall(budgets.setMintAllowance, (acme, 1, 1)), Needs.Governance
        );
        all[16] = Guarded(target, abi.encodeCall(budgets.charge, (nobody, nobody)), Needs.Contract);
        all[17] = Guarded(
            address(validators),
            abi.encodeCall(validators.setValidators, (new Validator[](0))),
            Needs.Governance
        );
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
        calls[9] = abi.encodeCall(budgets.setBudget, (acme, false, 0, Periods.Kind.None, 0, 0));
    }

    function _expectUnauthorised(address caller, Guarded memory guarded) private {
        bytes4 selector = IAccessManaged.AccessManagedUnauthorized.selector;
        _expectRefused(
            caller, guarded.target, guarded.call, abi.encodeWithSelector(selector, caller)
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
