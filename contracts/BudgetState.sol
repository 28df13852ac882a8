// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBudgetState} from "./interfaces/IBudgetState.sol";
import {LeaseWord} from "./libraries/LeaseWord.sol";
import {Lists} from "./libraries/Lists.sol";
import {RateWord} from "./libraries/RateWord.sol";
import {Tallies, Tally} from "./libraries/Tally.sol";
import {Terms, TermsLibrary} from "./libraries/Terms.sol";

/// @title BudgetState
contract BudgetState is IBudgetState, AccessManaged {
    using Lists for uint256[];
    using Lists for Tally[];
    using Lists for Terms[];
    using Lists for RateWord[];

    uint256 private constant MAX_DEPTH = 4;

    mapping(uint256 account => Tally) private _tallies;
    mapping(uint256 account => Terms) private _terms;
    mapping(uint256 account => RateWord) private _rates;
    /// @dev By the leasing account's id << 32 | the meter's id.
    mapping(uint256 key => LeaseWord) private _leases;

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
        _store(accounts, tallies);
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
    function storeRate(uint256 account, RateWord rate) external override restricted {
        _rates[account] = rate;
    }

    /// @inheritdoc IBudgetState
    function storeLease(
        uint256 project,
        uint256 meter,
        LeaseWord lease,
        uint256[] calldata accounts,
        Tally[] calldata tallies,
        RateWord[] calldata rates
    ) external override restricted {
        _leases[_keyOf(project, meter)] = lease;
        _store(accounts, tallies);
        for (uint256 i = 0; i < rates.length; ++i) {
            if (rates[i].isSet()) _rates[accounts[i]] = rates[i];
        }
    }

    /// @inheritdoc IBudgetState
    function draw(uint256[] calldata keys, uint256[] calldata amountsUcr)
        external
        override
        restricted
        returns (uint256[] memory coveredUcr)
    {
        uint256 length = keys.length;
        require(length == amountsUcr.length, LengthsDiffer(length, amountsUcr.length));
        coveredUcr = new uint256[](length);
        for (uint256 i = 0; i < length; ++i) {
            LeaseWord lease = _leases[keys[i]];
            uint256 covered = Math.min(lease.leftUcr(), amountsUcr[i]);
            if (covered == 0) continue;
            _leases[keys[i]] = lease.drawn(covered);
            coveredUcr.put(i, covered);
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
            tallies.put(i, tally);
            terms.put(i, _termsOf(account, tally));
        }
    }

    /// @inheritdoc IBudgetState
    function loadLease(uint256 project, uint256 meter)
        external
        view
        override
        returns (
            LeaseWord lease,
            uint256[] memory accounts,
            Tally[] memory tallies,
            Terms[] memory terms,
            RateWord[] memory rates
        )
    {
        lease = _leases[_keyOf(project, meter)];
        (accounts, tallies) = (new uint256[](MAX_DEPTH), new Tally[](MAX_DEPTH));
        (terms, rates) = (new Terms[](MAX_DEPTH), new RateWord[](MAX_DEPTH));
        uint256 depth = 0;
        uint256 node = project;
        while (depth < MAX_DEPTH) {
            Tally tally = _tallies[node];
            if (!tally.isOpen()) break;
            accounts.put(depth, node);
            tallies.put(depth, tally);
            terms.put(depth, _termsOf(node, tally));
            if (tally.isMarked(Tallies.HAS_RATE)) rates.put(depth, _rates[node]);
            node = tally.parent();
            ++depth;
        }
        // All four lists are cut to the accounts there are.
        assembly ("memory-safe") {
            mstore(accounts, depth)
            mstore(tallies, depth)
            mstore(terms, depth)
            mstore(rates, depth)
        }
    }

    /// @inheritdoc IBudgetState
    function rateOf(uint256 account) external view override returns (RateWord) {
        return _rates[account];
    }

    /// @inheritdoc IBudgetState
    function leaseOf(uint256 project, uint256 meter) external view override returns (LeaseWord) {
        return _leases[_keyOf(project, meter)];
    }

    function _store(uint256[] calldata accounts, Tally[] calldata tallies) private {
        require(accounts.length == tallies.length, LengthsDiffer(accounts.length, tallies.length));
        for (uint256 i = 0; i < accounts.length; ++i) {
            _tallies[accounts[i]] = tallies[i];
        }
    }

    function _termsOf(uint256 account, Tally tally) private view returns (Terms) {
        return tally.isMarked(Tallies.HAS_TERMS) ? _terms[account] : TermsLibrary.opened();
    }

    function _keyOf(uint256 project, uint256 meter) private pure returns (uint256) {
        return (project << 32) | meter;
    }
}
