package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ava-labs/avalanchego/config"
	"github.com/ava-labs/avalanchego/tests/fixture/tmpnet"
)

const privateFile = 0o600

// founded is what there is now.
type founded struct {
	Blockchain string `json:"blockchain"`
	Subnet     string `json:"subnet"`
	Nodes      []node `json:"nodes"`
}

type node struct {
	ID    string `json:"id"`
	PID   int    `json:"pid"`
	URL   string `json:"url"`
	Flags string `json:"flags"`
}

// report completes every node's flags, so that each finds the others whoever is started first.
func report(network *tmpnet.Network) (founded, error) {
	answer := founded{
		Blockchain: network.Subnets[0].Chains[0].ChainID.String(),
		Subnet:     network.Subnets[0].SubnetID.String(),
	}
	for _, each := range network.Nodes {
		if err := introduce(each, network.Nodes); err != nil {
			return founded{}, err
		}
		pid, err := readPID(each.DataDir)
		if err != nil {
			return founded{}, err
		}
		// The fixture's own copy of the node's keys; the flags hold them already.
		if err := os.Remove(filepath.Join(each.DataDir, "config.json")); err != nil {
			return founded{}, err
		}
		answer.Nodes = append(answer.Nodes, node{each.NodeID.String(), pid, each.URI, each.GetFlagsPath()})
	}
	return answer, nil
}

func introduce(self *tmpnet.Node, nodes []*tmpnet.Node) error {
	path := self.GetFlagsPath()
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	flags := map[string]string{}
	if err := json.Unmarshal(content, &flags); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var names, places []string
	for _, peer := range nodes {
		if peer.NodeID != self.NodeID {
			names = append(names, peer.NodeID.String())
			places = append(places, peer.StakingAddress.String())
		}
	}
	flags[config.BootstrapIDsKey] = strings.Join(names, ",")
	flags[config.BootstrapIPsKey] = strings.Join(places, ",")
	content, err = json.MarshalIndent(flags, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, content, privateFile); err != nil {
		return err
	}
	return os.Chmod(path, privateFile)
}

func readPID(folder string) (int, error) {
	content, err := os.ReadFile(filepath.Join(folder, config.DefaultProcessContextFilename))
	if err != nil {
		return 0, err
	}
	var process struct {
		PID int `json:"pid"`
	}
	if err := json.Unmarshal(content, &process); err != nil {
		return 0, err
	}
	return process.PID, nil
}
