# `make demo` and `make test` set everything up first; nothing but Python 3.11, g++ and make is needed.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-slow lint docs pages audit clean
.DEFAULT_GOAL := test

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --constraint constraints.txt --editable ".[dev,docs]"
	touch $@

# The main job: the trained jet tagger to readable formulas and their circuit, with the embedded search.
demo: $(STAMP)
	$(BIN)/sr2hls compile examples/jet_tagger/jet_tagger.onnx --data examples/jet_tagger/jets.npz \
		--strategy readable --max-lut 60 --max-nodes 100 --max-latency-ns 5 --effort low --output runs/jet_tagger

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(STAMP) lint
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(STAMP)
	$(BIN)/python -m pytest -n 2 -m slow

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

# The self-contained page of each committed hardware report, made from its record.
pages: $(STAMP)
	for report in hw_reports/*/report.json; do $(BIN)/sr2hls report render "$$report"; done

# Known vulnerabilities of the pinned packages; says what could not be looked up.
audit: $(STAMP)
	$(BIN)/python .ci/audit.py

clean:
	rm -rf $(VENV) build runs
