//go:build tools

package tools

import (
	_ "github.com/ava-labs/avalanchego/graft/subnet-evm/plugin/evm"
	_ "github.com/ava-labs/avalanchego/main"
	_ "github.com/ava-labs/avalanchego/tests/fixture/tmpnet"
	_ "github.com/ava-labs/avalanchego/vms/rpcchainvm"
)
