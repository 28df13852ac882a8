// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assertions} from "./Assertions.sol";

/// @title The contracts as they are deployed
/// @dev Tests run the very bytecode that networks run, compiled once by tallystick.chain.compile. What forge compiles is the
/// tests, and those without the slow optimisations (foundry.toml).
abstract contract Deployment is Assertions {
    /// @dev Forge must find the artifacts; make setup and scripts/compile put them there.
    error NotDeployed(string contractName);

    /// @dev A new contract from its artifact; `arguments` are its constructor's, ABI-encoded.
    function deploy(string memory name, bytes memory arguments)
        internal
        returns (address deployed)
    {
        string memory path = string.concat("client/tallystick/chain/artifacts/", name, ".json");
        bytes memory code =
            bytes.concat(VM.parseJsonBytes(VM.readFile(path), ".bytecode"), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), NotDeployed(name));
    }
}
