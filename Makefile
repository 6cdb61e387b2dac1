# `make demo` and `make test` each work first, alone, and again. `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready

# Where the environment forbids bytecode files, each of the tests' hundreds of processes compiled Dagster anew: 2.2 s of
# processor time for an import instead of 0.9.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo dev test test-ui slow lint types unit fuzz returns year backfill power-cut storage bench docs pictures chromium lock clean

help: ## List what make can do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

# The lock names every package with its hashes, so nothing is resolved here. uv, itself one wheel of the lock, installs it
# in seconds; where uv cannot be had or reaches no index, pip does the same in a minute.
PIP := -m pip install --quiet --disable-pip-version-check --no-deps
$(READY): requirements.lock setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	{ $(BIN)/python $(PIP) --require-hashes -r .venv/uv.lock && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock; } || \
		$(BIN)/python $(PIP) --require-hashes -r requirements.lock
	$(BIN)/python $(PIP) --no-build-isolation -e .
	@touch $@

demo: $(READY) ## Try everything without an account: 30 days of a simulated household
	@$(BIN)/wealth demo

dev: $(READY) ## Open the Dagster UI: on your data if configured, else on the sandbox
	@$(BIN)/wealth dev

test: lint ## Run every check
	@$(MAKE) --no-print-directory -j 2 types unit

lint: $(READY)
	$(BIN)/ruff check wealth_pipeline wealth_pipeline_tests benchmarks
	$(BIN)/ruff format --check wealth_pipeline wealth_pipeline_tests benchmarks
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/codespell wealth_pipeline wealth_pipeline_tests benchmarks docs *.md data/README.md
	$(BIN)/python -m wealth_pipeline_tests.words

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

year: $(READY) ## Live through a simulated year of nights, most of an hour
	$(BIN)/python -m wealth_pipeline_tests.long_runs.year

backfill: $(READY) ## Backfill ten simulated years through the daemon, killed in the middle
	$(BIN)/python -m wealth_pipeline_tests.long_runs.backfill

power-cut: $(READY) ## Kill everything in the middle of a night's run, and start again
	$(BIN)/python -m wealth_pipeline_tests.long_runs.power_cut

fuzz: $(READY) ## 10,000 statements in every form, 5,000 damaged, a cent on each proved figure (FUZZ="--seed 7 ...")
	$(BIN)/python -m wealth_pipeline_tests.fuzz $(FUZZ)

returns: $(READY) ## 100,000 days of accounts against exact fractions, and every kind of damage (RETURNS="--households 4 ...")
	$(BIN)/python -m wealth_pipeline_tests.returns --damage $(RETURNS)

bench: $(READY) ## Measure speed and memory beside their bounds; BENCH=--quick for a first look
	$(BIN)/python -m benchmarks $(BENCH)

storage: $(READY) ## Try to break the storage, for an hour or so: orders, readers, kills, a long replay
	$(BIN)/python -m wealth_pipeline_tests.storage

slow: $(READY) ## The tests that take more than their share: an upgrade, the demo twice, three mornings
	$(BIN)/python -m pytest -m slow -n auto --dist worksteal

# A file's tests stay together and in their order, and test_ui.py, which ends the UI that others look at, comes last.
# (Groups are no way to say so: pytest-xdist 3.8 passes them on in the tests' ids, where pytest 9.2 has its own.)
test-ui: $(READY) chromium ## Open the Dagster UI in a browser, page by page (installs Debian's Chromium)
	$(BIN)/python -m pytest -m ui -n 2 --dist loadfile --no-loadscope-reorder wealth_pipeline_tests/ui

pictures: $(READY) chromium ## Take the pictures of the UI in docs/pictures/ again, on the sandbox
	$(BIN)/python -m pytest -m ui -n 0 wealth_pipeline_tests/ui --pictures docs/pictures

chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] || SUDO=sudo; \
		$$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium; }

docs: $(READY) ## Write what follows from the declarations: dictionary, settings, commands, proofs, the schema's version, the tests' SQL
	$(BIN)/python -m wealth_pipeline.tables.dictionary > docs/data-dictionary.md
	$(BIN)/python -m wealth_pipeline.cli.reference
	$(BIN)/python -m wealth_pipeline.warehouse.proofs.described docs/proof.md
	$(BIN)/python -m wealth_pipeline.warehouse.schema_digest > wealth_pipeline/warehouse/schema_version.txt
	$(BIN)/python -m wealth_pipeline_tests.warehouse.made_sql
	$(BIN)/python -m wealth_pipeline_tests.tables.snapshot > wealth_pipeline_tests/tables/ddl.sql

lock: $(READY) ## Renew requirements.lock from setup.cfg
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet --upgrade -o requirements.lock

clean: ## Remove the virtual environment and caches; your data stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
