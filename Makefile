# BlogHub. `make help` lists what there is; README.md says more.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test lint bench soak screenshots requirements clean

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install --require-hashes
ARGS ?=

# What `make run` may be told; exported only when given
ifdef PORT
export PORT
endif
ifdef DEMO
export DEMO
endif
ifdef BLOGHUB_DATA_DIR
export BLOGHUB_DATA_DIR
endif

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*  ## /  make \1\t/' | expand -t 22

run: .venv/run.stamp  ## Start the hub on this machine [PORT=8000] [DEMO=1] [BLOGHUB_DATA_DIR=var]
	@exec $(BIN)/python -m bloghub.supervisor

# With ARGS somebody waits for a test of theirs: the other checks are left out
test: .venv/test.stamp $(if $(strip $(ARGS)),,lint)  ## Check everything; with ARGS="-k name" only run those tests
	@exec $(BIN)/python -m tests.run $(ARGS)

lint: .venv/test.stamp  ## Format, lint, types, import contract, templates, migrations
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted: $(BIN)/ruff format .'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@out="$$($(BIN)/lint-imports --no-logo 2>&1)" || { echo "$$out"; exit 1; }
	@find templates -name '*.html' -print0 | xargs -0r $(BIN)/djade --target-version 5.2 --check
	@env -u DATABASE_URL -u REDIS_URL BLOGHUB_DATA_DIR=var/tests BLOGHUB_EMBEDDED_FSYNC=off \
		$(BIN)/python manage.py makemigrations --check --dry-run

bench: .venv/test.stamp  ## Measure, and print the tables [ARGS="polling"]
	@exec $(BIN)/python -m benchmarks $(ARGS)

soak: .venv/test.stamp  ## The tests that need hours, at full length
	@BLOGHUB_SOAK=full exec $(BIN)/python -m tests.run tests/faults tests/walks tests/browser/test_hostile_comments.py $(ARGS)

screenshots: .venv/test.stamp  ## Make the README's pictures from the running demo
	@exec $(BIN)/python -m demo.screenshots $(ARGS)

requirements: | .venv/bin/python  ## Work out the pinned requirements anew from the .in files
	@$(BIN)/python -m pip --quiet install uv
	@for name in requirements requirements-dev; do $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --universal \
		--python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command 'make requirements' \
		$$name.in -o $$name.txt; done

clean:  ## Remove the virtual environment and caches; the data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@echo 'Making .venv'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "BlogHub needs Python 3.11 or newer; name one with PYTHON=")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'No venv could be made; on Debian: apt install python3-venv'; exit 1; }

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo 'Installing what the hub needs'
	@$(PIP) -r requirements.txt
	@touch $@

.venv/test.stamp: requirements.txt requirements-dev.txt | .venv/bin/python
	@echo 'Installing what the tests need'
	@$(PIP) -r requirements.txt -r requirements-dev.txt
	@touch .venv/run.stamp $@
