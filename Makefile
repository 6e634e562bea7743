# make help lists what one can do.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

# Our Go files: not those of programs built for the benchmark, nor of installed Node packages.
GOFILES = $(shell find . \( -name node_modules -o -path ./bench/work -o -path ./.git \) -prune -o -name '*.go' -print)

# Packages in which goroutines share something; they run once more under the race detector.
CONCURRENT := ./connectors/... ./lineage/... ./pipeline/... ./jobs/... ./rules/expr/...

# A hung test is to end with its stacks in the log, well before CI gives up; no test has a limit of its own.
HUNG := 60m

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.PHONY: build
build: ## build the one static binary: bin/clearwell
	CGO_ENABLED=0 go build -trimpath -o bin/clearwell ./cmd/clearwell

.PHONY: examples
examples: ## publish both examples and say where they are (examples/run.sh)
	examples/run.sh

.PHONY: test
test: prepare lint ## everything that must hold: format, vet, static analysis, import direction, all tests, race detector
	CGO_ENABLED=0 go build -o /dev/null ./cmd/clearwell
	CGO_ENABLED=0 go test -timeout $(HUNG) ./...
	CGO_ENABLED=1 go test -timeout $(HUNG) -race -short $(CONCURRENT)

.PHONY: lint
lint: ## format, vet, static analysis
	@unformatted=$$(gofmt -l $(GOFILES)); [ -z "$$unformatted" ] || { echo "not formatted (gofmt -w): $$unformatted"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

.PHONY: prepare
prepare: ## install what the tests need beside Go (Debian, as root)
	.ci/prepare

.PHONY: bench
bench: ## the reference job beside its peers (ROWS=1000000 RUNS=3)
	bench/run.sh

.PHONY: bench-all
bench-all: ## all benchmarks, and docs/benchmarks.md written anew (40 minutes)
	bench/all.sh

BENCH ?= .
COUNT ?= 1
.PHONY: kernels
kernels: ## benchmarks of the hot kernels (BENCH=Step COUNT=10)
	@CGO_ENABLED=0 go test -run '^$$' -bench '$(BENCH)' -count $(COUNT) -benchmem ./pipeline/... ./rules/... ./connectors/... ./lineage/...

.PHONY: benchstat
benchstat: ## compare two outputs of make kernels: old.txt and new.txt
	go run $(BENCHSTAT) old.txt new.txt

.PHONY: golden
golden: ## write what the commands print now into the scripts under cmd/clearwell/testdata; look at the diff
	CGO_ENABLED=0 go test ./cmd/clearwell -run Scripts -update

.PHONY: generate
generate: ## write the contract's reference and JSON Schema anew from the Go types
	go generate ./...

.PHONY: fmt
fmt: ## format the code
	gofmt -w $(GOFILES)

.PHONY: clean
clean: ## remove what was built and generated
	rm -rf bin bench/work examples/*/.clearwell examples/*/published
