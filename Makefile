# Everything a newcomer needs; each target sets up what it needs in .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PIP = $(BIN)/python -m pip

# A python that is new enough, and with it the environment.
define MAKE_VENV
{ $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "livereduce needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
       "Name another: make PYTHON=python3.12"; exit 1; } && \
  $(PYTHON) -m venv $(VENV) || { echo "On Debian: apt-get install python3-venv"; exit 1; }; }
endef
# Whatever the environment has been made for.
WARM = $(MAKE) --silent --no-print-directory $(VENV)/.warm

# Compiled kernels are cached once for everything that runs from this checkout.
export NUMBA_CACHE_DIR := $(CURDIR)/$(VENV)/kernels

.PHONY: help setup demo test test-mantid test-system check format docs fuzz bench bench-algorithms bench-workbench soak chaos clean

help:
	@echo "make setup   install everything into $(VENV), the developers' tools as well, and compile the kernels"
	@echo "make demo    see a beamline at work (make demo ARGS=--once: two runs, then stop)"
	@echo "make test    run the tests"
	@echo "make test-mantid   run the mantid engine against a real Mantid, where there is one (docs/mantid.md)"
	@echo "make test-system  install the packages on a machine with a real systemd, and try them (as root)"
	@echo "make test-watchdog  the tests of the watchdog alone"
	@echo "make rpm     build the RPMs into ~/rpmbuild/RPMS/noarch"
	@echo "make check   lint, format and types"
	@echo "make format  let ruff format everything"
	@echo "make docs    write what the engine has of Mantid's interface: docs/mantid_api.md, and what check knows of it"
	@echo "make fuzz    two minutes of streams changed at random, under bounds checks (ARGS='--seed 7 --rounds 1')"
	@echo "make bench   measure speed and memory (ARGS=--json for machines, ARGS=lag for one part)"
	@echo "make bench-algorithms  Mantid's algorithms beside a kernel by hand and scipp (ARGS='--cores 1')"
	@echo "make bench-workbench  recording, trying and reducing again, each with its reference (ARGS=picture: one part)"
	@echo "make soak    months in minutes: many runs, cycles and restarts (some twenty minutes)"
	@echo "make chaos   kill worker, receiver and daemon 260 times at random moments: every run is exact or flagged (ten minutes)"
	@echo "make clean   remove $(VENV) and everything that was made"

setup: $(VENV)/.installed
	@$(WARM)

# What livereduce runs on, for the demo; whoever has set up everything has that as well.
$(VENV)/.demo: pyproject.toml
	@if [ ! -e $(VENV)/.installed ]; then \
	  $(MAKE_VENV) && \
	  echo "Installing what livereduce runs on (numpy, numba, scipp, scipy, h5py, matplotlib, plotly and others) into $(VENV):" && \
	  echo "about 150 MB to download and 600 MB on the disk, one to five minutes, the first time only." && \
	  $(PIP) install --disable-pip-version-check --editable '.[builtin,web]'; \
	fi
	@touch $@

$(VENV)/.installed: pyproject.toml
	@$(MAKE_VENV)
	@echo "Installing livereduce with the developers' tools (pytest, mypy, playwright and others) into $(VENV):"
	@echo "about 300 MB to download and 950 MB on the disk, two to ten minutes, the first time only."
	$(PIP) install --quiet --disable-pip-version-check --editable '.[builtin,web,dev]'
	@touch $@

# numba notices by itself when a source has changed.
$(VENV)/.warm: $(shell find src -name '*.py' 2>/dev/null)
	@$(BIN)/livereduce install-kernels || echo "They will be compiled when they are needed."
	@touch $@

demo: $(VENV)/.demo
	@$(WARM)
	$(BIN)/livereduce demo $(ARGS)

test: setup
	$(BIN)/python -m pytest -q $(ARGS)

# The environment's own python; in an activated environment that is the one on the path.
MANTID_PYTHON ?= python3

test-mantid: setup
	@if $(MANTID_PYTHON) -c 'import mantid' 2>/dev/null; then \
	  LIVEREDUCE_MANTID_PYTHON="$$(command -v $(MANTID_PYTHON))" \
	    $(BIN)/python -m pytest -v -rA test/real_mantid $(ARGS); \
	else \
	  echo "SKIPPED: $(MANTID_PYTHON) does not import mantid, so nothing was tested." \
	       "Name the environment's python: make test-mantid MANTID_PYTHON=/path/to/python"; \
	fi

test-system: setup
	[ "$$(id -u)" -ne 0 ] || test/system/provision.sh
	$(BIN)/python -m pytest -q -rs -m system --timeout 300 test/system $(ARGS)

test-watchdog:
	bats test/watchdog

rpm:
	./rpmbuild.sh

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/python docs/generate.py

fuzz: setup
	$(BIN)/python test/fuzz_bounds.py $(ARGS)

bench: setup
	$(BIN)/python benchmarks/stream.py $(ARGS)

bench-algorithms: setup
	$(BIN)/python benchmarks/algorithms.py $(ARGS)

bench-workbench: setup
	$(BIN)/python benchmarks/workbench.py $(ARGS)

soak: setup
	$(BIN)/python benchmarks/soak.py $(ARGS)

chaos: setup
	$(BIN)/python benchmarks/chaos.py $(ARGS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis livereduce-demo
	find . -name __pycache__ -prune -exec rm -rf {} +
