# Two commands do all set-up on a fresh machine: `make demo` and `make test`. Both can be called again at any time.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)

.PHONY: help setup demo test test-deep test-scale lint format browser notebooks pictures clean bench-access bench-batch bench-layers bench-meeting bench-siting

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(INSTALLED) ## an environment of its own in .venv, with what was tested

$(INSTALLED): pyproject.toml constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; install it, then call make again."; exit 2; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
		command -v apt-get >/dev/null && $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,cluster,raster]'
	@touch $@

demo: setup ## the main job on the bundled town, and on Porto where its census lies beside the checkout
	$(BIN)/planner plan configs/neubrandenburg.yaml
	@if [ -d ../shared/data/porto ]; then echo && $(BIN)/planner plan configs/porto.yaml; \
	else echo "Porto is left out: ../shared/data/porto is not there."; fi

test: setup browser ## every rule, reader, page and verb once, in minutes
	$(BIN)/python -m tests.compiled
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-deep: setup browser ## the same on more towns, pages, languages and files; the gate runs both
	$(BIN)/python -m tests.compiled
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "deep and not scale"

test-scale: setup browser ## the slow ones, and every random problem of those that try some
	$(BIN)/python -m tests.compiled
	PLANNER_TEST_DEPTH=all $(BIN)/python -m pytest -n 2 --dist loadfile -m scale

bench-meeting: setup browser ## size and speed of the meeting page: 50,000 homes, 600 sites
	$(BIN)/python -m benchmarks.meeting

bench-layers: setup ## the data doctor over 200,000 points and 5,000 polygons; the last line is JSON
	$(BIN)/python -m benchmarks.bench_layers

bench-siting: setup ## the optimiser beside spopt, in an environment of its own; the last line is JSON
	$(BIN)/python -m benchmarks.siting

lint: setup ## formatting, ruff, mypy --strict, import contracts; biome for the pages' scripts and styles
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/biome lint --error-on-warnings planner/report/web

bench-batch: setup ## a hundred scenarios of Porto; the last line is JSON
	$(BIN)/python benchmarks/batch.py

bench-access: setup ## walking against its peers, in one run; the last line is JSON
	$(BIN)/python -m benchmarks.bench_access

notebooks: setup ## run the notebooks of docs/notebooks, and store what they print
	$(BIN)/python -m tests.notebooks

pictures: setup browser ## take the pictures of the README again, from the bundled town, and draw the figures of how-it-works.md
	$(BIN)/python docs/figures.py
	$(BIN)/python docs/pictures.py

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

browser: ## Chromium and Chinese fonts, which the page's tests need
	@command -v chromium >/dev/null && ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { echo "The page's tests need Chromium and Noto CJK fonts: install them, then call make again."; exit 2; }; \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; }

clean: ## removes the environment and what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache outputs/* outputs/.cache
