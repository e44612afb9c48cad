# Everything happens in .venv; what is already set up is not set up again until pyproject.toml changes.
#   make test PYTHON=python3.12
#   make test TORCH='torch==2.13.0 --extra-index-url https://download.pytorch.org/whl/cpu'

PYTHON ?= python3
# PyTorch is installed first and by itself: resolved along with the rest, on Linux the newest one comes, which brings
# gigabytes of CUDA that a machine without a GPU cannot use.
TORCH ?= torch==2.13.0

# Tests run in so many processes, a file in one of them; 0 runs them in this one.
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
BASE := $(VENV)/.base-is-set-up
TEST := $(VENV)/.test-is-set-up
BENCH := $(VENV)/.bench-is-set-up

# TensorFlow greets the terminal in many lines; none is for the person at the keyboard.
export TF_CPP_MIN_LOG_LEVEL ?= 3

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint format types catalogues bench docs clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(BASE) ## watch a network learn handwritten digits, one image through the three stages
	@$(BIN)/vitrina demo

test: $(TEST) ## every test but the slow ones
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile

test-slow: $(TEST) ## the slow tests
	$(BIN)/python -m pytest -m slow

lint: $(TEST) ## ruff: mistakes and layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet . || { echo "make format lays these files out" >&2; exit 1; }

format: $(TEST) ## mend what ruff can mend
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

types: $(TEST) ## pyright: strict on network, learning and engines
	$(BIN)/pyright

catalogues: $(TEST) ## bring the catalogues of translations up to date; fails if a sentence has none yet
	$(BIN)/python docs/catalogues.py

bench: $(BENCH) ## speed, memory and start-up beside other libraries (an hour); writes benchmarks/SPEED.md, scaling.svg
	$(BIN)/python -m benchmarks --startup-rounds 7 --out benchmarks/SPEED.md
	$(BIN)/python -m benchmarks.scaling --out benchmarks/scaling.svg

docs: $(TEST) ## write docs/reference.md and, where there is Chromium, take the pictures of the page; fails if a public name is silent
	$(BIN)/python docs/build.py
	@if command -v chromium > /dev/null; then $(BIN)/python docs/make_page_images.py; \
	else echo "no chromium here: the pictures of the page stay as they are" >&2; fi

clean: ## remove .venv and everything made
	rm -rf $(VENV) build dist docs/reference.md .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BASE): pyproject.toml
	@echo "Setting up $(VENV) (once; a few minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --editable .
	@touch $@

$(TEST): pyproject.toml | $(BASE)
	@echo "Adding PyTorch, TensorFlow and the test tools ..."
	@$(PIP) install $(TORCH)
	@$(PIP) install --editable '.[torch,tensorflow,test]'
	@touch $@

$(BENCH): pyproject.toml | $(TEST)
	@echo "Adding what the benchmarks compare with ..."
	@$(PIP) install --editable '.[bench]'
	@touch $@
