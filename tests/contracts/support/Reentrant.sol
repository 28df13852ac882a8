// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract that counts, and calls back once as it does
contract Reentrant {
    uint256 public counted;
    address private _target;
    bytes private _call;
    bool private _isInside;

    function aim(address target, bytes calldata call) external {
        _target = target;
        _call = call;
    }

    function count() external {
        ++counted;
        if (_target == address(0) || _isInside) return;
        _isInside = true;
        (bool isDone, bytes memory said) = _target.call(_call);
        _isInside = false;
        if (isDone) return;
        assembly ("memory-safe") {
            revert(add(said, 32), mload(said))
        }
    }
}
