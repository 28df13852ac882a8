# Each target is one file of scripts/, which CI calls too. demo and test do their own set-up.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo network test test-network chaos check bench clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## make .venv and node_modules for running Tallystick
	@scripts/setup

setup-dev: ## the same, with what tests and checks need
	@scripts/setup --dev

demo: ## a whole network on this machine, metering two real traces
	@scripts/demo

network: ## build the programs of a chain of several nodes (needs Go, minutes the first time)
	@scripts/network

test: ## contract tests, then Python tests
	@scripts/test

chaos: ## break a network of its own at random (SECONDS=180 SEED=N ENGINE=avalanche)
	@scripts/chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(ENGINE),--engine $(ENGINE))

test-network: ## everything on a chain of five nodes, and every fault (20 to 25 minutes)
	@scripts/test-network

check: ## lint, types, import rules, static analysis, fresh generated files
	@scripts/check

bench: ## records settled and calls relayed per second, next to doing without
	@scripts/bench

clean: ## remove what was built
	@scripts/clean
