# The words of this project. `make` alone lists them.
# Everything is installed in .venv, by the commands that need it, when they need it.
# Another Python has an environment of its own: make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := sklearn_seqae tests examples benchmarks docs/*.py conftest.py
PYTEST := python -m pytest --numprocesses=2 --dist=loadfile
ALL := -m "not trust"
QUICK := sklearn_seqae tests/containers tests/test_docstrings.py \
  tests/estimator/test_transform.py tests/estimator/test_reconstruct.py tests/fitted/test_saving.py tests/test_import.py
NIGHTLY := https://pypi.anaconda.org/scientific-python-nightly-wheels/simple

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-slow test-quick trust test-oldest test-newest test-nightly
.PHONY: test-benchmarks ruff lint types docs links bench audit dist test-dist format clean

help:  ## list these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.has-plot  ## train on real recordings, print scores, save pictures
	$(BIN)/python examples/quickstart.py

test: $(VENV)/.has-test ruff  ## ruff and the test suite, but for what takes long
	$(BIN)/$(PYTEST)

test-slow: $(VENV)/.has-test  ## the tests that take seconds each, and the code of the user guide
	$(BIN)/$(PYTEST) -m "slow and not trust"

test-quick: $(VENV)/.has-test  ## the part of it that differs by Python: containers, docstrings
	$(BIN)/$(PYTEST) $(QUICK)

test-oldest:  ## the tests with the oldest dependencies that pyproject.toml allows
	@$(MAKE) --no-print-directory VENV=.venv-oldest .venv-oldest/.made
	.venv-oldest/bin/python -m pip --quiet install uv
	.venv-oldest/bin/uv pip install --quiet --python .venv-oldest/bin/python \
	  --resolution lowest-direct --constraint .ci/oldest.txt --editable '.[test]'
	.venv-oldest/bin/$(PYTEST) $(ALL)

test-newest:  ## the tests with the newest dependencies, pre-releases too
	@$(MAKE) --no-print-directory VENV=.venv-newest .venv-newest/.made
	.venv-newest/bin/python -m pip --quiet install --pre --upgrade \
	  --upgrade-strategy eager --editable '.[test]'
	.venv-newest/bin/$(PYTEST) $(ALL)

test-nightly:  ## the tests with last night's NumPy, pandas, scikit-learn and Keras
	@$(MAKE) --no-print-directory VENV=.venv-nightly .venv-nightly/.has-test
	.venv-nightly/bin/python -m pip --quiet install --pre --upgrade --no-deps \
	  --index-url $(NIGHTLY) numpy pandas scikit-learn
	.venv-nightly/bin/python -m pip --quiet uninstall --yes keras
	.venv-nightly/bin/python -m pip --quiet install --pre --upgrade --no-deps keras-nightly
	.venv-nightly/bin/$(PYTEST) $(ALL)

trust: $(VENV)/.has-test  ## the promises that take minutes to test, with their figures
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m trust tests/trust tests

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

audit: $(VENV)/.has-release  ## known holes in dependencies, and code that could be misused
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive sklearn_seqae
	$(BIN)/pip-audit --progress-spinner off --path $(wildcard $(VENV)/lib/*/site-packages)

dist: $(VENV)/.has-release  ## build wheel and sdist in dist, and check them
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*

# The wheel was made from the sdist, and the tests are those of the sdist.
test-dist: dist  ## the tests of the sdist, on the wheel, in an environment of its own
	rm -rf .venv-dist build/sdist
	@$(MAKE) --no-print-directory VENV=.venv-dist .venv-dist/.made
	.venv-dist/bin/python -m pip --quiet install "$$(ls dist/*.whl)[test]"
	mkdir -p build/sdist
	tar -xf dist/*.tar.gz -C build/sdist --strip-components=1
	rm -r build/sdist/sklearn_seqae
	cd build/sdist && ../../.venv-dist/bin/$(PYTEST) $(ALL) tests docs/user_guide --pyargs sklearn_seqae

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
