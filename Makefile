# The Inference Wall. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
# Tests run on this many processes, notebooks execute on this many kernels.
JOBS ?= 2
# --nbval compares every stored output; --nbval-lax only executes.
NBVAL ?= --nbval

# The first Python 3.11+ that starts; a name on PATH may be an empty shim. `make PYTHON=…` overrides.
FIND_PYTHON = for p in python3.11 python3.12 python3.13 python3 python; do \
	"$$p" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; \
	done; true

# Set-up runs again when, and only when, one of these files says something new.
KEY := $(shell cat requirements.lock pyproject.toml | cksum | cut -d' ' -f1)
STAMP := $(VENV)/.installed-$(KEY)
PY := $(VENV)/bin/python

# With an environment of your own: `make book PY=python` installs nothing.
ifeq ($(origin PY),command line)
STAMP :=
endif

.PHONY: help env book test test-latest lint execute lab bench dictionary lock wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(STAMP) ## create .venv and install the locked environment

$(VENV)/.installed-%: requirements.lock pyproject.toml
	@if [ ! -x $(VENV)/bin/python ]; then \
		python="$(PYTHON)"; [ -n "$$python" ] || python="$$($(FIND_PYTHON))"; \
		if [ -z "$$python" ]; then \
			echo "No Python 3.11 or newer with venv found. Install one (Debian: apt install python3 python3-venv)," >&2; \
			echo "or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; fi; \
		echo "Creating $(VENV) with $$("$$python" --version)"; \
		"$$python" -m venv $(VENV); \
	fi
	@echo "Installing the locked environment (the first time: one to three minutes)"
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(VENV)/bin/python -m pip install -qq --require-hashes -r requirements.lock
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(VENV)/bin/python -m pip install -qq --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.installed-*
	@touch $@

# Python's own default is a random hash seed: executing here under a fixed one, and in the tests
# under another, shows that no output depends on it.
book: env ## execute every notebook into build/ and build the site
	@$(PY) notebooks/_book/execute.py --out build/notebooks --jobs $(JOBS)
# Sphinx does not notice a change of its settings' templates, or of the tables: start afresh then.
	@echo "Building the site"
	@[ -z "$$(find notebooks/_book inferwall data -newer build/book/index.html -print -quit 2>/dev/null)" ] || rm -rf build/book
	@$(PY) -m sphinx -b html -q -c notebooks/_book build/notebooks build/book
	@echo "The book: $(CURDIR)/build/book/index.html"

test: env lint book ## run every test: code, data, notebooks with their outputs, pages
	@$(PY) -m pytest -n $(JOBS) --dist loadfile -q $(NBVAL)

# For an environment of your own: `make test-latest PY=python`.
test-latest: ## as test, but with versions other than the lock's: outputs may differ, checks must hold
	@$(MAKE) --no-print-directory book PY=$(PY)
	@$(PY) -m pytest -n $(JOBS) --dist loadfile -q --nbval-lax -m "not stored"

lint: env ## check the style of code and notebooks
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

execute: env ## refresh the outputs stored in the notebooks
	@$(PY) notebooks/_book/execute.py --in-place --jobs $(JOBS)

lab: env ## open JupyterLab on the notebooks
	@$(PY) -m jupyterlab notebooks

bench: env ## print the speed of the package and of the book beside what we aim for
	@$(PY) tests/benchmarks/table.py

dictionary: env ## write data/README.md from the schema
	@$(PY) data/dictionary.py

lock: ## write requirements.lock and environment.yml from pyproject.toml, with today's versions
	@[ -x build/uv/bin/uv ] || { python="$(PYTHON)"; "$${python:-$$($(FIND_PYTHON))}" -m venv build/uv && build/uv/bin/python -m pip install -qq uv; }
	@build/uv/bin/uv pip compile pyproject.toml --extra book --extra test --group build \
		--universal --python-version 3.11 --fork-strategy fewest --generate-hashes --upgrade \
		--no-config --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--quiet --output-file requirements.lock
	@build/uv/bin/python .ci/environment.py
	@echo "requirements.lock: $$(grep -c '^[a-z].*==' requirements.lock) packages. Next: make execute, and read what changed"

clean: ## remove everything built, .venv apart
	rm -rf build dist
