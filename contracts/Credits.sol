// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {CreditIds} from "./libraries/CreditIds.sol";

/// @title Credits
contract Credits is ICredits, ERC6909, AccessManaged {
    mapping(uint256 id => uint256) private _minted;
    /// @dev Of every class but plan credits.
    mapping(uint256 id => uint256) private _burned;

    /// @param authority_ The network's AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc ICredits
    function mint(uint256 account, uint256 id, uint256 amountUcr) external override restricted {
        _minted[id] += amountUcr;
        _mint(CreditIds.addressOf(account), id, amountUcr);
    }

    /// @inheritdoc ICredits
    function move(uint256 from, uint256 to, uint256 id, uint256 amountUcr)
        external
        override
        restricted
    {
        _transfer(CreditIds.addressOf(from), CreditIds.addressOf(to), id, amountUcr);
    }

    /// @inheritdoc ICredits
    function burnUpTo(
        uint256[] calldata accounts,
        uint256[] calldata ids,
        uint256[] calldata amountsUcr
    ) external override restricted returns (uint256[] memory burnedUcr) {
        require(
            accounts.length == ids.length && accounts.length == amountsUcr.length,
            LengthsDiffer(accounts.length, ids.length, amountsUcr.length)
        );
        burnedUcr = new uint256[](accounts.length);
        uint256 runUcr = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            burnedUcr[i] = _burnUpTo(accounts[i], ids[i], amountsUcr[i]);
            runUcr += burnedUcr[i];
            bool isRunOver = i + 1 == accounts.length || ids[i + 1] != ids[i];
            if (!isRunOver) continue;
            if (runUcr != 0 && CreditIds.classOf(ids[i]) != CreditIds.PLAN) {
                _burned[ids[i]] += runUcr;
            }
            runUcr = 0;
        }
    }

    /// @inheritdoc IERC6909
    function transfer(address, uint256, uint256)
        public
        pure
        override(ERC6909, IERC6909)
        returns (bool)
    {
        revert MovesThroughBudgetsOnly();
    }

    /// @inheritdoc IERC6909
    function transferFrom(address, address, uint256, uint256)
        public
        pure
        override(ERC6909, IERC6909)
        returns (bool)
    {
        revert MovesThroughBudgetsOnly();
    }

    /// @inheritdoc IERC6909
    function approve(address, uint256, uint256)
        public
        pure
        override(ERC6909, IERC6909)
        returns (bool)
    {
        revert MovesThroughBudgetsOnly();
    }

    /// @inheritdoc IERC6909
    function setOperator(address, bool) public pure override(ERC6909, IERC6909) returns (bool) {
        revert MovesThroughBudgetsOnly();
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
        return balanceOf(CreditIds.addressOf(account), id);
    }

    function _burnUpTo(uint256 account, uint256 id, uint256 amountUcr)
        private
        returns (uint256 burnedUcr)
    {
        if (amountUcr == 0) return 0;
        address holder = CreditIds.addressOf(account);
        burnedUcr = Math.min(balanceOf(holder, id), amountUcr);
        if (burnedUcr != 0) _burn(holder, id, burnedUcr);
    }
}
