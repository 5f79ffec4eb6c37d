# `make up` and `make test` are all a newcomer needs; the rest is for those who change the code.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
BIN := .venv/bin
POSTGRESQL_15 ?= /usr/lib/postgresql/15/bin
# Statements that the driver is given, with %(name)s in them; dbt's are templates.
SQL := warehouse/sql api/sql migrations/sql
# The lock names every package, so pip has nothing to resolve.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: help up down clean test check bench format lock

help: ## Show this list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: .venv/ready ## From nothing to a served warehouse with demo data; SCALE=tiny is quicker.
	@$(BIN)/warehouse up $(if $(SCALE),--scale $(SCALE))

down: ## Stop the API and the embedded PostgreSQL; the data stays.
	@if [ -x $(BIN)/warehouse ]; then $(BIN)/warehouse down; else echo "Nothing is installed here."; fi

# Only the command knows where the data is: as root it may be outside the checkout.
clean: ## Stop everything and delete the data, the environment and the caches.
	@if [ -d .warehouse ]; then $(MAKE) --no-print-directory .venv/ready; $(BIN)/warehouse down --destroy; fi
	rm -rf .venv .warehouse .mypy_cache .pytest_cache .ruff_cache .hypothesis dbt/target dbt/logs

# Once is enough for tests of no server or of one that they bring themselves, and for the slow ones.
SERVERLESS = tests/repo tests/embedded

test: .venv/ready-dev ## Run every test, on the embedded PostgreSQL and on Debian's 15 where it is installed.
	$(BIN)/pytest -n auto
	@if [ -x $(POSTGRESQL_15)/postgres ]; then \
		echo "Once more on PostgreSQL 15"; \
		TAPEHOUSE_TEST_BIN=$(POSTGRESQL_15) $(BIN)/pytest -n auto -m "not slow" $(SERVERLESS:%=--ignore=%); \
	else \
		echo "Not run on PostgreSQL 15: apt-get install postgresql-15 brings it."; \
	fi

check: .venv/ready-dev ## Format, lint, types, SQL, migrations against models, dbt.
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 0 --templater placeholder $(SQL)
	$(BIN)/sqlfluff lint --processes 0 dbt
	$(BIN)/python -m tests.server $(BIN)/warehouse migrate --check
	$(BIN)/python -m tests.server $(BIN)/dbt parse --quiet --project-dir dbt --profiles-dir dbt

# With the tools for tests, for some baselines are theirs; ONLY="ingest newcomer" measures less.
bench: .venv/ready-dev ## Measure every figure that is claimed, beside its baseline; SCALE=large takes a night.
	@$(BIN)/warehouse bench $(ONLY:%=--only %) --scale $(or $(SCALE),small) $(REPORT:%=--report %)

format: .venv/ready-dev ## Format the code.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --quiet --templater placeholder $(SQL)
	$(BIN)/sqlfluff fix --quiet dbt

lock: .venv/ready-dev ## Resolve the dependencies anew.
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate -c requirements.lock pyproject.toml --group build --group dev -o requirements-dev.lock

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is too old: Tapehouse needs Python 3.11 or newer; choose one with make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making .venv"
	@$(PYTHON) -m venv --clear .venv || \
		{ rm -rf .venv; echo "error: $(PYTHON) cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }

# A run that was killed leaves .venv/installing behind: what it had unpacked may be half there.
.venv/ready: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@again=$$([ ! -e .venv/installing ] || echo --force-reinstall); touch .venv/installing; \
		$(INSTALL) $$again --no-compile --require-hashes -r requirements.lock; \
		$(INSTALL) --no-build-isolation --editable .; \
		rm .venv/installing; touch $@; echo "Installed in $$SECONDS s"

.venv/ready-dev: requirements-dev.lock .venv/ready
	@echo "Installing the tools for tests and checks"
	@$(INSTALL) --require-hashes -r requirements-dev.lock; touch $@; echo "Installed in $$SECONDS s"
