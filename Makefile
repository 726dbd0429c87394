# The two commands are `make twin` and `make test`. Each does all of its own set-up.
PYTHON ?= python3.11
SOURCES ?=
ENVIRONMENTS := $(PYTHON) -m twin_assets.machine.environments
TWIN := .venv/bin/twin
# A file's tests run on one worker, in their order; the order of the files is conftest.py's.
PYTEST := .venv/bin/python -m pytest -n 2

.DEFAULT_GOAL := help
.PHONY: help twin down status doctor test test-fast lint core environments test-tools sample clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

twin: ## Everything from nothing to an answer (SOURCES=a sources.yaml or a folder of your writing); Ctrl-C stops it
	@$(ENVIRONMENTS) core train serve
	@exec $(TWIN) up $(if $(SOURCES),--sources "$(SOURCES)")

down: core ## Stop everything
	@$(TWIN) down

status: core ## What runs, what is deployed, what is stale and why
	@$(TWIN) status

doctor: core ## Examine this machine; every finding comes with its remedy
	@$(TWIN) doctor

test: environments ## All tests: real training, a real SGLang server, a real browser where there is one
	@$(PYTEST)

test-fast: test-tools ## The tests that start no server and train nothing
	@$(PYTEST) -m "not slow"

lint: test-tools ## Style and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

core:
	@$(ENVIRONMENTS) core

environments:
	@$(ENVIRONMENTS) test train serve

test-tools:
	@$(ENVIRONMENTS) test

sample: core ## Build the sample author's export archives from their sources
	@.venv/bin/python sample_author/build.py

clean: down ## Remove the environments; what was made from your writing in .twin/ stays
	rm -rf .venv .venv-train .venv-serve .venv*.log
