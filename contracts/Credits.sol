// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {CreditIds} from "./libraries/CreditIds.sol";

/// @title Credits
/// @dev ERC-6909 written out: with approvals and transfers closed little of it is left, and a charge burns twice per project.
contract Credits is ICredits, AccessManaged {
    mapping(address owner => mapping(uint256 id => uint256)) private _balances;
    mapping(uint256 id => uint256) private _minted;
    /// @dev Of every class but plan credits.
    mapping(uint256 id => uint256) private _burned;

    /// @param authority_ The network's AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc ICredits
    function mint(uint256 account, uint256 id, uint256 amountUcr) external override restricted {
        address holder = CreditIds.addressOf(account);
        _minted[id] += amountUcr;
        _balances[holder][id] += amountUcr;
        emit Transfer(msg.sender, address(0), holder, id, amountUcr);
    }

    /// @inheritdoc ICredits
    function move(uint256 from, uint256 to, uint256 id, uint256 amountUcr)
        external
        override
        restricted
    {
        address giver = CreditIds.addressOf(from);
        address taker = CreditIds.addressOf(to);
        uint256 balanceUcr = _balances[giver][id];
        require(balanceUcr >= amountUcr, BalanceTooLow(from, id, balanceUcr, amountUcr));
        _balances[giver][id] = balanceUcr - amountUcr;
        _balances[taker][id] += amountUcr;
        emit Transfer(msg.sender, giver, taker, id, amountUcr);
    }

    /// @inheritdoc ICredits
    function burnUpTo(
        uint256 creditClass,
        uint256[] calldata accounts,
        uint256[] calldata amountsUcr
    ) external override restricted returns (uint256[] memory unpaidUcr) {
        uint256 length = accounts.length;
        require(length == amountsUcr.length, LengthsDiffer(length, amountsUcr.length));
        bool isPlan = creditClass == CreditIds.PLAN;
        unpaidUcr = new uint256[](length);
        uint256 sumUcr = 0;
        for (uint256 i = 0; i < length; ++i) {
            uint256 amountUcr = amountsUcr[i];
            if (amountUcr == 0) continue;
            uint256 id = isPlan ? CreditIds.planOf(accounts[i]) : creditClass;
            uint256 paidUcr = _burnUpTo(accounts[i], id, amountUcr);
            unpaidUcr[i] = amountUcr - paidUcr;
            sumUcr += paidUcr;
        }
        if (!isPlan && sumUcr != 0) _burned[creditClass] += sumUcr;
    }

    /// @inheritdoc IERC6909
    function transfer(address, uint256, uint256) external pure override returns (bool) {
        revert MovesThroughBudgetsOnly();
    }

    /// @inheritdoc IERC6909
    function transferFrom(address, address, uint256, uint256)
        external
        pure
        override
        returns (bool)
    {
        revert MovesThroughBudgetsOnly();
    }

    /// @inheritdoc IERC6909
    function approve(address, uint256, uint256) external pure override returns (bool) {
        revert MovesThroughBudgetsOnly();
    }

    /// @inheritdoc IERC6909
    function setOperator(address, bool) external pure override returns (bool) {
        revert MovesThroughBudgetsOnly();
    }

    /// @inheritdoc IERC6909
    function balanceOf(address owner, uint256 id) external view override returns (uint256) {
        return _balances[owner][id];
    }

    /// @inheritdoc IERC6909
    function allowance(address, address, uint256) external pure override returns (uint256) {
        return 0;
    }

    /// @inheritdoc IERC6909
    function isOperator(address, address) external pure override returns (bool) {
        return false;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC6909).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    /// @inheritdoc ICredits
    function minted(uint256 id) external view override returns (uint256) {
        return _minted[id];
    }

    /// @inheritdoc ICredits
    function burned(uint256 id) external view override returns (uint256) {
        if (CreditIds.classOf(id) != CreditIds.PLAN) return _burned[id];
        return _minted[id] - balanceOfAccount(CreditIds.projectOf(id), id);
    }

    /// @inheritdoc ICredits
    function addressOf(uint256 account) external pure override returns (address) {
        return CreditIds.addressOf(account);
    }

    /// @inheritdoc ICredits
    function balanceOfAccount(uint256 account, uint256 id) public view override returns (uint256) {
        return _balances[CreditIds.addressOf(account)][id];
    }

    function _burnUpTo(uint256 account, uint256 id, uint256 amountUcr)
        private
        returns (uint256 paidUcr)
    {
        address holder = CreditIds.addressOf(account);
        mapping(uint256 id => uint256) storage balances = _balances[holder];
        uint256 balanceUcr = balances[id];
        paidUcr = Math.min(balanceUcr, amountUcr);
        if (paidUcr == 0) return 0;
        balances[id] = balanceUcr - paidUcr;
        emit Transfer(msg.sender, holder, address(0), id, paidUcr);
    }
}
