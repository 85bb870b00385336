# Two commands do everything: `make outputs` and `make test`. The rest are their steps.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Debian's Python comes without the module that makes .venv.
SYSTEM_PYTHON = $(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)
# Node.js from elsewhere brings npm along, and does not go together with Debian's.
SYSTEM_NODE = $(shell command -v npm >/dev/null || echo nodejs npm)
SYSTEM_RUN := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-cjk
# libatomic1: the Node.js that Playwright brings along wants it.
SYSTEM_TEST := fonts-noto-core fonts-dejavu-core poppler-utils chromium libreoffice-impress libreoffice-math default-jre-headless fonts-noto-color-emoji fonts-liberation libatomic1

# First what apt installs, then what needs it.
.NOTPARALLEL:
.PHONY: outputs test lint fast install install-test judges system system-test lock pictures clean

## build every document in source/ into outputs/, installing what is missing
outputs: install
	$(BIN)/tiku build

## everything CI asks for: style, types, and the tests with all real judges
test: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto

## the quick tests only: no browser, office or Java
fast: install-test
	$(BIN)/pytest -n auto -m "not tools"

install: system $(VENV)/.run

install-test: judges $(VENV)/.test

## DAISY Ace, which the EPUB tests ask
judges: system-test
	@scripts/ace.sh install

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tiku needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml scripts/vendor.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

system:
	@scripts/system.sh $(SYSTEM_PYTHON) $(SYSTEM_RUN)

system-test:
	@scripts/system.sh $(SYSTEM_PYTHON) $(SYSTEM_RUN) $(SYSTEM_TEST) $(SYSTEM_NODE)

## pin the newest versions that pyproject.toml allows
lock:
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --extra all --extra watch --python-version 3.11 scripts/build.in pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --extra all --extra watch --extra remote --extra cluster --group test --python-version 3.11 scripts/build.in pyproject.toml -o requirements-test.lock

## the pictures in README.md, from outputs/
pictures: outputs install-test
	$(BIN)/python scripts/pictures.py

clean:
	find outputs -mindepth 1 ! -name .gitkeep -delete
