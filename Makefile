# `make help` lists what there is. Needs make, Python 3.11 or newer, and a package index.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The first of these that is new enough; `make PYTHON=/path/to/python ...` names another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$python; break; fi; done)

# The Python that is deployed, where this machine has it: the second engine runs functions with its own.
RUNTIME_PYTHON ?= $(shell for python in python3.13 $(HOME)/.pyenv/versions/3.13.*/bin/python $(PYTHON); do \
	if $$python -c '' 2>/dev/null; then echo $$python; break; fi; done)

PORT ?= 8000
STATE_DIR ?= .state
TESTS ?= tests
export PORT STATE_DIR

BIN := .venv/bin
INSTALLED := .venv/.installed
DEV_INSTALLED := .venv/.installed-dev
LOCAL_INSTALLED := .venv-local/.installed
CHECKOV_INSTALLED := .venv-checkov/.installed
DEPLOYED_INSTALLED := .venv-deployed/.installed
REFERENCE := chalicelib/reference/ui/swagger-ui.css

.PHONY: help run console demo test test-browser screenshots test-uppy test-medialoopster test-deployed test-memory bench bench-peers bench-workers soak test-failures load lint format token store production device member package deploy package-check ci clean python

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

run: $(INSTALLED) $(LOCAL_INSTALLED) $(REFERENCE) console ## Run the product on this machine: PORT (8000) to PORT+3, state in STATE_DIR (.state)
	@$(BIN)/python -m infra.local.run

test: $(DEV_INSTALLED) $(LOCAL_INSTALLED) console ## Run the tests; TESTS="tests/web -k range" for some of them
	$(BIN)/pytest $(if $(filter tests,$(TESTS)),--numprocesses=auto --dist=loadgroup --no-loadscope-reorder) $(TESTS)

console: $(INSTALLED) ## Make the console's pages, if they are not up to date
	@$(BIN)/python -m infra.console

test-browser: $(DEV_INSTALLED) $(LOCAL_INSTALLED) console ## Lead Chromium through the pages, with an upload of UPLOAD_MB= (200) that is interrupted
	UPLOAD_MB=$${UPLOAD_MB:-200} $(BIN)/pytest tests/browser

screenshots: $(DEV_INSTALLED) $(LOCAL_INSTALLED) console ## Take the pictures of the console in docs/pictures, of a local cloud with the demo in it
	$(BIN)/python -m tests.browser.pictures

test-uppy: $(DEV_INSTALLED) $(LOCAL_INSTALLED) ## Drive Uppy's S3 plug-in from npm against a local cloud of its own
	$(BIN)/python -m tests.uppy.run

test-medialoopster: $(DEV_INSTALLED) $(LOCAL_INSTALLED) ## Drive the public Python client of the medialoopster API against a local cloud of its own
	$(BIN)/python -m tests.medialoopster.run

test-reference: $(DEV_INSTALLED) $(LOCAL_INSTALLED) ## Look for answers that no API document tells; EXAMPLES= (50) calls of each operation
	$(BIN)/python -m tests.reference.run

test-deployed: $(DEV_INSTALLED) $(REFERENCE) console $(DEPLOYED_INSTALLED) ## Deploy the package to a second engine, and lead a story of each API through it
	$(BIN)/python -m tests.deployed.run

test-memory: $(DEV_INSTALLED) ## Hold the peak memory of a scan at 2 GB to that at 10 MB
	$(BIN)/python -m bench.memory

soak: $(DEV_INSTALLED) ## Ten thousand histories of anything that can happen; HISTORIES= for another number, SHRINK=0 to see a failure at once
	HISTORIES=$${HISTORIES:-10000} $(BIN)/pytest tests/survival -p no:logging --show-capture=no

test-failures: $(DEV_INSTALLED) ## Have AWS fail in every way at every call of every crash case, where the tests choose one
	EVERY_FAILURE=1 $(BIN)/pytest --numprocesses=auto --dist=loadgroup --no-loadscope-reorder tests/faults tests/files

load: $(DEV_INSTALLED) $(LOCAL_INSTALLED) ## 64 clients at a local cloud of its own for a minute, then a count of what is there; CLIENTS= DURATION=
	$(BIN)/python -m bench.load

demo: $(INSTALLED) ## Fill the running local cloud with two stores, process what is in them, and say where to look: PORT=
	@$(BIN)/python -m infra.demo

bench: $(DEV_INSTALLED) $(LOCAL_INSTALLED) ## Measure what is promised of cost and scale; SECTIONS="cpu trees" for some of it, WRITE=1 to put their tables into docs/
	$(BIN)/python -m bench $(SECTIONS) $(if $(WRITE),--write)

bench-peers: SECTIONS := peers
bench-peers: bench ## The section of the bench that gives the same work to the product and to what else one would run; SIDES="product tus" for some, PATIENCE= (1200) seconds

bench-workers: $(DEV_INSTALLED) ## Measure the workers: hostile archives, large pictures and networks
	$(BIN)/python -m bench.workers

lint: $(DEV_INSTALLED) ## Check style, formatting, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_INSTALLED) ## Format the code
	$(BIN)/ruff format .

token: $(INSTALLED) ## Mint an API token (STAGE= for a deployed one): NAME= PERMISSIONS=a,b GROUPS= ORGANISATION= SUPERUSER=1 DAYS=; PRINCIPAL=uid; LIST=1; REVOKE=id
	@$(BIN)/python -m infra.local.within infra.tokens

store: $(INSTALLED) ## Make a store of the OVE API: NAME= STAGE=
	@$(BIN)/python -m infra.local.within infra.store

production: $(INSTALLED) ## Make a production of the medialoopster API: NAME= CODENAME= STAGE=
	@$(BIN)/python -m infra.local.within infra.production production

device: $(INSTALLED) ## Make a device of the medialoopster API: NAME= PATH_= BUCKET= STAGE=
	@$(BIN)/python -m infra.local.within infra.production device

member: $(INSTALLED) ## Make a user or group a member of a production: PRODUCTION= USER_ID= or GROUP= WRITE=1 DELETE=1 STAGE=
	@$(BIN)/python -m infra.local.within infra.production member

package: $(INSTALLED) $(REFERENCE) console ## Make what is deployed: STAGE=, OUT= (build/STAGE), ARCHITECTURE= (arm64), RULES= YARA rules for the layer
	@test -n "$(STAGE)" || { echo "STAGE= is missing: what is the deployment called?" >&2; exit 2; }
	@$(BIN)/python -m infra.package "$(or $(OUT),build/$(STAGE))" $(STAGE) \
		$(if $(ARCHITECTURE),--architecture $(ARCHITECTURE)) $(if $(RULES),--rules "$(RULES)")

deploy: package ## Deploy a stage to AWS: STAGE=, PARAMETERS="Scanner=yara AlarmEmail=...", and what package takes
	@$(BIN)/python -m infra.deploy $(STAGE) "$(or $(OUT),build/$(STAGE))" \
		$(if $(RULES),YaraRules=/opt/rules/$(notdir $(RULES))) $(PARAMETERS)

package-check: $(CHECKOV_INSTALLED) ## Make the package of a stage, and check it
	$(MAKE) package STAGE=check
	.venv-checkov/bin/checkov --file build/check/sam.yaml --framework cloudformation --quiet --compact --skip-download

ci: ## What continuous integration runs
	bash .ci/run

clean: ## Remove environments, caches and packages; the state of `make run` stays
	rm -rf .venv .venv-local .venv-node .venv-checkov .venv-deployed .venv-medialoopster build tests/uppy/*/node_modules console/node_modules chalicelib/console/dist .chalice/deployments .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found: install it, or name one with PYTHON=" >&2; exit 1; }

$(INSTALLED): requirements.txt requirements-scan.txt requirements-workers.txt requirements-signing.txt requirements-cli.txt requirements-run.txt pyproject.toml | python
	@echo "installing into .venv, this once: a minute or two"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-run.txt --editable .
	@touch $@

$(DEV_INSTALLED): requirements-dev.txt $(INSTALLED)
	@echo "installing what tests and checks need, this once: a minute or two"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(REFERENCE): requirements-reference.txt | $(INSTALLED)
	@$(BIN)/python -m infra.reference

$(LOCAL_INSTALLED): requirements-local.txt | python
	@echo "installing into .venv-local, this once: half a minute"
	@test -x .venv-local/bin/python || $(PYTHON) -m venv .venv-local
	@.venv-local/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-local.txt
	@touch $@

$(CHECKOV_INSTALLED): requirements-checkov.txt | python
	@echo "installing into .venv-checkov, this once"
	@test -x .venv-checkov/bin/python || $(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-checkov.txt
	@touch $@

$(DEPLOYED_INSTALLED): requirements-deployed.txt | python
	@echo "installing into .venv-deployed, this once"
	@test -x .venv-deployed/bin/python || $(RUNTIME_PYTHON) -m venv .venv-deployed
	@.venv-deployed/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-deployed.txt
	@touch $@
