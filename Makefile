# make demo   set up, train the quickstart study, write its report
# make test   set up and pass the tests (all but those marked slow or gpu)
PYTHON ?= python3
BIN := .venv/bin
STUDY := specs/studies/quickstart.yaml
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile  # files side by side, each in one process

.PHONY: demo test test-slow lint clean
.DEFAULT_GOAL := demo

# The stamp is written last, so an interrupted set-up is done again.
.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ablate needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv (once; about 5 GB, a few minutes) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' \
		2>.venv/pip.log || { cat .venv/pip.log; exit 1; }
	@touch $@

demo: .venv/.ready
	@$(BIN)/ablate run $(STUDY)
	@$(BIN)/ablate report $(STUDY)

test: .venv/.ready
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(PYTEST)

test-slow: .venv/.ready
	@$(PYTEST) -m "slow and not gpu"

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
