# Two commands matter: `make app` and `make test`. Both build .venv first if it is missing or out of date.
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
PY := $(VENV)/bin/python
# One process has the browser tests, which wait a good part of their time; two have the others.
SEVERAL := -n 3 --no-loadscope-reorder
# They start some sixty processes more: what one has compiled, the next need not.
PYTEST := PYTHONDONTWRITEBYTECODE= $(PY) -m pytest

.PHONY: help app test quick check check-browser fix bench faults screenshots lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

app: $(VENV)/.runtime ## start the app on http://127.0.0.1:8501 (PORT= for another)
	@$(PY) -m cnnviz.ui.shell.serve --port $(PORT)

test: $(VENV)/.tools ## run all tests, browser tests included
	@$(PYTEST) $(SEVERAL)

quick: $(VENV)/.tools ## the fast tests, in about a minute: the loop of daily work
	@$(PYTEST) $(SEVERAL) --ignore tests/browser -m "not slow"

check: $(VENV)/.tools ## lint, types, layers: what a commit has to pass
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory check-browser; \
	else echo "Node.js is not installed: the browser code is neither linted nor type-checked."; fi

check-browser: node_modules/.tools
	node_modules/.bin/eslint
	node_modules/.bin/tsc

fix: $(VENV)/.tools ## format, and mend what can be mended
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.tools ## measure the speed targets, a quarter of an hour on a quiet machine (ARGS=--quick)
	@$(PY) -m benchmarks $(ARGS)

faults: $(VENV)/.tools ## break things on purpose and count what is survived, half an hour at most (ARGS=--quick)
	@$(PY) -m faults $(ARGS)

screenshots: $(VENV)/.tools ## take pictures of every page into screenshots/
	@$(PY) -m tests.browser.screenshots

lock: $(VENV)/.tools ## pin the newest versions that pyproject.toml allows
	$(VENV)/bin/pip install -q uv
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev -c requirements.txt -o requirements-dev.txt

clean: ## remove .venv, node_modules and caches; data and checkpoints stay
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cnnviz needs Python 3.11 or newer; make PYTHON=python3.12 app")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.tools: $(VENV)/.runtime requirements-dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.tools: package-lock.json
	npm ci --loglevel=error --no-audit --no-fund
	@touch $@
