# The words of this project. `make` alone lists them.
# Everything is installed in .venv, by the commands that need it, when they need it.
# Another Python has an environment of its own: make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := sklearn_seqae tests examples benchmarks docs/*.py conftest.py

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-benchmarks ruff lint types docs links bench format clean

help:  ## list these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.has-plot  ## train on real recordings, print scores, save pictures
	$(BIN)/python examples/quickstart.py

test: $(VENV)/.has-test ruff  ## ruff and the test suite
	$(BIN)/python -m pytest --numprocesses=2 --dist=worksteal

test-benchmarks: $(VENV)/.has-test ruff  ## the tests of the benchmarks
	$(BIN)/python -m pytest benchmarks/tests

ruff: $(VENV)/.has-test
	$(BIN)/ruff check --quiet $(wildcard $(SOURCES))
	$(BIN)/ruff format --quiet --check $(wildcard $(SOURCES))

lint: $(VENV)/.has-dev ruff  ## ruff and import contracts
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.has-dev  ## mypy
	$(BIN)/mypy

docs: $(VENV)/.has-docs  ## build the site, gallery included, in docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "The site is in docs/_build/html/index.html"

links: docs  ## check the links of the site (needs the internet)
	$(BIN)/sphinx-build -W --keep-going -q -b linkcheck docs docs/_build/links

bench: $(VENV)/.has-bench  ## compare speed with that of others (takes hours)
	$(BIN)/python -m benchmarks

format: $(VENV)/.has-test  ## let ruff format and mend what it can
	$(BIN)/ruff format $(wildcard $(SOURCES))
	$(BIN)/ruff check --fix $(wildcard $(SOURCES))

clean:  ## remove the environments and all that was built
	rm -rf $(VENV) .venv-* build dist docs/_build docs/auto_examples docs/generated demo_output
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, but '$(PYTHON)' says:" \
	    "$$($(PYTHON) --version 2>&1)." ; \
	  echo "Name another with, for example, make demo PYTHON=python3.12" ; \
	  exit 1 ; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python could not create a virtual environment. Debian and Ubuntu keep" ; \
	  echo "that part of Python in a package of its own: apt install python3-venv" ; \
	  exit 1 ; }
	@touch $@

$(VENV)/.has-%: $(VENV)/.made pyproject.toml
	@echo "Installing sklearn_seqae[$*] in $(VENV); with TensorFlow to download," \
	  "this takes minutes"
	@$(PIP) install --editable '.[$*]'
	@touch $@
