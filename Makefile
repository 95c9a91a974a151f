# `make check` is what CI runs; `make install` comes first on a fresh machine.
PYTHON ?= python3
PIP = $(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: install check lint types test size

install:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(PIP) --editable ".[all]" --group dev

check: lint types test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest -q

# What `pip install newsmt` weighs, measured in a fresh virtual environment.
size:
	$(PYTHON) eval/size/installed_size.py
