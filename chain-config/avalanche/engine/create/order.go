package main

import (
	"encoding/json"
	"path/filepath"
	"strconv"

	"github.com/ava-labs/avalanchego/config"
	"github.com/ava-labs/avalanchego/graft/subnet-evm/plugin/evm"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/tests/fixture/tmpnet"
)

// order is what the caller wants.
type order struct {
	Folder      string          `json:"folder"`
	Node        string          `json:"node"`
	Plugins     string          `json:"plugins"`
	Genesis     json.RawMessage `json:"genesis"`
	ChainConfig json.RawMessage `json:"chain_config"`
	Members     []member        `json:"members"`
}

// member is one validator; its data lie in the order's folder under its name.
type member struct {
	Name        string `json:"name"`
	HTTPPort    int    `json:"http_port"`
	StakingPort int    `json:"staking_port"`
}

// flags are every node's, from the first start on.
var flags = tmpnet.FlagsMap{
	config.ProposerVMUseCurrentHeightKey: "true",
	// Validators are registered one block after the other; without this each takes a second.
	config.ProposerVMMinBlockDelayKey: "0s",
	config.HealthCheckFreqKey:         "500ms",
	config.FdLimitKey:                 "8192",
	config.IndexEnabledKey:            "false",
	config.AdminAPIEnabledKey:         "false",
	// Ten times a second for each of its chains, as by default, a tenth of a core goes into asking for
	// blocks that nobody made.
	config.ConsensusFrontierPollFrequencyKey: "1s",
	// All of it goes through this machine's memory.
	config.NetworkCompressionTypeKey: "none",
	// A node keeps at most 3 files of 2 MB for each of its chains, and prints nothing.
	config.LogLevelKey:                    "info",
	config.LogDisplayLevelKey:             "off",
	config.LogRotaterMaxSizeKey:           "2",
	config.LogRotaterMaxFilesKey:          "2",
	config.LogDisableDisplayPluginLogsKey: "true",
}

func describe(wanted order) *tmpnet.Network {
	nodes := tmpnet.NewNodesOrPanic(len(wanted.Members))
	validators := make([]ids.NodeID, len(nodes))
	for index, each := range nodes {
		member := wanted.Members[index]
		validators[index] = each.NodeID
		each.DataDir = filepath.Join(wanted.Folder, member.Name)
		each.Flags[config.HTTPPortKey] = strconv.Itoa(member.HTTPPort)
		each.Flags[config.StakingPortKey] = strconv.Itoa(member.StakingPort)
	}
	return &tmpnet.Network{
		Nodes:        nodes,
		DefaultFlags: flags,
		DefaultRuntimeConfig: tmpnet.NodeRuntimeConfig{Process: &tmpnet.ProcessRuntimeConfig{
			AvalancheGoPath: wanted.Node,
			PluginDir:       wanted.Plugins,
		}},
		// The chain that comes with every such network and that nobody here uses.
		PrimaryChainConfigs: map[string]tmpnet.ConfigMap{"C": {"log-level": "error"}},
		Subnets: []*tmpnet.Subnet{{
			Name:         "tallystick",
			ValidatorIDs: validators,
			Chains: []*tmpnet.Chain{{
				VMID:    evm.ID,
				Genesis: wanted.Genesis,
				Config:  string(wanted.ChainConfig),
			}},
		}},
	}
}
