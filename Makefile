# The verbs. Each installs what it needs; `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO ?= cargo
ARGS ?=
BIN := target/release/countersign
# What people try and browsers test: built in minutes, see the profile in Cargo.toml.
DEMO := target/demo/countersign
export CARGO_TERM_COLOR ?= auto

.PHONY: help setup setup-browser build build-demo ui demo test test-rust test-ui test-e2e lint dev sim crash bench gen fuzz

help: ## List the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Install the Debian packages and npm packages that are missing
	@scripts/setup packages
	@scripts/setup npm

setup-browser:
	@scripts/setup browser

ui: setup ## Build the pages into ui/dist
	@scripts/ui-build

build: ui ## Build target/release/countersign with the pages inside
	$(CARGO) build --release --locked -p countersign-cli

build-demo: setup
	@echo "1 of 2: the pages"
	@scripts/ui-build
	@echo "2 of 2: the executable; the first time this takes some 4 minutes on two cores, cargo counts the crates"
	@$(CARGO) build --profile demo --locked -p countersign-cli

demo: build-demo ## Start everything with a sandbox; ARGS=--script plays the example without a browser
	$(DEMO) demo $(ARGS)

test: setup setup-browser ## Everything: format, lints, Rust tests, UI checks, browser
	$(MAKE) ui
	$(MAKE) lint
	$(MAKE) test-rust
	$(MAKE) test-ui
	$(MAKE) build-demo
	$(DEMO) demo --script
	$(MAKE) test-e2e

lint: setup ## Format and lints, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	npm --prefix ui run lint

test-rust: ## Rust tests
	$(CARGO) nextest run --workspace --locked

test-ui: setup ## UI: types, lint, unit tests
	npm --prefix ui run check

test-e2e: build-demo setup-browser ## Browser tests: the pages with invented answers, and everything against the executable of the demo
	npm --prefix e2e test || { cat e2e/test-results/*/error-context.md; exit 1; }

dev: setup ## Server with the sandbox, and the pages with hot reload beside it
	$(CARGO) build -p countersign-cli
	target/debug/countersign demo $(ARGS) & npm --prefix ui run dev

fuzz: ## Much thrown at every reader: expressions, documents, forms, manifests, OpenAPI, webhooks, answers; CASES=20000
	COUNTERSIGN_FUZZ_CASES=$(or $(CASES),20000) $(CARGO) nextest run --cargo-profile demo --no-fail-fast -p countersign-core -p countersign-connectors -p countersign-channels -p countersign-outbound -E 'binary(bytes) + binary(projection) + binary(outbound)'

sim: ## Ten thousand simulated scenarios
	SIM_SCENARIOS=10000 $(CARGO) nextest run --release -p countersign-engine --test simulation

crash: ## Kill the executable again and again, let everybody decide at once, on both databases; a thousand schedules
	CRASH_KILLS=200 HOOKS=10000 RACES=10000 $(CARGO) nextest run -p countersign-cli --test crash --test hooks --test race --no-capture
	SCHEDULES=1000 $(CARGO) nextest run -p countersign-engine --test schedules

bench: build ## Measure every workload on both databases into bench/results.json; ARGS=--quick for a smoke test
	$(BIN) bench all --out bench/results.json $(ARGS)

gen: ## Generate openapi.json and the UI's client from it
	UPDATE_OPENAPI=1 $(CARGO) nextest run -p countersign-server --test openapi
	npm --prefix ui run gen
