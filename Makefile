# `make help` lists everything; `make check` is exactly what CI runs.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PEERS ?= .venv-bench
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
CATALOGUES := $(wildcard sandbox/translations/*/LC_MESSAGES/*.po)

.NOTPARALLEL:
.PHONY: help demo serve test check lint types contracts bench bench-peers wheel lock messages clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime $(VENV)/.catalogues ## Set up, run the main job, then serve it (ONCE=1: print the result and end; PORT=)
	@$(BIN)/sandbox demo $(if $(filter 1 true yes,$(ONCE)),--once) $(if $(PORT),--port $(PORT))

serve: $(VENV)/.runtime $(VENV)/.catalogues ## Serve the registry with the settings of the environment
	@$(BIN)/sandbox serve

test: $(VENV)/.tools $(VENV)/.catalogues ## Set up and run all tests (ARGS="-k ledger" picks some)
	@$(BIN)/python -m pytest -q -n auto --dist worksteal $(ARGS)

# The tests come last, so that what one reads at the end is their summary.
check: lint types contracts ## Everything that CI runs
	@$(MAKE) --no-print-directory demo ONCE=1
	@$(MAKE) --no-print-directory test

lint: $(VENV)/.tools ## Ruff: mistakes and layout
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet || { echo "layout: run $(BIN)/ruff format"; exit 1; }

types: $(VENV)/.tools ## Mypy: strict for stats and experiments
	@$(BIN)/mypy

contracts: $(VENV)/.tools ## Import contracts: sandbox -> experiments -> stats
	@$(BIN)/lint-imports --no-logo

bench: $(VENV)/.tools ## Measure speed, size and coverage (QUICK=1: in short; ARGS="two_way_speed": these)
	@BENCH_PEERS="$${BENCH_PEERS:-$(PEERS)/bin/python}" BENCH_PEERS_SYNTHDID="$${BENCH_PEERS_SYNTHDID:-$(PEERS)-synthdid/bin/python}" \
		$(BIN)/python -m tests.bench $(if $(filter 1 true yes,$(QUICK)),--quick) $(ARGS)

bench-peers: $(PEERS)/.installed $(PEERS)-synthdid/.installed ## Install the packages that `make bench` compares with

wheel: $(VENV)/.tools ## Build a wheel into dist/
	@$(BIN)/hatchling build -t wheel

clean: ## Remove the environment, caches and builds; var/ with its database stays
	@rm -rf $(VENV) $(PEERS) $(PEERS)-synthdid build dist test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- for maintainers ------------------------------------------------------------------------------

# The locks are resolved from the public index alone, whatever this machine is configured to use,
# and name neither it nor anything else outside.
COMPILE := uv --no-config pip compile --quiet --no-sources --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml

lock: ## Maintainers: resolve the dependencies anew (needs uv; UPGRADE=1 takes newer versions)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group build --output-file requirements.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group build --group dev --constraints requirements.lock \
		--output-file requirements-dev.lock

messages: $(VENV)/.tools ## Maintainers: bring the catalogues up to date with the code and templates
	@mkdir -p build
	@$(BIN)/pybabel -q extract --mapping pyproject.toml --ignore-dirs ".*" --no-location --sort-output \
		--output-file build/messages.pot .
	@$(BIN)/pybabel -q update --input-file build/messages.pot --output-dir sandbox/translations --locale ko \
		--init-missing --no-fuzzy-matching --ignore-obsolete --omit-header

# -- set-up: each stamp is written last, so that an interrupted installation starts again ----------

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or later is needed and '$(PYTHON)' is not; name one: make PYTHON=python3.12" >&2; exit 1; }
ifeq ($(UV),uv)
	@uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
else
	@$(PYTHON) -m venv $(VENV) >/dev/null || { \
		echo "'$(PYTHON)' cannot make a virtual environment; on Debian: apt-get install python3-venv (or install uv)" >&2; exit 1; }
endif
	@touch $@

# $(call install,LOCK): everything in LOCK by its hash, then the project itself without looking further.
ifeq ($(UV),uv)
install = uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) && \
	uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
pip = $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input install
install = { $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV); } && \
	$(pip) --require-hashes -r $(1) && $(pip) --no-deps --no-build-isolation -e .
endif

$(VENV)/.runtime: $(VENV)/.python requirements.lock pyproject.toml sandbox/build_hook.py
	@echo "Setting up $(VENV) ..."
	@$(call install,requirements.lock)
	@touch $@

# The second lock holds all of the first, at the same versions.
$(VENV)/.tools: $(VENV)/.python requirements-dev.lock pyproject.toml sandbox/build_hook.py
	@echo "Setting up $(VENV) with what the tests need ..."
	@$(call install,requirements-dev.lock)
	@touch $(VENV)/.runtime $@

# $(call peer,ENVIRONMENT,REQUIREMENTS): packages beside which ours is measured, apart from ours.
ifeq ($(UV),uv)
peer = uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(1) && \
	uv pip install --quiet --python $(1)/bin/python -r $(2)
else
peer = $(PYTHON) -m venv $(1) && $(1)/bin/python -m pip --quiet --disable-pip-version-check --no-input install -r $(2)
endif

$(PEERS)/.installed: tests/bench/requirements.txt
	@$(call peer,$(@D),$<)
	@touch $@

# Where this one does not install, the others are compared all the same.
$(PEERS)-synthdid/.installed: tests/bench/requirements-synthdid.txt
	@if $(call peer,$(@D),$<); then touch $@; else rm -rf $(@D); echo "synthdid does not install here: not compared"; fi

$(VENV)/.catalogues: $(VENV)/.runtime $(CATALOGUES)
	@$(BIN)/python -c 'from pathlib import Path; from sandbox.build_hook import compile_catalogues; compile_catalogues(Path())'
	@touch $@
