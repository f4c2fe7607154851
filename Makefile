# Everything one does with Quire. `make help` lists it. Options: make serve ARGS="--port 9000"

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help serve dev test lint types e2e bench quality chaos web fix tools python chromium

ARGS ?=
ONLY ?=
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --no-sync
UI := interfaces/web
# npm scripts are run where the web UI has them.
NPM_HAS = grep -q '"$(1)":' $(UI)/package.json 2>/dev/null

help: ## List what there is
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: tools web ## Run Quire on this machine; makes everything it needs first
	@$(UV) sync --quiet --no-dev --inexact
	@exec .venv/bin/quire serve $(ARGS)

dev: python ## Run Quire and the web UI's development server beside it
	@trap 'kill 0' INT TERM EXIT; \
	if [ -f $(UI)/package.json ]; then npm --prefix $(UI) install && npm --prefix $(UI) run dev & fi; \
	.venv/bin/quire serve $(ARGS)

test: python web chromium ## All that a change must pass; ARGS go to pytest
	@failed=""; \
	$(MAKE) --no-print-directory lint || failed="$$failed lint"; \
	$(MAKE) --no-print-directory types || failed="$$failed types"; \
	if $(call NPM_HAS,test) && command -v npm >/dev/null; then \
		npm --prefix $(UI) run --silent test || failed="$$failed web"; \
	fi; \
	$(RUN) pytest -q -n auto --dist loadgroup --ignore=tests/soak $(ARGS) || failed="$$failed pytest"; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed"; exit 1; fi

lint: python ## How the code is written, and who imports whom
	@$(RUN) ruff format --quiet --check .
	@$(RUN) ruff check --quiet .
	@$(RUN) lint-imports --no-logo >/dev/null 2>&1 || $(RUN) lint-imports
	@if $(call NPM_HAS,lint) && command -v npm >/dev/null; then npm --prefix $(UI) run --silent lint; fi

types: python ## Whether the types hold
	@$(RUN) mypy
	@if $(call NPM_HAS,check) && command -v npm >/dev/null; then npm --prefix $(UI) run --silent check; fi

e2e: python web chromium ## What a browser sees
	@$(RUN) pytest tests/e2e $(ARGS)

bench: python ## Measure; ONLY=name for one part
	@OPENBLAS_NUM_THREADS=1 $(RUN) python -m tests.bench $(ONLY) $(ARGS)

quality: python ## Measure how well passages are found and cited
	@$(RUN) python -m tests.quality

chaos: python ## Kill everything while somebody uses it, then compare; ONLY=documents: while files are read
	@$(RUN) python -m tests.soak $(ONLY) $(ARGS)

web: ## Build the web UI when its sources are newer than what was built
	@[ -f $(UI)/package.json ] || exit 0; \
	built=$(UI)/build/index.html; \
	if [ -f $$built ] && [ -z "$$(find $(UI) \( -name node_modules -o -name build -o -name .svelte-kit \
		-o -name test-results \) -prune -o -type f -newer $$built -print | head -n 1)" ]; then exit 0; fi; \
	if ! command -v npm >/dev/null; then \
		echo "The web UI is not built: that needs Node.js 20 or newer with npm. Going on without it." >&2; \
		exit 0; \
	fi; \
	if [ ! -d $(UI)/node_modules ] || [ $(UI)/package-lock.json -nt $(UI)/node_modules/.package-lock.json ]; then \
		echo "Installing what the web UI is built with."; \
		told=$$(npm --prefix $(UI) ci --no-audit --no-fund 2>&1) || { echo "$$told" >&2; exit 1; }; \
	fi; \
	echo "Building the web UI."; \
	told=$$(npm --prefix $(UI) run --silent build 2>&1) || { echo "$$told" >&2; exit 1; }; \
	touch $$built

fix: python ## Put right what can be put right without thinking
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .
	@if $(call NPM_HAS,format) && command -v npm >/dev/null; then npm --prefix $(UI) run --silent format; fi

python: tools
	@$(UV) sync --quiet

tools: $(filter .tools/%,$(UV))

# uv in a folder of its own: by venv, else by pip, else by a venv that Debian has apart.
.tools/bin/uv:
	@command -v python3 >/dev/null || { \
		echo "Quire needs Python 3.11 or newer (python3), or uv in PATH." >&2; exit 1; }
	@rm -rf .tools; mkdir -p .tools; echo "Fetching uv, which fetches the rest."; \
	by_venv() { python3 -m venv .tools >.tools.log 2>&1 && \
		.tools/bin/python -m pip install --quiet --disable-pip-version-check uv >>.tools.log 2>&1; }; \
	by_pip() { rm -rf .tools; mkdir -p .tools/bin; \
		python3 -m pip install --quiet --disable-pip-version-check --target .tools/lib uv >>.tools.log 2>&1 && \
		ln -s ../lib/bin/uv .tools/bin/uv; }; \
	by_debian() { rm -rf .tools; [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		apt-get -qq update >>.tools.log 2>&1 && \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >>.tools.log 2>&1 && by_venv; }; \
	by_venv || by_pip || by_debian || { cat .tools.log >&2; rm -rf .tools .tools.log; \
		echo "uv could not be fetched. Install uv, or Python's venv (Debian: apt-get install python3-venv)" \
			"or pip, and try again." >&2; exit 1; }; \
	rm -f .tools.log; .tools/bin/uv --version

chromium:
	@for each in chromium chromium-browser google-chrome; do \
		command -v $$each >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the tests of the web UI."; \
		apt-get -qq update >/dev/null && \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null && exit 0; \
	fi; \
	echo "There is no Chromium: the tests of the web UI need it (Debian: apt-get install chromium)." >&2
