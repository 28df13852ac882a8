// Founds a chain of its own among fresh validators, and leaves them running.
//
// It reads one JSON document (see order) from standard input and writes one (see founded) to
// standard output; what it does meanwhile goes to standard error. Whoever calls it owns the nodes
// afterwards: each runs detached, and starts again from its flags file alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ava-labs/avalanchego/tests/fixture/tmpnet"
	"github.com/ava-labs/avalanchego/utils/logging"
)

const (
	patience     = 3 * time.Minute
	stopPatience = 30 * time.Second
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var wanted order
	if err := json.NewDecoder(os.Stdin).Decode(&wanted); err != nil {
		return fmt.Errorf("the order is no JSON: %w", err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	ctx, cancelLate := context.WithTimeout(ctx, patience)
	defer cancelLate()

	// The fixture leaves notes for collectors of logs under the home folder, wherever that is.
	scratch, err := os.MkdirTemp(wanted.Folder, "founding-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := os.Setenv("HOME", scratch); err != nil {
		return err
	}

	log := logging.NewLogger("create", logging.NewWrappedCore(
		logging.Info, os.Stderr, logging.Plain.ConsoleEncoder(),
	))
	network := describe(wanted)
	if err := tmpnet.BootstrapNewNetwork(ctx, log, network, scratch); err != nil {
		return errors.Join(err, stop(network))
	}
	answer, err := report(network)
	if err != nil {
		return errors.Join(err, stop(network))
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// stop ends whatever already runs, so that nothing outlives a founding that failed.
func stop(network *tmpnet.Network) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	var failures []error
	for _, each := range network.Nodes {
		if each.IsRunning() {
			failures = append(failures, each.Stop(ctx))
		}
	}
	return errors.Join(failures...)
}
