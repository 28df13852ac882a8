// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {Tallies, Tally} from "./libraries/Tally.sol";
import {Terms, TermsLibrary} from "./libraries/Terms.sol";

/// @title BudgetState
contract BudgetState is IBudgetState, AccessManaged {
    mapping(uint256 account => Tally) private _tallies;
    mapping(uint256 account => Terms) private _terms;

    /// @param authority_ The network's AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc IBudgetState
    function open(uint32 account, uint32 parent) external override restricted {
        require(!_tallies[account].isOpen(), AlreadyOpen(account));
        _tallies[account] = Tallies.opened(parent);
        _terms[account] = TermsLibrary.opened();
        emit AccountOpened(account, parent);
    }

    /// @inheritdoc IBudgetState
    function store(uint256[] calldata accounts, Tally[] calldata tallies)
        external
        override
        restricted
    {
        require(accounts.length == tallies.length, LengthsDiffer(accounts.length, tallies.length));
        for (uint256 i = 0; i < accounts.length; ++i) {
            _tallies[accounts[i]] = tallies[i];
        }
    }

    /// @inheritdoc IBudgetState
    function storeTerms(uint256[] calldata accounts, Terms[] calldata terms)
        external
        override
        restricted
    {
        require(accounts.length == terms.length, LengthsDiffer(accounts.length, terms.length));
        for (uint256 i = 0; i < accounts.length; ++i) {
            _terms[accounts[i]] = terms[i];
        }
    }

    /// @inheritdoc IBudgetState
    function load(uint256[] calldata accounts)
        external
        view
        override
        returns (Tally[] memory tallies, Terms[] memory terms)
    {
        tallies = new Tally[](accounts.length);
        terms = new Terms[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 account = accounts[i];
            Tally tally = _tallies[account];
            tallies[i] = tally;
            terms[i] = tally.isMarked(Tallies.HAS_TERMS) ? _terms[account] : TermsLibrary.opened();
        }
    }
}
