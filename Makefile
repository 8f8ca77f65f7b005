# Two commands do everything: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?=
FUZZ ?= 2000
TORTURE ?= 1000
FIND ?=
DIAGNOSE ?=

.PHONY: help demo test cover fuzz torture check bench bench-find bench-diagnose clean
help:
	@echo "make demo    choose, find, run, compare and report on a real training, in minutes (DEMO='--quick')"
	@echo "make test    every test"
	@echo "make cover   every test, and the branches that none takes (twice the time)"
	@echo "make fuzz    hostile text, specs, documents, configurations and logs, for some minutes (FUZZ=2000)"
	@echo "make torture lives of runs at random, killed and gone on with, every learning rate checked (TORTURE=1000)"
	@echo "make check   format, lint, types, floors"
	@echo "make bench   speed beside the peers, as ratios"
	@echo "make bench-find  how near learning-rate finders come, on whole sweeps, in minutes"
	@echo "make bench-diagnose  how often faults in real trainings are found, and healthy ones alarmed at, an hour or so the first time"
	@echo "make clean   remove the environment and the caches"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Glidepath needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 2; }
	@$(PYTHON) -m venv $(VENV)

# The extras of development hold those of the demo, so one environment serves both.
$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	@if [ ! -e $(VENV)/.dev ] || [ pyproject.toml -nt $(VENV)/.dev ] || [ constraints.txt -nt $(VENV)/.dev ]; then \
	  echo "Installing Glidepath with PyTorch into $(VENV): a minute or two, once."; \
	  $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[demo]'; fi
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing Glidepath with the tools of development into $(VENV): two minutes or so, once."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/glidepath demo $(DEMO)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 2 --dist loadfile -q

cover: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term -q

fuzz: $(VENV)/.dev
	@FUZZ=$(FUZZ) $(BIN)/python -m pytest -n 2 -q tests/schedules/test_fuzz.py tests/logs/test_fuzz_tables.py tests/logs/test_text_logs_fuzzed.py tests/logs/test_trackers_fuzz.py

torture: $(VENV)/.dev
	@$(BIN)/python benchmarks/torture --cycles $(TORTURE)

check: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.dev
	@$(BIN)/python benchmarks/run.py

bench-find: $(VENV)/.dev
	@$(BIN)/python benchmarks/find $(FIND)

bench-diagnose: $(VENV)/.dev
	@$(BIN)/python benchmarks/diagnose $(DIAGNOSE)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
