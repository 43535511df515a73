# Everything a newcomer needs; each target sets up what it needs in .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# Compiled kernels are cached once for everything that runs from this checkout.
export NUMBA_CACHE_DIR := $(CURDIR)/$(VENV)/kernels

.PHONY: help setup demo test check format bench soak clean

help:
	@echo "make setup   install into $(VENV) and compile the kernels"
	@echo "make demo    see a beamline at work (make demo ARGS=--once: two runs, then stop)"
	@echo "make test    run the tests"
	@echo "make check   lint, format and types"
	@echo "make format  let ruff format everything"
	@echo "make bench   measure speed and memory (ARGS=--json for machines)"
	@echo "make soak    months in minutes: many runs, cycles and restarts (some twenty minutes)"
	@echo "make clean   remove $(VENV) and everything that was made"

setup: $(VENV)/.installed $(VENV)/.warm

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "livereduce needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[builtin,web,dev]'
	@touch $@

# The kernels compile when they are imported; numba notices by itself when a source has changed.
$(VENV)/.warm: $(VENV)/.installed $(shell find src -name '*.py' 2>/dev/null)
	$(BIN)/python -c 'import livereduce.engine.builtin.engine, livereduce.stream.adara.client'
	@touch $@

demo: setup
	$(BIN)/livereduce demo $(ARGS)

test: setup
	$(BIN)/python -m pytest -q $(ARGS)

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	$(BIN)/python benchmarks/stream.py $(ARGS)

soak: setup
	$(BIN)/python benchmarks/soak.py $(ARGS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis livereduce-demo
	find . -name __pycache__ -prune -exec rm -rf {} +
