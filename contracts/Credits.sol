// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {CreditIds} from "./libraries/CreditIds.sol";
import {Lists} from "./libraries/Lists.sol";
import {Wallet, Wallets} from "./libraries/Wallet.sol";

/// @title Credits
/// @dev ERC-6909 written out: with approvals and transfers closed little of it is left, and what an account pays for use with
/// lies in one word.
contract Credits is ICredits, AccessManaged {
    using Lists for uint256[];

    uint256 private constant COVERED_AT = 192;
    uint256 private constant DUE_MASK = (1 << COVERED_AT) - 1;

    /// @dev What pays for use, of accounts.
    mapping(address owner => Wallet) private _wallets;
    /// @dev Everything else.
    mapping(address owner => mapping(uint256 id => uint256)) private _balances;
    mapping(uint256 id => uint256) private _minted;
    /// @dev Of every class but plan credits.
    mapping(uint256 id => uint256) private _burned;

    /// @param authority_ The network's AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc ICredits
    function mint(uint256 holder, uint256 id, uint256 amountUcr) external override restricted {
        address owner = CreditIds.addressOf(holder);
        _minted[id] += amountUcr;
        _add(holder, owner, id, amountUcr);
        emit Transfer(msg.sender, address(0), owner, id, amountUcr);
    }

    /// @inheritdoc ICredits
    function burn(uint256 holder, uint256 id, uint256 amountUcr) external override restricted {
        address owner = CreditIds.addressOf(holder);
        _take(holder, owner, id, amountUcr);
        if (CreditIds.classOf(id) != CreditIds.PLAN) _burned[id] += amountUcr;
        emit Transfer(msg.sender, owner, address(0), id, amountUcr);
    }

    /// @inheritdoc ICredits
    function move(uint256 from, uint256 to, uint256 id, uint256 amountUcr)
        external
        override
        restricted
    {
        address giver = CreditIds.addressOf(from);
        address taker = CreditIds.addressOf(to);
        _take(from, giver, id, amountUcr);
        _add(to, taker, id, amountUcr);
        emit Transfer(msg.sender, giver, taker, id, amountUcr);
    }

    /// @inheritdoc ICredits
    function pay(uint256[] calldata accounts, uint256[] calldata dues)
        external
        override
        restricted
        returns (uint256[] memory unpaidUcr)
    {
        uint256 length = accounts.length;
        require(length == dues.length, LengthsDiffer(length, dues.length));
        unpaidUcr = new uint256[](length);
        uint256 generalUcr = 0;
        uint256 explorationUcr = 0;
        // Sums of at most 2^32 balances of at most 80 bits.
        unchecked {
            for (uint256 i = 0; i < length; ++i) {
                (uint256 unpaid, uint256 general, uint256 exploration) = _pay(accounts[i], dues[i]);
                unpaidUcr.put(i, unpaid);
                generalUcr += general;
                explorationUcr += exploration;
            }
        }
        if (generalUcr != 0) _burned[CreditIds.GENERAL] += generalUcr;
        if (explorationUcr != 0) _burned[CreditIds.EXPLORATION] += explorationUcr;
    }

    /// @inheritdoc ICredits
    function reserve(uint256 account, uint256 amountUcr) external override restricted {
        address owner = CreditIds.accountAddress(account);
        Wallet wallet = _wallets[owner];
        uint256 reservedUcr = wallet.reservedUcr() + amountUcr;
        uint256 spendableUcr = wallet.spendableUcr();
        require(
            reservedUcr <= spendableUcr && reservedUcr <= Wallets.MAX_RESERVED_UCR,
            CreditsLeased(account, reservedUcr, spendableUcr)
        );
        _wallets[owner] = wallet.withReserved(reservedUcr);
    }

    /// @inheritdoc ICredits
    function free(uint256 account, uint256 amountUcr)
        external
        override
        restricted
        returns (uint256 leftUcr)
    {
        address owner = CreditIds.accountAddress(account);
        Wallet wallet = _wallets[owner];
        leftUcr = wallet.reservedUcr() - amountUcr;
        _wallets[owner] = wallet.withReserved(leftUcr);
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
        return _balanceOf(owner, id);
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
    function spendableOf(uint256 account)
        external
        view
        override
        returns (uint256 balanceUcr, uint256 leasedUcr)
    {
        Wallet wallet = _wallets[CreditIds.accountAddress(account)];
        return (wallet.spendableUcr(), wallet.reservedUcr());
    }

    /// @inheritdoc ICredits
    function addressOf(uint256 holder) external pure override returns (address) {
        return CreditIds.addressOf(holder);
    }

    /// @inheritdoc ICredits
    function balanceOfAccount(uint256 holder, uint256 id) public view override returns (uint256) {
        return _balanceOf(CreditIds.addressOf(holder), id);
    }

    function _balanceOf(address owner, uint256 id) private view returns (uint256) {
        if (CreditIds.isInWallet(owner, id)) return _wallets[owner].balanceUcr(id);
        return _balances[owner][id];
    }

    function _add(uint256 holder, address owner, uint256 id, uint256 amountUcr) private {
        if (!CreditIds.isInWallet(owner, id)) {
            _balances[owner][id] += amountUcr;
            return;
        }
        Wallet wallet = _wallets[owner];
        uint256 balanceUcr = wallet.balanceUcr(id) + amountUcr;
        uint256 limitUcr = Wallets.limitUcr(id);
        require(balanceUcr <= limitUcr, BalanceTooHigh(holder, id, balanceUcr, limitUcr));
        _wallets[owner] = wallet.withBalance(id, balanceUcr);
    }

    function _take(uint256 holder, address owner, uint256 id, uint256 amountUcr) private {
        uint256 balanceUcr = _balanceOf(owner, id);
        require(balanceUcr >= amountUcr, BalanceTooLow(holder, id, balanceUcr, amountUcr));
        if (!CreditIds.isInWallet(owner, id)) {
            _balances[owner][id] = balanceUcr - amountUcr;
            return;
        }
        Wallet wallet = _wallets[owner].withBalance(id, balanceUcr - amountUcr);
        uint256 leftUcr = wallet.spendableUcr();
        uint256 reservedUcr = wallet.reservedUcr();
        require(reservedUcr <= leftUcr, CreditsLeased(holder, reservedUcr, leftUcr));
        _wallets[owner] = wallet;
    }

    /// @dev As pay, for one account. The sums of plan credits that were burned follow from their balances.
    function _pay(uint256 account, uint256 due)
        private
        returns (uint256 unpaidUcr, uint256 generalUcr, uint256 explorationUcr)
    {
        address owner = CreditIds.accountAddress(account);
        Wallet wallet = _wallets[owner];
        uint256 planUcr;
        Wallet next;
        unpaidUcr = due & DUE_MASK;
        (next, planUcr, explorationUcr, generalUcr) = wallet.paying(unpaidUcr, due >> COVERED_AT);
        if (Wallet.unwrap(next) != Wallet.unwrap(wallet)) _wallets[owner] = next;
        if (planUcr != 0) {
            emit Transfer(msg.sender, owner, address(0), CreditIds.planOf(account), planUcr);
        }
        if (explorationUcr != 0) {
            emit Transfer(msg.sender, owner, address(0), CreditIds.EXPLORATION, explorationUcr);
        }
        if (generalUcr != 0) {
            emit Transfer(msg.sender, owner, address(0), CreditIds.GENERAL, generalUcr);
        }
        // At most the due is paid.
        unchecked {
            unpaidUcr -= planUcr + explorationUcr + generalUcr;
        }
    }
}
